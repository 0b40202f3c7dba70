use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::output::{Output, Text, TextLine, table};
use super::{Exit, Outcome};
use crate::diagnostics::counted;
use crate::tape::{self, RowCounts};
use crate::trace::{self, ColumnKind, ColumnSummary, Dataset, Fit, Inspection, TableSummary};

/// Report what a file is: its columns, the data sets that fit, and the command to convert it
#[derive(clap::Args)]
#[command(after_help = "\
The file is read whole, and nothing is written. The exit code is 12 if it is neither a tape nor a trace that can be converted.

Example: telltape inspect metrics.csv")]
pub(super) struct InspectCommand {
    /// The file; gzip and zstd are decompressed
    file: PathBuf,
}

/// What a file is.
#[derive(Serialize, JsonSchema)]
pub(super) struct InspectedJson<'a> {
    file: String,
    /// Samples, if it is a tape.
    #[serde(skip_serializing_if = "Option::is_none")]
    tape_samples: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a TableSummary>,
    fits: Vec<FitJson<'a>>,
    does_not_fit: Vec<RefusalJson>,
}

/// A way to convert it.
#[derive(Serialize, JsonSchema)]
struct FitJson<'a> {
    dataset: Dataset,
    command: String,
    rows: &'a RowCounts,
    samples: u64,
    channels: u64,
    classes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_t: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_t: Option<f64>,
    notes: &'a [String],
    /// Why it cannot be converted without --lenient, if that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<String>,
}

/// Why a data set cannot read it.
#[derive(Serialize, JsonSchema)]
struct RefusalJson {
    dataset: Dataset,
    reason: String,
}

impl InspectCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let tape_samples = tape::read(&self.file).ok().map(|tape| tape.manifest.sample_count);
        let Inspection { table, fits, refusals, .. } = trace::inspect(&self.file)?;
        let is_known = tape_samples.is_some() || !fits.is_empty();
        let json = InspectedJson {
            file: self.file.display().to_string(),
            tape_samples,
            table: table.as_ref(),
            fits: fits.iter().map(|fit| self.fit(fit)).collect(),
            does_not_fit: refusals
                .iter()
                .map(|(dataset, error)| RefusalJson { dataset: *dataset, reason: error.to_string() })
                .collect(),
        };
        output.data(&json, || self.text(&json));
        Ok(if is_known { Exit::Ok } else { Exit::Input })
    }

    fn fit<'a>(&self, fit: &'a Fit) -> FitJson<'a> {
        FitJson {
            dataset: fit.dataset,
            command: self.command(fit),
            rows: &fit.rows,
            samples: fit.samples,
            channels: fit.channels,
            classes: fit.classes.iter().map(|class| class.name()).collect(),
            first_t: fit.span.map(|(first, _)| first),
            last_t: fit.span.map(|(_, last)| last),
            notes: &fit.notes,
            strict: fit.strict.as_ref().map(ToString::to_string),
        }
    }

    /// What converts the file, as a shell takes it.
    fn command(&self, fit: &Fit) -> String {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or("trace");
        let mut tape = format!("{stem}.jsonl");
        if *tape == *name {
            tape = format!("{stem}.tape.jsonl");
        }
        let file = self.file.display().to_string();
        let mut words =
            vec!["telltape", "convert", "--dataset", fit.dataset.name(), file.as_str(), "--tape", tape.as_str()];
        let flags: Vec<String> = fit.options.iter().map(|(flag, _)| format!("--{flag}")).collect();
        for (flag, (_, value)) in flags.iter().zip(&fit.options) {
            words.extend([flag.as_str(), value.as_str()]);
        }
        if fit.strict.is_some() {
            words.push("--lenient");
        }
        // A name with a zero byte in it is no name of a file.
        shlex::try_join(words).unwrap_or_default()
    }

    fn text(&self, json: &InspectedJson<'_>) -> Text {
        let mut text = Text::from(match (json.tape_samples, json.table) {
            (Some(samples), _) => {
                let samples = counted(samples, "sample");
                format!("{}: a tape of {samples}; replay it with `telltape replay`", json.file)
            }
            (None, Some(table)) => format!("{}: a table of {}", json.file, counted(table.rows, "row")),
            (None, None) => format!("{}: not a table", json.file),
        });
        if let Some(summary) = json.table.filter(|_| json.tape_samples.is_none()) {
            if summary.unreadable > 0 {
                text.push(format!("  not readable by this header: {}", counted(summary.unreadable, "row")));
            }
            let rows: Vec<Vec<TextLine>> = summary.columns.iter().map(|column| cells(column, summary)).collect();
            let headers = ["  column", "holds", "unknown", "distinct", "from", "to"];
            text.append(&table(&headers, &[false, false, true, true, false, false], &rows));
        }
        for fit in &json.fits {
            let span = fit.first_t.zip(fit.last_t).map_or_else(String::new, |(a, b)| format!(", t {a} to {b} s"));
            text.push(format!(
                "fits {}: {}; samples: {} ({}), channels: {}{span}",
                fit.dataset,
                fit.rows.account(),
                fit.samples,
                fit.classes.join(", "),
                fit.channels,
            ));
            fit.strict.iter().for_each(|error| text.push(format!("  only with --lenient: {error}")));
            fit.notes.iter().for_each(|note| text.push(format!("  note: {note}")));
            text.push(format!("  {}", fit.command));
        }
        if json.tape_samples.is_none() {
            for RefusalJson { dataset, reason } in &json.does_not_fit {
                text.push(format!("does not fit {dataset}: {reason}"));
            }
        }
        text
    }
}

fn cells(column: &ColumnSummary, table: &TableSummary) -> Vec<TextLine> {
    let kind = match column.kind {
        ColumnKind::Empty => "nothing",
        ColumnKind::Number => "numbers",
        ColumnKind::Time => "times",
        ColumnKind::Text => "text",
    };
    let distinct = match column.distinct {
        None => "many".to_owned(),
        Some(distinct) if distinct == table.rows && distinct > 1 => "all".to_owned(),
        Some(distinct) => distinct.to_string(),
    };
    let from = column.least.as_ref().or(column.example.as_ref());
    [
        TextLine::from("  ").then(short(&column.name)),
        kind.into(),
        column.unknown.to_string().into(),
        distinct.into(),
        short(from.map_or("", String::as_str)),
        short(column.greatest.as_deref().unwrap_or_default()),
    ]
    .into()
}

/// Letters of a cell of the table of columns.
const CELL: usize = 40;

fn short(text: &str) -> TextLine {
    TextLine::cell(&text.chars().take(CELL).collect::<String>())
}
