//! What `capture --watch` shows.

use indicatif::ProgressBar;

use super::output::{Output, Text, TextLine, Tone};
use crate::capture::Written;
use crate::diagnostics::counted;
use crate::motif::Episode;
use crate::pipeline::Follower;
use crate::store::Shown;
use crate::tape::recording::Body;

/// The view of a capture: on a terminal a few lines that change, elsewhere a line for what is final.
pub(super) struct Watch<'a> {
    output: &'a Output,
    bar: ProgressBar,
    polls: u64,
    gaps: u64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        output.note("episodes are provisional while they are open (~), final when they have closed (=)");
        Self { output, bar: output.bar(None, "{msg}"), polls: 0, gaps: 0 }
    }

    /// Shows what a line of the recording has brought.
    pub(super) fn show(&mut self, written: &Written<'_>, closed: &[Episode], follower: &Follower) {
        if let Written::Record(record) = written {
            match &record.body {
                Body::Poll(_) => self.polls += 1,
                Body::Gap { gap } => {
                    self.gaps += 1;
                    self.line(format!("{:>9.1} s  gap: {}", record.t, Shown::plain(gap)));
                }
                Body::Pace { pace_s, reason } => {
                    self.line(format!("{:>9.1} s  a poll every {pace_s} s: {}", record.t, Shown::plain(reason)));
                }
                Body::End { .. } => {}
            }
            self.finals(closed);
            self.bar.set_message(self.status(record.t, follower).as_str().trim_end().to_owned());
        }
    }

    /// Shows episodes that are final.
    pub(super) fn finals(&self, closed: &[Episode]) {
        for episode in closed {
            self.line(self.output.paint(Tone::Bad, "=").then(" ").then(row(episode)));
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, line: impl Into<TextLine>) {
        self.output.note_above(&self.bar, line);
    }

    fn status(&self, t: f64, follower: &Follower) -> Text {
        let mut text =
            Text::from(format!("{t:>9.1} s  {}, {}", counted(self.polls, "poll"), counted(self.gaps, "gap")));
        for (class, activity) in follower.activity() {
            let (largest, channel) = &activity.largest;
            let largest = if channel.is_empty() {
                "quiet".to_owned()
            } else {
                format!("{largest:.2} on {}", Shown::plain(channel))
            };
            text.push(format!("  {:<15} {:>4} residuals a poll, {largest}", class.name(), activity.samples));
        }
        for episode in follower.open() {
            text.push(self.output.paint(Tone::Note, "~").then(" ").then(row(&episode)));
        }
        text
    }
}

/// What is known of an episode while samples still come.
fn row(episode: &Episode) -> String {
    let Episode { motif, channel, t_start, t_end, peak, diagnostics } = episode;
    let (name, channel) = (motif.name(), Shown::plain(channel));
    format!("{t_start:>9.1} to {t_end:.1} s  {name} on {channel}  peak {peak:.3}, {diagnostics}")
}
