//! What Ctrl-C, SIGTERM, SIGHUP and the signals of batch systems do.

#[cfg(feature = "capture")]
use std::sync::OnceLock;
#[cfg(feature = "capture")]
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
#[cfg(feature = "capture")]
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::evaluate::end_commands;
use crate::store::abandon_staged;

/// What ends by itself when it is asked to.
#[cfg(feature = "capture")]
static RUNNING: OnceLock<CancellationToken> = OnceLock::new();

/// Removes what is being written and ends the program; a capture is asked to end, and ended only when it is asked twice.
pub(super) fn listen() -> anyhow::Result<()> {
    survive_size_limits()?;
    heed_batch_systems()?;
    ctrlc::set_handler(|| {
        #[cfg(feature = "capture")]
        if end_the_running() {
            return;
        }
        end();
    })
    .context("cannot listen for signals")
}

fn end() -> ! {
    end_commands();
    abandon_staged();
    std::process::exit(i32::from(Exit::Interrupted.code()));
}

/// What batch systems and timers send before they end a program for good, and what else would end it by default. They send
/// it again and again while the end is near, so a capture that is ending is not cut off by the second one.
#[cfg(unix)]
fn heed_batch_systems() -> anyhow::Result<()> {
    use signal_hook::consts::{SIGALRM, SIGPROF, SIGQUIT, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU};
    use std::io::Read;
    let context = "cannot listen for signals of batch systems";
    let (mut reader, writer) = std::os::unix::net::UnixStream::pair().context(context)?;
    for signal in [SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGQUIT] {
        let writer = writer.try_clone().context(context)?;
        signal_hook::low_level::pipe::register(signal, writer).context(context)?;
    }
    let wait = move || {
        while reader.read_exact(&mut [0]).is_ok() {
            #[cfg(feature = "capture")]
            if let Some(running) = RUNNING.get() {
                running.cancel();
                continue;
            }
            end();
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop).context(context)
}

#[cfg(not(unix))]
fn heed_batch_systems() -> anyhow::Result<()> {
    Ok(())
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
