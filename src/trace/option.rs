//! Options of one adapter: declared by it, and set, refused and hashed here for all of them.

use std::collections::BTreeMap;

use super::adapter::Construction;
use super::adapters::{ADAPTERS, Dataset};
use super::rules::RuleError;
use crate::diagnostics::{Diagnose, FailureKind, Place, UnknownName};
use crate::residual::number;

/// An option that only some data sets have.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its flag, without the dashes. A text or a switch is hashed under it.
    pub flag: &'static str,
    /// Its key in the table `[convert]` of an experiment file.
    pub key: &'static str,
    /// What it does; imperative, without a full stop.
    pub help: &'static str,
    /// What it takes.
    pub kind: OptionKind,
}

/// What an option takes.
#[derive(Clone, Copy, Debug)]
pub enum OptionKind {
    /// A text.
    Text {
        /// What stands for it in help texts, such as `HEADER`.
        value_name: &'static str,
        /// Says what would be right, if a text is not.
        check: CheckText,
    },
    /// A word of a few, which may be spelt in several ways; it is hashed as `read` gives it.
    Word {
        /// What stands for it in help texts, such as `UNIT`.
        value_name: &'static str,
        /// Gives the word, or says what would be right.
        read: ReadWord,
    },
    /// Nothing: it is given, or it is not.
    Switch,
    /// Numbers by name; each is hashed under its own name.
    Numbers {
        /// One that can be given, such as `pool_s=5`.
        example: &'static str,
        /// Checks a number and sets it among the others.
        set: SetNumber,
    },
}

/// Whether a text can be set; if not, what would be right.
pub type CheckText = fn(&str) -> Result<(), String>;

/// The one spelling of a word; if it is none, what would be right.
pub type ReadWord = fn(&str) -> Result<&'static str, String>;

/// Sets a number by name, or says why it cannot be set. One at its default must not stay among the others, so that a new
/// number changes no digest.
pub type SetNumber = fn(&mut BTreeMap<&'static str, f64>, &str, f64) -> Result<(), RuleError>;

/// What the option `rule` of several data sets does.
pub(super) const RULES_HELP: &str = "Change a rule by which residuals are made";

/// Where an option is given: messages call it by the name that it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// On the command line.
    Flag,
    /// In an experiment file.
    Key,
}

impl OptionSpec {
    /// All options of all data sets, each once.
    #[must_use]
    pub fn all() -> Vec<&'static Self> {
        let mut all: Vec<&'static Self> = Vec::new();
        for option in ADAPTERS.iter().flat_map(|adapter| adapter.about().options) {
            if !all.iter().any(|other| other.flag == option.flag) {
                all.push(option);
            }
        }
        all
    }

    /// The data sets that have it.
    #[must_use]
    pub fn datasets(&self) -> Vec<Dataset> {
        let has = |dataset: &Dataset| dataset.about().options.iter().any(|option| option.flag == self.flag);
        Dataset::ALL.into_iter().filter(has).collect()
    }

    /// The option of this flag that `dataset` has: what it takes may be of its own, such as which rules there are.
    ///
    /// # Errors
    /// When it is an option of other data sets.
    pub fn of(&self, dataset: Dataset, spelling: Spelling) -> Result<&'static Self, OptionError> {
        if let Some(own) = dataset.about().options.iter().find(|option| option.flag == self.flag) {
            return Ok(own);
        }
        let datasets = self.datasets();
        let name = match spelling {
            Spelling::Flag => format!("--{}", self.flag),
            Spelling::Key => self.key.to_owned(),
        };
        let owners: Vec<String> = datasets.into_iter().map(|dataset| format!("`{dataset}`")).collect();
        Err(OptionError::OtherDataset { name, owners: enumerate(&owners), dataset })
    }
}

