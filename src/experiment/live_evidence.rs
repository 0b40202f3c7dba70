//! Whether a live experiment saw enough for a verdict: that nothing was found means nothing when nothing was watched.

use super::live_file::LiveExperiment;
use crate::capture::End;
use crate::live::Live;
use crate::tape::recording::{Body, Record};

/// The least share of the planned polls, in percent.
const LEAST_POLLS: u64 = 80;

/// The view that shows whether the load runs.
const STATEMENTS: &str = "statements";

/// Seconds for which no statement may have ended, with a load of many transactions a second.
const LONGEST_PAUSE_S: f64 = 5.0;

/// Transactions that would have come in a pause.
const TRANSACTIONS_OF_A_PAUSE: f64 = 20.0;

/// What a recording shows of how it was made.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Those that read every view.
    polls: u64,
    /// When, and why.
    gaps: Vec<(f64, String)>,
    /// When the server started, of the first poll.
    start: Option<f64>,
    restarted: bool,
    /// The last poll that shows statements which had been called since the poll before.
    worked: f64,
    /// The last line.
    last: f64,
}

impl Evidence {
    /// Takes in a line behind the header.
    pub(super) fn take(&mut self, record: &Record) {
        self.last = record.t;
        match &record.body {
            Body::Poll(poll) => {
                // One that could not see everything is none.
                self.polls += u64::from(poll.failed.is_empty());
                self.restarted |= *self.start.get_or_insert(poll.epoch.start) != poll.epoch.start;
                // A full view has those that stand there since long, too.
                if poll.views.get(STATEMENTS).is_some_and(|view| !view.full && !view.rows.is_empty()) {
                    self.worked = record.t;
                }
            }
            Body::Gap { gap } => self.gaps.push((record.t, gap.clone())),
            Body::Pace { .. } | Body::End { .. } => {}
        }
    }

    /// What is missing for a verdict. `fault` is when the fault was there, in seconds since the capture began; a gap that begins
    /// then is explained by it.
    pub(super) fn missing(&self, experiment: &LiveExperiment, end: &End, fault: Option<(f64, f64)>) -> Vec<String> {
        let Live { seconds, interval_s, load, .. } = experiment.live;
        let mut missing = Vec::new();
        if *end != End::Duration {
            missing.push(format!("the capture ended early: {end}"));
        }
        let planned = (seconds / interval_s) as u64 + 1;
        if self.polls * 100 < planned * LEAST_POLLS {
            missing.push(format!("{} of {planned} planned polls, and {LEAST_POLLS} % are needed", self.polls));
        }
        let explained = |t: f64| fault.is_some_and(|(begin, end)| (begin..=end).contains(&t));
        for (t, reason) in self.gaps.iter().filter(|(t, _)| !explained(*t)) {
            missing.push(format!("a gap at {t:.1} s that no fault explains: {reason}"));
        }
        if self.restarted {
            missing.push("the server was restarted".to_owned());
        }
        let pause = LONGEST_PAUSE_S.max(5.0 * interval_s).max(TRANSACTIONS_OF_A_PAUSE / f64::from(load.rate));
        let since = self.worked.max(fault.map_or(0.0, |(_, end)| end));
        if self.last - since > pause {
            missing.push(format!("no statement of the load ended in the last {:.1} s", self.last - since));
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::capture::GoneReason;
    use crate::tape::recording::{Poll, RecordedCell, ViewRows};

    /// Seventy seconds, a poll each, a load of 200 transactions a second, and the fault.
    fn experiment(fault: &str) -> LiveExperiment {
        let windows = match fault {
            "none" => "",
            _ => "[[truth.windows]]\nmotif = 'contention_ramp'\nchannel = 'Lock:relation'\n",
        };
        let text = format!("title = 'x'\n[fault]\nkind = '{fault}'\n{windows}");
        LiveExperiment::read(Path::new("x.toml"), &text, Path::new(".")).unwrap()
    }

    fn poll(change: impl Fn(&mut Poll)) -> Body {
        let rows = ViewRows { rows: vec![vec![RecordedCell::Int(1)]], ..ViewRows::default() };
        let mut poll = Poll { views: [(STATEMENTS.to_owned(), rows)].into(), ..Poll::default() };
        change(&mut poll);
        Body::Poll(Box::new(poll))
    }

    /// What is missing when second `t` brings `line(t)`; seconds without one bring nothing.
    fn missing(fault: &str, end: &End, line: impl Fn(u32) -> Option<Body>) -> String {
        let mut evidence = Evidence::default();
        for second in 0..=70 {
            let t = f64::from(second);
            if let Some(body) = line(second) {
                evidence.take(&Record { t, wall: t, body });
            }
        }
        let fault_s = (fault != "none").then_some((30.0, 50.0));
        evidence.missing(&experiment(fault), end, fault_s).join("; ")
    }

    type MakeBody = fn(u32) -> Option<Body>;

    #[test]
    fn a_live_verdict_goes_away_with_each_piece_of_its_evidence() {
        fn gap() -> Option<Body> {
            Some(Body::Gap { gap: "closed".to_owned() })
        }
        let cases: [(&str, &str, MakeBody, &str); 12] = [
            ("all is there", "none", |_| Some(poll(|_| {})), ""),
            ("a few polls are late", "none", |t| (t % 8 != 3).then(|| poll(|_| {})), ""),
            ("no poll", "none", |_| None, "0 of 71 planned polls, and 80 % are needed"),
            ("half the polls", "none", |t| (t % 2 == 0).then(|| poll(|_| {})), "36 of 71 planned polls"),
            (
                "polls that could not read a view",
                "none",
                |t| Some(poll(|poll| poll.failed.extend((t % 3 == 0).then(|| ("waits".to_owned(), "no".to_owned()))))),
                "47 of 71 planned polls",
            ),
            (
                "a gap without a fault",
                "none",
                |t| if t == 40 { gap() } else { Some(poll(|_| {})) },
                "a gap at 40.0 s that no fault explains: closed",
            ),
            ("a gap under the fault", "table-lock", |t| if t == 40 { gap() } else { Some(poll(|_| {})) }, ""),
            (
                "a gap before the fault",
                "table-lock",
                |t| if t == 29 { gap() } else { Some(poll(|_| {})) },
                "a gap at 29.0 s",
            ),
            (
                "a gap after the fault",
                "table-lock",
                |t| if t == 51 { gap() } else { Some(poll(|_| {})) },
                "a gap at 51.0 s",
            ),
            (
                "another server process",
                "none",
                |t| Some(poll(|poll| poll.epoch.start = f64::from(t / 40))),
                "the server was restarted",
            ),
            (
                "a load that stands still",
                "none",
                |t| Some(poll(|poll| poll.views.retain(|_, _| t <= 60))),
                "no statement of the load ended in the last 10.0 s",
            ),
            (
                "a load of which the server only remembers",
                "none",
                |t| {
                    Some(poll(|poll| {
                        poll.views.values_mut().for_each(|view| view.full = t > 60);
                    }))
                },
                "no statement of the load ended in the last 10.0 s",
            ),
        ];
        for (name, fault, line, expected) in cases {
            let found = missing(fault, &End::Duration, line);
            assert!(if expected.is_empty() { found.is_empty() } else { found.contains(expected) }, "{name}: {found}");
        }
        for end in [End::Interrupted, End::MaxBytes, End::Gone(GoneReason::Away("closed".to_owned()))] {
            let found = missing("none", &end, |_| Some(poll(|_| {})));
            assert!(found.starts_with("the capture ended early: "), "{found}");
        }
    }
}
