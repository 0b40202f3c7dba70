//! Differences as text for a terminal and as Markdown for a pull request.

use schemars::JsonSchema;
use serde::Serialize;

use super::output::{Output, Tone, printable};
use crate::experiment::{Cause, Difference, GroupDifference, RowChange, StageRow, TableDifference, ValueChange};

/// A difference of results as JSON.
#[derive(Serialize, JsonSchema)]
pub(super) struct DifferenceJson<'a> {
    name: &'a str,
    verdict: &'a str,
    first: Option<&'a str>,
    causes: &'a [Cause],
    stages: &'a [StageRow],
    values: &'a [ValueChange],
    tables: &'a [TableDifference],
}

impl<'a> DifferenceJson<'a> {
    pub(super) fn new(name: &'a str, difference: &'a Difference) -> Self {
        Self {
            name,
            verdict: difference.verdict.name(),
            first: difference.first().map(|row| row.stage),
            causes: &difference.causes,
            stages: &difference.stages,
            values: &difference.values,
            tables: &difference.tables,
        }
    }
}

/// How differences are told.
#[derive(Clone, Copy)]
pub(super) struct Style<'a> {
    pub(super) output: &'a Output,
    pub(super) markdown: bool,
}

impl Style<'_> {
    fn minus(self, text: &str) -> String {
        self.line(Tone::Bad, "-", text)
    }

    fn plus(self, text: &str) -> String {
        self.line(Tone::Good, "+", text)
    }

    fn line(self, tone: Tone, sign: &str, text: &str) -> String {
        let text = printable(text);
        if self.markdown {
            format!("{sign} {text}\n")
        } else {
            self.output.paint(tone, &format!("    {sign}{text}")) + "\n"
        }
    }

    /// The heading of what follows.
    fn heading(self, text: &str) -> String {
        let text = printable(text);
        if self.markdown { format!("@@ {text} @@\n") } else { format!("  {text}\n") }
    }

    /// A difference of results that have been found to differ.
    pub(super) fn results(self, name: &str, difference: &Difference) -> String {
        let changed: Vec<&str> = difference.stages.iter().filter(|row| !row.is_same()).map(|row| row.stage).collect();
        let first = changed.first().map_or("counts", |first| first);
        let mut text = if self.markdown {
            format!("### `{name}` differs from stage `{first}` on\n\nStages: {}\n\n", changed.join(", "))
        } else {
            format!("{name}: differs from stage `{first}` on ({})\n", changed.join(", "))
        };
        for cause in &difference.causes {
            let line = format!("why: `{}`: {}", cause.stage, printable(&cause.because));
            text += &if self.markdown { format!("- {line}\n") } else { format!("  {line}\n") };
        }
        if self.markdown {
            text += "\n```diff\n";
        }
        if let Some(row) = difference.first() {
            text += &self.heading(row.stage);
            text += &self.minus(row.expected.as_deref().unwrap_or("(absent)"));
            text += &self.plus(row.digest.as_deref().unwrap_or("(absent)"));
        }
        for value in &difference.values {
            text += &self.heading(&format!("{}: {}", value.of, value.key));
            text += &self.minus(value.expected.as_deref().unwrap_or("(default)"));
            text += &self.plus(value.actual.as_deref().unwrap_or("(default)"));
        }
        text += &difference.tables.iter().map(|table| self.rows(table)).collect::<String>();
        if self.markdown {
            text += "```\n";
        }
        text
    }

    /// A difference of tables or tapes.
    pub(super) fn rows(self, table: &TableDifference) -> String {
        let TableDifference { removed, added, changed, .. } = table;
        let mut text = self.heading(&format!("{}: {removed} rows removed, {added} added; first:", table.table));
        text += &table.rows.iter().map(|row| self.row(row)).collect::<String>();
        for (name, GroupDifference { removed, added, changed }) in &table.groups {
            let lost = removed - changed;
            text += &self.heading(&format!("  {name}: {lost} rows gone, {} new, {changed} changed", added - changed));
        }
        if let Some(within) = table.within {
            text += &self.heading(&format!(
                "  {within} of {changed} changed rows are within the tolerance, which is no reason to pass"
            ));
        }
        text
    }

    fn row(self, row: &RowChange) -> String {
        let line = format!("{}: {}", row.line, row.row);
        let mut text = if row.added { self.plus(&line) } else { self.minus(&line) };
        for cell in &row.cells {
            let bits = cell.bits.as_ref().map_or(String::new(), |[before, now]| format!(", bits {before} → {now}"));
            let of = if cell.ulps == 1 { "unit in the last place" } else { "units in the last place" };
            text += &self.heading(&format!(
                "    {}: {} → {} ({} {of}{bits})",
                cell.column, cell.expected, cell.actual, cell.ulps
            ));
        }
        text
    }
}
