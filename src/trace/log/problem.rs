use crate::trace::plan::LoggedPlanProblem;

/// What is wrong with an entry of a log.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LogProblem {
    /// A line that is no entry of a jsonlog; in the words of the parser.
    #[error("this is not an entry of a jsonlog: {0}")]
    NotJson(String),
    /// A record that is no entry of a csvlog; in the words of the parser.
    #[error("this is not an entry of a csvlog: {0}")]
    NotCsv(String),
    /// A record of no release of PostgreSQL.
    #[error("the entry has {0} fields; those of a csvlog have 23 (up to PostgreSQL 12), 24 (13) or 26 (14 and newer)")]
    FieldCount(usize),
    /// Bytes that are no text.
    #[error("the entry is not UTF-8; convert the file to UTF-8")]
    NotUtf8,
    /// What stands before a message is another prefix.
    #[error(
        "`{0}` is not what --log-line-prefix says, or has no time; give log_line_prefix as the server has it (SHOW \
         log_line_prefix)"
    )]
    Prefix(String),
    /// A time that is none.
    #[error("`{0}` is not a time of a log, such as `2026-11-28 03:14:13.323 UTC`")]
    Time(String),
    /// A plan in a format that is not read.
    #[error("the plan is in {0}, which is not read; set auto_explain.log_format = 'json' (or 'text')")]
    PlanFormat(&'static str),
    /// A plan that is none.
    #[error("the plan cannot be read: {0}")]
    Plan(#[from] LoggedPlanProblem),
    /// Nothing says which statement it is.
    #[error("neither the identifier nor the text of the statement is there; set compute_query_id = on")]
    Nameless,
}

impl LogProblem {
    /// The reason under which such entries are counted.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::NotJson(_) | Self::NotCsv(_) => "not an entry",
            Self::FieldCount(_) => "wrong number of fields",
            Self::NotUtf8 => "not UTF-8",
            Self::Prefix(_) => "prefix not understood",
            Self::Time(_) => "unparsable time",
            Self::PlanFormat(_) => "plan in another format",
            Self::Plan(_) => "broken plan",
            Self::Nameless => "neither query id nor text",
        }
    }
}
