//! The loop of a capture: poll, write, come back after accidents, seal.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;

use super::CaptureError;
use super::backoff::Backoff;
use super::finding::PreflightFinding;
use super::governor::Governor;
use super::poller::Poller;
use super::refusal::{GoneReason, RefusalReason};
use super::server::{Lost, Preflight, Server};
use super::unwinding::Caught;
use crate::diagnostics::with_causes;
use crate::tape::TapeError;
use crate::tape::recording::{
    Body, LONGEST_LINE, Poll, RECORDING_FORMAT, Record, RecordingHeader, RecordingManifest, RecordingWriter,
};

/// What a capture is asked to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Capture {
    /// Where the recording will stand.
    pub recording: PathBuf,
    /// Time between polls.
    pub interval: Duration,
    /// How long; for ever without.
    pub duration: Option<Duration>,
    /// Bytes of all parts at which it ends.
    pub max_bytes: Option<u64>,
    /// Bytes at which a new part is begun.
    pub rotate_bytes: Option<u64>,
    /// Share of one core that it may cost, the server's side included.
    pub budget: f64,
    /// How long a server may be away before the capture gives up.
    pub give_up: Duration,
    /// Capture as a superuser, too.
    pub superuser: bool,
}

impl Capture {
    /// A capture into `recording`: a poll each second at 1 % of a core at most, until it is stopped or the server has been away
    /// for five minutes.
    #[must_use]
    pub fn new(recording: impl Into<PathBuf>) -> Self {
        Self {
            recording: recording.into(),
            interval: Duration::from_secs(1),
            duration: None,
            max_bytes: None,
            rotate_bytes: None,
            budget: 0.01,
            give_up: Duration::from_secs(300),
            superuser: false,
        }
    }
}

/// How a capture ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Captured {
    /// Why it ended.
    pub end: End,
    /// The manifest of the last part.
    pub manifest: RecordingManifest,
    /// Polls in all parts.
    pub polls: u64,
    /// Gaps in all parts.
    pub gaps: u64,
    /// Part files.
    pub parts: u32,
}

/// Why a capture ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The time was up.
    Duration,
    /// The recording is as large as it may be.
    MaxBytes,
    /// Somebody asked for it.
    Interrupted,
    /// The server went away, for this reason, and did not come back.
    Gone(GoneReason),
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Duration => f.write_str("the duration is over"),
            Self::MaxBytes => f.write_str("the recording is as large as it may be"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Gone(reason) => write!(f, "the server is gone: {reason}"),
        }
    }
}

/// Connects to `server`, asks what it is, and reads every view once, as a poll does.
///
/// # Errors
/// When it refuses.
pub async fn check(server: &mut impl Server) -> Result<Preflight, CaptureError> {
    let mut preflight = server.preflight().await?;
    if preflight.is_ready() {
        let failed = match Poller::new(&preflight.views).poll(server).await {
            Ok(poll) => poll.failed,
            Err(lost) => BTreeMap::from([(lost.view.unwrap_or_else(|| "server".to_owned()), lost.reason)]),
        };
        preflight.findings.extend(failed.iter().map(|(view, reason)| PreflightFinding::unreadable(view, reason)));
    }
    Ok(preflight)
}

