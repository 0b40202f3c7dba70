//! Input to tape.

use std::path::Path;

use super::super::{Experiment, ExperimentError, ExperimentOutcome, Project, SampleSource};
use super::{Files, Stage, Workspace};
use crate::store::file_digest;
use crate::tape::{RowCounts, TapeWriter, manifest_path};

/// The tape in the folder of an experiment; its manifest is beside it.
pub(in crate::experiment) const TAPE_FILE: &str = "tape.jsonl";

pub(super) fn describe(project: &Project, experiment: &Experiment) -> String {
    let what = match &experiment.source {
        SampleSource::Catalogue { options, .. } | SampleSource::Trace { options, .. } => {
            format!("convert `{}` by its construction `{}`", options.dataset, options.construction)
        }
        SampleSource::Generated { seed, .. } => format!("generate with seed {seed}"),
    };
    format!("{what} to `{}`", project.out(&experiment.name).join(TAPE_FILE).display())
}

pub(super) fn run(work: &Workspace<'_>, outcome: &mut ExperimentOutcome) -> Result<Files, ExperimentError> {
    let Experiment { name, source, allow_empty, .. } = work.experiment;
    let samples = source.make_samples(work.project, work.catalogue)?;
    // What was hashed is what was converted, whatever stood there before.
    outcome.set(Stage::Input, samples.input);
    outcome.counts.rows = samples.rows.clone().map(RowCounts::of_result);
    outcome.notes = samples.notes;
    let tape = work.folder.join(TAPE_FILE);
    let mut writer = TapeWriter::create(&tape, samples.stream.source())?.named(format!("{name}/{TAPE_FILE}"));
    writer.allow_empty(*allow_empty);
    writer.append_stream(&samples.stream)?;
    let sha256 = writer.finalise(samples.rows)?.sha256;
    outcome.set(Stage::Tape, sha256.clone());
    let manifest = manifest_path(&tape);
    let name_of = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Files::from([(name_of(&tape), sha256), (name_of(&manifest), file_digest(&manifest)?.sha256)]))
}
