use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::convert_file::Convert;
use super::engine::Replay;
use super::evaluation::{Evaluate, Evaluation};
use super::located::Located;
use super::{ExperimentError, FileProblem, SampleSource, SourceProblem};
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
pub(super) enum Kind {
    Perturbed,
    Exemplar,
    Null,
}

/// The JSON schema of an experiment file, for editors.
#[must_use]
pub fn file_schema() -> schemars::Schema {
    schemars::schema_for!(File)
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
        read_small_text(path).map_err(|error| FileProblem::Unreadable(error).in_whole(path))
    }

    /// Reads the text of the experiment file that stands at `path`.
    ///
    /// # Errors
    /// As for [`Experiment::read`].
    pub(super) fn parse(path: &Path, text: &str, root: &Path) -> Result<Self, ExperimentError> {
        let fail = |problem: Located| problem.in_file(path, text);
        let mut file: File = toml::from_str(text).map_err(|error| fail(Located::of_toml(error)))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name.is_empty() || name.starts_with('.') {
            return Err(fail(Located::whole(FileProblem::Hidden)));
        }
        let title = file.title.clone();
        let allow_empty = file.allow_empty.as_ref().is_some_and(|allow| *allow.get_ref());
        let evaluate = file.evaluate.take();
        let replay = std::mem::take(&mut file.replay);
        let source = source(file).map_err(fail)?;
        let engine = replay.engine(source.is_own(), root, text).map_err(|error| error.into_error(&fail))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let evaluation =
            evaluate.map(|evaluate| Evaluation::new(evaluate, &source, &engine, folder)).transpose().map_err(fail)?;
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

fn source(file: File) -> Result<SampleSource, Located> {
    match (file.input, file.generate) {
        (Some(input), None) => {
            let at = input.span().start;
            let allow_empty = file.allow_empty.is_some_and(Spanned::into_inner);
            trace(input.into_inner(), file.convert.map(Spanned::into_inner).unwrap_or_default(), allow_empty, at)
        }
        (None, Some(generate)) => {
            if let Some(convert) = file.convert {
                return Err(Located::at_byte(convert.span().start, SourceProblem::ConvertGenerated));
            }
            if let Some(allow) = file.allow_empty {
                return Err(Located::at_byte(allow.span().start, SourceProblem::EmptyGenerated));
            }
            let at = generate.span().start;
            generated(generate.into_inner(), at)
        }
        (Some(_), Some(generate)) => Err(Located::at_byte(generate.span().start, SourceProblem::Both)),
        (None, None) => Err(Located::whole(SourceProblem::Nothing)),
    }
}

fn dataset(name: &Spanned<String>) -> Result<Dataset, Located> {
    name.get_ref().parse().map_err(|error| Located::at_byte(name.span().start, error))
}

fn trace(input: Input, convert: Convert, allow_empty: bool, at: usize) -> Result<SampleSource, Located> {
    let adapter = match (&input.data, &input.dataset) {
        // By convention the catalogue's names are those of the adapters; another one says which it is.
        (Some(name), None) => name
            .parse()
            .map_err(|unknown| Located::at_byte(at, SourceProblem::NoDataset { unknown, data: name.clone() }))?,
        (_, Some(name)) => dataset(name)?,
        (None, None) => {
            return Err(Located::at_byte(at, SourceProblem::NoInput));
        }
    };
    // The input is the first stage of the digest chain.
    let options = Options { digest: true, allow_empty, ..convert.options(adapter)? };
    match (input.data, input.trace) {
        (Some(name), None) => Ok(SampleSource::Catalogue { name, options }),
        (None, Some(path)) => Ok(SampleSource::Trace { path, options }),
        _ => Err(Located::at_byte(at, SourceProblem::TwoInputs)),
    }
}

fn generated(generate: Generate, at: usize) -> Result<SampleSource, Located> {
    let Generate { kind, seed, scale, dataset, noise, math } = generate;
    let generator = generator(GeneratorKeys { kind, scale, dataset, noise }, at)?;
    Ok(SampleSource::Generated { generator, seed, math })
}

/// What is said of a generator; each kind has its own keys.
pub(super) struct GeneratorKeys {
    pub(super) kind: Kind,
    pub(super) scale: Option<Spanned<f64>>,
    pub(super) dataset: Option<Spanned<String>>,
    pub(super) noise: Option<Spanned<String>>,
}

/// The generator of some keys, which stand at a byte.
pub(super) fn generator(keys: GeneratorKeys, at: usize) -> Result<Generator, Located> {
    let GeneratorKeys { kind, scale, dataset, noise } = keys;
    let scale_at = scale.as_ref().map(|scale| scale.span().start);
    let dataset_at = dataset.as_ref().map(|dataset| dataset.span().start);
    let noise_at = noise.as_ref().map(|noise| noise.span().start);
    let (kind_name, keys) = match kind {
        Kind::Perturbed => ("a perturbed stream", [(dataset_at, "dataset"), (noise_at, "noise")]),
        Kind::Exemplar => ("an exemplar", [(scale_at, "scale"), (noise_at, "noise")]),
        Kind::Null => ("noise", [(scale_at, "scale"), (dataset_at, "dataset")]),
    };
    if let Some((at, key)) = keys.into_iter().find_map(|(at, key)| Some((at?, key))) {
        return Err(Located::at_byte(at, SourceProblem::ForeignKey { kind: kind_name, key }));
    }
    Ok(match kind {
        Kind::Perturbed => {
            if let Some(scale) = scale.as_ref().filter(|scale| !Generator::takes_scale(*scale.get_ref())) {
                return Err(Located::at_byte(scale.span().start, SourceProblem::Scale));
            }
            Generator::Perturbed { scale: scale.map_or(1.0, Spanned::into_inner) }
        }
        Kind::Exemplar => {
            let name = dataset.ok_or_else(|| Located::at_byte(at, SourceProblem::NoExemplar))?;
            let dataset: Exemplar =
                name.get_ref().parse().map_err(|error| Located::at_byte(name.span().start, error))?;
            Generator::Exemplar { dataset }
        }
        Kind::Null => {
            let name = noise.ok_or_else(|| Located::at_byte(at, SourceProblem::NoNoise))?;
            let noise: Noise = name.get_ref().parse().map_err(|error| Located::at_byte(name.span().start, error))?;
            Generator::Null { noise }
        }
    })
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