/// Captures `server` until the end that is asked for, and seals the recording. Every line is given to `watch` once it is
/// written; the header first.
///
/// # Errors
/// When the capture cannot begin, or something cannot be written; what was captured until then is sealed as far as it can be.
pub async fn capture<S: Server>(
    capture: &Capture,
    server: &mut S,
    stop: &CancellationToken,
    watch: &mut dyn FnMut(Written<'_>) -> Result<(), CaptureError>,
) -> Result<Captured, CaptureError> {
    let preflight = tokio::select! {
        () = stop.cancelled() => return Err(CaptureError::Interrupted),
        ready = server.preflight() => ready?,
    };
    if preflight.superuser && !capture.superuser {
        let refusal = RefusalReason::Superuser { role: preflight.role }.into();
        let remedy = "make a role with `telltape capture --print-role`, or say --allow-superuser".to_owned();
        return Err(CaptureError::Refused { place: server.place(), refusal, remedy });
    }
    if !preflight.is_ready() {
        let findings = preflight.fatal().cloned().collect();
        return Err(CaptureError::NotReady { place: server.place(), findings });
    }
    let header = header(capture, &preflight);
    let writer = RecordingWriter::create(&capture.recording, header.clone())?;
    let mut run = CaptureRun {
        capture,
        server,
        poller: Poller::new(&preflight.views),
        preflight,
        governor: Governor::new(capture.interval, capture.budget),
        writer,
        began: Instant::now(),
        earlier_bytes: 0,
        polls: 0,
        gaps: 0,
        parts: 1,
        watch,
    };
    (run.watch)(Written::Header(&header))?;
    let end = Caught(std::pin::pin!(run.until_the_end(stop))).await;
    run.seal(end.unwrap_or_else(|panic| Err(CaptureError::Defect { panic })))
}

/// A line that has been written.
pub enum Written<'a> {
    /// The header of the first part.
    Header(&'a RecordingHeader),
    /// Any other line.
    Record(&'a Record),
}

fn header(capture: &Capture, preflight: &Preflight) -> RecordingHeader {
    RecordingHeader {
        recording: RECORDING_FORMAT,
        id: format!("{:016x}", fastrand::u64(..)),
        part: 1,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        interval_s: capture.interval.as_secs_f64(),
        role: preflight.role.clone(),
        grants: preflight.grants.clone(),
        database: preflight.database.clone(),
        database_id: preflight.database_id,
        server: preflight.server.clone(),
        extensions: preflight.extensions.clone(),
        settings: preflight.settings.clone(),
        views: preflight.views.clone(),
    }
}

/// A capture under way.
struct CaptureRun<'a, S> {
    capture: &'a Capture,
    server: &'a mut S,
    preflight: Preflight,
    poller: Poller,
    governor: Governor,
    writer: RecordingWriter,
    began: Instant,
    earlier_bytes: u64,
    polls: u64,
    gaps: u64,
    parts: u32,
    watch: &'a mut dyn FnMut(Written<'_>) -> Result<(), CaptureError>,
}

