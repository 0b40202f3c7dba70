/// What is wrong with a corpus of queries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqlshareTextProblem {
    /// Nothing stands between two queries.
    #[error("there is no separator in the file: a line of 40 `_`, and nothing else in it, stands between two queries")]
    NoSeparator,
    /// There are no queries.
    #[error("there are no queries; they stand one after the other, with 40 `_` between them")]
    Empty,
    /// A query that is not known.
    #[error("the query is `{0}`, unknown; all that are not known would be one query, so leave it out")]
    Unknown(String),
    /// Bytes that are no text.
    #[error("the query is not UTF-8; convert the file to UTF-8")]
    NotUtf8,
}
