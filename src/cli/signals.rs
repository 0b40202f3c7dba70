//! What Ctrl-C, SIGTERM and SIGHUP do.

#[cfg(feature = "capture")]
use std::sync::OnceLock;
#[cfg(feature = "capture")]
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
#[cfg(feature = "capture")]
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::store::abandon_staged;

/// What ends by itself when it is asked to.
#[cfg(feature = "capture")]
static RUNNING: OnceLock<CancellationToken> = OnceLock::new();

/// Removes what is being written and ends the program; a capture is asked to end, and ended only when it is asked twice.
pub(super) fn listen() -> anyhow::Result<()> {
    survive_size_limits()?;
    ctrlc::set_handler(|| {
        #[cfg(feature = "capture")]
        if end_the_running() {
            return;
        }
        abandon_staged();
        std::process::exit(i32::from(Exit::Interrupted.code()));
    })
    .context("cannot listen for signals")
}

/// A file that would be larger than `ulimit -f` allows is an error of its writer, as on a full disk, and not the end of the
/// program: what is written is then removed or sealed.
#[cfg(unix)]
fn survive_size_limits() -> anyhow::Result<()> {
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let handled = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, seen);
    handled.map(drop).context("cannot listen for SIGXFSZ")
}

#[cfg(not(unix))]
fn survive_size_limits() -> anyhow::Result<()> {
    Ok(())
}

/// Asks what is running to end by itself, if anything can and was not asked before.
#[cfg(feature = "capture")]
fn end_the_running() -> bool {
    static ASKED: AtomicBool = AtomicBool::new(false);
    match RUNNING.get() {
        Some(running) if !ASKED.swap(true, Ordering::SeqCst) => {
            running.cancel();
            true
        }
        _ => false,
    }
}

/// From now on a signal asks for the end instead of ending the program.
#[cfg(feature = "capture")]
pub(super) fn ask_first() -> CancellationToken {
    RUNNING.get_or_init(CancellationToken::new).clone()
}
