//! What is measured.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Serialize;

use crate::{inputs, otlp};

/// A ratio that a case should reach.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Target {
    pub(crate) what: String,
    /// Label of the numerator's command and of the denominator's.
    pub(crate) over: (String, String),
    /// The bound and whether the ratio must be below it.
    pub(crate) reach: f64,
    pub(crate) stretch: f64,
    pub(crate) below: bool,
}

/// Commands over the same input.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) prepare: Box<dyn Fn() -> Result<()>>,
    pub(crate) commands: Vec<(String, Vec<String>)>,
    pub(crate) targets: Vec<Target>,
}

/// The programs that are compared.
pub(crate) struct Programs {
    ours: String,
    reference: String,
    bench: String,
}

impl Programs {
    pub(crate) fn find() -> Result<Self> {
        let folder = std::env::current_exe()?.parent().map(Path::to_path_buf).unwrap_or_default();
        let program = |name: &str| {
            let path = folder.join(name);
            if !path.is_file() {
                bail!("`{}` is not there; run `make bench`, which builds it", path.display());
            }
            Ok(path.display().to_string())
        };
        Ok(Self {
            ours: program("telltape")?,
            reference: program("telltape-conformance")?,
            bench: program("telltape-bench")?,
        })
    }
}

fn command(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn target(what: &str, over: (&str, &str), reach: f64, stretch: f64, below: bool) -> Target {
    Target { what: what.to_owned(), over: (over.0.to_owned(), over.1.to_owned()), reach, stretch, below }
}

/// A replay of one tape: ours, the reference, and the hash of its bytes.
fn replay(
    name: &str,
    folder: &Path,
    programs: &Programs,
    samples: usize,
    channels: usize,
    targets: Vec<Target>,
) -> Case {
    let tape = folder.join(format!("tape-{samples}-{channels}.jsonl"));
    let path = tape.display().to_string();
    let out = folder.join("out").display().to_string();
    Case {
        name: name.to_owned(),
        prepare: Box::new(move || inputs::tape(&tape, samples, channels, 42)),
        commands: vec![
            ("ours".to_owned(), command(&[&programs.ours, "replay", &path, "--out", &out])),
            ("reference".to_owned(), command(&[&programs.reference, "replay", &path, "--out", &out])),
            ("sha256".to_owned(), command(&["openssl", "dgst", "-sha256", &path])),
        ],
        targets,
    }
}

/// Everything, smallest first.
pub(crate) fn all(folder: &Path, programs: &Programs) -> Vec<Case> {
    let out = folder.join("out").display().to_string();
    let mut cases = vec![
        replay(
            "replay 1 M samples, 5 x 50 channels",
            folder,
            programs,
            1_000_000,
            50,
            vec![
                target("ours ÷ SHA-256", ("ours", "sha256"), 2.0, 1.5, true),
                target("times faster than the reference", ("reference", "ours"), 6.0, 8.0, false),
            ],
        ),
        replay(
            "replay 1 M samples, 5 x 2,000 channels",
            folder,
            programs,
            1_000_000,
            2000,
            vec![target("times faster than the reference", ("reference", "ours"), 15.0, 20.0, false)],
        ),
    ];
    let sizes = [1_000_000_usize, 4_000_000, 10_000_000];
    let tapes: Vec<PathBuf> = sizes.iter().map(|size| folder.join(format!("tape-{size}-50.jsonl"))).collect();
    let replays = sizes.iter().zip(&tapes).map(|(size, tape)| {
        let path = tape.display().to_string();
        (format!("{} M", size / 1_000_000), command(&[&programs.ours, "replay", &path, "--out", &out]))
    });
    cases.push(Case {
        name: "replay growth, 5 x 50 channels".to_owned(),
        commands: replays.collect(),
        prepare: Box::new(move || {
            sizes.iter().zip(&tapes).try_for_each(|(size, tape)| inputs::tape(tape, *size, 50, 42))
        }),
        targets: vec![target("4 M ÷ 1 M", ("4 M", "1 M"), 4.4, 4.1, true)],
    });
    cases.extend(conversions(folder, programs));
    cases.push(wide(folder, programs));
    cases.push(spans(folder, programs));
    cases.push(batch(folder, programs, &out));
    cases
}

fn conversions(folder: &Path, programs: &Programs) -> Vec<Case> {
    let csv = |rows: usize| folder.join(format!("snowset-{rows}.csv"));
    let tape = folder.join("snowset.jsonl").display().to_string();
    let convert = |rows: usize, channel: &str| {
        let path = csv(rows).display().to_string();
        command(&[&programs.ours, "convert", "--dataset", "snowset", &path, "--tape", &tape, "--channel", channel])
    };
    let prepare = |rows: Vec<usize>| -> Box<dyn Fn() -> Result<()>> {
        let paths: Vec<(usize, PathBuf)> = rows.into_iter().map(|rows| (rows, csv(rows))).collect();
        Box::new(move || paths.iter().try_for_each(|(rows, path)| inputs::snowset(path, *rows)))
    };
    let small = csv(40_000).display().to_string();
    let out = folder.join("out").display().to_string();
    let both = format!(
        "{} && '{}' replay '{tape}' --out '{out}'",
        convert(40_000, "reference").iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        programs.ours
    );
    let million = csv(1_000_000).display().to_string();
    let parquet = folder.join("snowset-1000000.parquet");
    let parquet_path = parquet.display().to_string();
    vec![
        Case {
            name: "snowset 40,000 rows, convert and replay".to_owned(),
            prepare: prepare(vec![40_000]),
            commands: vec![
                ("ours".to_owned(), command(&["sh", "-c", &both])),
                ("reference".to_owned(), command(&[&programs.reference, "convert", "snowset", &small])),
            ],
            targets: vec![target("times faster than the reference", ("reference", "ours"), 50.0, 100.0, false)],
        },
        Case {
            name: "snowset 1 M rows, convert".to_owned(),
            prepare: prepare(vec![1_000_000]),
            commands: vec![
                ("reference construction".to_owned(), convert(1_000_000, "reference")),
                ("profile".to_owned(), convert(1_000_000, "profile")),
                ("polars".to_owned(), command(&[&programs.bench, "polars", &million])),
            ],
            targets: vec![
                target("reference construction ÷ polars", ("reference construction", "polars"), 3.0, 2.0, true),
                target("profile ÷ polars", ("profile", "polars"), 2.0, 1.5, true),
            ],
        },
        Case {
            name: "snowset 1 M rows as Parquet, convert".to_owned(),
            prepare: {
                let (csv, parquet) = (csv(1_000_000), parquet.clone());
                Box::new(move || inputs::snowset_parquet(&csv, &parquet, 1_000_000))
            },
            commands: vec![
                (
                    "profile".to_owned(),
                    command(&[&programs.ours, "convert", "--dataset", "snowset", &parquet_path, "--tape", &tape]),
                ),
                ("polars".to_owned(), command(&[&programs.bench, "polars", &parquet_path])),
            ],
            targets: vec![target("profile ÷ polars", ("profile", "polars"), 2.0, 1.5, true)],
        },
        Case {
            name: "snowset growth, convert by profile".to_owned(),
            prepare: prepare(vec![1_000_000, 4_000_000, 5_000_000]),
            commands: vec![
                ("1 M".to_owned(), convert(1_000_000, "profile")),
                ("4 M".to_owned(), convert(4_000_000, "profile")),
                ("5 M".to_owned(), convert(5_000_000, "profile")),
            ],
            targets: vec![target("4 M ÷ 1 M", ("4 M", "1 M"), 4.4, 4.1, true)],
        },
    ]
}

/// Many metrics of one server, each a channel. The tape is twelve times as large as the CSV: what writing and hashing it costs is
/// measured beside.
fn wide(folder: &Path, programs: &Programs) -> Case {
    let file = folder.join("wide.csv");
    let (path, tape) = (file.display().to_string(), folder.join("wide-tape.jsonl").display().to_string());
    let convert = ["convert", "--dataset", "generic", &path, "--value-cols", "*", "--tape", &tape];
    let write = format!("cat '{tape}' > '{tape}.copy' && sync '{tape}.copy' && rm '{tape}.copy'");
    Case {
        name: "wide table, 93 metrics x 100,000 rows, convert".to_owned(),
        prepare: Box::new(move || inputs::wide(&file, 100_000, 93)),
        commands: vec![
            ("ours".to_owned(), command(&[&[programs.ours.as_str()], &convert[..]].concat())),
            ("polars".to_owned(), command(&[&programs.bench, "polars-all", &path])),
            ("copy of the tape".to_owned(), command(&["sh", "-c", &write])),
            ("sha256 of the tape".to_owned(), command(&["openssl", "dgst", "-sha256", &tape])),
        ],
        targets: vec![target("ours ÷ polars reading the CSV", ("ours", "polars"), 2.0, 1.5, true)],
    }
}

/// 150 MB of spans on one core, which is to take a second.
fn spans(folder: &Path, programs: &Programs) -> Case {
    let file = folder.join("spans.jsonl");
    let (path, tape) = (file.display().to_string(), folder.join("spans-tape.jsonl").display().to_string());
    let convert = ["taskset", "-c", "0", &programs.ours, "convert", "--dataset", "otel", &path, "--tape", &tape];
    Case {
        name: "OTLP JSONL, 150 MB, convert on one core".to_owned(),
        prepare: Box::new(move || otlp::jsonl(&file, 150_000_000)),
        commands: vec![("ours".to_owned(), command(&convert)), ("a second".to_owned(), command(&["sleep", "1"]))],
        targets: vec![target("ours ÷ a second", ("ours", "a second"), 1.0, 0.5, true)],
    }
}

/// 10,000 tapes of 1,000 samples, and one tape with as many samples and channels a sample.
fn batch(folder: &Path, programs: &Programs, out: &str) -> Case {
    let small = folder.join("many");
    let one = folder.join("tape-10000000-2.jsonl");
    let many = format!("'{}' replay '{}'/*.jsonl --out '{out}'", programs.ours, small.display());
    let one_path = one.display().to_string();
    Case {
        name: "10,000 tapes of 1,000 samples".to_owned(),
        commands: vec![
            ("many".to_owned(), command(&["bash", "-c", &many])),
            ("one".to_owned(), command(&[&programs.ours, "replay", &one_path, "--out", out])),
        ],
        prepare: Box::new(move || {
            inputs::many(&small, 10_000, 1_000)?;
            inputs::tape(&one, 10_000_000, 2, 42)
        }),
        targets: vec![target("samples per second, many ÷ one", ("one", "many"), 0.6, 0.9, false)],
    }
}
