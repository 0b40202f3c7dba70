use std::process::ExitCode;

/// The exit codes of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All as expected.
    Ok,
    /// An internal error, or an output that cannot be written.
    Internal,
    /// Bad usage or experiment file.
    Usage,
    /// A digest differs.
    Differs,
    /// No expected result to compare with, one that no experiment claims, or a skip where `--fail-on-skip` forbids it.
    NoExpected,
    /// An input is missing, malformed, or not what its hash says.
    Input,
    /// A capture is incomplete: the server refused or went away.
    Incomplete,
    /// Shards that cannot be merged.
    Refused,
    /// A shard that gave other bytes before.
    Nondeterminism,
    /// A shard that could not read or write something, and may the next time.
    TryAgain,
    /// Ended by Ctrl-C or SIGTERM; what was being written has been removed, but for a recording, which is sealed.
    Interrupted,
}

/// The codes as `--help` lists them.
pub const EXIT_CODES: &str = "\
Exit codes: 0 all as expected · 1 internal error, or an output cannot be written · 2 bad usage or experiment file
  10 a digest differs, or a live experiment missed its limits
  11 no expected result, one that no experiment claims, or a skip with --fail-on-skip
  12 an input is missing, malformed, not what its hash says, or leaves no sample
  13 a capture is incomplete: the server refused or went away · 130 interrupted
  shard only: 12 do not retry · 14 merge refused · 15 nondeterminism · 75 try again";

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Differs => 10,
            Self::NoExpected => 11,
            Self::Input => 12,
            Self::Incomplete => 13,
            Self::Refused => 14,
            Self::Nondeterminism => 15,
            Self::TryAgain => 75,
            Self::Interrupted => 130,
        }
    }

    /// Of several, the one to report: the first of 130, 1, 2, 12, 13, 14, 15, 75, 10, 11.
    #[must_use]
    pub fn worst(several: impl IntoIterator<Item = Self>) -> Self {
        let order = [
            Self::Interrupted,
            Self::Internal,
            Self::Usage,
            Self::Input,
            Self::Incomplete,
            Self::Refused,
            Self::Nondeterminism,
            Self::TryAgain,
            Self::Differs,
            Self::NoExpected,
            Self::Ok,
        ];
        let place = |exit: &Self| order.iter().position(|other| other == exit);
        several.into_iter().min_by_key(|exit| place(exit)).unwrap_or(Self::Ok)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_first_of_1_2_12_13_10_11_is_reported() {
        use Exit::{Differs, Incomplete, Input, Internal, NoExpected, Ok, Usage};
        let order = [Internal, Usage, Input, Incomplete, Differs, NoExpected, Ok];
        assert_eq!(order.map(Exit::code), [1, 2, 12, 13, 10, 11, 0]);
        for start in 0..order.len() {
            assert_eq!(Exit::worst(order[start..].iter().rev().copied()), order[start]);
        }
        assert_eq!(Exit::worst([]), Ok);
    }
}
