//! Cells of formats whose columns have types: they are read as what they are, and written as text only where an adapter asks for
//! text.

use std::fmt::Write as _;
use std::sync::OnceLock;

use super::number::parse_number;
use super::time::{Dated, date_text};

/// Beyond it, a double is no longer every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The powers of ten that a double has exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The values of a column, in order of row.
#[derive(Debug, PartialEq)]
pub(super) enum TypedValues {
    /// None is known.
    Unknown,
    Whole(Vec<i64>),
    Unsigned(Vec<u64>),
    Double(Vec<f64>),
    Single(Vec<f32>),
    /// Whole numbers of the unit that so many decimals make.
    Decimal(Vec<i128>, usize),
    Truth(Vec<bool>),
    /// In microseconds since 1970.
    Time {
        us: Vec<i64>,
        has_offset: bool,
    },
}

/// A column of some rows.
#[derive(Debug)]
pub(super) struct TypedColumn {
    values: TypedValues,
    /// Which rows have none, if any has none.
    nulls: Option<Vec<bool>>,
    texts: OnceLock<Texts>,
}

/// The texts of a column, one after the other.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

/// A cell of such a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Typed<'r> {
    column: &'r TypedColumn,
    row: usize,
}

impl TypedColumn {
    pub(super) fn new(values: TypedValues, nulls: Option<Vec<bool>>) -> Self {
        Self { values, nulls, texts: OnceLock::new() }
    }

    pub(super) fn cell(&self, row: usize) -> Typed<'_> {
        Typed { column: self, row }
    }

    fn len(&self) -> usize {
        match &self.values {
            TypedValues::Unknown => 0,
            TypedValues::Whole(values) => values.len(),
            TypedValues::Unsigned(values) => values.len(),
            TypedValues::Double(values) => values.len(),
            TypedValues::Single(values) => values.len(),
            TypedValues::Decimal(values, _) => values.len(),
            TypedValues::Truth(values) => values.len(),
            TypedValues::Time { us, .. } => us.len(),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        matches!(self.values, TypedValues::Unknown) || self.nulls.as_ref().is_some_and(|nulls| nulls[row])
    }

    fn write(&self, out: &mut String, row: usize) {
        let written = match &self.values {
            TypedValues::Unknown => Ok(()),
            TypedValues::Whole(values) => write!(out, "{}", values[row]),
            TypedValues::Unsigned(values) => write!(out, "{}", values[row]),
            // Beyond the whole numbers that it tells apart, a double is written with an exponent, by which whoever takes it for an
            // identifier sees that it is rounded.
            TypedValues::Double(values) if is_rounded(values[row]) => {
                write!(out, "{}", exponent(&format!("{:E}", values[row])))
            }
            TypedValues::Double(values) => write!(out, "{}", values[row]),
            TypedValues::Single(values) if is_rounded(values[row].into()) => {
                write!(out, "{}", exponent(&format!("{:E}", values[row])))
            }
            TypedValues::Single(values) => write!(out, "{}", values[row]),
            TypedValues::Decimal(values, scale) => return write_decimal(out, values[row], *scale),
            TypedValues::Truth(values) => write!(out, "{}", values[row]),
            TypedValues::Time { us, has_offset } => {
                let text = date_text(us[row]);
                write!(out, "{}", if *has_offset { &text } else { text.trim_end_matches('Z') })
            }
        };
        written.expect("a String takes every write");
    }
}

fn is_rounded(value: f64) -> bool {
    value.is_finite() && value.abs() >= EXACT
}

fn exponent(text: &str) -> String {
    text.replace('E', "E+")
}

fn write_decimal(out: &mut String, value: i128, scale: usize) {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if value < 0 {
        out.push('-');
    }
    out.push_str(whole);
    if scale > 0 {
        out.push('.');
        out.push_str(fraction);
    }
}

impl<'r> Typed<'r> {
    pub(super) fn is_null(self) -> bool {
        self.column.is_null(self.row)
    }

