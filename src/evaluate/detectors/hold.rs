//! From single samples to spans.

use crate::evaluate::detector::{Detection, Series};

/// Joins the samples at which `fires` into spans; one ends at the sample that has been quiet for the dwell of the motif.
pub(super) fn hold(series: &Series<'_>, mut fires: impl FnMut(usize) -> bool) -> Vec<Detection> {
    let dwell = series.thresholds.min_dwell_seconds;
    let mut spans = Vec::new();
    // Since when it is open, and since when it has been quiet, if it is.
    let mut open: Option<(f64, Option<f64>)> = None;
    for (index, &t) in series.t.iter().enumerate() {
        open = match (fires(index), open) {
            (true, None) => Some((t, None)),
            (true, Some((since, _))) => Some((since, None)),
            (false, Some((since, None))) => Some((since, Some(t))),
            (false, Some((since, Some(quiet)))) if t - quiet >= dwell => {
                spans.push(Detection::at_once(since, quiet));
                None
            }
            (false, other) => other,
        };
    }
    if let (Some((since, quiet)), Some(last)) = (open, series.t.last()) {
        spans.push(Detection::at_once(since, quiet.unwrap_or(*last)));
    }
    spans
}
