use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::difference::{DifferenceJson, Style};
use super::output::{Output, Text, Tone};
use super::{Exit, Outcome};
use crate::experiment::{self, Compared, TableDifference, Tolerance, Verdict};

/// Compare two results folders, tapes or tables: which rows, which numbers, by how much
#[derive(clap::Args)]
#[command(after_help = "\
Exits with 10 if they differ. A tolerance tells how many of the changed rows are close, and never makes a difference none.

Examples:
  telltape diff results/ceb out/ceb
  telltape diff results out                    every result of the one beside that of the other
  telltape diff old.jsonl new.jsonl --ulps 2")]
pub(super) struct Diff {
    /// The one that is expected
    a: PathBuf,
    /// The other one
    b: PathBuf,
    /// Absolute difference up to which numbers count as close
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = tolerance)]
    atol: Option<f64>,
    /// Difference up to which they do, in relation to the expected number
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = tolerance)]
    rtol: Option<f64>,
    /// Units in the last place up to which they do
    #[arg(long, value_name = "N")]
    ulps: Option<u64>,
    /// Markdown instead of text
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum ComparedJson<'a> {
    Results(DifferenceJson<'a>),
    Rows(&'a TableDifference),
    Only { name: &'a str, only_in: &'static str },
}

impl Diff {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let given = self.atol.is_some() || self.rtol.is_some() || self.ulps.is_some();
        let tolerance = given.then(|| Tolerance {
            atol: self.atol.unwrap_or_default(),
            rtol: self.rtol.unwrap_or_default(),
            ulps: self.ulps.unwrap_or_default(),
        });
        let compared = experiment::diff(&self.a, &self.b, tolerance.as_ref())?;
        let json: Vec<ComparedJson<'_>> = compared
            .iter()
            .map(|compared| match compared {
                Compared::Results(name, difference) => ComparedJson::Results(DifferenceJson::new(name, difference)),
                Compared::Rows(rows) => ComparedJson::Rows(rows),
                Compared::Only { name, added } => ComparedJson::Only { name, only_in: if *added { "b" } else { "a" } },
            })
            .collect();
        let style = Style { output, markdown: self.markdown };
        output.data(&json, || {
            let different = compared.iter().filter(|compared| !compared.is_same());
            let text = different.fold(Text::default(), |all, one| all.joined(&text(one, style)));
            if text.is_empty() { Text::from("same") } else { text }
        });
        Ok(if compared.iter().all(Compared::is_same) { Exit::Ok } else { Exit::Differs })
    }
}

fn text(compared: &Compared, style: Style<'_>) -> Text {
    match compared {
        Compared::Results(name, difference) => match &difference.verdict {
            Verdict::Skipped { reason } => {
                let note = style.output.paint(Tone::Note, &format!("  {}", style.name(reason)));
                style.results(name, difference).line(note)
            }
            _ => style.results(name, difference),
        },
        Compared::Rows(rows) => style.fenced(&style.rows(rows)),
        Compared::Only { name, added } => {
            format!("{}: only in {} one", style.name(name), if *added { "the second" } else { "the first" }).into()
        }
    }
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number >= 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("a tolerance is a number from 0 on, such as 1e-9".to_owned()),
    }
}
