//! Options that are of a column or of a channel: `contention`, or `cpu=contention,wait=cache_io`.

use crate::diagnostics::UnknownName;
use crate::residual::Class;
use crate::trace::adapter::Construction;
use crate::trace::baseline::robust::Side;
use crate::trace::read::{Cell, RowFault};

/// What an option says of some columns and channels, and of all others.
pub(super) struct PerSeries<T> {
    given: Vec<(String, T)>,
    /// Of those that are not named.
    other: T,
}

impl<T: Copy + Default> PerSeries<T> {
    /// Reads `VALUE`, or `NAME=VALUE` for several names, with commas between.
    pub(super) fn parse(text: Option<&str>, value: fn(&str) -> Result<T, String>) -> Result<Self, String> {
        let mut parsed = Self { given: Vec::new(), other: T::default() };
        for item in text.into_iter().flat_map(|text| text.split(',')).map(str::trim) {
            match item.rsplit_once('=') {
                Some((name, item)) => parsed.given.push((name.trim().to_owned(), value(item.trim())?)),
                None => parsed.other = value(item)?,
            }
        }
        Ok(parsed)
    }

    /// What is said of the column `column` of the channel `channel`; of the channel, if of both.
    pub(super) fn of(&self, channel: &str, column: &str) -> T {
        let named = |name: &str| self.given.iter().find(|(given, _)| given == name).map(|(_, value)| *value);
        named(channel).or_else(|| named(column)).unwrap_or(self.other)
    }

    /// A name that is none of these columns and channels.
    pub(super) fn stranger(&self, known: impl Fn(&str) -> bool) -> Option<&str> {
        self.given.iter().map(|(name, _)| name.as_str()).find(|name| !known(name))
    }
}

/// The class of residuals of a series; latencies are, unless something else is said.
#[derive(Clone, Copy)]
pub(super) struct ClassOf(pub(super) Class);

impl Default for ClassOf {
    fn default() -> Self {
        Self(Class::PlanRegression)
    }
}

/// The classes by the names that the option takes.
const CLASSES: [(&str, Class); 5] = [
    ("plan_regression", Class::PlanRegression),
    ("cardinality", Class::Cardinality),
    ("contention", Class::Contention),
    ("cache_io", Class::CacheIo),
    ("workload_phase", Class::WorkloadPhase),
];

pub(super) fn class(text: &str) -> Result<ClassOf, String> {
    match UnknownName::find("class", text, &CLASSES, |(name, _)| name) {
        Ok((_, class)) => Ok(ClassOf(class)),
        Err(unknown) => Err(unknown.to_string()),
    }
}

pub(super) fn side(text: &str) -> Result<Side, String> {
    let sides = [("both", Side::Both), ("up", Side::Up), ("down", Side::Down)];
    match UnknownName::find("side", text, &sides, |(name, _)| name) {
        Ok((_, side)) => Ok(side),
        Err(unknown) => Err(unknown.to_string()),
    }
}

/// Which cells of a column are missing: they are no value, and no fault.
#[derive(Clone, Copy, Default)]
pub(super) struct Missing {
    empty: bool,
    zero: bool,
}

impl Missing {
    /// The value of a cell; NaN if it is missing.
    pub(super) fn read(self, cell: Cell<'_>, construction: Construction) -> Result<f64, RowFault> {
        let value = if self.empty {
            cell.optional(|cell| cell.trimmed_finite(construction))?.unwrap_or(f64::NAN)
        } else {
            cell.trimmed_finite(construction)?
        };
        Ok(if self.zero && value == 0.0 { f64::NAN } else { value })
    }
}

pub(super) fn missing(text: &str) -> Result<Missing, String> {
    let kinds = [
        ("empty", Missing { empty: true, zero: false }),
        ("zero", Missing { empty: false, zero: true }),
        ("empty-or-zero", Missing { empty: true, zero: true }),
        ("none", Missing::default()),
    ];
    match UnknownName::find("kind of missing cells", text, &kinds, |(name, _)| name) {
        Ok((_, missing)) => Ok(missing),
        Err(unknown) => Err(unknown.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_a_channel_a_column_or_all_others() {
        let sides = PerSeries::parse(Some("up, cpu=down,db-1#cpu=both,a=b=up"), side).unwrap();
        for (channel, column, expected) in [
            ("db-1#cpu", "cpu", Side::Both),
            ("db-2#cpu", "cpu", Side::Down),
            ("db-2#mem", "mem", Side::Up),
            ("a=b", "a=b", Side::Up),
        ] {
            assert_eq!(sides.of(channel, column), expected, "{channel}");
        }
        assert_eq!(sides.stranger(|name| ["cpu", "db-1#cpu"].contains(&name)), Some("a=b"));
        assert_eq!(PerSeries::parse(None, side).unwrap().of("a", "a"), Side::Both);
        for wrong in ["upp", "cpu=", "", "up,"] {
            assert!(PerSeries::parse(Some(wrong), side).is_err(), "{wrong}");
        }
        assert_eq!(
            PerSeries::parse(Some("cpu=contenton"), class).err().unwrap(),
            "unknown class `contenton`; did you mean `contention`? known: plan_regression, cardinality, contention, \
             cache_io, workload_phase"
        );
    }
}
