use std::fmt;

/// Something that a capture needs, or would be better with.
#[derive(Clone, Debug, PartialEq)]
pub struct PreflightFinding {
    /// A capture makes no sense without it.
    pub fatal: bool,
    /// What is missing and what of the recording suffers.
    pub problem: String,
    /// The statement, or the line of a configuration file, that is the remedy.
    pub remedy: String,
}

impl PreflightFinding {
    /// A view that a poll could not read.
    pub(super) fn unreadable(view: &str, reason: &str) -> Self {
        Self {
            fatal: false,
            problem: format!("view `{view}` cannot be read, and a recording would be without it: {reason}"),
            remedy: "see docs/live.md for what each view needs".to_owned(),
        }
    }
}

impl fmt::Display for PreflightFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.fatal { "missing" } else { "advice" };
        write!(f, "  {kind}: {}\n    {}", self.problem, self.remedy)
    }
}
