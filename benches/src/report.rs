//! `out/bench.md` and `out/bench.json`.

use std::fmt::Write as _;

use anyhow::Result;

use crate::measure::{Measured, Run, median};

fn medians(runs: &[Run]) -> (f64, f64) {
    (median(runs.iter().map(|run| run.seconds).collect()), median(runs.iter().map(|run| run.peak_mb).collect()))
}

pub(crate) fn write(results: &[Measured], repetitions: usize) -> Result<()> {
    let mut text = format!(
        "# Benchmarks\n\nWhole processes, medians of up to {repetitions} interleaved repetitions after one round to warm up; \
         {} cores. Ratios hold, absolute times drift.\n",
        std::thread::available_parallelism()?
    );
    for result in results {
        write!(text, "\n## {}\n\n| command | seconds | peak memory, MB |\n| --- | --- | --- |\n", result.name)?;
        for (label, runs) in &result.commands {
            let (seconds, peak_mb) = medians(runs);
            writeln!(text, "| {label} | {seconds:.3} | {peak_mb:.0} |")?;
        }
        if !result.targets.is_empty() {
            write!(text, "\n| ratio | measured | to reach | stretch | |\n| --- | --- | --- | --- | --- |\n")?;
        }
        for target in &result.targets {
            let seconds = |label: &str| {
                let found = result.commands.iter().find(|(other, _)| other == label);
                found.map_or(f64::NAN, |(_, runs)| medians(runs).0)
            };
            let ratio = seconds(&target.over.0) / seconds(&target.over.1);
            let reaches = |bound: f64| if target.below { ratio <= bound } else { ratio >= bound };
            let verdict = match (reaches(target.stretch), reaches(target.reach)) {
                (true, _) => "stretch",
                (_, true) => "reached",
                _ => "NOT reached",
            };
            let sign = if target.below { "≤" } else { "≥" };
            writeln!(
                text,
                "| {} | {ratio:.2} | {sign} {} | {sign} {} | {verdict} |",
                target.what, target.reach, target.stretch
            )?;
        }
    }
    std::fs::create_dir_all("out")?;
    std::fs::write("out/bench.md", &text)?;
    std::fs::write("out/bench.json", serde_json::to_string_pretty(results)?)?;
    print!("{text}");
    Ok(())
}
