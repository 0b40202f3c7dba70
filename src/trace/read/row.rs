use super::header::Columns;
use crate::residual::in_range;

/// How much of a wrong value an error shows.
const SHOWN_CHARS: usize = 60;

/// The cells of one record that an adapter asked for, by slot.
pub(crate) struct Row<'a> {
    /// By slot; an absent optional column has none.
    pub(crate) cells: &'a [Option<&'a str>],
}

/// Why a row cannot be used.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// A cell is not what its column says.
    Cell { slot: usize, kind: Kind, value: String },
    /// The record has another number of fields than the header.
    FieldCount { found: usize, expected: usize },
    /// The record is not UTF-8.
    NotUtf8,
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    WholeNumber,
    Time,
    NotFinite,
    TooLarge,
    Negative,
    NegativeRows,
    UnknownRows,
}

impl Kind {
    const fn reason(self) -> &'static str {
        match self {
            Self::Number => "bad number",
            Self::WholeNumber => "bad whole number",
            Self::Time => "unparsable time",
            Self::NotFinite => "not finite",
            Self::TooLarge => "too large",
            Self::Negative | Self::NegativeRows => "negative",
            Self::UnknownRows => "unknown number of rows",
        }
    }

    const fn explanation(self) -> &'static str {
        match self {
            Self::Number => "not a number; write it like `12.5` or `1e-3`",
            Self::WholeNumber => "not a whole number from 0 to 2^64-1; write it like `12`",
            Self::Time => "not a time with its offset; write it like `2018-03-02 14:44:02.768+00:00`",
            Self::NotFinite => "not finite; a residual needs a finite number",
            Self::TooLarge => "beyond ±1e100; arithmetic with it would overflow",
            Self::Negative => "negative; a duration is 0 or more",
            Self::NegativeRows => "negative; a number of rows is 0 or more, and an unknown one is not 1",
            Self::UnknownRows => "not a number of rows; an unknown one is not 1",
        }
    }
}

impl Fault {
    /// The reason under which such rows are counted; never has the value in it, so that there are few.
    pub(crate) fn reason(&self, columns: &Columns) -> String {
        match self {
            Self::Cell { slot, kind, .. } => format!("{} in {}", kind.reason(), columns.name(*slot)),
            Self::FieldCount { .. } => "wrong number of fields".to_owned(),
            Self::NotUtf8 => "not UTF-8".to_owned(),
        }
    }

    /// What is wrong, and what would be right.
    pub(crate) fn problem(&self, columns: &Columns) -> String {
        let problem = match self {
            Self::Cell { slot, kind, value } => {
                format!("`{}` is `{value}`, {}", columns.name(*slot), kind.explanation())
            }
            Self::FieldCount { found, expected } => format!(
                "the row has {found} field{}, but the header has {expected}; look for a missing quote or an extra comma",
                if *found == 1 { "" } else { "s" }
            ),
            Self::NotUtf8 => "the row is not UTF-8; convert the file to UTF-8".to_owned(),
        };
        problem + LENIENT_HINT
    }
}

/// The end of every error about one row.
pub(crate) const LENIENT_HINT: &str = " (--lenient counts such rows and goes on)";

