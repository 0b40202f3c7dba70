//! What Ctrl-C, SIGTERM and SIGHUP do.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use super::Exit;
use crate::capture::Stop;
use crate::store::abandon_staged;

/// What ends by itself when it is asked to.
static RUNNING: OnceLock<Stop> = OnceLock::new();

/// Removes what is being written and ends the program; a capture is asked to end, and ended only when it is asked twice.
pub(super) fn listen() -> anyhow::Result<()> {
    static ASKED: AtomicBool = AtomicBool::new(false);
    ctrlc::set_handler(|| {
        if let Some(running) = RUNNING.get()
            && !ASKED.swap(true, Ordering::SeqCst)
        {
            running.now();
            return;
        }
        abandon_staged();
        std::process::exit(i32::from(Exit::Interrupted.code()));
    })
    .context("cannot listen for signals")
}

/// From now on a signal asks for the end instead of ending the program.
pub(super) fn ask_first() -> Stop {
    RUNNING.get_or_init(Stop::default).clone()
}
