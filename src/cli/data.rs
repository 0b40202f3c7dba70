use std::path::Path;

use clap::Subcommand;
use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{Failure, FailureJson};
use super::output::{Output, Text, TextLine, Tone, table};
use super::selected::selected;
use super::{Exit, Outcome};
use crate::trace::{Catalogue, CatalogueEntry};

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
    #[cfg(feature = "fetch")]
    Fetch(super::fetch::Fetch),
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
    entry: &'a CatalogueEntry,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct DataVerifiedJson<'a> {
    name: &'a str,
    ok: bool,
    error: Option<FailureJson<'a>>,
}

impl Data {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let catalogue = Catalogue::read(Path::new("data"))?;
        match self.action {
            Action::List => Ok(list(&catalogue, output)),
            #[cfg(feature = "fetch")]
            Action::Fetch(fetch) => fetch.execute(&catalogue, output),
            Action::Verify { names } => verify(&catalogue, &names, output),
        }
    }
}

fn list(catalogue: &Catalogue, output: &Output) -> Exit {
    let present = |entry: &CatalogueEntry| catalogue.path(entry).is_file();
    let json: Vec<ListedJson<'_>> =
        catalogue.entries().map(|(name, entry)| ListedJson { name, present: present(entry), entry }).collect();
    output.data(&json, || {
        let rows: Vec<Vec<TextLine>> = catalogue
            .entries()
            .map(|(name, entry)| {
                let here = if present(entry) { "yes" } else { "no" };
                vec![
                    TextLine::cell(name),
                    here.into(),
                    entry.rows.to_string().into(),
                    TextLine::cell(&entry.licence),
                    TextLine::cell(&entry.title),
                ]
            })
            .collect();
        table(&["name", "here", "rows", "licence", "what"], &[false, false, true, false, false], &rows)
    });
    Exit::Ok
}

fn verify(catalogue: &Catalogue, names: &[String], output: &Output) -> Outcome {
    let selected = selected(catalogue, names)?;
    let verified: Vec<(&str, Option<Failure>)> =
        selected.into_iter().map(|(name, entry)| (name, catalogue.verify(entry).err().map(Failure::from))).collect();
    let json: Vec<DataVerifiedJson<'_>> = verified
        .iter()
        .map(|(name, failure)| DataVerifiedJson {
            name,
            ok: failure.is_none(),
            error: failure.as_ref().map(Failure::json),
        })
        .collect();
    output.data(&json, || {
        let good = verified.iter().filter(|(_, failure)| failure.is_none());
        good.map(|(name, _)| output.paint(Tone::Good, "ok").then(format!(" {name}"))).collect::<Text>()
    });
    let failures = verified.iter().filter_map(|(_, failure)| failure.as_ref());
    failures.clone().for_each(|failure| output.error(failure));
    Ok(Exit::worst(failures.map(|failure| failure.exit)))
}
