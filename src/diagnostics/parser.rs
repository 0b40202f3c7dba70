//! The messages of parsers, as they stand in our errors.

use super::UnknownName;

/// What a parser says at a line and a column: without the place, which stands in our errors already, and in their grammar.
#[must_use]
pub fn problem_of_parser(message: &str, line: usize, column: usize) -> String {
    let place = format!(" at line {line} column {column}");
    reword_unknown_name(message.strip_suffix(&place).unwrap_or(message))
}

/// A message of serde, as an [`UnknownName`] if it is about an unknown key or value, whatever stands before it.
///
/// The texts are those of `unknown_field` and `unknown_variant` of [`serde::de::Error`]; a test holds them against serde.
#[must_use]
pub fn reword_unknown_name(message: &str) -> String {
    let reword = |serde: &str, what| {
        let (before, rest) = message.split_once(serde)?;
        let (name, known) = rest.split_once("`, expected ")?;
        let known = known.strip_suffix('`')?;
        // Every second part stands between backticks.
        let unknown = UnknownName::new(what, name, known.split('`').skip(1).step_by(2));
        Some(format!("{before}{unknown}"))
    };
    let reworded = reword("unknown field `", "key").or_else(|| reword("unknown variant `", "value"));
    reworded.unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Three {
        first: Option<u8>,
        second: Option<u8>,
        third: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Two {
        First,
        Second,
    }

    #[test]
    fn what_serde_says_of_unknown_keys_and_values_is_reworded() {
        fn told<T: serde::de::DeserializeOwned + fmt::Debug>(json: &str) -> String {
            let error = serde_json::from_str::<T>(json).unwrap_err();
            problem_of_parser(&error.to_string(), error.line(), error.column())
        }
        assert_eq!(
            told::<Three>(r#"{"frist": 1}"#),
            "unknown key `frist`; did you mean `first`? known: first, second, third"
        );
        assert_eq!(told::<Nothing>(r#"{"x": 1}"#), "unknown field `x`, there are no fields");
        assert_eq!(told::<Two>(r#""secnod""#), "unknown value `secnod`; did you mean `second`? known: first, second");
        assert_eq!(told::<Three>(r#"{"first": "1"}"#), r#"invalid type: string "1", expected u8"#);
    }
}
