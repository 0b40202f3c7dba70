//! The public text-only release of SQLShare: query after query, with no time and no user.

use std::path::Path;

use rayon::prelude::*;

use super::sqlshare_text_problem::SqlshareTextProblem;
use crate::diagnostics::Place;
use crate::residual::divergence::jensen_shannon;
use crate::residual::{Channels, Class, StreamBuilder};
use crate::store::Input;
use crate::tape::Use;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::mix::{Mix, tally};
use crate::trace::input::Trace;
use crate::trace::output::source;
use crate::trace::read::{Unknown, Wanted, binary};
use crate::trace::skeleton::{clauses, published_skeleton};
use crate::trace::statement;
use crate::trace::{Conversion, Options, RowCounts, TraceError};

pub(super) struct SqlshareText;

static ABOUT: About = About {
    name: "sqlshare-text",
    title: "The public text-only release of SQLShare",
    citation: Some("Jain et al., SIGMOD 2016"),
    format: "the text-only release",
    constructions: &[Construction::Own("corpus"), Construction::Reference],
    options: &[],
    reference_label: None,
    is_recording: false,
};

impl Adapter for SqlshareText {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// It is text, which has no columns.
    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        None
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        convert(trace.open(options.digest)?, options)
    }
}

/// What stands between two queries.
const SEPARATOR: &[u8] = &[b'_'; 40];

/// Queries in a group; the position in the corpus is the time.
const GROUP: usize = 200;

/// The one channel of our own construction.
const CORPUS: &str = "corpus";

/// The divergence of each group of 200 queries from the one before it.
///
/// `reference`: over skeletons, each group a channel of its own, stamped at its start. `corpus` (ours): one channel, and
/// stamped at the end of the group, when it is known. It counts sets of clauses ([`clauses`]) and not skeletons: of the
/// 11,121 queries of the public release, 7,569 skeletons are different, so that two groups have next to nothing in common
/// (divergence 0.93 to 1, in random order 0.94 to 0.99), while of sets of clauses there are 43 (0.03 to 0.55, median 0.20;
/// in random order 0.02 to 0.07).
///
/// The last group is left out when it is not full, and its queries are counted as rejected.
fn convert(mut input: Input<'_>, options: &Options) -> Result<Conversion, TraceError> {
    let bytes = input.read_to_end()?;
    let path = input.path().to_path_buf();
    if let Some(problem) = binary(&bytes, Wanted::Text) {
        return Err(TraceError::format(Place::file(&path).at_line(1), problem));
    }
    let (queries, mut rows) = queries(&path, &bytes, options)?;
    let key = match options.construction {
        Construction::Reference => published_skeleton,
        Construction::Own(_) => clauses,
    };
    let keys: Vec<String> = queries.par_iter().map(|query| key(query)).collect();
    let mut names = Channels::default();
    let ids: Vec<_> = keys.iter().map(|key| names.intern(key)).collect();
    let ranks = names.ranks();

    let mut builder = StreamBuilder::with_capacity(ids.len() / GROUP);
    let groups = ids.chunks_exact(GROUP);
    rows.withdraw(groups.remainder().len() as u64, "in the last group, which is not full");
    // The first group is only what the second is held against.
    let baseline = rows.used.min(GROUP as u64);
    let used = [(Use::Baseline, baseline), (Use::Residual, rows.used - baseline)];
    rows.used_for.extend(used.into_iter().filter(|(_, rows)| *rows > 0));
    let mixes: Vec<Mix> = groups.map(|group| tally(&mut group.iter().map(|id| ranks[id.index()]).collect())).collect();
    for (before, pair) in mixes.windows(2).enumerate() {
        let start = (before + 1) * GROUP;
        let end = start + GROUP;
        let (t, channel) = match options.construction {
            Construction::Reference => (start, format!("ord[{start}-{}]", end - 1)),
            Construction::Own(_) => (end, CORPUS.to_owned()),
        };
        let divergence = jensen_shannon(options.math, &pair[0], &pair[1]);
        builder
            .push(t as f64, Class::WorkloadPhase, divergence, &channel)
            .map_err(|fault| TraceError::format(Place::file(&path), fault))?;
    }
    let stream = builder.finish(source(&path, options));
    Ok(Conversion { stream, rows, notes: Vec::new(), input: input.finish()? })
}

