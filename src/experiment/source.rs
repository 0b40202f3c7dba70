//! Where the samples of an experiment come from, and what of it is hashed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{ExperimentError, Project, ResultProblem};
use crate::evaluate::Generator;
use crate::residual::{Math, Stream};
use crate::tape::RowCounts;
use crate::trace::{self, Catalogue, CatalogueEntry, Options};

/// Where the samples of an experiment come from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SampleSource {
    /// A trace of the catalogue.
    Catalogue {
        /// Its name there.
        name: String,
        /// How it is converted.
        options: Options,
    },
    /// A trace at a path.
    Trace {
        /// Relative to the root of the project.
        path: PathBuf,
        /// How it is converted.
        options: Options,
    },
    /// A generator.
    Generated {
        /// Which.
        generator: Generator,
        /// Its seed.
        seed: u64,
        /// Its logarithms.
        math: Math,
    },
}

/// Samples, with what the chain says of their origin.
pub(super) struct SourcedSamples {
    pub(super) stream: Stream,
    /// The stage `input`.
    pub(super) input: String,
    /// What became of the rows of the trace; a generator has none.
    pub(super) rows: Option<RowCounts>,
    /// What was recognised in the trace.
    pub(super) notes: Vec<String>,
}

impl SampleSource {
    /// The logarithms that it uses.
    #[must_use]
    pub fn math(&self) -> Math {
        match self {
            Self::Catalogue { options, .. } | Self::Trace { options, .. } => options.math,
            Self::Generated { math, .. } => *math,
        }
    }

    /// Whether it is a recording or a construction of our own.
    pub(super) fn is_own(&self) -> bool {
        match self {
            Self::Catalogue { options, .. } | Self::Trace { options, .. } => !options.construction.is_reference(),
            Self::Generated { .. } => false,
        }
    }

    /// The file of the trace; a generator has none. That of a catalogue entry is there, and its bytes are still to be
    /// verified.
    pub(super) fn find_trace(&self, project: &Project) -> Result<Option<PathBuf>, ExperimentError> {
        match self {
            Self::Catalogue { name, options } => Ok(Some(find_entry(&project.catalogue()?, name, options)?.0)),
            Self::Trace { path, .. } => Ok(Some(project.root().join(path))),
            Self::Generated { .. } => Ok(None),
        }
    }

    /// Converts the trace, or generates the samples.
    pub(super) fn make_samples(
        &self,
        project: &Project,
        catalogue: &Catalogue,
    ) -> Result<SourcedSamples, ExperimentError> {
        match self {
            Self::Catalogue { name, options } => {
                let (path, entry) = find_entry(catalogue, name, options)?;
                match convert(&path, options) {
                    // What was hashed is what was parsed.
                    Ok(samples) => {
                        catalogue.expect(entry, &samples.input)?;
                        Ok(samples)
                    }
                    // Other bytes than those recorded explain everything else that may be wrong with them.
                    Err(error) => catalogue.verify(entry).map_err(Into::into).and(Err(error)),
                }
            }
            Self::Trace { path, options } => convert(&project.root().join(path), options),
            Self::Generated { generator, seed, math } => Ok(SourcedSamples {
                stream: generator.stream(*seed, *math),
                input: hash_generator(*generator, *seed),
                rows: None,
                notes: Vec::new(),
            }),
        }
    }

    /// The stage `input` of what the samples would be made from now.
    pub(super) fn hash_input(&self, project: &Project) -> Result<String, ExperimentError> {
        match self {
            Self::Catalogue { name, options } => {
                let catalogue = project.catalogue()?;
                let (_, entry) = find_entry(&catalogue, name, options)?;
                catalogue.verify(entry)?;
                Ok(entry.sha256.clone())
            }
            Self::Trace { path, options } => Ok(trace::input_digest(&project.root().join(path), options)?.sha256),
            Self::Generated { generator, seed, .. } => Ok(hash_generator(*generator, *seed)),
        }
    }

    /// The label that the samples would have now: the name of the trace is in it, which its bytes do not decide.
    pub(super) fn label_samples(&self, project: &Project) -> Result<String, ExperimentError> {
        Ok(match self {
            Self::Catalogue { name, options } => {
                trace::source(&find_entry(&project.catalogue()?, name, options)?.0, options)
            }
            Self::Trace { path, options } => trace::source(path, options),
            Self::Generated { .. } => String::new(),
        })
    }

    /// The canonical options, which the stage `options` hashes; what is at its default is left out.
    pub(super) fn list_options(&self) -> BTreeMap<String, String> {
        match self {
            Self::Catalogue { options, .. } | Self::Trace { options, .. } => {
                options.canonical().into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }
            Self::Generated { generator, seed, math } => {
                let mut pairs = BTreeMap::from([("seed".to_owned(), seed.to_string())]);
                match generator {
                    Generator::Perturbed { scale } => {
                        pairs.insert("kind".to_owned(), "perturbed".to_owned());
                        if *scale != 1.0 {
                            pairs.insert("scale".to_owned(), scale.to_string());
                        }
                    }
                    Generator::Exemplar { dataset } => {
                        pairs.insert("kind".to_owned(), "exemplar".to_owned());
                        pairs.insert("dataset".to_owned(), dataset.name().to_owned());
                    }
                    Generator::Null { noise } => {
                        pairs.insert("kind".to_owned(), "null".to_owned());
                        pairs.insert("noise".to_owned(), noise.name().to_owned());
                    }
                }
                if *math != Math::default() {
                    pairs.insert("math".to_owned(), math.name().to_owned());
                }
                pairs
            }
        }
    }
}

fn convert(path: &Path, options: &Options) -> Result<SourcedSamples, ExperimentError> {
    let converted = trace::convert(path, options)?;
    let input = converted.input.expect("the options of an experiment ask for it");
    let (stream, rows, notes) = (converted.stream, Some(converted.rows), converted.notes);
    Ok(SourcedSamples { stream, input: input.sha256, rows, notes })
}

/// A catalogue entry in the format that `options` say, and its file, if it is there; its bytes are still to be verified.
pub(super) fn find_entry<'a>(
    catalogue: &'a Catalogue,
    name: &str,
    options: &Options,
) -> Result<(PathBuf, &'a CatalogueEntry), ExperimentError> {
    let entry = catalogue.get(name).map_err(|unknown| catalogue.problem(unknown))?;
    if entry.adapter != options.dataset {
        let name = name.to_owned();
        let problem = ResultProblem::OtherFormat { name, adapter: entry.adapter, expected: options.dataset };
        return Err(problem.with_path(&catalogue.folder().join("datasets.toml")));
    }
    let path = catalogue.path(entry);
    if !path.exists() {
        return Err(ExperimentError::NoData { path, name: name.to_owned(), has_parts: entry.parts.is_some() });
    }
    Ok((path, entry))
}

/// The stage `input` of a generator: SHA-256 of its name, scale or data set, and seed.
fn hash_generator(generator: Generator, seed: u64) -> String {
    let input = match generator {
        Generator::Perturbed { scale } => format!("perturbed {scale} {seed}"),
        Generator::Exemplar { dataset } => format!("exemplar {dataset} {seed}"),
        Generator::Null { noise } => format!("null {noise} {seed}"),
    };
    hex::encode(Sha256::digest(input.as_bytes()))
}
