//! OpenTelemetry database spans: a JSON array of objects.

use std::fmt;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};

use crate::residual::{ChannelId, Channels, Class, formula};
use crate::store::{Input, Place, StoreError};
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::history::{KNOWN, RollingMedian, log_ratio};
use crate::trace::baseline::mix::order_by_time;
use crate::trace::input::Trace;
use crate::trace::output::Output;
use crate::trace::read::{LENIENT_HINT, Lines, Reading};
use crate::trace::{Conversion, Options, RowCounts, TraceError};

pub(super) struct Otel;

static ABOUT: About = About {
    name: "otel",
    title: "OpenTelemetry database spans",
    citation: None,
    format: "JSON array of database spans",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[],
    reference_label: Some("otel-db-spans"),
    is_recording: false,
};

impl Adapter for Otel {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open(options.digest)?, options)
    }
}

/// Spans of a statement that the published baseline is the mean of, for ever.
const PUBLISHED_BASELINE: usize = 3;

/// Added to both sides of a ratio of durations, so that a statement of a fraction of a millisecond is not judged on jitter.
const JITTER_MS: f64 = 1.0;

#[derive(Deserialize)]
struct Span {
    t_start_ns: u64,
    t_end_ns: u64,
    statement_hash: String,
    db_system: Option<String>,
}

/// The spans as columns.
#[derive(Default)]
struct Spans {
    start_ns: Vec<u64>,
    ms: Vec<f64>,
    statement: Vec<ChannelId>,
    statements: Channels,
    system: Option<String>,
    rows: RowCounts,
}

impl Spans {
    /// Appends a span, or says why it cannot be used.
    fn push(&mut self, span: Span) -> Result<(), &'static str> {
        if span.t_end_ns <= span.t_start_ns {
            return Err("span does not end after it starts");
        }
        self.start_ns.push(span.t_start_ns);
        self.ms.push((span.t_end_ns - span.t_start_ns) as f64 / 1e6);
        self.statement.push(self.statements.intern(&span.statement_hash));
        self.system = self.system.take().or(span.db_system);
        Ok(())
    }

    /// Seconds from the start of span `origin`.
    fn t(&self, origin: usize) -> Vec<f64> {
        let origin = i128::from(self.start_ns[origin]);
        self.start_ns.iter().map(|start| (i128::from(*start) - origin) as f64 / 1e9).collect()
    }
}

/// Takes the elements of the array one by one.
struct Collect {
    lenient: bool,
}

impl<'de> Visitor<'de> for Collect {
    type Value = Spans;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Spans, A::Error> {
        let mut spans = Spans::default();
        loop {
            let outcome = if self.lenient {
                let Some(element) = elements.next_element::<serde_json::Value>()? else { return Ok(spans) };
                Span::deserialize(element).map_err(|_| "not a span").and_then(|span| spans.push(span))
            } else {
                let Some(span) = elements.next_element()? else { return Ok(spans) };
                spans.push(span)
            };
            spans.rows.read += 1;
            match outcome {
                Ok(()) => spans.rows.used += 1,
                Err(reason) if self.lenient => spans.rows.reject(reason.to_owned()),
                Err(reason) => return Err(A::Error::custom(format!("{reason}{LENIENT_HINT}"))),
            }
        }
    }
}

/// Durations of each statement, stamped at the start of the span.
///
/// `reference`: against the mean of the statement's first three for ever, seconds since the span that is first in the file.
/// `plain` (ours): ln over the median of the statement's last 24, once 5 are known, seconds since the earliest span.
fn convert(mut input: Input<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let path = input.path().to_path_buf();
    let spans = read(&path, &mut input, options.lenient)?;
    let reading =
        Reading { rows: spans.rows.clone(), table: spans, lines: Lines::default(), input: input.finish()?, path };
    let rows = reading.table.ms.len();
    let (mut output, table) = Output::new(options, reading, rows);
    let earliest = (0..rows).min_by_key(|row| table.start_ns[*row]);
    let t = match (options.construction, earliest) {
        (_, None) => Vec::new(),
        (Construction::Reference, _) => table.t(0),
        (Construction::Own(_), Some(earliest)) => table.t(earliest),
    };
    let mut statements = vec![Vec::new(); table.statements.len()];
    let (ranks, order) = (table.statements.ranks(), order_by_time(&t));
    for at in 0..rows {
        let row = order.as_ref().map_or(at, |order| order[at] as usize);
        statements[ranks[table.statement[row].index()] as usize].push(row);
    }
    for rows in statements {
        let channel = output.builder.channel(table.statements.name(table.statement[rows[0]]));
        match options.construction {
            Construction::Reference => reference(&mut output, &table, &t, &rows, channel)?,
            Construction::Own(_) => plain(&mut output, &table, &t, &rows, channel, options)?,
        }
    }
    let suffix = table.system.map_or_else(String::new, |system| format!("[system={system}]"));
    Ok(output.finish_with(&suffix))
}

fn reference(
    output: &mut Output<'_>,
    table: &Spans,
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

fn plain(
    output: &mut Output<'_>,
    table: &Spans,
    t: &[f64],
    rows: &[usize],
    channel: ChannelId,
    options: &Options,
) -> Result<(), TraceError> {
    let mut history = RollingMedian::default();
    for row in rows {
        let slower = history.after(KNOWN).map(|median| log_ratio(options.math, table.ms[*row], median, JITTER_MS));
        let residual = slower.map(|slower| (t[*row], Class::PlanRegression, slower, channel));
        if output.row(*row, residual.as_slice())? {
            history.push(table.ms[*row]);
        }
    }
    Ok(())
}

fn read(path: &Path, input: &mut Input<'_>, lenient: bool) -> Result<Spans, TraceError> {
    let malformed = |line: u64, column: u64, problem: String| TraceError::Malformed {
        place: Place::file(path).at_line(line.max(1)).at_column(column.max(1)),
        problem,
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 18, input));
    let spans = json.deserialize_seq(Collect { lenient }).and_then(|spans| json.end().map(|()| spans));
    let spans = spans.map_err(|error| {
        if error.is_io() {
            return TraceError::Store(StoreError::read(path)(error.into()));
        }
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let bare = text.strip_suffix(&place).unwrap_or(&text);
        let problem = format!(
            "not an array of spans with `t_start_ns`, `t_end_ns`, `statement_hash` and perhaps `db_system`: {bare}"
        );
        malformed(error.line() as u64, error.column() as u64, problem)
    })?;
    if spans.rows.read == 0 {
        return Err(malformed(1, 1, "there are no spans in the array".to_owned()));
    }
    Ok(spans)
}
