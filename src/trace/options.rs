use super::adapter::Construction;
use super::adapters::Dataset;
use super::option::{OptionError, OptionSpec, OptionValues, Spelling};
use crate::diagnostics::UnknownName;
use crate::residual::Math;

/// What decides the residuals of a trace, besides its bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The format of the trace.
    pub dataset: Dataset,
    /// Which channels, baselines and windows.
    pub construction: Construction,
    /// Which logarithms.
    pub math: Math,
    /// Count what cannot be read by reason and go on, instead of failing at the first such row.
    pub lenient: bool,
    /// Options that only this data set has.
    pub values: OptionValues,
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
            construction: dataset.default_construction(),
            math: Math::default(),
            lenient: false,
            values: OptionValues::default(),
            digest: false,
            allow_empty: false,
        }
    }

    /// The same with another construction.
    #[must_use]
    pub fn with_construction(self, construction: Construction) -> Self {
        Self { construction, ..self }
    }

    /// The same with other logarithms.
    #[must_use]
    pub fn with_math(self, math: Math) -> Self {
        Self { math, ..self }
    }

    /// The same, and the trace is hashed while it is read.
    #[must_use]
    pub fn with_digest(self) -> Self {
        Self { digest: true, ..self }
    }

    /// Sets an option of the data set by its flag, without the dashes: a switch to `true` or `false`, a number by name as
    /// in `pool_s=5`.
    ///
    /// # Errors
    /// When the data set has no such option, or it takes another value.
    pub fn set(&mut self, flag: &str, value: &str) -> Result<(), OptionError> {
        let option = UnknownName::find("option", flag, &OptionSpec::all(), |option| option.flag)?;
        self.values.set(option.of(self.dataset, Spelling::Flag)?, value)
    }

    /// An error if an option is set that the construction does not read.
    ///
    /// # Errors
    /// When one is: it would be hashed, and decide nothing.
    pub fn check_effects(&self) -> Result<(), OptionError> {
        let ignored = self.dataset.adapter().without_effect(self.construction);
        match ignored.iter().find(|option| self.values.is_set(option)) {
            None => Ok(()),
            Some(OptionSpec { flag, .. }) => {
                Err(OptionError::NoEffect { flag, construction: self.construction, dataset: self.dataset })
            }
        }
    }

    /// The canonical text that an experiment's chain hashes: sorted `key = value` lines, what is at its default left
    /// out, so that a new option changes no digest. The construction is hashed under its old key, `channel`.
    #[must_use]
    pub fn canonical(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("dataset", self.dataset.name().to_owned())];
        if self.construction != self.dataset.default_construction() {
            pairs.push(("channel", self.construction.name().to_owned()));
        }
        if self.math != Math::default() {
            pairs.push(("math", self.math.name().to_owned()));
        }
        if self.lenient {
            pairs.push(("lenient", "true".to_owned()));
        }
        pairs.extend(self.values.canonical());
        pairs.sort();
        pairs
    }
}
