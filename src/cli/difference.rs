//! Differences as text for a terminal and as Markdown for a pull request.

use schemars::JsonSchema;
use serde::Serialize;

use super::output::{Output, Text, TextLine, Tone};
use crate::diagnostics::counted;
use crate::experiment::{Cause, Difference, GroupDifference, RowChange, StageRow, TableDifference, ValueChange};
use crate::store::Shown;

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
            first: difference.first().map(|row| row.stage.name()),
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

/// Opens and closes what is code in Markdown. Between them no line begins with a tick, so nothing in them ends it.
const FENCE: [&str; 2] = ["```diff", "```"];

impl Style<'_> {
    /// A name in a sentence: in Markdown as code, in which nothing is a link, a mention, an issue or HTML.
    pub(super) fn name(self, name: &str) -> String {
        if self.markdown { Shown::markdown(name).to_string() } else { Shown::plain(name).to_string() }
    }

    /// A command with a name.
    pub(super) fn command(self, command: &str, name: &str) -> String {
        let text = format!("{command} {}", Shown::plain(name));
        if self.markdown { Shown::markdown(&text).to_string() } else { text }
    }

    /// What is code in Markdown.
    pub(super) fn fenced(self, text: &Text) -> Text {
        if !self.markdown {
            return Text::default().joined(text);
        }
        Text::from(FENCE[0]).joined(text).line(FENCE[1])
    }

    fn minus(self, text: &str) -> TextLine {
        self.line(Tone::Bad, "-", text)
    }

    fn plus(self, text: &str) -> TextLine {
        self.line(Tone::Good, "+", text)
    }

    fn line(self, tone: Tone, sign: &str, text: &str) -> TextLine {
        if self.markdown {
            format!("{sign} {text}").into()
        } else {
            self.output.paint(tone, &format!("    {sign}{text}"))
        }
    }

    /// The heading of what follows.
    fn heading(self, text: &str) -> String {
        if self.markdown { format!("@@ {text} @@") } else { format!("  {text}") }
    }

    /// A difference of results that have been found to differ.
    pub(super) fn results(self, name: &str, difference: &Difference) -> Text {
        let changed: Vec<&str> =
            difference.stages.iter().filter(|row| !row.is_same()).map(|row| row.stage.name()).collect();
        let first = changed.first().map_or("counts", |first| first);
        let name = self.name(name);
        let head = if self.markdown {
            Text::from(format!("### {name} differs from stage `{first}` on"))
                .line("")
                .line(format!("Stages: {}", changed.join(", ")))
                .line("")
        } else {
            Text::from(format!("{name}: differs from stage `{first}` on ({})", changed.join(", ")))
        };
        let mut text = Text::default();
        for cause in &difference.causes {
            let because = Shown::plain(&cause.because).at_most(LONGEST_CAUSE);
            text.push(format!("{} why: `{}`: {because}", if self.markdown { "#" } else { " " }, cause.stage));
        }
        if let Some(row) = difference.first() {
            text.push(self.heading(row.stage.name()));
            text.push(self.minus(row.expected.as_deref().unwrap_or("(absent)")));
            text.push(self.plus(row.digest.as_deref().unwrap_or("(absent)")));
        }
        for value in &difference.values {
            text.push(self.heading(&format!("{}: {}", value.of, Shown::plain(&value.key))));
            text.push(self.minus(value.expected.as_deref().unwrap_or("(default)")));
            text.push(self.plus(value.actual.as_deref().unwrap_or("(default)")));
        }
        difference.tables.iter().for_each(|table| text.append(&self.rows(table)));
        head.joined(&self.fenced(&text))
    }

    /// A difference of tables or tapes.
    pub(super) fn rows(self, table: &TableDifference) -> Text {
        let TableDifference { removed, added, changed, .. } = table;
        let name = Shown::plain(&table.table);
        let mut text =
            Text::from(self.heading(&format!("{name}: {} removed, {added} added; first:", counted(*removed, "row"))));
        table.rows.iter().for_each(|row| self.row(row, &mut text));
        for (name, GroupDifference { removed, added, changed }) in &table.groups {
            let (name, lost) = (Shown::plain(name), removed - changed);
            text.push(self.heading(&format!(
                "  {name}: {} gone, {} new, {changed} changed",
                counted(lost, "row"),
                added - changed
            )));
        }
        if let Some(within) = table.within {
            text.push(self.heading(&format!(
                "  {within} of {changed} changed rows are within the tolerance, which is no reason to pass"
            )));
        }
        text
    }

    fn row(self, row: &RowChange, text: &mut Text) {
        let line = format!("{}: {}", row.line, row.row);
        text.push(if row.added { self.plus(&line) } else { self.minus(&line) });
        for cell in &row.cells {
            let bits = cell.bits.as_ref().map_or(String::new(), |[before, now]| format!(", bits {before} → {now}"));
            let of = if cell.ulps == 1 { "unit in the last place" } else { "units in the last place" };
            text.push(self.heading(&format!(
                "    {}: {} → {} ({} {of}{bits})",
                Shown::plain(&cell.column),
                cell.expected,
                cell.actual,
                cell.ulps
            )));
        }
    }
}

/// Letters of a cause: many keys may have changed.
const LONGEST_CAUSE: usize = 2000;
