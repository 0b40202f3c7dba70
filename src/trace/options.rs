use super::postgres::Rules;
use super::{Construction, Dataset};
use crate::residual::{Math, number};

/// What decides the residuals of a trace, besides its bytes.
#[derive(Clone, Debug)]
pub struct Options {
    /// The format of the trace.
    pub dataset: Dataset,
    /// Which channels, baselines and windows.
    pub construction: Construction,
    /// Which logarithms.
    pub math: Math,
    /// Count what cannot be read by reason and go on, instead of failing at the first such row.
    pub lenient: bool,
    /// For [`Dataset::Generic`] only.
    pub generic: GenericColumns,
    /// For [`Dataset::Postgres`] only.
    pub rules: Rules,
    /// Hash the file while it is read. Decides no residual, but costs as much as reading.
    pub digest: bool,
    /// Take a trace that leaves no sample for what it is, instead of failing. Decides no residual.
    pub allow_empty: bool,
}

impl Options {
    /// The defaults for a data set: our own construction, portable logarithms, strict.
    #[must_use]
    pub fn new(dataset: Dataset) -> Self {
        Self {
            dataset,
            construction: Construction::default(),
            math: Math::default(),
            lenient: false,
            generic: GenericColumns::default(),
            rules: Rules::default(),
            digest: false,
            allow_empty: false,
        }
    }

    /// The canonical text that an experiment's chain hashes: sorted `key = value` lines, what is at its default left
    /// out, so that a new option changes no digest.
    #[must_use]
    pub fn canonical(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("dataset", self.dataset.name().to_owned())];
        if self.construction != Construction::default() {
            pairs.push(("channel", self.construction.name(self.dataset).to_owned()));
        }
        if self.math != Math::default() {
            pairs.push(("math", self.math.name().to_owned()));
        }
        if self.lenient {
            pairs.push(("lenient", "true".to_owned()));
        }
        let columns = &self.generic;
        let named = [("time-col", &columns.time), ("value-col", &columns.value), ("channel-col", &columns.channel)];
        pairs.extend(named.into_iter().filter_map(|(key, name)| Some((key, name.clone()?))));
        if columns.pre_residualized {
            pairs.push(("pre-residualized", "true".to_owned()));
        }
        let rules = self.rules.entries().into_iter().zip(Rules::default().entries());
        pairs
            .extend(rules.filter(|(set, default)| set != default).map(|((name, value), _)| (name, number_text(value))));
        pairs.sort();
        pairs
    }
}

/// The text of a parameter, as tables have it.
fn number_text(value: f64) -> String {
    let mut text = Vec::new();
    number::write_table(&mut text, value);
    String::from_utf8_lossy(&text).into_owned()
}

/// Which columns of a generic CSV mean what; what is not named is found by the construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GenericColumns {
    /// Header of the time column, in seconds.
    pub time: Option<String>,
    /// Header of the value column.
    pub value: Option<String>,
    /// Header of the channel column.
    pub channel: Option<String>,
    /// The values are residuals already, of class plan regression.
    pub pre_residualized: bool,
}
