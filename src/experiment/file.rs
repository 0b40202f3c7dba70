use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::convert_file::Convert;
use super::engine::Replay;
use super::evaluation::{Evaluate, Evaluation};
use super::{ExperimentError, SampleSource};
use crate::diagnostics::{Place, line_and_column, reword_unknown_name};
use crate::evaluate::{Exemplar, Generator, Noise};
use crate::motif::Engine;
use crate::residual::Math;
use crate::store::read_small_text;
use crate::trace::{Dataset, Options};

/// An experiment: which samples, and which engine replays them.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// The file's name without `.toml`; its results go by it.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// One line for people.
    pub title: String,
    /// The text that it was read from.
    pub(super) text: String,
    /// Where the samples come from.
    pub source: SampleSource,
    /// What replays them.
    pub engine: Engine,
    /// What is scored, if anything is.
    pub evaluation: Option<Evaluation>,
    /// Whether it is right that the trace leaves no sample. It is no part of the digests: there are none to decide of.
    pub allow_empty: bool,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[schemars(with = "Option<bool>")]
    allow_empty: Option<Spanned<bool>>,
    #[schemars(with = "Option<Input>")]
    input: Option<Spanned<Input>>,
    #[schemars(with = "Option<Convert>")]
    convert: Option<Spanned<Convert>>,
    #[schemars(with = "Option<Generate>")]
    generate: Option<Spanned<Generate>>,
    #[serde(default)]
    replay: Replay,
    #[schemars(with = "Option<Evaluate>")]
    evaluate: Option<Spanned<Evaluate>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    data: Option<String>,
    trace: Option<PathBuf>,
    #[schemars(with = "Option<Dataset>")]
    dataset: Option<Spanned<String>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Generate {
    kind: Kind,
    seed: u64,
    #[schemars(with = "Option<f64>")]
    scale: Option<Spanned<f64>>,
    #[schemars(with = "Option<String>")]
    dataset: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    noise: Option<Spanned<String>>,
    #[serde(default)]
    math: Math,
}

#[derive(Clone, Copy, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Perturbed,
    Exemplar,
    Null,
}

/// The JSON schema of an experiment file, for editors.
#[must_use]
pub fn file_schema() -> schemars::Schema {
    schemars::schema_for!(File)
}

/// Something wrong at a byte of the file, or with the file as a whole.
pub(super) struct FileProblem {
    pub(super) at: Option<usize>,
    pub(super) text: String,
}

impl FileProblem {
    pub(super) fn at(at: usize, text: impl ToString) -> Self {
        Self { at: Some(at), text: text.to_string() }
    }

    fn whole(text: impl ToString) -> Self {
        Self { at: None, text: text.to_string() }
    }

    /// The error of an experiment file.
    pub(super) fn in_file(self, path: &Path, text: &str) -> ExperimentError {
        let place = Place::file(path);
        let place = match self.at {
            Some(at) => place.at(line_and_column(text, at)),
            None => place,
        };
        ExperimentError::File { place, problem: self.text }
    }
}

impl Experiment {
    /// Reads the experiment file at `path`; files that it names are relative to `root`, the root of the project.
    /// Catalogue names are looked up when it runs.
    ///
    /// # Errors
    /// When it cannot be read, or says something that an experiment cannot be: with line, column and suggestion.
    pub fn read(path: &Path, root: &Path) -> Result<Self, ExperimentError> {
        Self::parse(path, &Self::text(path)?, root)
    }

    /// The text of an experiment file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn text(path: &Path) -> Result<String, ExperimentError> {
        read_small_text(path).map_err(|error| ExperimentError::File {
            place: Place::file(path),
            problem: format!("the experiment cannot be read: {error}"),
        })
    }

    /// Reads the text of the experiment file that stands at `path`.
    ///
    /// # Errors
    /// As for [`Experiment::read`].
    pub(super) fn parse(path: &Path, text: &str, root: &Path) -> Result<Self, ExperimentError> {
        let fail = |problem: FileProblem| problem.in_file(path, text);
        let mut file: File = toml::from_str(text).map_err(|error| fail(from_toml(&error)))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name.is_empty() || name.starts_with('.') {
            return Err(fail(FileProblem::whole("an experiment needs a file name that does not start with a dot")));
        }
        let title = file.title.clone();
        let allow_empty = file.allow_empty.as_ref().is_some_and(|allow| *allow.get_ref());
        let evaluate = file.evaluate.take();
        let replay = std::mem::take(&mut file.replay);
        let source = source(file).map_err(fail)?;
        let engine = replay.engine(source.is_own(), root, text).map_err(|error| error.into_error(&fail))?;
        let evaluation =
            evaluate.map(|evaluate| Evaluation::new(evaluate, &source, &engine)).transpose().map_err(fail)?;
        Ok(Self {
            name,
            path: path.to_path_buf(),
            text: text.to_owned(),
            title,
            source,
            engine,
            evaluation,
            allow_empty,
        })
    }
}

