//! The table `[convert]` of an experiment file. Its keys are those of every trace, and those that adapters declare.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

use super::FileProblem;
use super::located::Located;
use crate::residual::Math;
use crate::trace::{Dataset, OptionKind, OptionSpec, Options, Spelling, enumerate};

const CONSTRUCTION: &str = "construction";

/// What `construction` was called once; it still means that, and is hashed under this name.
const OLD_CONSTRUCTION: &str = "channel";

/// The column of channels, for which the old name of the construction may be meant.
const CHANNEL_COL: &str = "channel_col";
const MATH: &str = "math";
const LENIENT: &str = "lenient";

static KEYS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let own = OptionSpec::all().into_iter().map(|option| option.key);
    [CONSTRUCTION, MATH, LENIENT].into_iter().chain(own).collect()
});

/// How a trace is converted, as the file says it.
#[derive(Default)]
pub(super) struct Convert {
    construction: Option<Spanned<String>>,
    /// Whether it was called [`OLD_CONSTRUCTION`].
    is_old_name: bool,
    math: Math,
    lenient: bool,
    own: Vec<Given>,
}

/// An option of an adapter.
struct Given {
    option: &'static OptionSpec,
    value: Value,
}

enum Value {
    Text(Spanned<QuotedText>),
    Switch(Spanned<bool>),
    Numbers(Spanned<BTreeMap<String, Spanned<f64>>>),
}

impl Value {
    /// Where it stands.
    fn start(&self) -> usize {
        match self {
            Self::Text(text) => text.span().start,
            Self::Switch(given) => given.span().start,
            Self::Numbers(numbers) => numbers.span().start,
        }
    }
}

impl Convert {
    /// How a trace of `dataset` is converted.
    pub(super) fn options(self, dataset: Dataset) -> Result<Options, Located> {
        let mut options = Options { math: self.math, lenient: self.lenient, ..Options::new(dataset) };
        if let Some(name) = &self.construction {
            let has_channels = || dataset.about().options.iter().any(|option| option.key == CHANNEL_COL);
            options.construction = dataset.construction(name.get_ref()).map_err(|unknown| {
                let problem = if self.is_old_name && has_channels() {
                    FileProblem::OldConstruction { unknown, column_key: CHANNEL_COL, name: name.get_ref().clone() }
                } else {
                    unknown.into()
                };
                Located::at_byte(name.span().start, problem)
            })?;
        }
        for Given { option, value } in self.own {
            let at = value.start();
            let option = option.of(dataset, Spelling::Key).map_err(|error| Located::at_byte(at, error))?;
            match (value, option.kind) {
                (Value::Text(text), OptionKind::Text { check, .. }) => {
                    let text = quoted(option, text.into_inner(), |text| check(text).is_ok());
                    let text = text.map_err(|problem| Located::at_byte(at, problem))?;
                    let outcome = options.values.set_text(option, check, text);
                    outcome.map_err(|error| Located::at_byte(at, error))?;
                }
                (Value::Text(text), OptionKind::Word { read, .. }) => {
                    let text = quoted(option, text.into_inner(), |text| read(text).is_ok());
                    let text = text.map_err(|problem| Located::at_byte(at, problem))?;
                    let outcome = options.values.set_word(option, read, &text);
                    outcome.map_err(|error| Located::at_byte(at, error))?;
                }
                (Value::Switch(given), _) => options.values.set_switch(option, given.into_inner()),
                (Value::Numbers(numbers), OptionKind::Numbers { set, .. }) => {
                    for (name, value) in numbers.get_ref() {
                        let outcome = options.values.set_number(option, set, name, *value.get_ref());
                        outcome.map_err(|error| Located::at_byte(value.span().start, error))?;
                    }
                }
                (Value::Text(_) | Value::Numbers(_), _) => {
                    unreachable!("options of one key take the same in all data sets")
                }
            }
        }
        Ok(options)
    }
}

/// The value of an option that takes a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum QuotedText {
    Quoted(String),
    /// Something else, which lacks its quotes.
    Bare(toml::Value),
}

