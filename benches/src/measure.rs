//! Wall time and peak memory of whole processes.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::cases::Case;

/// One run of one command.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    /// Peak resident memory of the process.
    pub(crate) peak_mb: f64,
}

/// All runs of a case, in the order of its commands.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) commands: Vec<(String, Vec<Run>)>,
    pub(crate) targets: Vec<crate::cases::Target>,
}

/// Runs one command and prints its time and memory as JSON. A process of its own, because the operating system tells the
/// peak over all children that have ended.
pub(crate) fn child(command: &[&str]) -> Result<()> {
    let [program, arguments @ ..] = command else { bail!("nothing to measure") };
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    let seconds = started.elapsed().as_secs_f64();
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let run = Run { seconds, peak_mb: usage.max_rss() as f64 / 1000.0 * 1.024 };
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}

/// Runs the commands of a case in turn, `repetitions` times, after one round that warms up the page cache.
pub(crate) fn run(case: &Case, repetitions: usize) -> Result<Measured> {
    (case.prepare)()?;
    let mut commands: Vec<(String, Vec<Run>)> =
        case.commands.iter().map(|(label, _)| (label.clone(), Vec::new())).collect();
    for round in 0..=repetitions {
        for (index, (label, command)) in case.commands.iter().enumerate() {
            // A slow command is run less often: its ratio is large enough to stand a rougher measurement.
            let slow = commands[index].1.first().is_some_and(|first| first.seconds > 4.0);
            if slow && round > 2 {
                continue;
            }
            let output = Command::new(std::env::current_exe()?).arg("measure").args(command).output()?;
            if !output.status.success() {
                bail!("{label}: {}", String::from_utf8_lossy(&output.stderr));
            }
            if round > 0 {
                commands[index].1.push(serde_json::from_slice(&output.stdout)?);
            }
        }
    }
    Ok(Measured { name: case.name.clone(), commands, targets: case.targets.clone() })
}

/// The median of some numbers.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
