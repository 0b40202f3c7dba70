use std::path::PathBuf;

use crate::store::Shown;

/// What is wrong with a suite of tapes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteProblem {
    /// Nothing to run on.
    #[error("a suite needs a [[set]]")]
    NoSets,
    /// Every set is optional, and none is there.
    #[error("no set of the suite is there, so nothing can be compared")]
    AllAbsent,
    /// A name that tables cannot have.
    #[error("`{}` is no name of a set: up to 40 letters, digits, `-`, `_` and `.`, and not `all`", Shown::plain(.name))]
    Name {
        /// What was given.
        name: String,
    },
    /// Two sets of one name.
    #[error("two sets are called `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// No source of tapes, or several.
    #[error("a set needs one of `generate`, `tapes` and `recordings`")]
    OneSource,
    /// A generator without seeds.
    #[error("`generate` needs `seeds`, such as {{ first = 1, count = 30 }}")]
    NoSeeds,
    /// Seeds of what is not generated.
    #[error("tapes that are there have no seeds; remove `seeds`")]
    SeedsOfTapes,
    /// No seed, too many, or none left.
    #[error("`count` is from 1 to {most}, and the last seed below 2^64")]
    Seeds {
        /// Most runs of a set.
        most: u64,
    },
    /// What a generator plants, it knows.
    #[error("a generator knows its faults; remove `faults`")]
    FaultsOfGenerator,
    /// No tape.
    #[error("`{}` matches no file; `optional = true` lets a set be absent", Shown::plain(.pattern))]
    NothingThere {
        /// The path or glob.
        pattern: String,
    },
    /// A tape without windows.
    #[error("its windows are not there: `{}`; a set without faults says `faults = false`", .path.display())]
    NoWindows {
        /// Where they should be.
        path: PathBuf,
    },
}
