//! A leaderboard as a table and as a page.

use super::{Leaderboard, ScoreInterval, SetSummary, Standing};
use crate::store::{Shown, TableColumns};

/// What stands under the tables of the page.
const NOTES: &str = "\
J is the share of the fault time in episodes, less the share of the other time in episodes: `always` and `never` have 0.
Hit is the share of faults in which an episode was detected.
In brackets are 95 % intervals: percentiles of 1,000 resamples of whole runs, drawn with a fixed seed.
An empty cell is what nothing defines.
Scores are comparable only where the SHA-256 of the set is the same.
";

/// The columns of `leaderboard.csv`.
fn columns<'a>() -> TableColumns<'a, Standing> {
    let columns = TableColumns::default()
        .text("set", |standing: &Standing| &standing.set)
        .text("detector", |standing| &standing.detector)
        .count("runs", |standing| standing.runs as u64);
    let columns = interval(columns, ["j", "j_low", "j_high"], |standing| standing.j);
    let columns = interval(columns, ["hit", "hit_low", "hit_high"], |standing| standing.hit);
    let alarms = ["false_alarms_per_hour", "false_alarms_per_hour_low", "false_alarms_per_hour_high"];
    let columns = interval(columns, alarms, |standing| standing.false_alarms_per_hour)
        .rounded("time_precision", 1e6, |standing| standing.precision)
        .rounded("time_recall", 1e6, |standing| standing.recall);
    let columns = interval(columns, ["f1", "f1_low", "f1_high"], |standing| standing.f1);
    let columns = interval(columns, ["range_f1", "range_f1_low", "range_f1_high"], |standing| standing.range_f1);
    let delay = ["detection_delay_s", "detection_delay_s_low", "detection_delay_s_high"];
    interval(columns, delay, |standing| standing.delay_s)
}

fn interval<'a>(
    columns: TableColumns<'a, Standing>,
    [value, low, high]: [&'static str; 3],
    get: fn(&Standing) -> ScoreInterval,
) -> TableColumns<'a, Standing> {
    columns
        .rounded(value, 1e6, move |standing| get(standing).value)
        .rounded(low, 1e6, move |standing| get(standing).bounds.map(|(low, _)| low))
        .rounded(high, 1e6, move |standing| get(standing).bounds.map(|(_, high)| high))
}

impl Leaderboard {
    /// The table: `set,detector,runs` and the scores, each with the bounds of its interval.
    #[must_use]
    pub fn csv(&self) -> Vec<u8> {
        columns().csv(&self.standings)
    }

    /// The page: what was run on, and the standings set by set. `absent` are optional sets that were not there.
    #[must_use]
    pub fn markdown(&self, title: &str, absent: &[String]) -> String {
        let mut page = format!("# Leaderboard\n\n{}\n\n", Shown::markdown(title));
        page.push_str("| set | runs | faults | hours | SHA-256 |\n| --- | --- | --- | --- | --- |\n");
        for SetSummary { name, runs, windows, hours, sha256 } in &self.sets {
            page.push_str(&format!("| `{name}` | {runs} | {windows} | {hours:.2} | `{sha256}` |\n"));
        }
        for name in absent {
            page.push_str(&format!("| `{name}` | not there | | | |\n"));
        }
        for of_set in self.standings.chunk_by(|a, b| a.set == b.set) {
            let is_last = !self.sets.iter().any(|set| set.name == of_set[0].set);
            let heading = if is_last { "The mean over the sets".to_owned() } else { format!("`{}`", of_set[0].set) };
            page.push_str(&format!("\n## {heading}\n\n"));
            page.push_str("| detector | J | hit | false alarms an hour | range F1 | F1 | delay, s |\n");
            page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
            for standing in of_set {
                let cells = [
                    cell(standing.j, 3),
                    cell(standing.hit, 3),
                    cell(standing.false_alarms_per_hour, 2),
                    cell(standing.range_f1, 3),
                    cell(standing.f1, 3),
                    cell(standing.delay_s, 1),
                ];
                page.push_str(&format!("| `{}` | {} |\n", standing.detector, cells.join(" | ")));
            }
        }
        page.push('\n');
        page.push_str(NOTES);
        page
    }
}

/// A value and its interval, with so many decimals.
fn cell(ScoreInterval { value, bounds }: ScoreInterval, decimals: usize) -> String {
    // A value just below 0 is shown as 0.
    let number = |value: f64| {
        let text = format!("{value:.decimals$}");
        let is_zero = text.trim_start_matches('-').chars().all(|letter| matches!(letter, '0' | '.'));
        if is_zero { text.trim_start_matches('-').to_owned() } else { text }
    };
    match (value, bounds) {
        (None, _) => String::new(),
        (Some(value), None) => number(value),
        (Some(value), Some((low, high))) => format!("{} ({} to {})", number(value), number(low), number(high)),
    }
}
