use std::error::Error;
use std::io;
use std::path::PathBuf;

use super::{DetectorFileProblem, HeldOutProblem, InjectProblem, SuiteProblem};
use crate::diagnostics::{UnknownName, reword_unknown_name};
use crate::evaluate::{Axis, Generator};
use crate::motif::ParameterError;
use crate::trace::OptionError;

/// What is wrong with an experiment file, or with what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// The file cannot be read.
    #[error("the experiment cannot be read")]
    Unreadable(#[source] io::Error),
    /// The suite of a benchmark cannot be read.
    #[error("the suite (a TOML file, or a folder of tapes) cannot be read")]
    UnreadableSuite(#[source] io::Error),
    /// The folder of experiments cannot be read.
    #[error("the folder of experiments cannot be read; run this in the root of a project")]
    UnreadableFolder(#[source] io::Error),
    /// Syntax, or an unknown, missing or ill-typed key.
    #[error("{}", reword_unknown_name(.0.message()))]
    Toml(Box<toml::de::Error>),
    /// A name that nothing has.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The same of a construction, by the old name of its key, which may be meant for the column of channels.
    #[error("{unknown}; the column of the channels is `{column_key} = \"{name}\"`")]
    OldConstruction {
        /// What nothing has.
        unknown: UnknownName,
        /// The key of the column.
        column_key: &'static str,
        /// The name that was given.
        name: String,
    },
    /// A text without its quotes.
    #[error(
        "`{key}` takes a text, and `{value}` is not one; write {}",
        .right.as_ref().map_or_else(|| "it in quotes".to_owned(), |text| format!("\"{text}\""))
    )]
    NoQuotes {
        /// The key of the option.
        key: &'static str,
        /// What stands there.
        value: String,
        /// The text to write, if the option takes it.
        right: Option<String>,
    },
    /// An option of an adapter.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// A parameter of the grammar.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A pattern of names.
    #[error("not a glob")]
    Pattern(#[source] Box<dyn Error + Send + Sync>),
    /// It is named like a hidden file.
    #[error("an experiment needs a file name that does not start with a dot")]
    Hidden,
    /// Results go by names.
    #[error("`{}` has the same name, and results go by it", .other.display())]
    SameName {
        /// The other experiment of the name.
        other: PathBuf,
    },
    /// A live experiment where digests are asked for.
    #[error("this is a live experiment: it has limits and no digests, and only `telltape run` takes it")]
    Live,
    /// A live experiment, and nothing to run it by.
    #[error("this is a live experiment, and this build lacks the feature `capture`")]
    LiveNotBuilt,
    /// A setting of the command line leads through a value.
    #[error("--set {keys}: `{key}` is no table")]
    Setting {
        /// The key that is set.
        keys: String,
        /// The part of it that is a value.
        key: String,
    },
    /// The text was changed by settings, and its lines are nobody's.
    #[error("with --set: {0}")]
    WithSettings(Box<FileProblem>),
    /// `[input]`, `[convert]` or `[generate]`.
    #[error(transparent)]
    Source(#[from] SourceProblem),
    /// `[evaluate]`.
    #[error(transparent)]
    Evaluation(#[from] EvaluationProblem),
    /// A suite of tapes.
    #[error(transparent)]
    Suite(#[from] SuiteProblem),
    /// `[evaluate.inject]`.
    #[error(transparent)]
    Inject(#[from] InjectProblem),
    /// `[evaluate.tuned]` or `[evaluate.coverage]`.
    #[error(transparent)]
    HeldOut(#[from] HeldOutProblem),
    /// A detector that is a command.
    #[error(transparent)]
    Detector(#[from] DetectorFileProblem),
    /// A table of a live experiment.
    #[error(transparent)]
    LiveTables(#[from] LiveProblem),
}

/// What is wrong with where the samples of an experiment come from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceProblem {
    /// Nothing says where samples come from.
    #[error("an experiment needs [input] (a trace) or [generate] (a generator)")]
    Nothing,
    /// Samples of two sources.
    #[error("an experiment has [input] or [generate], not both")]
    Both,
    /// A generator gives residuals.
    #[error("generated samples are not converted; remove [convert]")]
    ConvertGenerated,
    /// A generator is never empty.
    #[error("a generator always gives samples; remove `allow_empty`")]
    EmptyGenerated,
    /// No trace.
    #[error("[input] needs `data` (a name of the catalogue), or `trace` and `dataset`")]
    NoInput,
    /// Two traces.
    #[error("[input] needs one of `data` (a name of the catalogue) and `trace` (a path)")]
    TwoInputs,
    /// A name of the catalogue that is no data set.
    #[error("{unknown}; or say with `dataset` which format `data = \"{data}\"` is in")]
    NoDataset {
        /// Why it is none.
        unknown: UnknownName,
        /// The name.
        data: String,
    },
    /// A key that this kind of generator does not have.
    #[error("{kind} has no `{key}`; remove it")]
    ForeignKey {
        /// The kind of generator.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A scale that would not give finite samples.
    #[error("the scale must be a number from 0 to {:e}", Generator::LARGEST_SCALE)]
    Scale,
    /// An exemplar of nothing.
    #[error("an exemplar needs a `dataset`")]
    NoExemplar,
    /// Noise of no kind.
    #[error("a null trace needs a `noise`")]
    NoNoise,
}

/// What is wrong with how an experiment is evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationProblem {
    /// A trace, and nothing to hold it against.
    #[error(
        "a trace is scored against `windows`, a CSV with motif, channel, t_start, t_end, or compared with `detectors`"
    )]
    NothingToCompare,
    /// Windows of generated samples.
    #[error("a generator knows its windows; remove `windows`")]
    GeneratedWindows,
    /// No date, or nothing that counts from it.
    #[error("`origin` is the date of t = 0 of dates in `windows`; write it like \"2024-03-01T11:00:00Z\"")]
    Origin,
    /// Groups of generated samples.
    #[error("groups are scored against `windows` of a trace")]
    GroupsOfGenerator,
    /// NAB's score of what knows no windows of series.
    #[error("the score of NAB needs `windows`; name them, or remove `nab`")]
    NabWithoutWindows,
    /// A bound on false alarms that is none.
    #[error("`alarms_at_most` is a number of false alarms an hour; give one from 0")]
    AlarmsAtMost,
    /// Seeds of a trace.
    #[error("a trace has no seeds; remove `seeds`")]
    SeedsOfTrace,
    /// Published scores of another stream.
    #[error("the published scores are of the perturbed stream only")]
    NotPublished,
    /// The engine is a detector already.
    #[error("`{name}` is the engine of the experiment, which is scored first")]
    OwnEngine {
        /// The engine.
        name: &'static str,
    },
    /// Sensitivity of a trace.
    #[error("only generated streams tell how sensitive an engine is")]
    SensitivityOfTrace,
    /// Parameters of another stream.
    #[error("parameters are chosen on the perturbed stream")]
    ChoiceElsewhere,
    /// A sweep of a trace.
    #[error("only generated streams are swept; a trace is as it is")]
    SweepOfTrace,
    /// The scale of another stream.
    #[error("only the perturbed stream has a scale")]
    ScaleElsewhere,
    /// A sweep of nothing.
    #[error("a sweep needs `values`, one point each")]
    NoValues,
    /// A point that the axis does not have.
    #[error("`{axis}` is {range}")]
    Point {
        /// The axis.
        axis: Axis,
        /// What its points are, in words.
        range: &'static str,
    },
    /// A point that leads a parameter out of its range.
    #[error("times `{axis}`, {problem}")]
    ScaledPoint {
        /// The axis.
        axis: Axis,
        /// What is wrong with the parameter.
        problem: ParameterError,
    },
    /// A factor out of its range.
    #[error("a factor is {range}, not {factor}")]
    Factor {
        /// What was given.
        factor: f64,
        /// What factors are, in words.
        range: &'static str,
    },
    /// A factor that leads a parameter out of its range.
    #[error("`{key}` times {factor}: {problem}")]
    ScaledFactor {
        /// The parameter.
        key: &'static str,
        /// The factor.
        factor: f64,
        /// What is wrong with the product.
        problem: ParameterError,
    },
    /// No run, or too many.
    #[error("`count` times the points of a sweep must be from 1 to {most}")]
    Runs {
        /// Most runs of an experiment.
        most: u64,
    },
    /// Seeds have 64 bits.
    #[error("the last seed is beyond 2^64")]
    LastSeed,
    /// Pairs of a trace.
    #[error("pairs and ablations are of generated streams")]
    VariantsOfTrace,
    /// A parameter with itself.
    #[error("`keys` are two parameters, and not `{key}` twice")]
    SamePair {
        /// The parameter.
        key: &'static str,
    },
    /// No pair.
    #[error("`factors` needs a list for each of `keys`, none of them empty")]
    NoFactors,
    /// Parts that an engine does not have.
    #[error("only `excursion` has an ablation; set [replay] engine = \"excursion\"")]
    AblationElsewhere,
    /// A grid of nothing, or out of range.
    #[error("`tau_seconds`, `drift` and `clip` need numbers from 0.01 to 1000")]
    Grid,
    /// A scale out of range.
    #[error("`scales` are above 0, up to 1e9")]
    Scales,
}

/// What is wrong with the tables of a live experiment.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LiveProblem {
    /// A limit that nothing could miss or meet.
    #[error("{key} is a finite number of seconds from 0 on, not {given}")]
    Limit {
        /// The key.
        key: &'static str,
        /// What was given.
        given: f64,
    },
    /// A fault outside of the capture.
    #[error("0 < begin_s < end_s < seconds of [capture] <= 86400, but they are {begin_s}, {end_s}, {seconds}")]
    Times {
        /// Start of the fault, in seconds.
        begin_s: f64,
        /// Its end.
        end_s: f64,
        /// Length of the capture.
        seconds: f64,
    },
    /// Polls too dense or too rare.
    #[error("interval_s is from 0.05 to 60, not {given}")]
    Interval {
        /// What was given, in seconds.
        given: f64,
    },
    /// Windows of nothing.
    #[error("without a fault nothing is required; remove the windows")]
    NothingRequired,
    /// A fault that nothing has to find.
    #[error("a fault needs a required window under [[truth.windows]]")]
    NoWindow,
    /// A load out of range.
    #[error("[load]: scale is from 1 to 1000, clients from 1 to 500, rate from 1 to 100000")]
    Load,
    /// A window of no channel, or of two.
    #[error("a window has one of `channel` and `statement` (a pattern of LIKE)")]
    WindowChannel,
}
