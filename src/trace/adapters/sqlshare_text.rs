//! The public text-only release of SQLShare: query after query, with no time and no user.

use std::path::Path;

use rayon::prelude::*;

use crate::diagnostics::Place;
use crate::residual::divergence::jensen_shannon;
use crate::residual::{Channels, Class, StreamBuilder};
use crate::store::Input;
use crate::tape::Use;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::baseline::mix::{Mix, tally};
use crate::trace::input::Trace;
use crate::trace::output::source;
use crate::trace::read::{LENIENT_HINT, Wanted, binary};
use crate::trace::skeleton::{clauses, published_skeleton};
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
        return Err(TraceError::Malformed { place: Place::file(&path).at_line(1), problem });
    }
    let (queries, mut rows) = queries(&path, &bytes, options.lenient)?;
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
            .map_err(|fault| TraceError::Malformed { place: Place::file(&path), problem: fault.to_string() })?;
    }
    let stream = builder.finish(source(&path, options));
    Ok(Conversion { stream, rows, notes: Vec::new(), input: input.finish()? })
}

/// The trimmed queries; empty ones are counted as rejected, but for what stands behind the last separator.
fn queries<'a>(path: &Path, bytes: &'a [u8], lenient: bool) -> Result<(Vec<&'a str>, RowCounts), TraceError> {
    let mut queries = Vec::new();
    let mut rows = RowCounts::default();
    let mut start = 0;
    let ends = memchr::memmem::find_iter(bytes, SEPARATOR).chain([bytes.len()]);
    for end in ends {
        match std::str::from_utf8(&bytes[start..end]).map(str::trim) {
            Ok("") if end == bytes.len() => {}
            Ok("") => {
                rows.read += 1;
                rows.reject("empty".to_owned());
            }
            Ok(query) => {
                rows.read += 1;
                rows.used += 1;
                queries.push(query);
            }
            Err(_) if lenient => {
                rows.read += 1;
                rows.reject("not UTF-8".to_owned());
            }
            Err(error) => {
                let before = &bytes[..start + error.valid_up_to()];
                let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
                let problem = format!("the query is not UTF-8; convert the file to UTF-8{LENIENT_HINT}");
                return Err(TraceError::Malformed { place: Place::file(path).at_line(line), problem });
            }
        }
        start = end + SEPARATOR.len();
    }
    if queries.is_empty() && rows.rejected.keys().all(|reason| reason == "empty") {
        let problem = "there are no queries; they stand one after the other, with 40 `_` between them".to_owned();
        return Err(TraceError::Malformed { place: Place::file(path).at_line(1), problem });
    }
    Ok((queries, rows))
}