/// The trimmed queries; empty ones are counted as rejected, but for what stands behind the last separator.
fn queries<'a>(path: &Path, bytes: &'a [u8], options: &Options) -> Result<(Vec<&'a str>, RowCounts), TraceError> {
    let is_published = options.construction.is_reference();
    let separators: Vec<usize> =
        memchr::memmem::find_iter(bytes, SEPARATOR).filter(|at| is_published || is_alone(bytes, *at)).collect();
    if separators.is_empty() && !is_published && !bytes.trim_ascii().is_empty() {
        return Err(TraceError::format(Place::file(path).at_line(1), SqlshareTextProblem::NoSeparator));
    }
    let malformed = |at: usize, problem: SqlshareTextProblem| {
        let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1;
        TraceError::skippable(Place::file(path).at_line(line), problem)
    };
    let mut queries = Vec::new();
    let mut rows = RowCounts::default();
    let mut start = 0;
    for end in separators.into_iter().chain([bytes.len()]) {
        let text = std::str::from_utf8(&bytes[start..end]).map(str::trim);
        if text == Ok("") && end == bytes.len() {
            break;
        }
        rows.read += 1;
        match text {
            Ok("") => rows.reject("empty".to_owned()),
            Ok(query) if !is_published && statement::is_unknown(query) => {
                if !options.lenient {
                    let blanks = bytes[start..end].len() - bytes[start..end].trim_ascii_start().len();
                    return Err(malformed(start + blanks, SqlshareTextProblem::Unknown(query.to_owned())));
                }
                rows.reject(Unknown::of(query).unwrap_or(Unknown::NotAvailable).reason().to_owned());
            }
            Ok(query) => {
                rows.used += 1;
                queries.push(query);
            }
            Err(_) if options.lenient => rows.reject("not UTF-8".to_owned()),
            Err(error) => {
                return Err(malformed(start + error.valid_up_to(), SqlshareTextProblem::NotUtf8));
            }
        }
        start = end + SEPARATOR.len();
    }
    if queries.is_empty() && rows.rejected.keys().all(|reason| reason == "empty") {
        return Err(TraceError::format(Place::file(path).at_line(1), SqlshareTextProblem::Empty));
    }
    Ok((queries, rows))
}

/// Whether the separator at a byte stands alone on its line. In the release each of them does; a run of `_` elsewhere is
/// part of a query, such as a ruler in a comment.
fn is_alone(bytes: &[u8], at: usize) -> bool {
    let (before, behind) = (&bytes[..at], &bytes[at + SEPARATOR.len()..]);
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
    let before = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
    ends(before.iter().rev().find(|byte| !is_blank(byte))) && ends(behind.iter().find(|byte| !is_blank(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Dataset;

    fn read(text: &str, construction: Construction, lenient: bool) -> Result<(Vec<String>, RowCounts), String> {
        let text = text.replace('=', &"_".repeat(40));
        let options = Options { construction, lenient, ..Options::new(Dataset::SqlshareText) };
        let read = queries(Path::new("x"), text.as_bytes(), &options);
        read.map(|(queries, rows)| (queries.into_iter().map(str::to_owned).collect(), rows)).map_err(|e| e.to_string())
    }

    #[test]
    fn a_separator_stands_alone_on_its_line() {
        for (text, own, published) in [
            ("a\n=\nb\n=\n", &["a", "b"][..], &["a", "b"][..]),
            ("=\r\n\r\na\r\n \t= \r\nb", &["a", "b"], &["a", "b"]),
            ("-- =\na\n=\nb", &["-- =\na", "b"], &["--", "a", "b"]),
            ("a = x\n=\nb\n==\nc", &["a = x", "b\n==\nc"], &["a", "x", "b", "c"]),
            ("a\n=_\nb\n=", &["a\n=_\nb"], &["a", "_\nb"]),
        ] {
            let of = |construction| read(text, construction, false).unwrap().0;
            let expected = |queries: &[&str]| -> Vec<String> {
                queries.iter().map(|query| query.replace('=', &"_".repeat(40))).collect()
            };
            assert_eq!(of(Construction::Own("corpus")), expected(own), "{text:?}");
            assert_eq!(of(Construction::Reference), expected(published), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_query_and_what_separates_them_is_named() {
        let own = Construction::Own("corpus");
        for text in ["select 1;\nselect 2;\n", "a\n==\nb", "-- =\na"] {
            let problem = read(text, own, true).unwrap_err();
            assert!(problem.starts_with("`x:1`: there is no separator in the file: a line of 40 `_`"), "{problem}");
        }
        for (query, reason) in
            [("NULL", "unknown (null)"), ("N/A", "unknown (not available)"), ("<redacted>", "unknown (not available)")]
        {
            let text = format!("a\n=\n\n{query}\n=\nb");
            assert_eq!(
                read(&text, own, false).unwrap_err(),
                format!(
                    "`x:4`: the query is `{query}`, unknown; all that are not known would be one query, so leave it out \
                     (--lenient counts such rows and goes on)"
                )
            );
            let (queries, rows) = read(&text, own, true).unwrap();
            assert_eq!((queries.len(), rows.read, rows.rejected[reason]), (2, 3, 1));
            assert_eq!(read(&text, Construction::Reference, false).unwrap().0.len(), 3);
        }
    }
}
