use crate::diagnostics::counted;

/// Why nothing is left of a trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhyEmpty {
    /// No row is used, and no experiment is about that.
    #[error("`allow_empty` is for rows that are used")]
    NothingUsed,
    /// The spans of databases do not say what was executed.
    #[error(
        "no database span has its statement, as `db.query.text`, `db.query.summary`, `db.statement` or a hash; switch on in the \
         instrumentation that statements are captured"
    )]
    NoStatements,
    /// The spans are of something else.
    #[error("no span is of a database; one has `db.system.name` or `db.system`, and its statement")]
    NoDatabase,
    /// The spans are of no use.
    #[error("no span can be used")]
    NoSpan,
    /// No statement has more spans than its baseline needs.
    #[error(
        "{} of {}; {}, and the first five of a statement are its baseline{}",
        counted(*.spans, "span"),
        counted(*.statements, "statement"),
        if *.most < 5 { "none occurs five times" } else { "none occurs more than five times" },
        if *.spans > 5 && .spans == .statements {
            "; if a hash or summary holds the literals of its statement, take it of the text with placeholders"
        } else {
            ""
        }
    )]
    FewSpans {
        /// How many spans there are.
        spans: usize,
        /// Of how many statements.
        statements: usize,
        /// Spans of the statement that has most.
        most: usize,
    },
    /// No execution of a benchmark is of use.
    #[error("no execution can be used")]
    NoExecution,
    /// Each query of a benchmark is there once.
    #[error(
        "each query is there once, and its first latency is what the next ones are held against; give a second iteration"
    )]
    OneIteration,
    /// No query of a benchmark has anything to be held against.
    #[error("no query has an earlier iteration")]
    NoEarlierIteration,
    /// A log has no plans.
    #[error(
        "there is no plan of auto_explain in it; take off what another program (Docker, Kubernetes, a cloud) has put around its \
         lines, or {settings}"
    )]
    NoPlan {
        /// What makes a server write them.
        settings: &'static str,
    },
    /// No statement of a log has more plans than its baseline needs.
    #[error(
        "{} of {}; none occurs more than five times, and the first five of a statement are its baseline",
        counted(*.plans, "plan"),
        counted(*.statements, "statement")
    )]
    FewPlans {
        /// How many plans there are.
        plans: usize,
        /// Of how many statements.
        statements: usize,
    },
}
