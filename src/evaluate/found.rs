use crate::motif::{Episode, Motif};
use crate::residual::number;

/// What several detectors find in one stream whose truth nobody knows: `detector,motif,episodes,channels` (with an episode) and
/// `duration_s` (the lower median), `longest_s` of the episodes, empty where there is none.
#[must_use]
pub fn found_csv(found: &[(&str, Vec<Episode>)]) -> Vec<u8> {
    let mut text = b"detector,motif,episodes,channels,duration_s,longest_s\n".to_vec();
    for (detector, episodes) in found {
        for motif in Motif::ALL {
            let of_motif = || episodes.iter().filter(|episode| episode.motif == motif);
            let mut channels: Vec<&str> = of_motif().map(|episode| episode.channel.as_str()).collect();
            channels.sort_unstable();
            channels.dedup();
            let mut durations: Vec<f64> = of_motif().map(|episode| episode.t_end - episode.t_start).collect();
            durations.sort_by(f64::total_cmp);
            let row = format!("{detector},{},{},{}", motif.name(), durations.len(), channels.len());
            text.extend_from_slice(row.as_bytes());
            let median = durations.get(durations.len().saturating_sub(1) / 2);
            for seconds in [median, durations.last()] {
                text.push(b',');
                if let Some(seconds) = seconds {
                    number::write_table(&mut text, (seconds * 1e6).round() / 1e6);
                }
            }
            text.push(b'\n');
        }
    }
    text
}
