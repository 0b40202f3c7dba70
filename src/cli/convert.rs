use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::failure::Failure;
use super::generate::MathArgument;
use super::output::{Output, Text};
use super::verify::KeyArgument;
use super::{Exit, Outcome};
use crate::residual::Stream;
use crate::tape::{Manifest, RowCounts, TapeWriter, Use, manifest_path};
use crate::trace::postgres::Rules;
use crate::trace::{self, Dataset, GenericColumns, Options};

/// Convert a trace to a tape
#[derive(clap::Args)]
#[command(after_help = "\
Data sets: snowset, sqlshare (timed CSV), sqlshare-text, ceb, job, tpcds, pgss, generic, otel,
postgres (a recording made by `telltape capture`).
Constructions: `reference` is the published one, for every data set but postgres; ours are the default: profile (snowset),
corpus (sqlshare-text), template (ceb), plain (all others).

Examples:
  telltape convert --dataset snowset snowset.csv.gz --tape snowset.jsonl
  telltape convert --dataset generic cpu.csv --tape cpu.jsonl --time-col ts --value-col load --channel-col host")]
pub(super) struct Convert {
    /// The trace; .gz and .zst are decompressed
    input: PathBuf,
    /// The data set whose format the trace is in
    #[arg(long, value_name = "NAME")]
    dataset: Dataset,
    /// The tape to write; its manifest is written beside it
    #[arg(long, value_name = "FILE")]
    tape: PathBuf,
    /// The construction: which channels, baselines and windows [default: ours]
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    #[command(flatten)]
    math: MathArgument,
    /// Count rows that cannot be read by reason and go on
    #[arg(long)]
    lenient: bool,
    /// Time column of a generic CSV, in seconds
    #[arg(long, value_name = "HEADER")]
    time_col: Option<String>,
    /// Value column of a generic CSV
    #[arg(long, value_name = "HEADER")]
    value_col: Option<String>,
    /// Channel column of a generic CSV
    #[arg(long, value_name = "HEADER")]
    channel_col: Option<String>,
    /// The values of a generic CSV are residuals already
    #[arg(long)]
    pre_residualized: bool,
    #[command(flatten)]
    rules: RuleArguments,
    #[command(flatten)]
    key: KeyArgument,
}

/// How a recording is distilled.
#[derive(clap::Args)]
pub(super) struct RuleArguments {
    /// Change a rule by which a recording is distilled, such as pool_s=5; may be given several times
    #[arg(long = "rule", value_name = "NAME=VALUE")]
    rules: Vec<String>,
}

impl RuleArguments {
    pub(super) fn rules(&self) -> Result<Rules, Failure> {
        let mut rules = Rules::default();
        for text in &self.rules {
            let (name, value) = text
                .split_once('=')
                .and_then(|(name, value)| Some((name, value.parse().ok()?)))
                .ok_or_else(|| Failure::usage(format!("`{text}` is no rule; write --rule pool_s=5")))?;
            rules.set(name, value).map_err(|error| Failure::usage(error.to_string()))?;
        }
        Ok(rules)
    }
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
}

impl Convert {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let options = self.options()?;
        let key = self.key.read()?;
        if key.is_some() && self.dataset != Dataset::Postgres {
            let text = "--key is for --dataset postgres: only recordings have manifests that can be signed";
            return Err(Failure::usage(text));
        }
        let same = |path: &Path| matches!((path.canonicalize(), self.input.canonicalize()), (Ok(a), Ok(b)) if a == b);
        if same(&self.tape) || same(&manifest_path(&self.tape)) {
            return Err(Failure::usage("the tape or its manifest would overwrite the trace; give another --tape"));
        }
        // Before the work, which may take hours.
        TapeWriter::check(&self.tape)?;
        let converted = trace::convert_signed(&self.input, &options, key.as_ref())?;
        let rows = converted.rows;
        write(&self.tape, &converted.stream, Some(rows), output)
    }

    fn options(&self) -> Result<Options, Failure> {
        let construction = match &self.channel {
            Some(name) => self.dataset.construction(name).map_err(|error| Failure::usage(error.to_string()))?,
            None => Default::default(),
        };
        let generic = GenericColumns {
            time: self.time_col.clone(),
            value: self.value_col.clone(),
            channel: self.channel_col.clone(),
            pre_residualized: self.pre_residualized,
        };
        if self.dataset != Dataset::Generic && generic != GenericColumns::default() {
            let text = "--time-col, --value-col, --channel-col and --pre-residualized are for --dataset generic";
            return Err(Failure::usage(text));
        }
        let rules = self.rules.rules()?;
        if self.dataset != Dataset::Postgres && !self.rules.rules.is_empty() {
            return Err(Failure::usage("--rule is for --dataset postgres"));
        }
        let math = self.math.math();
        Ok(Options { rules, construction, math, lenient: self.lenient, generic, ..Options::new(self.dataset) })
    }
}

/// Writes and seals a tape and tells what is on it.
pub(super) fn write(path: &Path, stream: &Stream, rows: Option<RowCounts>, output: &Output) -> Outcome {
    let mut writer = TapeWriter::create(path, stream.source())?;
    let (written, stream_fingerprint) = rayon::join(|| writer.append_stream(stream), || stream.fingerprint());
    written?;
    let Manifest { sha256, sample_count, rows, .. } = writer.finalise(rows)?;
    let json = TapeJson { tape: path.display().to_string(), sha256, sample_count, stream_fingerprint, rows };
    output.data(&json, || text(&json));
    Ok(Exit::Ok)
}

fn text(tape: &TapeJson) -> Text {
    let mut text = Text::from(format!("{}: {} samples", tape.tape, tape.sample_count))
        .line(format!("  sha256 {}", tape.sha256))
        .line(format!("  stream {}", tape.stream_fingerprint));
    if let Some(rows) = &tape.rows {
        let mut line = format!("  rows   {} read, {} used", rows.read, rows.used);
        let used_for = |what: Use| rows.used_for.get(&what).copied();
        if let Some(baseline) = used_for(Use::Baseline) {
            let residual = used_for(Use::Residual).unwrap_or_default();
            line += &format!(" ({residual} for residuals, {baseline} for baselines only)");
        }
        for (reason, count) in &rows.rejected {
            line += &format!(", {count} rejected ({reason})");
        }
        text.push(line);
    }
    text
}
