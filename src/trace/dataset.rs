use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A format of traces that can be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Snowset: Snowflake's production queries (Vuppalapati et al., NSDI 2020).
    Snowset,
    /// SQLShare as a CSV with user, runtime and time (Jain et al., SIGMOD 2016).
    Sqlshare,
    /// The public text-only release of SQLShare.
    SqlshareText,
    /// The Cardinality Estimation Benchmark (Negi et al., VLDB 2021).
    Ceb,
    /// The Join Order Benchmark (Leis et al., VLDB 2015), run by somebody.
    Job,
    /// TPC-DS queries, run by somebody.
    Tpcds,
    /// Snapshots of PostgreSQL's `pg_stat_statements`.
    Pgss,
    /// Any CSV with a time and a value column.
    Generic,
    /// OpenTelemetry database spans as JSON.
    Otel,
    /// A recording of a live PostgreSQL server.
    Postgres,
}

impl Dataset {
    /// All of them, in the order in which they are listed to users.
    pub const ALL: [Self; 10] = [
        Self::Snowset,
        Self::Sqlshare,
        Self::SqlshareText,
        Self::Ceb,
        Self::Job,
        Self::Tpcds,
        Self::Pgss,
        Self::Generic,
        Self::Otel,
        Self::Postgres,
    ];

    /// The name used on the command line and in experiment files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snowset => "snowset",
            Self::Sqlshare => "sqlshare",
            Self::SqlshareText => "sqlshare-text",
            Self::Ceb => "ceb",
            Self::Job => "job",
            Self::Tpcds => "tpcds",
            Self::Pgss => "pgss",
            Self::Generic => "generic",
            Self::Otel => "otel",
            Self::Postgres => "postgres",
        }
    }

    /// The name of our own construction.
    #[must_use]
    pub const fn own_construction(self) -> &'static str {
        match self {
            Self::Snowset => "profile",
            Self::Ceb => "template",
            Self::SqlshareText => "corpus",
            _ => "plain",
        }
    }

    /// What stands before `@file` in the label of a stream of the `reference` construction.
    #[must_use]
    pub const fn reference_label(self) -> &'static str {
        match self {
            Self::Pgss => "postgres-pgss",
            Self::Generic => "generic-csv",
            Self::Otel => "otel-db-spans",
            _ => self.name(),
        }
    }

    /// The construction called `name`.
    ///
    /// # Errors
    /// When this data set has none of that name.
    pub fn construction(self, name: &str) -> Result<Construction, UnknownConstruction> {
        match name {
            // The published system captures in another way, and its tapes are what it keeps of it.
            "reference" if self != Self::Postgres => Ok(Construction::Reference),
            _ if name == self.own_construction() => Ok(Construction::Own),
            _ => Err(UnknownConstruction { dataset: self, name: name.to_owned() }),
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a trace becomes residuals: which channels, baselines and windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Construction {
    /// The published one, its guesses and losses included (`docs/method.md`).
    Reference,
    /// Ours; each data set has a name for it, see [`Dataset::own_construction`].
    #[default]
    Own,
}

impl Construction {
    /// Its name for `dataset`.
    #[must_use]
    pub const fn name(self, dataset: Dataset) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Own => dataset.own_construction(),
        }
    }
}

/// A data set name that is not known.
#[derive(Debug, thiserror::Error)]
#[error("unknown data set `{name}`{}; known: {}", suggestion(.name), known())]
pub struct UnknownDataset {
    name: String,
}

/// A construction that a data set does not have.
#[derive(Debug, thiserror::Error)]
#[error(
    "data set `{dataset}` has no construction `{name}`; it has {}`{}`",
    if *.dataset == Dataset::Postgres { "only " } else { "`reference` and " }, .dataset.own_construction()
)]
pub struct UnknownConstruction {
    dataset: Dataset,
    name: String,
}

impl FromStr for Dataset {
    type Err = UnknownDataset;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|dataset| dataset.name() == name);
        found.ok_or_else(|| UnknownDataset { name: name.to_owned() })
    }
}

fn known() -> String {
    Dataset::ALL.map(Dataset::name).join(", ")
}

fn suggestion(name: &str) -> String {
    crate::store::nearest(name, Dataset::ALL.map(Dataset::name))
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back_and_a_typo_gets_a_suggestion() {
        for dataset in Dataset::ALL {
            assert_eq!(dataset.name().parse::<Dataset>().unwrap(), dataset);
        }
        assert_eq!(
            "snowst".parse::<Dataset>().unwrap_err().to_string(),
            "unknown data set `snowst`; did you mean `snowset`?; known: snowset, sqlshare, sqlshare-text, ceb, job, \
             tpcds, pgss, generic, otel, postgres"
        );
        assert!(!"zzz".parse::<Dataset>().unwrap_err().to_string().contains("did you mean"));
    }
}
