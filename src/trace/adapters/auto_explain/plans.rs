//! From a log to the statements whose plans are in it.

use std::collections::HashMap;
use std::path::Path;

use rayon::prelude::*;

use super::problem::{AutoExplainProblem, LogZone};
use crate::diagnostics::Place;
use crate::residual::{ChannelId, Channels};
use crate::store::Input;
use crate::tape::RowCounts;
use crate::trace::log::{LOG_LINE_PREFIX, LogEntry, LogFormat, LogProblem, Logged, Moment, Prefix};
use crate::trace::plan::ReadBy;
use crate::trace::read::{Lines, Reading, Wanted, binary};
use crate::trace::skeleton::abbreviated;
use crate::trace::{Options, TraceError};

/// Statements that were executed, in the order of the log.
#[derive(Default)]
pub(super) struct LoggedPlans {
    /// Microseconds since 1970.
    pub(super) us: Vec<i64>,
    pub(super) duration_ms: Vec<f64>,
    /// Planned and actual rows of the node that was estimated worst, where one is known.
    pub(super) rows: Vec<Option<(f64, f64)>>,
    pub(super) statement: Vec<ChannelId>,
    pub(super) statements: Channels,
    pub(super) shape: Vec<ChannelId>,
    pub(super) shapes: Channels,
}

/// What is kept of an entry.
enum Kept {
    Plan(Box<Executed>),
    /// It is of no use, for a reason that is not an error.
    Other(&'static str),
}

struct Executed {
    moment: Moment,
    logged: Logged,
    statement: String,
    has_query_id: bool,
    /// What the entry is, where the log tells: its session, its number there, and its text.
    identity: Option<(String, u64, String)>,
}

/// Reads a log.
///
/// # Errors
/// When it cannot be read, or (unless `lenient`) an entry with a plan is not what its format says.
pub(super) fn read(mut input: Input<'_>, options: &Options) -> Result<Reading<LoggedPlans>, TraceError> {
    let path = input.path().to_path_buf();
    let bytes = input.read_to_end()?;
    let digest = input.finish()?;
    if let Some(problem) = binary(&bytes, Wanted::Text) {
        return Err(TraceError::format(Place::file(&path).at_line(1), problem));
    }
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let format = LogFormat::find(text);
    if format != LogFormat::Json
        && let Some(line) = first_of_jsonlog(text)
    {
        return Err(TraceError::format(Place::file(&path).at_line(line), AutoExplainProblem::OfJsonlog));
    }
    let told = options.values.text(&LOG_LINE_PREFIX).and_then(|prefix| Prefix::parse(prefix).ok());
    if told.is_some() && format != LogFormat::Stderr {
        let problem = AutoExplainProblem::NoPrefixes { format: format.name() };
        return Err(TraceError::format(Place::file(&path), problem));
    }
    let entries = format.entries(text, &path, &told.unwrap_or(Prefix::Found));
    let kept: Vec<(Place, Result<Kept, LogProblem>)> =
        entries.into_par_iter().map(|(place, entry)| (place, keep(entry))).collect();
    let mut reader = Reader::new(options.lenient);
    for (place, kept) in kept {
        reader.take(place, kept)?;
    }
    Ok(reader.finish(&path, format, digest))
}

/// The first line that is an entry of a jsonlog. In a log of another format it would be the rest of the entry before it.
fn first_of_jsonlog(text: &[u8]) -> Option<u64> {
    let line_at =
        |start: usize| &text[start..memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end)];
    let mut starts = memchr::memmem::find_iter(text, b"\n{\"").map(|before| before + 1);
    let start = starts.find(|start| LogFormat::Json.is_entry(line_at(*start)))?;
    Some(memchr::memchr_iter(b'\n', &text[..start]).count() as u64 + 1)
}

/// What is kept of an entry, or why it is none.
fn keep(entry: Result<LogEntry, LogProblem>) -> Result<Kept, LogProblem> {
    let entry = entry?;
    if entry.is_of_capture() {
        return Ok(Kept::Other("of telltape itself"));
    }
    let Some(logged) = entry.logged()? else { return Ok(Kept::Other("no plan")) };
    let moment = Moment::parse(&entry.time).ok_or_else(|| LogProblem::Time(entry.time.clone()))?;
    let statement = identify(&entry, &logged).ok_or(LogProblem::Nameless)?;
    let has_query_id = entry.query_id.is_some_and(|id| id != 0);
    let identity = entry.session_id.zip(entry.line_num).map(|(session, line)| (session, line, entry.message));
    Ok(Kept::Plan(Box::new(Executed { moment, logged, statement, has_query_id, identity })))
}