impl<'a> Row<'a> {
    /// The text of a cell; empty if an optional column is absent.
    pub(crate) fn text(&self, slot: usize) -> &'a str {
        self.cells[slot].unwrap_or("")
    }

    /// Whether the file has the column.
    pub(crate) fn has(&self, slot: usize) -> bool {
        self.cells[slot].is_some()
    }

    /// A number as the published system reads one: `nan` and `inf` are numbers too.
    pub(crate) fn number(&self, slot: usize) -> Result<f64, Fault> {
        let text = self.text(slot);
        parse_number(text).ok_or_else(|| self.fault(slot, Kind::Number))
    }

    /// A number, or `absent` when the file has no such column. An empty cell is no number.
    pub(crate) fn number_or(&self, slot: usize, absent: f64) -> Result<f64, Fault> {
        if self.has(slot) { self.number(slot) } else { Ok(absent) }
    }

    /// A number where an empty cell, a null as `\N`, or an absent column means that there is none.
    pub(crate) fn known_number(&self, slot: usize) -> Result<Option<f64>, Fault> {
        match self.text(slot) {
            "" | "\\N" => Ok(None),
            _ => self.finite(slot).map(Some),
        }
    }

    /// A number that is finite and not so large that sums of it overflow.
    pub(crate) fn finite(&self, slot: usize) -> Result<f64, Fault> {
        self.in_range(slot, self.number(slot)?)
    }

    /// The number that a cell holds, if arithmetic with it is safe.
    pub(crate) fn in_range(&self, slot: usize, number: f64) -> Result<f64, Fault> {
        match number {
            number if in_range(number) => Ok(number),
            number if number.is_finite() => Err(self.fault(slot, Kind::TooLarge)),
            _ => Err(self.fault(slot, Kind::NotFinite)),
        }
    }

    /// A number of rows. The formula takes each as at least one, so that NaN, -1 and their like, by which systems say that they do
    /// not know, would pass for an estimate of one row.
    pub(crate) fn cardinality(&self, slot: usize) -> Result<f64, Fault> {
        match self.number(slot)? {
            number if number.is_nan() => Err(self.fault(slot, Kind::UnknownRows)),
            number if number < 0.0 => Err(self.fault(slot, Kind::NegativeRows)),
            number => self.in_range(slot, number),
        }
    }

    /// A number that is finite and not negative.
    pub(crate) fn duration(&self, slot: usize) -> Result<f64, Fault> {
        let number = self.finite(slot)?;
        if number < 0.0 { Err(self.fault(slot, Kind::Negative)) } else { Ok(number) }
    }

    /// A whole number that is not negative: digits with an optional `+`, or hexadecimal after `0x`.
    pub(crate) fn whole(&self, slot: usize) -> Result<u64, Fault> {
        let text = self.text(slot);
        let number = match text.strip_prefix("0x") {
            Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16),
            _ => text.parse(),
        };
        number.map_err(|_| self.fault(slot, Kind::WholeNumber))
    }

    /// The fault that a cell is.
    pub(crate) fn fault(&self, slot: usize, kind: Kind) -> Fault {
        Fault::Cell { slot, kind, value: shown(self.text(slot)) }
    }
}

/// The nearest double of a decimal number; `5.`, `.5`, `+5`, and `inf`, `infinity` and `nan` in any case are numbers.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    fast_float2::parse(text).ok()
}

/// The start of a value, for an error.
pub(crate) fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_system() {
        for text in [
            "5",
            "+5",
            "-5",
            "5.",
            ".5",
            "-.5",
            "1e3",
            "1E-3",
            "1e+3",
            "inf",
            "-INF",
            "Infinity",
            "NaN",
            "+nan",
            "1e400",
            "4.9e-324",
            "179769313486231580793e289",
            "0.1000000000000000055511151231257827021181583404541015625",
        ] {
            let standard: f64 = text.parse().unwrap();
            assert_eq!(parse_number(text).map(f64::to_bits), Some(standard.to_bits()), "{text}");
        }
        for text in
            ["", " ", " 5", "5 ", "0x10", "1_000", "e5", "1e", ".", "+", "--5", "5,", "in", "nanx", "1e5.0", "٣"]
        {
            assert_eq!(parse_number(text), None, "{text:?}");
            assert!(text.parse::<f64>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn whole_numbers_may_have_a_plus_or_be_hexadecimal() {
        for (text, expected) in [
            ("0", Some(0)),
            ("+7", Some(7)),
            ("0x1F", Some(31)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.0", None),
            ("0x", None),
            ("0x+1", None),
            ("", None),
        ] {
            let row = Row { cells: &[Some(text)] };
            assert_eq!(row.whole(0).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        assert_eq!(shown(&"é".repeat(61)), "é".repeat(60) + "…");
        assert_eq!(shown(&"é".repeat(60)), "é".repeat(60));
    }
}