impl<S: Server> CaptureRun<'_, S> {
    async fn until_the_end(&mut self, stop: &CancellationToken) -> Result<End, CaptureError> {
        loop {
            let at = self.began.elapsed();
            let poll = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(End::Interrupted),
                poll = self.poller.poll(self.server) => poll,
            };
            match poll {
                Ok(poll) => {
                    let cost = poll.cost;
                    self.polls += 1;
                    self.write_poll(at, poll)?;
                    if let Some(reason) = self.governor.judge(cost, self.began.elapsed()) {
                        let pace_s = self.governor.interval().as_secs_f64();
                        self.write(self.began.elapsed(), Body::Pace { pace_s, reason })?;
                    }
                }
                Err(Lost { view, reason, too_large }) => {
                    if let Some(view) = view.filter(|_| too_large) {
                        self.poller.leave_out(&view, &reason);
                    }
                    self.gap(reason.clone())?;
                    if let Some(end) = self.reconnect(reason, stop).await? {
                        return Ok(end);
                    }
                    continue;
                }
            }
            if self.capture.duration.is_some_and(|duration| self.began.elapsed() >= duration) {
                return Ok(End::Duration);
            }
            if self.capture.max_bytes.is_some_and(|most| self.earlier_bytes + self.writer.part_bytes() >= most) {
                return Ok(End::MaxBytes);
            }
            if self.capture.rotate_bytes.is_some_and(|most| self.writer.part_bytes() >= most) {
                self.earlier_bytes += self.writer.part_bytes();
                self.parts += 1;
                self.writer.rotate()?;
                self.poller.forget();
            }
            let due = self.governor.next(self.began.elapsed());
            // The last poll is at the end of the duration, not after it.
            let due = self.capture.duration.map_or(due, |duration| due.min(duration));
            tokio::select! {
                () = stop.cancelled() => return Ok(End::Interrupted),
                () = tokio::time::sleep(due.saturating_sub(self.began.elapsed())) => {}
            }
        }
    }

    /// Comes back to the server, with longer and longer pauses, or to an end. Each new reason is written once.
    async fn reconnect(&mut self, lost: String, stop: &CancellationToken) -> Result<Option<End>, CaptureError> {
        let lost_at = self.began.elapsed();
        let mut backoff = Backoff::new();
        let mut reason = lost;
        loop {
            let out_of_time = self.capture.duration.is_some_and(|duration| self.began.elapsed() >= duration);
            if out_of_time {
                return Ok(Some(End::Duration));
            }
            if self.began.elapsed() - lost_at >= self.capture.give_up {
                return Ok(Some(End::Gone(GoneReason::Away(reason))));
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(Some(End::Interrupted)),
                () = tokio::time::sleep(backoff.pause(fastrand::f64())) => {}
            }
            let attempt = tokio::select! {
                () = stop.cancelled() => return Ok(Some(End::Interrupted)),
                attempt = self.server.preflight() => attempt,
            };
            let problem = match attempt {
                Ok(again) if again.is_ready() => {
                    if let Some(other) = self.difference(&again) {
                        return Ok(Some(End::Gone(other)));
                    }
                    self.poller.forget_server();
                    self.governor.connected();
                    return Ok(None);
                }
                Ok(again) => again.fatal().map(|finding| finding.problem.clone()).collect::<Vec<_>>().join("; "),
                Err(CaptureError::Refused { refusal, .. }) => refusal.text(),
                Err(error) => return Err(error),
            };
            if problem != reason {
                self.gap(problem.clone())?;
                reason = problem;
            }
        }
    }

    /// What makes the server that came back another one: its counters mean something else.
    fn difference(&self, again: &Preflight) -> Option<GoneReason> {
        let (before, now) = (&self.preflight, again);
        if let (Some(before), Some(now)) = (&before.server.identifier, &now.server.identifier)
            && before != now
        {
            return Some(GoneReason::OtherServer { before: before.clone(), now: now.clone() });
        }
        let is_same = before.server.kind == now.server.kind
            && before.server.version_num == now.server.version_num
            && before.extensions == now.extensions
            && before.views == now.views;
        (!is_same).then(|| {
            let versions =
                |at: &Preflight| format!("{} {}, extensions {:?}", at.server.kind, at.server.version, at.extensions);
            GoneReason::OtherVersion { before: versions(before), now: versions(now) }
        })
    }

    /// Writes a poll. What a reader would not take as a line is not written: the largest views fail by name.
    fn write_poll(&mut self, at: Duration, mut poll: Poll) -> Result<(), CaptureError> {
        loop {
            let record = Record { t: seconds(at), wall: self.wall(at), body: Body::Poll(Box::new(poll)) };
            match self.writer.append(&record) {
                Ok(()) => return (self.watch)(Written::Record(&record)),
                Err(TapeError::LineTooLong { bytes, .. }) => {
                    let Body::Poll(back) = record.body else { unreachable!("it is a poll") };
                    poll = *back;
                    let largest = poll.views.iter().max_by_key(|(_, rows)| rows.weight()).map(|(view, _)| view.clone());
                    let Some(view) = largest else {
                        return Err(TapeError::LineTooLong { recording: self.capture.recording.clone(), bytes }.into());
                    };
                    poll.views.remove(&view);
                    let reason = format!("its rows do not fit into a line of {} MiB", LONGEST_LINE >> 20);
                    self.poller.leave_out(&view, &reason);
                    poll.failed.insert(view, reason);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn gap(&mut self, reason: String) -> Result<(), CaptureError> {
        self.gaps += 1;
        self.poller.forget();
        self.write(self.began.elapsed(), Body::Gap { gap: reason })
    }

    fn write(&mut self, at: Duration, body: Body) -> Result<(), CaptureError> {
        let record = Record { t: seconds(at), wall: self.wall(at), body };
        self.writer.append(&record)?;
        (self.watch)(Written::Record(&record))
    }

    /// The time by the clock of the machine, now, less what has passed since `at`.
    fn wall(&self, at: Duration) -> f64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        seconds(now.saturating_sub(self.began.elapsed().saturating_sub(at)))
    }

    fn seal(self, end: Result<End, CaptureError>) -> Result<Captured, CaptureError> {
        let at = self.began.elapsed();
        let wall = self.wall(at);
        let text = match &end {
            Ok(end) => end.to_string(),
            Err(error) => format!("the capture failed: {}", with_causes(error)),
        };
        let manifest = self.writer.seal(seconds(at), wall, &text);
        // The first failure is the cause; where what was captured is not sealed, that is said before it.
        let (end, manifest) = match (end, manifest) {
            (Err(cause), Err(TapeError::NotSealed { part, .. })) => {
                return Err(TapeError::NotSealed { part, source: Box::new(cause) }.into());
            }
            (end, manifest) => (end?, manifest?),
        };
        Ok(Captured { end, manifest, polls: self.polls, gaps: self.gaps, parts: self.parts })
    }
}

/// Seconds to a tenth of a millisecond, which is less than a poll takes.
fn seconds(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e4).round() / 1e4
}
