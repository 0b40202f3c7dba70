//! What an adapter is: the code that reads one kind of trace and turns it into residuals.
//!
//! [`adapters`](super::adapters) has the list of them. Everything that names data sets follows from it: the help text of
//! `convert`, its flags, the keys and the schema of experiment files, the table in the README, the fuzz target.

use std::fmt;
use std::path::Path;

use super::adapters::Dataset;
use super::input::{self, Trace};
use super::option::OptionSpec;
use super::{Conversion, Options, TraceError};
use crate::diagnostics::UnknownName;
use crate::store::InputDigest;

/// The code that reads one kind of trace and turns it into residuals.
pub trait Adapter: Sync {
    /// What is said of it to users.
    fn about(&self) -> &'static About;

    /// What a trace looks like, if it is a table: each kind of cell is tried in each of its columns.
    #[cfg(test)]
    fn sample(&self) -> Option<super::kinds_tests::Sample>;

    /// Converts a trace.
    ///
    /// # Errors
    /// When it cannot be read, is not what the format says, or (unless `lenient`) a row cannot be used.
    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError>;

    /// Those of its options that a construction does not read; they are refused there.
    fn without_effect(&self, _construction: Construction) -> &'static [OptionSpec] {
        &[]
    }

    /// The digest of the trace at `path`, as converting it gives it; options may name further files of it.
    ///
    /// # Errors
    /// When it cannot be read, or is not what its manifests say.
    fn digest_input(&self, path: &Path, _options: &Options) -> Result<InputDigest, TraceError> {
        input::digest(path)
    }
}

/// What is said of an adapter to users.
#[derive(Debug)]
pub struct About {
    /// The name of its data set on the command line, in experiment files and in tapes.
    pub name: &'static str,
    /// What the traces are of; a phrase that a full stop may follow.
    pub title: &'static str,
    /// The paper that published the data set, if one did.
    pub citation: Option<&'static str>,
    /// What a file looks like, in Markdown.
    pub format: &'static str,
    /// How a trace may become residuals; the first one is the default.
    pub constructions: &'static [Construction],
    /// Options that no other data set needs.
    pub options: &'static [OptionSpec],
    /// What stands before `@file` in the label of a stream of the construction `reference`, if that is not the name.
    pub reference_label: Option<&'static str>,
    /// Whether a trace is a recording: files that have manifests beside them, which may be signed.
    pub is_recording: bool,
}

impl About {
    /// The title with the paper behind it.
    #[must_use]
    pub fn described(&self) -> String {
        self.citation.map_or_else(|| self.title.to_owned(), |citation| format!("{} ({citation})", self.title))
    }

    /// The names of the constructions, the default first.
    pub fn construction_names(&self) -> impl Iterator<Item = &'static str> {
        self.constructions.iter().map(|construction| construction.name())
    }
}

/// How a trace becomes residuals: which channels, baselines and windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Construction {
    /// The published one, its guesses and losses included (`docs/method.md`).
    Reference,
    /// One of ours, by its name; each data set has its own.
    Own(&'static str),
}

impl Construction {
    /// Its name on the command line, in experiment files and in tapes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Own(name) => name,
        }
    }

    /// Whether it is the published one.
    #[must_use]
    pub const fn is_reference(self) -> bool {
        matches!(self, Self::Reference)
    }
}

impl fmt::Display for Construction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Dataset {
    /// What is said of it to users.
    #[must_use]
    pub fn about(self) -> &'static About {
        self.adapter().about()
    }

    /// The name used on the command line, in experiment files and in tapes.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// The construction that is taken where none is named.
    #[must_use]
    pub fn default_construction(self) -> Construction {
        self.about().constructions[0]
    }

    /// The construction called `name`.
    ///
    /// # Errors
    /// When this data set has none of that name.
    pub fn construction(self, name: &str) -> Result<Construction, UnknownName> {
        UnknownName::find("construction", name, self.about().constructions, Construction::name)
            .map_err(|unknown| unknown.in_context(format!("of `{self}`")))
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Dataset {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("data set", name, &Self::ALL, Self::name)
    }
}

impl serde::Serialize for Dataset {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Dataset {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for Dataset {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Dataset".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let known = super::ADAPTERS.iter().map(|adapter| adapter.about());
        let known: Vec<_> = known
            .map(|about| {
                let description = format!("{}.", about.described());
                serde_json::json!({ "description": description, "type": "string", "const": about.name })
            })
            .collect();
        schemars::json_schema!({ "description": "A format of traces that can be converted.", "oneOf": known })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back_and_a_typo_gets_a_suggestion() {
        for dataset in Dataset::ALL {
            assert_eq!(dataset.name().parse::<Dataset>().unwrap(), dataset);
            assert_eq!(serde_json::to_value(dataset).unwrap(), dataset.name());
            assert_eq!(serde_json::from_value::<Dataset>(dataset.name().into()).unwrap(), dataset);
        }
        assert_eq!(
            "snowst".parse::<Dataset>().unwrap_err().to_string(),
            "unknown data set `snowst`; did you mean `snowset`? known: snowset, sqlshare, sqlshare-text, ceb, job, \
             tpcds, pgss, redset, generic, otel, auto-explain, postgres"
        );
        assert!(!"zzz".parse::<Dataset>().unwrap_err().to_string().contains("did you mean"));
    }

    /// Names stand in tapes, in experiment files and in digests, and sort nothing else out.
    #[test]
    fn every_adapter_has_a_name_of_its_own_and_constructions_of_distinct_names() {
        let distinct = |mut names: Vec<&str>| {
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{names:?}");
            let good = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(names.iter().all(|name| !name.is_empty() && good(name)), "{names:?}");
        };
        distinct(Dataset::ALL.map(Dataset::name).to_vec());
        for dataset in Dataset::ALL {
            let about = dataset.about();
            distinct(about.construction_names().collect());
            assert!(!about.constructions[0].is_reference(), "{dataset}: ours is the default");
            assert!(!about.title.ends_with('.'), "{dataset}");
            for construction in about.constructions {
                assert_eq!(dataset.construction(construction.name()).unwrap(), *construction);
            }
        }
        assert_eq!(
            Dataset::Postgres.construction("reference").unwrap_err().to_string(),
            "unknown construction `reference` of `postgres`; known: plain"
        );
    }
}
