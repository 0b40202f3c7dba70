//! The published construction, of the published format: a JSON array of objects.

use std::fmt;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};

use super::format::SpanFormat;
use super::layout::ARRAY;
use super::problem::{OtelProblem, SpanProblem};
use super::read::{SpanSource, Whole, bare};
use crate::diagnostics::Place;
use crate::residual::{ChannelId, Channels, Class, formula};
use crate::store::StoreError;
use crate::trace::baseline::mix::order_by_time;
use crate::trace::output::Output;
use crate::trace::read::{Lines, Reading};
use crate::trace::{Conversion, FormatProblem, Options, RowCounts, TraceError};

/// Spans of a statement that the published baseline is the mean of, for ever.
const PUBLISHED_BASELINE: usize = 3;

#[derive(Deserialize)]
struct PublishedSpan {
    t_start_ns: u64,
    t_end_ns: u64,
    statement_hash: String,
    db_system: Option<String>,
}

/// The spans as columns.
#[derive(Default)]
struct PublishedSpans {
    start_ns: Vec<u64>,
    ms: Vec<f64>,
    statement: Vec<ChannelId>,
    statements: Channels,
    system: Option<String>,
    rows: RowCounts,
}

impl PublishedSpans {
    /// Appends a span, or says why it cannot be used.
    fn push(&mut self, span: PublishedSpan) -> Result<(), SpanProblem> {
        if span.t_end_ns <= span.t_start_ns {
            return Err(SpanProblem::NoDuration);
        }
        self.start_ns.push(span.t_start_ns);
        self.ms.push((span.t_end_ns - span.t_start_ns) as f64 / 1e6);
        self.statement.push(self.statements.intern(&span.statement_hash));
        self.system = self.system.take().or(span.db_system);
        Ok(())
    }

    /// Seconds from the start of the first span.
    fn t(&self) -> Vec<f64> {
        let origin = i128::from(self.start_ns[0]);
        self.start_ns.iter().map(|start| (i128::from(*start) - origin) as f64 / 1e9).collect()
    }
}

/// Takes the elements of the array one by one.
struct Collect {
    lenient: bool,
}

impl<'de> Visitor<'de> for Collect {
    type Value = PublishedSpans;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<PublishedSpans, A::Error> {
        let mut spans = PublishedSpans::default();
        loop {
            let outcome = if self.lenient {
                let Some(element) = elements.next_element::<serde_json::Value>()? else { return Ok(spans) };
                let span =
                    PublishedSpan::deserialize(element).map_err(|error| SpanProblem::NotASpan(error.to_string()));
                span.and_then(|span| spans.push(span))
            } else {
                let Some(span) = elements.next_element()? else { return Ok(spans) };
                spans.push(span)
            };
            spans.rows.read += 1;
            match outcome {
                Ok(()) => spans.rows.used += 1,
                Err(problem) if self.lenient => spans.rows.reject(problem.reason().to_owned()),
                Err(problem) => return Err(A::Error::custom(FormatProblem::skippable(OtelProblem::from(problem)))),
            }
        }
    }
}

/// Durations of each statement against the mean of its first three for ever, in seconds since the span that is first in the
/// file.
pub(super) fn convert(source: SpanSource<'_>, options: &Options) -> Result<Conversion, TraceError> {
    if let Ok(format) = source.format
        && !matches!(format, SpanFormat::Json(layout) if std::ptr::eq(layout, &ARRAY))
    {
        return Err(source.malformed(OtelProblem::NotOfReference { format: format.described() }));
    }
    let path = source.path().to_path_buf();
    let mut whole = source.into_whole();
    let spans = read(&path, &mut whole, options.lenient)?;
    let (rows, lines, notes) = (spans.rows.clone(), Lines::default(), Vec::new());
    let reading = Reading { rows, table: spans, lines, notes, input: whole.finish()?, path };
    let rows = reading.table.ms.len();
    let (mut output, table) = Output::new(options, reading, rows);
    let t = if rows > 0 { table.t() } else { Vec::new() };
    let mut statements = vec![Vec::new(); table.statements.len()];
    let (ranks, order) = (table.statements.ranks(), order_by_time(&t));
    for at in 0..rows {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        statements[ranks[table.statement[row].index()] as usize].push(row);
    }
    for rows in statements {
        let channel = output.builder.channel(table.statements.name(table.statement[rows[0]]));
        residuals(&mut output, &table, &t, &rows, channel)?;
    }
    let suffix = table.system.map_or_else(String::new, |system| format!("[system={system}]"));
    Ok(output.finish_with(&suffix))
}

fn residuals(
    output: &mut Output<'_>,
    table: &PublishedSpans,
    t: &[f64],
    rows: &[usize],
    channel: ChannelId,
) -> Result<(), TraceError> {
    if rows.len() <= PUBLISHED_BASELINE {
        output.withdraw(rows, "of a statement with three spans or fewer");
        return Ok(());
    }
    let (first, rest) = rows.split_at(PUBLISHED_BASELINE);
    first.iter().for_each(|row| output.feeds(*row));
    let baseline = first.iter().fold(-0.0, |sum, row| sum + table.ms[*row]) / PUBLISHED_BASELINE as f64;
    for row in rest {
        let latency = formula::latency(table.ms[*row], baseline);
        output.row(*row, &[(t[*row], Class::PlanRegression, latency, channel)])?;
    }
    Ok(())
}

fn read(path: &Path, input: &mut Whole<'_>, lenient: bool) -> Result<PublishedSpans, TraceError> {
    let malformed = |line: u64, column: u64, problem: OtelProblem| {
        TraceError::format(Place::file(path).at_line(line.max(1)).at_column(column.max(1)), problem)
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 18, input));
    let spans = json.deserialize_seq(Collect { lenient }).and_then(|spans| json.end().map(|()| spans));
    let spans = spans.map_err(|error| {
        if error.is_io() {
            return TraceError::Store(StoreError::read(path)(error.into()));
        }
        malformed(error.line() as u64, error.column() as u64, OtelProblem::NotAnArray(bare(&error)))
    })?;
    if spans.rows.read == 0 {
        return Err(malformed(1, 1, OtelProblem::NoSpans { container: "array" }));
    }
    Ok(spans)
}
