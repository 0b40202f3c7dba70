//! Unknown is not a number: the one place that knows how files say that they do not know a value.

use std::fmt;

/// How a cell says that its value is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// There is nothing in it.
    Empty,
    /// `NULL`, `\N`, `None` and their like.
    Null,
    /// `NaN`.
    NotANumber,
    /// `NA`, `N/A` and their like.
    NotAvailable,
    /// `-` and its like.
    Dash,
    /// -1 for a count or a duration.
    MinusOne,
    /// A number by which the data set says so.
    Sentinel,
    /// The first or last time of a calendar or a type.
    NoTime,
}

/// The reason under which rows without a time are counted.
pub(super) const NO_TIME: &str = "unknown (no time)";

/// The longest text that [`Unknown::of`] knows.
const LONGEST: usize = 9;

impl Unknown {
    /// How `text` says that the value is not known, if it does. -1 and sentinels depend on what the column is.
    pub(crate) fn of(text: &str) -> Option<Self> {
        // Most cells are numbers.
        let is_number = |text: &str| text.bytes().next().is_some_and(|first| first.is_ascii_digit());
        if is_number(text) {
            return None;
        }
        let text = text.trim();
        if text.len() > LONGEST || is_number(text) {
            return None;
        }
        Some(match text.to_ascii_lowercase().as_str() {
            "" => Self::Empty,
            "\\n" | "null" | "<null>" | "(null)" | "[null]" | "nil" | "none" | "nat" => Self::Null,
            "nan" | "-nan" | "+nan" | "#nan" => Self::NotANumber,
            // What Excel writes where a formula fails.
            "#div/0!" | "#name?" | "#null!" | "#num!" | "#ref!" | "#value!" => Self::NotAvailable,
            "na" | "n/a" | "#n/a" | "<na>" | "n.a." | "unknown" | "undefined" | "missing" | "?" => Self::NotAvailable,
            "-" | "--" | "–" | "—" => Self::Dash,
            _ => return None,
        })
    }

    /// The same of a name: what could be one (`none`, `NAT`, `nan`, `-`, `?`) is one. Of these words only `None`, `NaN`, `<NA>` and
    /// the errors of Excel are what programs write for a name that they do not have.
    pub(crate) fn of_name(text: &str) -> Option<Self> {
        let unknown = Self::of(text)?;
        let word = text.trim();
        let could_be_one = || ["none", "nil", "nat"].iter().any(|name| word.eq_ignore_ascii_case(name));
        let is_plain = match unknown {
            Self::Empty => true,
            Self::Null => word == "None" || !could_be_one(),
            Self::NotANumber => word == "NaN",
            Self::NotAvailable => word.starts_with(['#', '<']),
            _ => false,
        };
        is_plain.then_some(unknown)
    }

    /// The reason under which rows are counted.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "unknown (empty)",
            Self::Null => "unknown (null)",
            Self::NotANumber => "unknown (NaN)",
            Self::NotAvailable => "unknown (not available)",
            Self::Dash => "unknown (dash)",
            Self::MinusOne => "unknown (-1)",
            Self::Sentinel => "unknown (sentinel)",
            Self::NoTime => NO_TIME,
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MinusOne => "which stands for unknown; a count or a duration is 0 or more",
            Self::Sentinel => "which stands for unknown in this data set; it is not a value",
            Self::NoTime => "which stands for unknown; a trace is from 1970 to 2100, so leave the row out",
            _ => "unknown; what is not known is neither 0 nor 1, so leave the row out",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_known_and_no_number_or_name_is_taken_for_one() {
        for (unknown, spellings) in [
            (Unknown::Empty, &["", " ", "\t"][..]),
            (Unknown::Null, &["NULL", "null", "Null", "\\N", "None", "<null>", "(null)", " NULL "]),
            (Unknown::NotANumber, &["NaN", "nan", "NAN", "-nan"]),
            (Unknown::NotAvailable, &["NA", "N/A", "n/a", "#N/A", "<NA>", "?", "#DIV/0!"]),
            (Unknown::Dash, &["-", "--", "—"]),
        ] {
            for text in spellings {
                assert_eq!(Unknown::of(text), Some(unknown), "{text:?}");
            }
        }
        for text in ["0", "-1", "1e3", "inf", "-inf", "nano", "nullable", "not known at all", "12,5"] {
            assert_eq!(Unknown::of(text), None, "{text:?}");
        }
        for (text, expected) in [
            ("", Some(Unknown::Empty)),
            ("NULL", Some(Unknown::Null)),
            ("\\N", Some(Unknown::Null)),
            ("None", Some(Unknown::Null)),
            ("none", None),
            ("NONE", None),
            ("NAT", None),
            ("Nil", None),
            ("-", None),
            ("?", None),
            ("nan", None),
            ("NaN", Some(Unknown::NotANumber)),
            ("NA", None),
            ("<NA>", Some(Unknown::NotAvailable)),
            ("#REF!", Some(Unknown::NotAvailable)),
            ("#1", None),
        ] {
            assert_eq!(Unknown::of_name(text), expected, "{text:?}");
        }
    }
}