    /// Its text, as a CSV would have it; of one that is not known, nothing.
    pub(super) fn text(self) -> &'r str {
        if self.is_null() {
            return "";
        }
        let texts = self.column.texts.get_or_init(|| {
            let mut texts = Texts::default();
            for row in 0..self.column.len() {
                if !self.column.is_null(row) {
                    self.column.write(&mut texts.text, row);
                }
                texts.ends.push(texts.text.len());
            }
            texts
        });
        let start = self.row.checked_sub(1).map_or(0, |before| texts.ends[before]);
        &texts.text[start..texts.ends[self.row]]
    }

    /// Whether it is the number 0.
    pub(super) fn is_zero(self) -> bool {
        match &self.column.values {
            TypedValues::Whole(values) => values[self.row] == 0 && !self.is_null(),
            _ => self.number() == Some(0.0),
        }
    }

    /// The nearest double, if it is a number: the same as that of its text.
    pub(super) fn number(self) -> Option<f64> {
        if self.is_null() {
            return None;
        }
        match &self.column.values {
            TypedValues::Whole(values) => Some(values[self.row] as f64),
            TypedValues::Unsigned(values) => Some(values[self.row] as f64),
            TypedValues::Double(values) => Some(values[self.row]),
            TypedValues::Single(values) => {
                let value = values[self.row];
                let is_small = value.fract() == 0.0 && value.abs() <= 16_777_216.0;
                if is_small || !value.is_finite() { Some(f64::from(value)) } else { parse_number(&value.to_string()) }
            }
            TypedValues::Decimal(values, scale) => {
                let number = values[self.row] as f64;
                match POWERS.get(*scale) {
                    // Both are exact, so that the division is rounded once.
                    Some(power) if number.abs() < EXACT => Some(number / power),
                    _ => parse_number(self.text()),
                }
            }
            TypedValues::Truth(_) | TypedValues::Time { .. } | TypedValues::Unknown => None,
        }
    }

    /// The whole number that it is, if it is one that is not negative.
    pub(super) fn whole(self) -> Option<u64> {
        if self.is_null() {
            return None;
        }
        match &self.column.values {
            TypedValues::Whole(values) => u64::try_from(values[self.row]).ok(),
            TypedValues::Unsigned(values) => Some(values[self.row]),
            TypedValues::Decimal(values, scale) => {
                let unit = 10_i128.checked_pow(u32::try_from(*scale).ok()?)?;
                let value = values[self.row];
                if value % unit == 0 { u64::try_from(value / unit).ok() } else { None }
            }
            TypedValues::Double(_) | TypedValues::Single(_) => {
                let number = self.number()?;
                (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
            }
            TypedValues::Truth(_) | TypedValues::Time { .. } | TypedValues::Unknown => None,
        }
    }

    /// The date and time that it is, if it is one.
    pub(super) fn date(self) -> Option<Dated> {
        match &self.column.values {
            TypedValues::Time { us, has_offset } if !self.is_null() => {
                Some(Dated { us: us[self.row], has_offset: *has_offset })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_that_of_its_text() {
        for values in [
            TypedValues::Whole(vec![0, -1, i64::MAX, i64::MIN, 9_007_199_254_740_993]),
            TypedValues::Unsigned(vec![0, u64::MAX]),
            TypedValues::Double(vec![0.1, -0.0, 12.0, 1e300, 5e-324, 9_007_199_254_740_992.0]),
            TypedValues::Single(vec![0.1, 16_777_216.0, 3.4e38, 1e-40, -2.5, 5e15]),
            TypedValues::Decimal(vec![0, 5, -5, 123_456, 10_i128.pow(37), -(10_i128.pow(37)) + 1], 4),
            TypedValues::Decimal(vec![1, 9_007_199_254_740_991, 12_345_678_901_234_567], 0),
            TypedValues::Decimal(vec![1, 123], 30),
        ] {
            let column = TypedColumn::new(values, None);
            for row in 0..column.len() {
                let cell = column.cell(row);
                let expected = parse_number(cell.text()).unwrap();
                assert_eq!(cell.number().map(f64::to_bits), Some(expected.to_bits()), "{}", cell.text());
            }
        }
    }

    #[test]
    fn texts_are_those_of_a_csv() {
        for (values, expected) in [
            (TypedValues::Whole(vec![-7, 12]), ["-7", "12"]),
            (TypedValues::Double(vec![12.0, 1.5]), ["12", "1.5"]),
            (TypedValues::Double(vec![1.5e17, f64::NAN]), ["1.5E+17", "NaN"]),
            (TypedValues::Decimal(vec![-5, 1234], 2), ["-0.05", "12.34"]),
            (TypedValues::Truth(vec![true, false]), ["true", "false"]),
            (
                TypedValues::Time { us: vec![0, 1_500_000], has_offset: true },
                ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01.500000Z"],
            ),
            (
                TypedValues::Time { us: vec![0, 1_500_000], has_offset: false },
                ["1970-01-01T00:00:00", "1970-01-01T00:00:01.500000"],
            ),
        ] {
            let column = TypedColumn::new(values, None);
            assert_eq!([column.cell(0).text(), column.cell(1).text()], expected);
        }
        let column = TypedColumn::new(TypedValues::Whole(vec![1, 0, 3]), Some(vec![false, true, false]));
        assert_eq!([0, 1, 2].map(|row| column.cell(row).text()), ["1", "", "3"]);
        assert_eq!([0, 1, 2].map(|row| column.cell(row).number()), [Some(1.0), None, Some(3.0)]);
        let column = TypedColumn::new(TypedValues::Unknown, None);
        assert_eq!((column.cell(5).text(), column.cell(5).is_null()), ("", true));
    }

    #[test]
    fn whole_numbers_are_those_that_are_not_negative() {
        for (values, expected) in [
            (TypedValues::Whole(vec![7, -1]), [Some(7), None]),
            (TypedValues::Unsigned(vec![u64::MAX, 0]), [Some(u64::MAX), Some(0)]),
            (TypedValues::Double(vec![12.0, 12.5]), [Some(12), None]),
            (TypedValues::Decimal(vec![1200, 1250], 2), [Some(12), None]),
            (TypedValues::Truth(vec![true, false]), [None, None]),
        ] {
            let column = TypedColumn::new(values, None);
            assert_eq!([column.cell(0).whole(), column.cell(1).whole()], expected);
        }
    }
}
