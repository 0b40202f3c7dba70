//! What is looked at of a JSON text: strings and numbers, and the members of objects by name.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::trace::read::shown;

/// A value that should be a text or a whole number; whatever else it is, is an error only where it is needed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// It is not there, or null.
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Whole(u64),
    Negative(i64),
    /// A whole number that stood there as one with a fraction or exponent and may have been rounded: a time, but no name.
    Rounded(u64),
    /// Something else, as an error shows it.
    Other(String),
}

/// 2^53: whole numbers below it are exact in 64 bits of floating point.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<'a> Scalar<'a> {
    /// The value as a name. An empty one is none.
    pub(super) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) if !text.trim_ascii().is_empty() => Some(text),
            Self::Whole(number) => Some(number.to_string().into()),
            Self::Negative(number) => Some(number.to_string().into()),
            Self::Text(_) | Self::Absent | Self::Rounded(_) | Self::Other(_) => None,
        }
    }

    /// The value as a whole number, which may stand in a string, as OTLP writes all of 64 bits; `Err` is what stands there.
    pub(super) fn whole(&self) -> Result<Option<u64>, String> {
        match self {
            Self::Absent => Ok(None),
            Self::Whole(number) | Self::Rounded(number) => Ok(Some(*number)),
            Self::Text(text) if text.is_empty() => Ok(None),
            Self::Text(text) => match text.trim_ascii().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(shown(text)),
            },
            Self::Negative(number) => Err(number.to_string()),
            Self::Other(text) => Err(text.clone()),
        }
    }

    /// Whether it is the status `ERROR`, by number or by name.
    pub(super) fn is_error_status(&self) -> bool {
        match self {
            Self::Whole(code) => *code == 2,
            Self::Text(code) => matches!(code.as_ref(), "ERROR" | "Error" | "STATUS_CODE_ERROR" | "2"),
            Self::Absent | Self::Negative(_) | Self::Rounded(_) | Self::Other(_) => false,
        }
    }
}

/// Values of OTLP stand in an object whose one key says what they are.
const VALUES: &[(&str, ())] = &[
    ("stringValue", ()),
    ("intValue", ()),
    ("boolValue", ()),
    ("doubleValue", ()),
    ("string_value", ()),
    ("int_value", ()),
    ("bool_value", ()),
    ("double_value", ()),
];

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Member(VALUES).deserialize(deserializer)
    }
}

/// Reads a scalar, or that member of an object that has one of these names.
#[derive(Clone, Copy)]
pub(super) struct Member(pub(super) &'static [(&'static str, ())]);

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Scalar<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Absent)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Whole(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(u64::try_from(value).map_or(Scalar::Negative(value), Scalar::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar<'de>, E> {
        // A whole number may be written like `1.7e18`.
        let is_whole = (0.0..18_446_744_073_709_551_616.0).contains(&value) && value.fract() == 0.0;
        Ok(match is_whole {
            true if value < EXACT => Scalar::Whole(value as u64),
            true => Scalar::Rounded(value as u64),
            false => Scalar::Other(value.to_string()),
        })
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Scalar<'de>, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("a list".to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Scalar<'de>, A::Error> {
        let mut found = Scalar::Absent;
        while let Some(is_value) = members.next_key_seed(Lookup(self.0))? {
            if is_value.is_some() {
                found = members.next_value_seed(self)?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Reads the key of a member without keeping it: what it stands for, if it is one of these.
pub(super) struct Lookup<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<'de, T: Copy> DeserializeSeed<'de> for Lookup<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T: Copy> Visitor<'_> for Lookup<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<T>, E> {
        // Most names of one length differ in their last byte.
        let last = key.as_bytes().last();
        let is_it = |name: &str| name.len() == key.len() && name.as_bytes().last() == last && name == key;
        Ok(self.0.iter().find(|(name, _)| is_it(name)).map(|(_, value)| *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_read_from_whatever_stands_there() {
        for (text, whole, name) in [
            ("null", Ok(None), None),
            ("7", Ok(Some(7)), Some("7")),
            (r#""18446744073709551615""#, Ok(Some(u64::MAX)), Some("18446744073709551615")),
            (r#""18446744073709551616""#, Err("18446744073709551616"), Some("18446744073709551616")),
            ("1.5e3", Ok(Some(1500)), Some("1500")),
            ("1.5", Err("1.5"), None),
            ("6123456789012345678.0", Ok(Some(6_123_456_789_012_345_856)), None),
            ("-3", Err("-3"), Some("-3")),
            ("true", Err("true"), Some("true")),
            ("\" \"", Err(" "), None),
            (r#""a\nb""#, Err("a\nb"), Some("a\nb")),
            ("[1,[2]]", Err("a list"), None),
            (r#"{"intValue":"12"}"#, Ok(Some(12)), Some("12")),
            (r#"{"x":{"intValue":1},"string_value":"s"}"#, Err("s"), Some("s")),
            (r#"{"arrayValue":{"values":[{"stringValue":"a"}]}}"#, Ok(None), None),
        ] {
            let scalar: Scalar<'_> = serde_json::from_str(text).unwrap();
            assert_eq!(scalar.whole(), whole.map_err(str::to_owned), "{text}");
            assert_eq!(scalar.into_text().as_deref(), name, "{text}");
        }
    }
}
