//! What is wrong with what stands around a trace: its catalogue, where it is fetched from, and which files it is.

use std::path::PathBuf;

use crate::diagnostics::{UnknownName, counted};
use crate::store::LINE_ENDS_REMEDY;

/// What is wrong with the catalogue, or with a file of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueProblem {
    /// Other TOML than a catalogue, or none; in the words of the parser.
    #[error("{0}")]
    Malformed(String),
    /// The name becomes a folder.
    #[error("`{0}` is no name of a data set; use letters, digits and `-`")]
    Name(String),
    /// A file of an entry is not below the folder of the data.
    #[error("data set `{0}` names a file outside its folder; give a path without `..`")]
    Outside(String),
    /// A line of the list of parts.
    #[error("a line is a SHA-256, two blanks and a path without `..`, as sha256sum writes it")]
    PartLine,
    /// A digest that is none.
    #[error("{0}")]
    Digest(String),
    /// Parts that no URL is known of.
    #[error("nobody publishes these files in this form; name a folder that has them with --from")]
    Unpublished,
    /// There is no entry in it.
    #[error("it has no data set; name one in it, or leave it out where nothing is taken from it")]
    Nothing,
    /// There is no entry of that name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The file of an entry was rewritten with other ends of lines.
    #[error("{LINE_ENDS_REMEDY}")]
    LineEnds,
    /// The file of an entry has other bytes.
    #[error(
        "its SHA-256 is {actual}, the catalogue says {recorded}; restore it, or remove it and run `telltape data fetch`"
    )]
    OtherDigest {
        /// What the bytes give.
        actual: String,
        /// What the catalogue says.
        recorded: String,
    },
}

/// Why a file cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchProblem {
    /// A scheme that is not fetched from.
    #[error("only http, https and paths can be fetched from")]
    Scheme,
    /// Neither a file that is there nor a URL.
    #[error("there is no such file; a URL begins with http:// or https://")]
    NoSuchFile,
    /// A URL that cannot be read.
    #[error(transparent)]
    Url(#[from] UrlProblem),
    /// Its last part names no file.
    #[error("it does not name a file that can be kept; give the URL or path of one file")]
    NoName,
    /// A device or a pipe has no length that could be checked.
    #[error("it is not a regular file; copy it to one first")]
    NotRegular,
    /// The network or the server fails, in its own words.
    #[error("cannot be fetched ({0}); run the same command again to go on where it stopped")]
    Unreachable(String),
    /// It says that it is larger than allowed.
    #[error("it has {} or more, and --max-bytes allows {allowed}", counted(*.bytes, "byte"))]
    TooLarge {
        /// What it says.
        bytes: u64,
        /// What is allowed.
        allowed: u64,
    },
    /// It gives more than it said.
    #[error("it gives more than the {} that it said", counted(*.0, "byte"))]
    MoreThanSaid(u64),
    /// It gives more than allowed.
    #[error("it gives more than the {} that --max-bytes allows", counted(*.0, "byte"))]
    MoreThanAllowed(u64),
    /// It gives less than it said.
    #[error("it ended after {done} of {}; run the same command again to go on", counted(*.total, "byte"))]
    Ended {
        /// What it gave.
        done: u64,
        /// What it said.
        total: u64,
    },
    /// What was fetched has other bytes than were asked for.
    #[error("its SHA-256 is {actual}, expected {expected}; what was fetched is kept as `{}`", .kept.display())]
    OtherDigest {
        /// What the bytes give.
        actual: String,
        /// What was asked for.
        expected: String,
        /// Where they are.
        kept: PathBuf,
    },
    /// The file that is there has other bytes than were asked for.
    #[error("it is there already, and its SHA-256 is {actual}, expected {expected}; move it away to fetch it anew")]
    OtherIsThere {
        /// What the bytes give.
        actual: String,
        /// What was asked for.
        expected: String,
    },
    /// Nobody knows where the file that is there is from.
    #[error("it is there already, and nothing says where it is from; pass --sha256, or move it away")]
    UnknownOrigin,
    /// The file that is there is from elsewhere.
    #[error("it was fetched from another URL or path, `{known}`; move it away to fetch `{asked}`")]
    OtherOrigin {
        /// Where it is from.
        known: String,
        /// What was asked for.
        asked: String,
    },
    /// The file that is there is not what was fetched.
    #[error("it has changed since it was fetched; move it away to fetch it anew, or pass its --sha256")]
    Changed,
    /// cargo, which has the packages of samples, cannot be run.
    #[error("cannot run cargo, which fetches the samples: {0}")]
    NoCargo(String),
    /// cargo failed, in its own words.
    #[error("cargo could not fetch the packages of the project: {0}")]
    Cargo(String),
    /// cargo says something else than it should.
    #[error("cannot understand what cargo says of the packages: {0}")]
    CargoAnswer(String),
    /// The project does not have the package.
    #[error("package `{name}` {version} is not among the project's; is Cargo.lock current?")]
    NoPackage {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
}

/// What is wrong with a URL. No text has any part of it: what is misread may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlProblem {
    /// The slashes are missing.
    #[error("a URL has `//` behind its scheme, as in https://HOST/FILE")]
    NoSlashes,
    /// Letters that a URL cannot have, or several of them.
    #[error(
        "it is not a URL: other letters than those of ASCII, blanks and \\ are written as percent escapes; give one URL"
    )]
    Letters,
    /// A part is missing.
    #[error("it is not a URL with a scheme and a host; write https://HOST/FILE")]
    NoAuthority,
    /// Most likely a password with a slash in it.
    #[error("the port is not a number; in a password, / and ? and # are written as %2F and %3F and %23")]
    Port,
    /// The host is empty.
    #[error("it names no host; write https://HOST/FILE")]
    NoHost,
    /// Most likely a password with a slash in it.
    #[error(
        "there is a `@` where none is expected: in a password, / and ? and # are written as %2F and %3F and %23; behind the \
         host, a @ is written as %40"
    )]
    At,
}

/// What is wrong with the files that a trace is said to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilesProblem {
    /// The data set is read from one file.
    #[error(
        "this data set is read from one file, and there are several, such as `{}` and `{}`; put them together first, such as \
         with `cat`",
        .first.display(),
        .second.display()
    )]
    Several {
        /// The first one.
        first: PathBuf,
        /// The second one.
        second: PathBuf,
    },
    /// A folder has folders in it.
    #[error("the folder has the folder `{}`; give the files of the trace by a glob, such as '{}'", .below.display(), .all.display())]
    Nested {
        /// A folder in it.
        below: PathBuf,
        /// A glob.
        all: PathBuf,
    },
    /// A glob that is none, in the words of what reads it.
    #[error("{0}")]
    Glob(String),
    /// A recording has manifests beside it.
    #[error("a recording is read from its files, each with its manifest beside it; give their path")]
    NotFiles,
}
