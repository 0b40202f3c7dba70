//! Our construction: how much longer a statement takes than it lately took.

use rayon::prelude::*;

use super::problem::OtelProblem;
use super::read::SpanSource;
use super::spans::Spans;
use crate::diagnostics::Place;
use crate::residual::Class;
use crate::trace::baseline::history::{KNOWN, RollingMedian, log_ratio};
use crate::trace::output::Output;
use crate::trace::read::{Lines, Reading};
use crate::trace::{Conversion, Options, TraceError, WhyEmpty};

/// Added to both sides of a ratio of durations, so that a statement of a fraction of a millisecond is not judged on jitter.
const JITTER_MS: f64 = 1.0;

/// ln of the duration over the median of the statement's last 24, once 5 are known, at the start of the span in seconds
/// since the earliest one. The order of the file has no say.
pub(super) fn convert(source: SpanSource<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let path = source.path().to_path_buf();
    let format = source.format.as_ref().ok().copied();
    let (spans, input) = source.read(options.lenient)?;
    check_unit(&spans, &path, format)?;
    let (rows, lines, notes) = (spans.rows(), Lines::default(), Vec::new());
    let reading = Reading { rows, table: spans, lines, notes, input, path: path.clone() };
    let samples = reading.table.len();
    let (mut output, spans) = Output::new(options, reading, samples);
    let rows = distinct(&spans, &path, options.lenient, &mut output)?;
    let (channels, names) = spans.channels(rows.iter().copied());
    let earliest = rows.iter().map(|row| spans.start_ns[*row]).min().unwrap_or_default();
    let mut order = rows;
    order.par_sort_by_key(|row| (channels[*row], spans.start_ns[*row], spans.duration_ns[*row]));
    let most = longest_run(&order, &channels);
    for rows in order.chunk_by(|a, b| channels[*a] == channels[*b]) {
        let channel = output.builder.channel(&names[channels[rows[0]] as usize]);
        let mut history = RollingMedian::default();
        for row in rows {
            let t = (spans.start_ns[*row] - earliest) as f64 / 1e9;
            let ms = spans.duration_ns[*row] as f64 / 1e6;
            let slower = history.after(KNOWN).map(|median| log_ratio(options.math, ms, median, JITTER_MS));
            let residual = slower.map(|slower| (t, Class::PlanRegression, slower, channel));
            if output.row(*row, residual.as_slice())? {
                history.push(ms);
            }
        }
    }
    if let Some(format) = format {
        output.notes.push(format!("read as {}", format.described()));
    }
    let systems = spans.systems(order.iter().copied());
    let suffix = if systems.is_empty() { String::new() } else { format!("[system={}]", systems.join(",")) };
    let why = why_empty(&spans, order.len(), names.len(), most);
    let conversion = output.finish_with(&suffix);
    if conversion.stream.is_empty() && !options.allow_empty {
        return Err(TraceError::Empty {
            place: Place::file(path),
            rows: Box::new(conversion.rows),
            why: Some(Box::new(why)),
        });
    }
    Ok(conversion)
}

/// Refuses times of a clock of unknown origin that look like the present in another unit.
fn check_unit(
    spans: &Spans,
    path: &std::path::Path,
    format: Option<super::format::SpanFormat>,
) -> Result<(), TraceError> {
    let Some(super::format::SpanFormat::Json(layout)) = format else { return Ok(()) };
    let Some(earliest) = spans.start_ns.iter().min() else { return Ok(()) };
    let Some(unit) = (!layout.clock.since_1970).then(|| layout.clock.other_unit(*earliest)).flatten() else {
        return Ok(());
    };
    let problem = OtelProblem::OtherUnit { field: layout.clock.start, earliest: *earliest, unit };
    Err(TraceError::format(Place::file(path), problem))
}

/// The spans without those that were exported before.
fn distinct(
    spans: &Spans,
    path: &std::path::Path,
    lenient: bool,
    output: &mut Output<'_>,
) -> Result<Vec<usize>, TraceError> {
    let repeated = spans.repeated();
    if let Some((first, again)) = repeated.contradicting.first()
        && !lenient
    {
        let problem = OtelProblem::IdTwice { id: spans.shown_id(*again), earlier: spans.line(*first) };
        let place = Place { line: spans.line(*again), ..Place::file(path) };
        return Err(TraceError::skippable(place, problem));
    }
    let contradicting: Vec<usize> = repeated.contradicting.iter().map(|(_, again)| *again).collect();
    output.withdraw(&repeated.again, "exported again");
    output.withdraw(&contradicting, "another span of an id that was there");
    let mut is_left_out = vec![false; spans.len()];
    repeated.again.iter().chain(&contradicting).for_each(|row| is_left_out[*row] = true);
    Ok((0..spans.len()).filter(|row| !is_left_out[*row]).collect())
}

/// Spans of the channel that has most.
fn longest_run(order: &[usize], channels: &[u32]) -> usize {
    order.chunk_by(|a, b| channels[*a] == channels[*b]).map(<[usize]>::len).max().unwrap_or_default()
}

/// Why there is no residual: `spans` of `statements` are used, of which one has `most` spans and no other has more.
fn why_empty(all: &Spans, spans: usize, statements: usize, most: usize) -> WhyEmpty {
    let (strangers, nameless) = all.strangers();
    match spans {
        0 if nameless > 0 => WhyEmpty::NoStatements,
        0 if strangers > 0 => WhyEmpty::NoDatabase,
        0 => WhyEmpty::NoSpan,
        _ => WhyEmpty::FewSpans { spans, statements, most },
    }
}
