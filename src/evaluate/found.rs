use super::Span;
use crate::motif::Motif;
use crate::store::TableColumns;

/// What one detector finds of one motif.
struct Found<'a> {
    detector: &'a str,
    motif: Motif,
    channels: usize,
    /// Ascending.
    durations_s: Vec<f64>,
}

impl<'a> Found<'a> {
    fn new(detector: &'a str, motif: Motif, spans: &[Span]) -> Self {
        let of_motif = || spans.iter().filter(|span| span.motif == motif);
        let mut channels: Vec<&str> = of_motif().map(|span| span.channel.as_str()).collect();
        channels.sort_unstable();
        channels.dedup();
        let mut durations_s: Vec<f64> = of_motif().map(|span| span.t_end - span.t_start).collect();
        durations_s.sort_by(f64::total_cmp);
        Self { detector, motif, channels: channels.len(), durations_s }
    }
}

/// What several detectors find in one stream whose truth nobody knows: `detector,motif,episodes,channels` (with an episode) and
/// `duration_s` (the lower median), `longest_s` of the episodes, empty where there is none.
#[must_use]
pub fn found_csv(found: &[(&str, Vec<Span>)]) -> Vec<u8> {
    let rows = found
        .iter()
        .flat_map(|(detector, spans)| Motif::ALL.into_iter().map(move |motif| Found::new(detector, motif, spans)));
    TableColumns::default()
        .text("detector", |found: &Found<'_>| found.detector)
        .text("motif", |found| found.motif.name())
        .count("episodes", |found| found.durations_s.len() as u64)
        .count("channels", |found| found.channels as u64)
        .rounded("duration_s", 1e6, |Found { durations_s, .. }| {
            durations_s.get(durations_s.len().saturating_sub(1) / 2).copied()
        })
        .rounded("longest_s", 1e6, |found| found.durations_s.last().copied())
        .csv(rows)
}