/// The name of a statement: its identifier, else its text without literals; in its database, where the log says which.
fn identify(entry: &LogEntry, logged: &Logged) -> Option<String> {
    let statement = match entry.query_id.filter(|id| *id != 0) {
        Some(id) => id.to_string(),
        None if logged.statement.is_empty() => return None,
        None => abbreviated(&logged.statement),
    };
    Some(match &entry.database {
        Some(database) => format!("{database}/{statement}"),
        None => statement,
    })
}

/// Puts executions together, in order.
struct Reader {
    lenient: bool,
    plans: LoggedPlans,
    rows: RowCounts,
    lines: Lines,
    seen: HashMap<(String, u64), String>,
    /// The first zone that times are in, and where it stood.
    zone: Option<(Option<String>, Place)>,
    without_rows: u64,
    without_id: u64,
    perhaps: u64,
}

impl Reader {
    fn new(lenient: bool) -> Self {
        let (plans, rows, lines, seen, zone) = Default::default();
        Self { lenient, plans, rows, lines, seen, zone, without_rows: 0, without_id: 0, perhaps: 0 }
    }

    fn take(&mut self, place: Place, kept: Result<Kept, LogProblem>) -> Result<(), TraceError> {
        self.rows.read += 1;
        match kept {
            Ok(Kept::Plan(executed)) => self.execution(place, *executed)?,
            Ok(Kept::Other(reason)) => self.rows.reject(reason.to_owned()),
            Err(problem) if self.lenient => self.rows.reject(problem.reason().to_owned()),
            Err(problem) => return Err(TraceError::skippable(place, problem)),
        }
        Ok(())
    }

    fn execution(&mut self, place: Place, executed: Executed) -> Result<(), TraceError> {
        let Executed { moment, logged, statement, has_query_id, identity } = executed;
        // A file may be there twice, and a log may have been copied while it grew.
        if let Some((session, line, message)) = identity {
            if self.seen.get(&(session.clone(), line)) == Some(&message) {
                self.rows.reject("there before".to_owned());
                return Ok(());
            }
            self.seen.insert((session, line), message);
        }
        match &self.zone {
            Some((zone, there)) if *zone != moment.zone => {
                let (here, zone) = (LogZone::of(moment.zone.as_deref()), LogZone::of(zone.as_deref()));
                let problem = AutoExplainProblem::Zones { here, there: zone, place: there.clone() };
                return Err(TraceError::format(place, problem));
            }
            Some(_) => {}
            None => self.zone = Some((moment.zone, place.clone())),
        }
        let is_analyzed = logged.plan.is_analyzed();
        self.without_rows += u64::from(!is_analyzed);
        self.without_id += u64::from(!has_query_id);
        self.perhaps += u64::from(is_analyzed && logged.read == ReadBy::Perhaps);
        let plans = &mut self.plans;
        plans.us.push(moment.us);
        plans.duration_ms.push(logged.duration_ms);
        plans.rows.push(logged.plan.worst(logged.read).map(|worst| (worst.planned, worst.actual)));
        plans.statement.push(plans.statements.intern(&statement));
        plans.shape.push(plans.shapes.intern(&logged.plan.shape()));
        self.lines.push(place.line.unwrap_or_default());
        self.rows.used += 1;
        Ok(())
    }

    fn finish(self, path: &Path, format: LogFormat, input: Option<crate::store::InputDigest>) -> Reading<LoggedPlans> {
        let used = self.rows.used;
        let mut notes = vec![format!("read as a log in the format {}: {used} plans", format.name())];
        for (count, what) in [
            (
                self.without_rows,
                "plans have no actual rows, and give nothing on estimates: auto_explain.log_analyze = on",
            ),
            (self.without_id, "statements have no query id, and are told by their text: compute_query_id = on"),
            (
                self.perhaps,
                "plans may have stopped early (by a cursor, in a function, or the log does not say: %i in log_line_prefix): \
                 only rows beyond their estimates count",
            ),
        ] {
            if count > 0 {
                notes.push(format!("{count} of {used} {what}"));
            }
        }
        Reading { table: self.plans, rows: self.rows, lines: self.lines, notes, input, path: path.to_path_buf() }
    }
}