/// What the TOML reader says.
pub(super) fn from_toml(error: &toml::de::Error) -> FileProblem {
    FileProblem { at: error.span().map(|span| span.start), text: reword_unknown_name(error.message()) }
}

fn source(file: File) -> Result<SampleSource, FileProblem> {
    match (file.input, file.generate) {
        (Some(input), None) => {
            let at = input.span().start;
            let allow_empty = file.allow_empty.is_some_and(Spanned::into_inner);
            trace(input.into_inner(), file.convert.map(Spanned::into_inner).unwrap_or_default(), allow_empty, at)
        }
        (None, Some(generate)) => {
            if let Some(convert) = file.convert {
                return Err(FileProblem::at(
                    convert.span().start,
                    "generated samples are not converted; remove [convert]",
                ));
            }
            if let Some(allow) = file.allow_empty {
                let text = "a generator always gives samples; remove `allow_empty`";
                return Err(FileProblem::at(allow.span().start, text));
            }
            let at = generate.span().start;
            generated(generate.into_inner(), at)
        }
        (Some(_), Some(generate)) => {
            Err(FileProblem::at(generate.span().start, "an experiment has [input] or [generate], not both"))
        }
        (None, None) => Err(FileProblem::whole("an experiment needs [input] (a trace) or [generate] (a generator)")),
    }
}

fn dataset(name: &Spanned<String>) -> Result<Dataset, FileProblem> {
    name.get_ref().parse().map_err(|error| FileProblem::at(name.span().start, error))
}

fn trace(input: Input, convert: Convert, allow_empty: bool, at: usize) -> Result<SampleSource, FileProblem> {
    let adapter = match (&input.data, &input.dataset) {
        // By convention the catalogue's names are those of the adapters; another one says which it is.
        (Some(name), None) => name.parse().map_err(|error| {
            FileProblem::at(at, format!("{error}; or say with `dataset` which format `data = \"{name}\"` is in"))
        })?,
        (_, Some(name)) => dataset(name)?,
        (None, None) => {
            return Err(FileProblem::at(
                at,
                "[input] needs `data` (a name of the catalogue), or `trace` and `dataset`",
            ));
        }
    };
    // The input is the first stage of the digest chain.
    let options = Options { digest: true, allow_empty, ..convert.options(adapter)? };
    match (input.data, input.trace) {
        (Some(name), None) => Ok(SampleSource::Catalogue { name, options }),
        (None, Some(path)) => Ok(SampleSource::Trace { path, options }),
        _ => Err(FileProblem::at(at, "[input] needs one of `data` (a name of the catalogue) and `trace` (a path)")),
    }
}

fn generated(generate: Generate, at: usize) -> Result<SampleSource, FileProblem> {
    let Generate { kind, seed, scale, dataset, noise, math } = generate;
    let scale_at = scale.as_ref().map(|scale| scale.span().start);
    let dataset_at = dataset.as_ref().map(|dataset| dataset.span().start);
    let noise_at = noise.as_ref().map(|noise| noise.span().start);
    let foreign = match kind {
        Kind::Perturbed => {
            [(dataset_at, "a perturbed stream has no `dataset`"), (noise_at, "a perturbed stream has no `noise`")]
        }
        Kind::Exemplar => [(scale_at, "an exemplar has no `scale`"), (noise_at, "an exemplar has no `noise`")],
        Kind::Null => [(scale_at, "noise has no `scale`"), (dataset_at, "noise has no `dataset`")],
    };
    if let Some((at, problem)) = foreign.into_iter().find_map(|(at, problem)| Some((at?, problem))) {
        return Err(FileProblem::at(at, format!("{problem}; remove it")));
    }
    let generator = match kind {
        Kind::Perturbed => {
            if let Some(scale) = scale.as_ref().filter(|scale| !Generator::takes_scale(*scale.get_ref())) {
                let text = format!("the scale must be a number from 0 to {:e}", Generator::LARGEST_SCALE);
                return Err(FileProblem::at(scale.span().start, text));
            }
            Generator::Perturbed { scale: scale.map_or(1.0, Spanned::into_inner) }
        }
        Kind::Exemplar => {
            let name = dataset.ok_or_else(|| FileProblem::at(at, "an exemplar needs a `dataset`"))?;
            let dataset: Exemplar =
                name.get_ref().parse().map_err(|error| FileProblem::at(name.span().start, error))?;
            Generator::Exemplar { dataset }
        }
        Kind::Null => {
            let name = noise.ok_or_else(|| FileProblem::at(at, "a null trace needs a `noise`"))?;
            let noise: Noise = name.get_ref().parse().map_err(|error| FileProblem::at(name.span().start, error))?;
            Generator::Null { noise }
        }
    };
    Ok(SampleSource::Generated { generator, seed, math })
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
