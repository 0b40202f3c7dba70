use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::adapter_options::{AdapterArguments, AllTraces};
use super::arguments::{MathArgument, output_path};
use super::failure::Failure;
use super::output::{Output, Text};
use super::verify::KeyArgument;
use super::{Exit, Outcome};
use crate::diagnostics::counted;
use crate::residual::Stream;
use crate::tape::{Manifest, RowCounts, TapeWriter, Use, manifest_path};
use crate::trace::{self, ADAPTERS, About, Dataset, Options};

/// Convert a trace to a tape
#[derive(clap::Args)]
#[command(after_help = help())]
pub(super) struct ConvertCommand {
    /// The trace: a file, a folder, or a glob in quotes; gzip and zstd are decompressed
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// The data set whose format the trace is in [default: the only one that fits]
    #[arg(long, value_name = "NAME")]
    dataset: Option<Dataset>,
    /// The tape to write; its manifest is written beside it
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    tape: PathBuf,
    /// The construction: which channels, baselines and windows [default: the first one of the data set]
    #[arg(long, value_name = "NAME", alias = "channel")]
    construction: Option<String>,
    #[command(flatten)]
    math: MathArgument,
    /// Count rows that cannot be read by reason and go on
    #[arg(long)]
    lenient: bool,
    #[command(flatten)]
    own: AdapterArguments<AllTraces>,
    #[command(flatten)]
    key: KeyArgument,
}

/// What there is to convert, and how.
fn help() -> String {
    let about = || ADAPTERS.iter().map(|adapter| adapter.about());
    let constructions = |about: &About| about.construction_names().collect::<Vec<_>>().join(", ");
    let name_width = about().map(|about| about.name.len()).max().unwrap_or_default();
    let width = about().map(|about| constructions(about).len()).max().unwrap_or_default();
    let mut text =
        "Data sets, each with its constructions; the first one is the default, `reference` the published one:\n"
            .to_owned();
    for about in about() {
        let (name, title) = (about.name, about.title);
        text += &format!("  {name:name_width$}  {:width$}  {title}\n", constructions(about));
    }
    text + "\nExamples:
  telltape convert --dataset snowset snowset.csv.gz --tape snowset.jsonl
  telltape convert --dataset snowset 'snowset/*.parquet' --tape snowset.jsonl
  telltape convert pgss.csv --tape pgss.jsonl
  telltape convert --dataset generic cpu.csv --tape cpu.jsonl --time-col ts --value-col load --channel-col host"
}

/// A tape that was written.
#[derive(Serialize, JsonSchema)]
pub(super) struct TapeJson {
    tape: String,
    sha256: String,
    sample_count: u64,
    stream_fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<RowCounts>,
    /// What was recognised in the trace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl ConvertCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let [input] = &self.input[..] else {
            let folder = self.input[0].parent().unwrap_or(Path::new("")).join("*");
            return Err(Failure::usage(format!(
                "{} traces are given, and one is converted; give the files of one trace as a folder, or by a glob in quotes, such as \
                 '{}'",
                self.input.len(),
                folder.display()
            )));
        };
        let (options, recognised) = self.options(input)?;
        let key = self.key.read()?;
        if key.is_some() && !options.dataset.about().is_recording {
            let recordings = ADAPTERS.iter().map(|adapter| adapter.about()).filter(|about| about.is_recording);
            let names: Vec<&str> = recordings.map(|about| about.name).collect();
            let text = "only recordings have manifests that can be signed";
            return Err(Failure::usage(format!("--key is for --dataset {}: {text}", names.join(" or "))));
        }
        let same =
            |path: &Path, input: &Path| matches!((path.canonicalize(), input.canonicalize()), (Ok(a), Ok(b)) if a == b);
        let is_trace = |path: &Path, files: &[PathBuf]| files.iter().any(|file| same(path, file));
        // A folder that only its adapter can list is compared as a whole.
        let files = trace::files(input).unwrap_or_else(|_| vec![input.clone()]);
        if is_trace(&self.tape, &files) || is_trace(&manifest_path(&self.tape), &files) {
            return Err(Failure::usage("the tape or its manifest would overwrite the trace; give another --tape"));
        }
        // Before the work, which may take hours.
        TapeWriter::check(&self.tape)?;
        let converted = trace::convert_signed(input, &options, key.as_ref())?;
        let notes = recognised.into_iter().chain(converted.notes).collect();
        write(&self.tape, &converted.stream, Some(converted.rows), notes, output)
    }

    /// The options, and what was recognised for want of one.
    fn options(&self, input: &Path) -> Result<(Options, Option<String>), Failure> {
        if let Some(dataset) = self.dataset {
            return Ok((self.options_of(dataset)?, None));
        }
        let dataset = trace::recognise(input, |dataset| self.options_of(dataset).ok())?;
        Ok((self.options_of(dataset)?, Some(format!("read as --dataset {dataset}, the only one that fits"))))
    }

    fn options_of(&self, dataset: Dataset) -> Result<Options, Failure> {
        let mut options = Options { math: self.math.math(), lenient: self.lenient, ..Options::new(dataset) };
        if let Some(name) = &self.construction {
            options.construction = dataset.construction(name)?;
        }
        self.own.set(&mut options)?;
        Ok(options)
    }
}

/// Writes and seals a tape and tells what is on it.
pub(super) fn write(
    path: &Path,
    stream: &Stream,
    rows: Option<RowCounts>,
    notes: Vec<String>,
    output: &Output,
) -> Outcome {
    let mut writer = TapeWriter::create(path, stream.source())?;
    let (written, stream_fingerprint) = rayon::join(|| writer.append_stream(stream), || stream.fingerprint());
    written?;
    let Manifest { sha256, sample_count, rows, .. } = writer.finalise(rows)?;
    let json = TapeJson { tape: path.display().to_string(), sha256, sample_count, stream_fingerprint, rows, notes };
    output.data(&json, || text(&json));
    Ok(Exit::Ok)
}

fn text(tape: &TapeJson) -> Text {
    let mut text = Text::from(format!("{}: {}", tape.tape, counted(tape.sample_count, "sample")))
        .line(format!("  sha256 {}", tape.sha256))
        .line(format!("  stream {}", tape.stream_fingerprint));
    if let Some(rows) = &tape.rows {
        let mut line = format!("  rows   {} read, {} used", rows.read, rows.used);
        let used_for = |what: Use| rows.used_for.get(&what).copied();
        if let Some(baseline) = used_for(Use::Baseline) {
            let residual = used_for(Use::Residual).unwrap_or_default();
            line += &format!(" ({residual} for residuals, {baseline} for baselines only)");
        }
        for (reason, count) in &rows.clamped {
            line += &format!(", {count} taken for 1 row ({reason})");
        }
        for (reason, count) in &rows.rejected {
            line += &format!(", {count} rejected ({reason})");
        }
        text.push(line);
    }
    for note in &tape.notes {
        text.push(format!("  note   {note}"));
    }
    text
}
