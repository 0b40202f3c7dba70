//! Seeded tapes and traces, made once and kept under `target/bench/`.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use telltape::residual::{Class, StreamBuilder};
use telltape::tape::TapeWriter;

use crate::polars_read;

/// A 64-bit linear congruential generator (Knuth's multiplier), of which the high bits are used.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A tape of `samples` samples over five classes of `channels` channels each, in turn: noise of full-length numbers, and
/// bursts in every channel, the last of them near its end, so that episodes close in every class until the end.
pub(crate) fn tape(path: &Path, samples: usize, channels: usize, seed: u64) -> Result<()> {
    if path.is_file() && path.with_extension("jsonl.hash").is_file() {
        return Ok(());
    }
    let mut random = Random(seed);
    let mut builder = StreamBuilder::with_capacity(samples);
    let ids: Vec<_> = (0..channels).map(|channel| builder.channel(&format!("channel-{channel:04}"))).collect();
    let per_channel = samples.div_ceil(5 * channels);
    for index in 0..samples {
        let class = Class::ALL[index % 5];
        let channel = index / 5 % channels;
        let turn = index / 5 / channels;
        let burst = per_channel >= 20 && matches!(turn * 20 / per_channel, 7 | 17);
        let value = (random.unit() - 0.5) * 0.02 + if burst { 1.5 } else { 0.0 };
        builder.push_id(index as f64 * 0.01, class, value, Some(ids[channel]))?;
    }
    let stream = builder.finish("bench");
    let mut writer = TapeWriter::create(path, "bench")?;
    writer.append_stream(&stream)?;
    writer.finalise(None)?;
    Ok(())
}

/// Snowset with `rows` rows: the sample again and again, each copy a day later and with queries of its own.
pub(crate) fn snowset(path: &Path, rows: usize) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let sample = "data/cache/dsfb-database-0.1.1/snowset_sample.csv";
    let lines: Vec<String> =
        BufReader::new(File::open(sample).with_context(|| format!("{sample}: run `make data` first"))?)
            .lines()
            .collect::<std::io::Result<_>>()?;
    let part = path.with_extension("part");
    let mut out = BufWriter::new(File::create(&part)?);
    writeln!(out, "{}", lines[0])?;
    for row in 0..rows {
        let copy = row / (lines.len() - 1);
        let fields: Vec<&str> = lines[1 + row % (lines.len() - 1)].split(',').collect();
        // queryId is unique, createdTime is the fourth column.
        let day = format!("{:04}-{:02}-{:02}", 2018 + copy / 336, 1 + copy / 28 % 12, 1 + copy % 28);
        let query = fields[0].parse::<u64>()?.wrapping_add(copy as u64 * 1_000_003) % (1 << 63);
        write!(out, "{query},{},{},{day}{}", fields[1], fields[2], &fields[3][10..])?;
        for field in &fields[4..] {
            write!(out, ",{field}")?;
        }
        writeln!(out)?;
    }
    out.flush()?;
    std::fs::rename(part, path)?;
    Ok(())
}

/// The same as Parquet.
pub(crate) fn snowset_parquet(csv: &Path, parquet: &Path, rows: usize) -> Result<()> {
    if parquet.is_file() {
        return Ok(());
    }
    snowset(csv, rows)?;
    polars_read::to_parquet(csv, parquet)
}

/// A wide table of `rows` rows and `metrics` metrics, a second apart: noise around levels of many sizes, some with four decimals and
/// some whole, and now and then a minute at twice the level.
pub(crate) fn wide(path: &Path, rows: usize, metrics: usize) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let mut random = Random(7);
    let levels: Vec<f64> = (0..metrics).map(|_| 10_f64.powf(5.0 * random.unit())).collect();
    let part = path.with_extension("part");
    let mut out = BufWriter::new(File::create(&part)?);
    write!(out, "time")?;
    for metric in 0..metrics {
        write!(out, ",metric_{metric:02}")?;
    }
    writeln!(out)?;
    for row in 0..rows {
        write!(out, "{}", 1_714_557_600 + row)?;
        for (metric, level) in levels.iter().enumerate() {
            // The sum of four even distributions is near to a normal one.
            let noise = (0..4).map(|_| random.unit() - 0.5).sum::<f64>() * 0.1;
            let fault = row % 997 < 60 && (row / 997 + metric) % 53 == 0;
            let value = level * (1.0 + noise + f64::from(u8::from(fault)));
            if metric % 3 == 0 { write!(out, ",{:.0}", value * 10.0)? } else { write!(out, ",{value:.4}")? }
        }
        writeln!(out)?;
    }
    out.flush()?;
    std::fs::rename(part, path)?;
    Ok(())
}

/// `count` tapes of `samples` samples each.
pub(crate) fn many(folder: &Path, count: usize, samples: usize) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let paths: Vec<PathBuf> = (0..count).map(|index| folder.join(format!("t{index:05}.jsonl"))).collect();
    for (seed, path) in (1..).zip(&paths) {
        tape(path, samples, 2, seed)?;
    }
    Ok(paths)
}
