//! What a capture needs of a server, whichever kind it is.

use std::collections::BTreeMap;

use super::{CaptureError, PreflightFinding};
use crate::tape::recording::{Epoch, RecordedRow, ServerIdentity, ViewDescription};

/// A server that can be captured. It is connected to by its preflight, and polled by the same connection until that is lost.
pub trait Server {
    /// Role, server and database, for messages.
    fn place(&self) -> String;

    /// Connects, anew if it was connected, and asks what the server is and which views it has.
    ///
    /// # Errors
    /// When it cannot be reached or refuses.
    fn preflight(&mut self) -> impl Future<Output = Result<Preflight, CaptureError>>;

    /// Reads the views of these names, all of their rows. A view that cannot be read does not keep the others from it.
    ///
    /// # Errors
    /// When the connection is lost; nothing is left of it then.
    fn poll(&mut self, views: &[&str]) -> impl Future<Output = Result<PollReading, Lost>>;
}

/// What a server says of itself and of the role, before a capture begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preflight {
    /// Which server.
    pub server: ServerIdentity,
    /// The role.
    pub role: String,
    /// Roles that it is a member of, of those that matter.
    pub grants: Vec<String>,
    /// May do everything: no observer should.
    pub superuser: bool,
    /// The database.
    pub database: String,
    /// What views call it, where they call it by a number.
    pub database_id: Option<i64>,
    /// Versions of extensions.
    pub extensions: BTreeMap<String, String>,
    /// Settings that decide which columns count.
    pub settings: BTreeMap<String, String>,
    /// The views that can be polled, in the order in which they are read.
    pub views: Vec<ViewDescription>,
    /// What is missing.
    pub findings: Vec<PreflightFinding>,
}

impl Preflight {
    /// Whether a capture can begin.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.fatal().next().is_none()
    }

    /// The findings without whose remedies a capture makes no sense.
    pub(super) fn fatal(&self) -> impl Iterator<Item = &PreflightFinding> {
        self.findings.iter().filter(|finding| finding.fatal)
    }
}

/// What a poll has read.
#[derive(Debug, Default)]
pub struct PollReading {
    /// What must stay the same for counters to be comparable.
    pub epoch: Epoch,
    /// The rows of each view that was asked for.
    pub views: BTreeMap<String, Result<Vec<RecordedRow>, Unread>>,
    /// How many rows the server has of a view, where some are left out.
    pub totals: BTreeMap<String, u64>,
    /// Milliseconds that the server has worked for the observer until now, as it counts them; `None` where it does not.
    pub server_ms: Option<f64>,
}

/// Why a view could not be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Unread {
    /// The server says no. Each refusal costs it something, such as a line of its log, so the view is left out for a while.
    Refused(String),
    /// It cannot be read now, and nobody was bothered with it.
    NotNow(String),
}

/// A connection that is of no use any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// The view that was asked for.
    pub view: Option<String>,
    /// What happened.
    pub reason: String,
    /// The answer had more bytes than one may have: the view would only do it again.
    pub too_large: bool,
}
