//! The comparisons that every test ends with.

use std::path::Path;

use dsfb_database::grammar::replay;
use dsfb_database::residual::ResidualStream;
use telltape::motif::{self, Engine, EngineKind, Grammar};
use telltape::residual::{Stream, in_range};

use crate::bits::{self, Bits};
use crate::oracle;

/// Compares two streams: label, every sample's bits, fingerprint.
///
/// # Errors
/// Names the first difference.
pub fn streams(ours: &Stream, theirs: &ResidualStream) -> Result<(), String> {
    same("the source", &ours.source(), &theirs.source.as_str())?;
    same_items("sample", &bits::our_samples(ours), &bits::their_samples(theirs))?;
    same("the stream fingerprint", &ours.fingerprint(), &oracle::fingerprint(theirs))
}

/// Whether a stream of theirs has a time or a residual that no stream of ours holds: not finite, or beyond ±1e100.
#[must_use]
pub fn is_beyond(theirs: &ResidualStream) -> bool {
    theirs.samples.iter().any(|sample| !in_range(sample.t) || !in_range(sample.value))
}

/// Compares the episodes of two streams: bits, fingerprint, and the bytes of their tables, for which `folder` is
/// scratch space. Returns how many episodes there are.
///
/// # Errors
/// Names the first difference.
pub fn episodes(ours: &Stream, theirs: &ResidualStream, grammar: &Grammar, folder: &Path) -> Result<usize, String> {
    let ours = Engine::from(*grammar).replay(ours);
    let theirs = oracle::replay(theirs, oracle::grammar(grammar));
    let found = bits::our_episodes(&ours);
    same_items("episode", &found, &bits::their_episodes(&theirs))?;
    // A NaN (after an overflow) has no bits of its own, so no digest of it is comparable.
    if !found.iter().any(|episode| episode.numbers.into_iter().any(Bits::is_nan)) {
        same("the episodes' fingerprint", &motif::fingerprint(&ours), &replay::fingerprint_hex(&theirs))?;
    }
    let table = oracle::csv(&theirs, &folder.join("episodes.csv"))?;
    same(
        "the episode table",
        &String::from_utf8_lossy(&motif::csv(EngineKind::REFERENCE, &ours)),
        &String::from_utf8_lossy(&table),
    )?;
    Ok(found.len())
}

/// Compares two values.
///
/// # Errors
/// Shows both.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what} differs\n  ours:   {ours:?}\n  theirs: {theirs:?}")) }
}

/// Compares two lists.
///
/// # Errors
/// Shows the first item that differs, and both lengths.
pub fn same_items<T: PartialEq + std::fmt::Debug>(what: &str, ours: &[T], theirs: &[T]) -> Result<(), String> {
    let longest = ours.len().max(theirs.len());
    match (0..longest).find(|index| ours.get(*index) != theirs.get(*index)) {
        None => Ok(()),
        Some(index) => Err(format!(
            "{what} {index} differs (of {} and {})\n  ours:   {:?}\n  theirs: {:?}",
            ours.len(),
            theirs.len(),
            ours.get(index),
            theirs.get(index)
        )),
    }
}
