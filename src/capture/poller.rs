//! One poll: the views that are asked for, the rows that are new, and what it cost.

use std::collections::BTreeMap;
use std::time::Instant;

use super::deltas::Deltas;
use super::server::{Lost, PollReading, Server, Unread};
use crate::tape::recording::{Cost, Poll, ViewDescription};

/// Polls that a view is left out after it was refused once; twice as many after each further time, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: u64 = 8;
const LONGEST_PAUSE: u64 = 512;

/// Reads a server poll by poll.
pub(super) struct Poller {
    views: Vec<ViewDescription>,
    next: u64,
    deltas: Deltas,
    /// Of views that were refused: the poll at which they are asked for again, and how long the pause was.
    paused: BTreeMap<String, (u64, u64)>,
    /// Views that are too large, and why they are left out for the rest of the capture; each gap is followed by the reason.
    left_out: BTreeMap<String, String>,
    /// What the server had worked for the observer at the last poll.
    server_ms: Option<f64>,
    cpu_ms: f64,
}

impl Poller {
    pub(super) fn new(views: &[ViewDescription]) -> Self {
        Self {
            views: views.to_vec(),
            next: 0,
            deltas: Deltas::default(),
            paused: BTreeMap::new(),
            left_out: BTreeMap::new(),
            server_ms: None,
            cpu_ms: cpu_ms(),
        }
    }

    /// Forgets what the recording says, so that the next poll has all rows: behind a gap, and in a new part.
    pub(super) fn forget(&mut self) {
        self.deltas.forget();
    }

    /// Forgets what the server had counted, too: it may be another one.
    pub(super) fn forget_server(&mut self) {
        self.forget();
        self.server_ms = None;
        self.paused.clear();
    }

    /// Leaves a view out from now on.
    pub(super) fn leave_out(&mut self, view: &str, reason: &str) {
        self.deltas.forget_view(view);
        self.left_out.insert(view.to_owned(), reason.to_owned());
    }

    /// Reads all views. One that is refused is left out for a while; the others go on.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(super) async fn poll(&mut self, server: &mut impl Server) -> Result<Poll, Lost> {
        let began = Instant::now();
        let reading = server.poll(&self.wanted()).await?;
        let mut poll = self.take(reading);
        let cpu = cpu_ms();
        poll.cost.cpu_ms = rounded(cpu - std::mem::replace(&mut self.cpu_ms, cpu));
        poll.cost.elapsed_ms = rounded(began.elapsed().as_secs_f64() * 1e3);
        Ok(poll)
    }

    /// The views to ask for.
    fn wanted(&self) -> Vec<&str> {
        let names = self.views.iter().map(|view| view.name.as_str());
        let rests = |name: &str| self.paused.get(name).is_some_and(|(until, _)| self.next < *until);
        names.filter(|name| !self.left_out.contains_key(*name) && !rests(name)).collect()
    }

    fn take(&mut self, reading: PollReading) -> Poll {
        let PollReading { epoch, mut views, totals, server_ms } = reading;
        let mut poll = Poll { poll: self.next, epoch, totals, ..Poll::default() };
        if self.deltas.is_empty() {
            poll.failed = self.left_out.clone();
        }
        // A fall is a reset or an eviction.
        let before = std::mem::replace(&mut self.server_ms, server_ms);
        let server_ms = server_ms.zip(before).map(|(now, before)| now - before).filter(|ms| *ms >= 0.0);
        poll.cost = Cost { server_ms: server_ms.map(rounded), ..Cost::default() };
        for view in &self.views {
            let name = &view.name;
            let reason = match views.remove(name) {
                None => continue,
                Some(Ok(rows)) => {
                    self.paused.remove(name);
                    poll.views.insert(name.clone(), self.deltas.take(view, rows));
                    continue;
                }
                Some(Err(Unread::NotNow(reason))) => reason,
                Some(Err(Unread::Refused(reason))) => {
                    let pause = self.paused.get(name).map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
                    self.paused.insert(name.clone(), (self.next + pause, pause));
                    reason
                }
            };
            self.deltas.forget_view(name);
            poll.failed.insert(name.clone(), reason);
        }
        self.next += 1;
        poll
    }
}

/// Milliseconds to three digits: what is below is noise, and takes room in the recording.
fn rounded(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

/// CPU time of this process in milliseconds.
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::recording::ViewKind;

    fn views() -> Vec<ViewDescription> {
        ["a", "b"]
            .map(|name| ViewDescription { name: name.to_owned(), kind: ViewKind::State, ..ViewDescription::default() })
            .to_vec()
    }

    /// A reading in which view `b` could not be read.
    fn without_b(why: &Unread) -> PollReading {
        let views = BTreeMap::from([("a".to_owned(), Ok(Vec::new())), ("b".to_owned(), Err(why.clone()))]);
        PollReading { views, ..PollReading::default() }
    }

    #[test]
    fn what_the_server_worked_is_the_difference_and_a_fall_is_none() {
        let mut poller = Poller::new(&views());
        let costs = [1.0, 1.5, 0.25, 0.5]
            .map(|ms| poller.take(PollReading { server_ms: Some(ms), ..PollReading::default() }).cost.server_ms);
        assert_eq!(costs, [None, Some(0.5), None, Some(0.25)]);
    }

    #[test]
    fn a_view_that_is_refused_rests_longer_and_longer_and_the_others_go_on() {
        let mut poller = Poller::new(&views());
        let mut asked = Vec::new();
        for poll in 0..60 {
            let refused = poller.wanted().contains(&"b");
            let reading = if refused {
                asked.push(poll);
                without_b(&Unread::Refused("no".to_owned()))
            } else {
                PollReading { views: BTreeMap::from([("a".to_owned(), Ok(Vec::new()))]), ..PollReading::default() }
            };
            let poll = poller.take(reading);
            assert_eq!((poll.views.contains_key("a"), poll.failed.contains_key("b")), (true, refused));
        }
        assert_eq!(asked, [0, 8, 24, 56]);
        poller.forget_server();
        assert_eq!(poller.wanted(), ["a", "b"]);
        // What cannot be read now is asked for again at once.
        assert_eq!(poller.take(without_b(&Unread::NotNow("later".to_owned()))).failed["b"], "later");
        assert_eq!(poller.wanted(), ["a", "b"]);
        poller.leave_out("b", "too large");
        assert_eq!(poller.wanted(), ["a"]);
        assert_eq!(poller.take(PollReading::default()).failed["b"], "too large");
    }
}