/// Names as a sentence lists them: `a`, `b` and `c`.
#[must_use]
pub fn enumerate(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

/// An option that cannot be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// No data set has it.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Another data set has it.
    #[error("`{name}` is an option of {owners}, not of `{dataset}`")]
    OtherDataset {
        /// The option, as it was given.
        name: String,
        /// The data sets that have it.
        owners: String,
        /// The one that was asked for.
        dataset: Dataset,
    },
    /// The construction does not read it.
    #[error("option `{flag}` has no effect in the construction `{construction}` of `{dataset}`; leave it out")]
    NoEffect {
        /// Its flag, without the dashes.
        flag: &'static str,
        /// The construction.
        construction: Construction,
        /// The data set.
        dataset: Dataset,
    },
    /// It is not what the option takes.
    #[error("`{value}` is not {expected}")]
    Value {
        /// What was given.
        value: String,
        /// What would be right. In the words of the option, which alone knows what its texts mean.
        expected: String,
    },
    /// There is no such number, or it is out of range.
    #[error(transparent)]
    Number(#[from] RuleError),
}

impl Diagnose for OptionError {
    fn kind(&self) -> FailureKind {
        FailureKind::Usage
    }

    fn place(&self) -> Option<Place> {
        None
    }
}

/// What the options of one data set are set to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptionValues(BTreeMap<&'static str, OptionValue>);

#[derive(Clone, Debug, PartialEq)]
enum OptionValue {
    Text(String),
    Switch,
    Numbers(BTreeMap<&'static str, f64>),
}

impl OptionValues {
    /// Sets an option to a text: of a switch `true` or `false`, of a number its name and value as in `pool_s=5`.
    pub(super) fn set(&mut self, option: &'static OptionSpec, value: &str) -> Result<(), OptionError> {
        let wrong = |expected: String| OptionError::Value { value: value.to_owned(), expected };
        match option.kind {
            OptionKind::Text { check, .. } => self.set_text(option, check, value.to_owned())?,
            OptionKind::Word { read, .. } => self.set_word(option, read, value)?,
            OptionKind::Switch => {
                let given = value.parse().map_err(|_| wrong("`true` or `false`".to_owned()))?;
                self.set_switch(option, given);
            }
            OptionKind::Numbers { example, set } => {
                let given = value.split_once('=').and_then(|(name, value)| Some((name, value.parse().ok()?)));
                let flag = option.flag;
                let (name, value) = given.ok_or_else(|| wrong(format!("NAME=NUMBER; write --{flag} {example}")))?;
                self.set_number(option, set, name, value)?;
            }
        }
        Ok(())
    }

    pub(crate) fn set_text(
        &mut self,
        option: &'static OptionSpec,
        check: CheckText,
        text: String,
    ) -> Result<(), OptionError> {
        match check(&text) {
            Ok(()) => self.0.insert(option.flag, OptionValue::Text(text)),
            Err(expected) => return Err(OptionError::Value { value: text, expected }),
        };
        Ok(())
    }

    pub(crate) fn set_word(
        &mut self,
        option: &'static OptionSpec,
        read: ReadWord,
        text: &str,
    ) -> Result<(), OptionError> {
        let word = read(text).map_err(|expected| OptionError::Value { value: text.to_owned(), expected })?;
        self.0.insert(option.flag, OptionValue::Text(word.to_owned()));
        Ok(())
    }

    pub(crate) fn set_switch(&mut self, option: &'static OptionSpec, given: bool) {
        if given {
            self.0.insert(option.flag, OptionValue::Switch);
        } else {
            self.0.remove(option.flag);
        }
    }

    pub(crate) fn set_number(
        &mut self,
        option: &'static OptionSpec,
        set: SetNumber,
        name: &str,
        value: f64,
    ) -> Result<(), OptionError> {
        let mut numbers: BTreeMap<_, _> = self.numbers(option).collect();
        set(&mut numbers, name, value)?;
        self.0.insert(option.flag, OptionValue::Numbers(numbers));
        Ok(())
    }

    /// The text that an option is set to.
    pub(super) fn text(&self, option: &OptionSpec) -> Option<&str> {
        match self.0.get(option.flag) {
            Some(OptionValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether an option is set to anything.
    pub(super) fn is_set(&self, option: &OptionSpec) -> bool {
        self.0.contains_key(option.flag)
    }

    /// Whether a switch is given.
    pub(super) fn switch(&self, option: &OptionSpec) -> bool {
        matches!(self.0.get(option.flag), Some(OptionValue::Switch))
    }

    /// The numbers of an option that are not at their defaults, in order of name.
    pub(super) fn numbers(&self, option: &OptionSpec) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        let numbers = match self.0.get(option.flag) {
            Some(OptionValue::Numbers(numbers)) => numbers.clone(),
            _ => BTreeMap::new(),
        };
        numbers.into_iter()
    }

    /// What is hashed of them.
    pub(super) fn canonical(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.0.iter().flat_map(|(flag, value)| match value {
            OptionValue::Text(text) => vec![(*flag, text.clone())],
            OptionValue::Switch => vec![(*flag, "true".to_owned())],
            OptionValue::Numbers(numbers) => numbers.iter().map(|(name, value)| (*name, number_text(*value))).collect(),
        })
    }
}

/// The text of a number, as tables have it.
fn number_text(value: f64) -> String {
    let mut text = Vec::new();
    number::write_table(&mut text, value);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Options;

    #[test]
    fn an_option_of_one_data_set_is_refused_of_every_other_one() {
        for option in OptionSpec::all() {
            let owners = option.datasets();
            assert!(!owners.is_empty(), "{}", option.flag);
            for dataset in Dataset::ALL {
                let outcome = Options::new(dataset).set(option.flag, "true");
                let refused = matches!(outcome, Err(OptionError::OtherDataset { .. }));
                assert_eq!(refused, !owners.contains(&dataset), "{} of {dataset}", option.flag);
            }
        }
        assert_eq!(
            Options::new(Dataset::Job).set("time-col", "t").unwrap_err().to_string(),
            "`--time-col` is an option of `pgss` and `generic`, not of `job`"
        );
        assert!(Options::new(Dataset::Generic).set("time-cols", "t").is_err());
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        for (names, expected) in
            [(&[][..], ""), (&["a"], "a"), (&["a", "b"], "a and b"), (&["a", "b", "c"], "a, b and c")]
        {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(enumerate(&names), expected);
        }
    }

    /// One name, one meaning: the flag of one data set must not take something else than that of another.
    #[test]
    fn flags_and_keys_are_well_formed_and_mean_the_same_everywhere() {
        let kebab = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        for option in OptionSpec::all() {
            assert!(kebab(option.flag) && !option.help.ends_with('.'), "{option:?}");
            for other in ADAPTERS.iter().flat_map(|adapter| adapter.about().options) {
                let same_kind = std::mem::discriminant(&other.kind) == std::mem::discriminant(&option.kind);
                let same = (other.flag == option.flag, other.key == option.key);
                assert!(same == (false, false) || same == (true, true) && same_kind, "{option:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_word_is_hashed_in_one_spelling() {
        let hashed = |flag: &str, value: &str| {
            let mut options = Options::new(Dataset::Generic);
            options.set(flag, value).unwrap();
            options.canonical()
        };
        for (flag, spellings) in [
            ("delimiter", &["tab", "\\t", "\t"][..]),
            ("delimiter", &[";", "semicolon"]),
            ("delimiter", &["|", "pipe"]),
            ("delimiter", &[",", "comma"]),
            ("time-unit", &["us", "µs"]),
        ] {
            for spelling in spellings {
                assert_eq!(hashed(flag, spelling), hashed(flag, spellings[0]), "{spelling:?}");
                assert!(hashed(flag, spelling).contains(&(flag, spellings[0].to_owned())), "{spelling:?}");
            }
        }
        let error = Options::new(Dataset::Generic).set("delimiter", "tabs").unwrap_err();
        assert_eq!(error.to_string(), "`tabs` is not a delimiter; it is `,`, `tab`, `;` or `|`");
    }

    #[test]
    fn the_canonical_text_has_what_is_not_at_its_default() {
        let mut options = Options::new(Dataset::Generic);
        for (flag, value) in [("value-col", "v"), ("time-col", "t"), ("pre-residualized", "true")] {
            options.set(flag, value).unwrap();
        }
        let text = |options: &Options| -> Vec<String> {
            options.canonical().into_iter().map(|(key, value)| format!("{key} = {value}")).collect()
        };
        assert_eq!(text(&options), ["dataset = generic", "pre-residualized = true", "time-col = t", "value-col = v"]);
        options.set("pre-residualized", "false").unwrap();
        assert_eq!(text(&options), ["dataset = generic", "time-col = t", "value-col = v"]);
        let mut options = Options::new(Dataset::Postgres);
        for rule in ["pool_s=5", "history_s=30", "adopt_s=12.5"] {
            options.set("rule", rule).unwrap();
        }
        assert_eq!(text(&options), ["adopt_s = 12.5", "dataset = postgres", "pool_s = 5"]);
        options.set("rule", "pool_s=3").unwrap();
        assert_eq!(text(&options), ["adopt_s = 12.5", "dataset = postgres"]);
        assert!(options.set("rule", "pool_s").unwrap_err().to_string().ends_with("write --rule pool_s=5"));
        assert_eq!(
            options.set("rule", "pool_s=-1").unwrap_err().to_string(),
            "-1 is out of range: 0 <= pool_s <= 3600"
        );
    }
}