/// The text; where it lacks its quotes, what to write: the value itself, or the offset that a number of hours is.
fn quoted(option: &OptionSpec, text: QuotedText, is_right: impl Fn(&str) -> bool) -> Result<String, FileProblem> {
    let value = match text {
        QuotedText::Quoted(text) => return Ok(text),
        QuotedText::Bare(value) => value,
    };
    let hours = value.as_integer().map(|hours| format!("{hours:+03}:00"));
    let right = [Some(value.to_string()), hours].into_iter().flatten().find(|text| is_right(text));
    Err(FileProblem::NoQuotes { key: option.key, value: value.to_string(), right })
}

/// A key of the table; any other one is an error at its place.
enum Key {
    Construction { is_old_name: bool },
    Math,
    Lenient,
    Own(&'static OptionSpec),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        Ok(match key.as_str() {
            CONSTRUCTION => Self::Construction { is_old_name: false },
            OLD_CONSTRUCTION => Self::Construction { is_old_name: true },
            MATH => Self::Math,
            LENIENT => Self::Lenient,
            other => match OptionSpec::all().into_iter().find(|option| option.key == other) {
                Some(option) => Self::Own(option),
                None => return Err(D::Error::unknown_field(other, &KEYS)),
            },
        })
    }
}

impl<'de> Deserialize<'de> for Convert {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Convert;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table of how the trace is converted")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Convert, A::Error> {
                let mut convert = Convert::default();
                while let Some(key) = table.next_key()? {
                    match key {
                        Key::Construction { .. } if convert.construction.is_some() => {
                            return Err(A::Error::custom(
                                "`channel` is the old name of `construction`; give one of them",
                            ));
                        }
                        Key::Construction { is_old_name } => {
                            convert.construction = Some(table.next_value()?);
                            convert.is_old_name = is_old_name;
                        }
                        Key::Math => convert.math = table.next_value()?,
                        Key::Lenient => convert.lenient = table.next_value()?,
                        Key::Own(option) => {
                            let value = match option.kind {
                                OptionKind::Text { .. } | OptionKind::Word { .. } => Value::Text(table.next_value()?),
                                OptionKind::Switch => Value::Switch(table.next_value()?),
                                OptionKind::Numbers { .. } => Value::Numbers(table.next_value()?),
                            };
                            convert.own.push(Given { option, value });
                        }
                    }
                }
                Ok(convert)
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

impl JsonSchema for Convert {
    fn schema_name() -> Cow<'static, str> {
        "Convert".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let construction = schemars::json_schema!({
            "description": "Which channels, baselines and windows; each data set has its own.",
            "type": "string",
        });
        let mut properties = serde_json::Map::new();
        properties.insert(CONSTRUCTION.to_owned(), construction.to_value());
        let old = schemars::json_schema!({
            "description": "The old name of `construction`.",
            "type": "string",
            "deprecated": true,
        });
        properties.insert(OLD_CONSTRUCTION.to_owned(), old.to_value());
        properties.insert(MATH.to_owned(), generator.subschema_for::<Math>().to_value());
        properties.insert(LENIENT.to_owned(), generator.subschema_for::<bool>().to_value());
        for option in OptionSpec::all() {
            let names: Vec<String> = option.datasets().into_iter().map(|dataset| dataset.to_string()).collect();
            let description = format!("{}; of {} only.", option.help, enumerate(&names));
            let mut schema = match option.kind {
                OptionKind::Text { .. } | OptionKind::Word { .. } => schemars::json_schema!({ "type": "string" }),
                OptionKind::Switch => schemars::json_schema!({ "type": "boolean" }),
                OptionKind::Numbers { .. } => {
                    schemars::json_schema!({ "type": "object", "additionalProperties": { "type": "number" } })
                }
            };
            schema.insert("description".to_owned(), description.into());
            properties.insert(option.key.to_owned(), schema.to_value());
        }
        schemars::json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}
