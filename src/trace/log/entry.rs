use serde::Deserialize;

use super::LogProblem;
use crate::trace::plan::{LoggedPlanProblem, Plan, ReadBy};
use crate::trace::statement::{Dialect, name};

/// What is read of an entry. A jsonlog has them by these names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct LogEntry {
    /// When it was written, as it stands.
    #[serde(rename = "timestamp")]
    pub(crate) time: String,
    pub(crate) message: String,
    pub(crate) query_id: Option<i64>,
    pub(crate) user: Option<String>,
    #[serde(rename = "dbname")]
    pub(crate) database: Option<String>,
    pub(crate) application_name: Option<String>,
    /// What the session was at when the plan was logged.
    pub(crate) ps: Option<String>,
    /// The function that the statement stands in.
    pub(crate) context: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) line_num: Option<u64>,
    /// Whether the log would say in `ps` what the session was at.
    #[serde(skip)]
    pub(crate) hides_ps: bool,
}

/// A statement that was logged with its plan.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) duration_ms: f64,
    pub(crate) plan: Plan,
    pub(crate) read: ReadBy,
    /// The statement's text without literals; empty if the log does not have it.
    pub(crate) statement: String,
}

/// What sessions are at while they run a statement whose rows are all taken. `FETCH` and `CLOSE` end a cursor, as `BIND`, `COMMIT`
/// and `idle in transaction` may: what is left of a portal, the log does not tell.
const WHOLE: [&str; 8] = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "EXECUTE", "EXPLAIN", "CREATE TABLE AS"];

/// Marks the statements of a capture, whatever their session is called.
pub(crate) const OWN_COMMENT: &str = "/* telltape */";

/// What sessions of a capture call themselves unless they are told otherwise.
const OWN_NAME: &str = "telltape";

impl LogEntry {
    /// The duration in milliseconds and the text of the plan, if `auto_explain` wrote the entry.
    fn parts(&self) -> Option<(f64, &str)> {
        let (head, plan) = self.message.split_once(" ms  plan:\n")?;
        let duration_ms: f64 = head.strip_prefix("duration: ")?.trim().parse().ok()?;
        Some((duration_ms, plan))
    }

    /// The plan, if `auto_explain` wrote the entry.
    ///
    /// # Errors
    /// When there is one that cannot be read.
    pub(crate) fn logged(&self) -> Result<Option<Logged>, LogProblem> {
        let Some((duration_ms, text)) = self.parts() else { return Ok(None) };
        let start = text.trim_start();
        if start.starts_with("<explain") {
            return Err(LogProblem::PlanFormat("XML"));
        }
        if start.starts_with("Query Text: \"") || start.starts_with("Plan: \n") {
            return Err(LogProblem::PlanFormat("YAML"));
        }
        let (plan, statement) = Plan::of_log(text)?;
        if !(0.0..1e100).contains(&duration_ms) {
            return Err(LoggedPlanProblem::Duration(duration_ms).into());
        }
        let read = self.read_by(&statement);
        Ok(Some(Logged { duration_ms, plan, read, statement: name(&statement, Dialect::Postgres) }))
    }

    /// How far the plan was read. Where the log does not say what the session was at, nobody knows.
    fn read_by(&self, statement: &str) -> ReadBy {
        let is_whole = match &self.ps {
            Some(ps) => WHOLE.iter().any(|whole| ps.starts_with(whole)),
            None => !self.hides_ps,
        };
        let is_cursor = statement.trim_start().get(..8).is_some_and(|word| word.eq_ignore_ascii_case("DECLARE "));
        if is_whole && !is_cursor && self.context.is_none() { ReadBy::Whole } else { ReadBy::Perhaps }
    }

    /// Whether a capture of this program ran the statement.
    pub(crate) fn is_of_capture(&self) -> bool {
        self.application_name.as_deref() == Some(OWN_NAME)
            || self.parts().is_some_and(|(_, plan)| plan.contains(OWN_COMMENT))
    }
}
