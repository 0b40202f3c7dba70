//! Which of the columns that are not used may tell series apart: values of several of them are no series.

use super::sheet::Other;

/// The last word of the name of a column that says whose value it is, where its cells are numbers.
const KEYS: [&str; 36] = [
    "id",
    "ids",
    "pid",
    "tid",
    "uid",
    "oid",
    "dbid",
    "userid",
    "queryid",
    "key",
    "hash",
    "host",
    "hostname",
    "instance",
    "node",
    "shard",
    "server",
    "replica",
    "warehouse",
    "cluster",
    "db",
    "database",
    "tenant",
    "customer",
    "worker",
    "partition",
    "port",
    "device",
    "sensor",
    "region",
    "zone",
    "job",
    "user",
    "query",
    "channel",
    "group",
];

/// The columns that are not used, by what they may tell.
#[derive(Default)]
pub(super) struct Telling<'a> {
    /// Text that changes, and numbers that are called like names: they do tell series apart.
    pub(super) certain: Vec<&'a str>,
    /// Whole numbers and dates that change: they do if a time is there twice.
    pub(super) possible: Vec<&'a str>,
    /// Other numbers that change.
    pub(super) unlikely: Vec<&'a str>,
    /// What is the same in all rows.
    pub(super) same: Vec<&'a str>,
}

impl<'a> Telling<'a> {
    pub(super) fn of(columns: impl Iterator<Item = (&'a str, &'a Other)>) -> Self {
        let mut telling = Self::default();
        // An index without a name, as pandas writes it, is nothing to speak of.
        for (name, column) in columns.filter(|(name, column)| !(name.trim().is_empty() && column.counts_rows())) {
            let list = if !column.varies {
                &mut telling.same
            } else if column.is_text {
                &mut telling.certain
            } else if column.has_fraction || column.counts_rows() {
                &mut telling.unlikely
            } else if is_key(name) {
                &mut telling.certain
            } else {
                &mut telling.possible
            };
            list.push(name);
        }
        telling
    }

    /// What to ask for where a time is there twice.
    pub(super) fn candidates(&self) -> &[&'a str] {
        if self.certain.is_empty() { &self.possible } else { &self.certain }
    }

    /// What is neither used nor asked for, though it changes.
    pub(super) fn left(&self) -> Vec<&'a str> {
        [&self.possible[..], &self.unlikely].concat()
    }
}

/// Whether a column is called like a name: `host`, `warehouse_id`, `warehouseId`.
fn is_key(name: &str) -> bool {
    let name = name.trim();
    let word = name.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_whole = KEYS.iter().any(|key| word.eq_ignore_ascii_case(key));
    is_whole || word.strip_suffix("Id").or_else(|| word.strip_suffix("ID")).is_some_and(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_names_are_known_by_their_last_word() {
        for name in ["id", "Host", "warehouse_id", "warehouseId", "queryID", "db.instance", "node "] {
            assert!(is_key(name), "{name}");
        }
        for name in ["valid", "bid", "paid", "idle", "hosts_up", "cpu", "rows", "id_count", "", "Id2"] {
            assert!(!is_key(name), "{name}");
        }
    }
}
