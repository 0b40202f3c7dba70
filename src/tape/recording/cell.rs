//! The cells of a row, as a server gave them.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::residual::in_range;

/// One value of a row as the server gave it.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordedCell {
    /// SQL's NULL, or a number that is not finite.
    Null,
    /// A truth value.
    Bool(bool),
    /// Any integer type.
    Int(i64),
    /// Any floating-point type; finite.
    Float(f64),
    /// A name.
    Text(String),
}

/// No number is NaN, so that equality is one.
impl Eq for RecordedCell {}

impl Hash for RecordedCell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            // -0.0 is 0.0 here, too.
            Self::Float(value) => (value + 0.0).to_bits().hash(state),
            Self::Text(text) => text.hash(state),
        }
    }
}

impl RecordedCell {
    /// A floating-point number; one that arithmetic cannot be done with is no value.
    #[must_use]
    pub fn float(value: f64) -> Self {
        if in_range(value) { Self::Float(value) } else { Self::Null }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Serialize for RecordedCell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for RecordedCell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfCell;
        impl Visitor<'_> for OfCell {
            type Value = RecordedCell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, a truth value, a number or a text")
            }
            fn visit_unit<E>(self) -> Result<RecordedCell, E> {
                Ok(RecordedCell::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<RecordedCell, E> {
                Ok(RecordedCell::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<RecordedCell, E> {
                Ok(RecordedCell::Int(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<RecordedCell, E> {
                Ok(i64::try_from(value).map_or(RecordedCell::Float(value as f64), RecordedCell::Int))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<RecordedCell, E> {
                if in_range(value) {
                    return Ok(RecordedCell::Float(value));
                }
                Err(E::custom(format!("{value:?} is beyond ±1e100; arithmetic with it would overflow")))
            }
            fn visit_str<E>(self, text: &str) -> Result<RecordedCell, E> {
                Ok(RecordedCell::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(OfCell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_arithmetic_is_no_value() {
        assert_eq!(
            [f64::NAN, f64::INFINITY, 1e101].map(RecordedCell::float),
            [RecordedCell::Null, RecordedCell::Null, RecordedCell::Null]
        );
        assert_eq!(RecordedCell::float(-0.5), RecordedCell::Float(-0.5));
        assert!(serde_json::from_str::<RecordedCell>("1e101").unwrap_err().to_string().contains("beyond ±1e100"));
    }
}
