//! One cell: what a format gives, and what an adapter makes of it.

use super::fault::RowFault;
use super::number::{exact_whole, parse_number};
use super::row_problem::CellProblem;
use super::slot::Slot;
use super::text::shown;
use super::time::{self, Dated};
#[cfg(feature = "parquet")]
use super::typed::Typed;
use super::unknown::Unknown;
use crate::residual::in_range;
use crate::trace::Construction;

/// Whether a text is a large number of some digits: `7.89176E+18` of Excel, `7.891759051883844e+18` of pandas, or `…E18` of
/// Java. `1e+12` is what a bucket of a histogram is called.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent).parse::<u32>();
    let fraction = mantissa.split_once(['.', ',']).map_or("", |(_, fraction)| fraction);
    let is_large = exponent.is_ok_and(|exponent| exponent >= 11) && fraction.len() >= 3;
    is_large && parse_number(&text.replace(',', ".")).is_some()
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CellValue<'r> {
    /// The file has no such column.
    Absent,
    /// The text of the cell.
    Text(&'r str),
    /// A value of a type of its own, or none.
    #[cfg(feature = "parquet")]
    Typed(Typed<'r>),
}

/// A cell that an adapter asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'r> {
    pub(super) slot: Slot,
    pub(super) value: CellValue<'r>,
}

impl<'r> Cell<'r> {
    /// A cell of a file that has no columns.
    pub(crate) fn of_text(slot: Slot, text: &'r str) -> Self {
        Self { slot, value: CellValue::Text(text) }
    }

    /// Its text; empty if the file has no such column.
    pub(crate) fn text(self) -> &'r str {
        match self.value {
            CellValue::Absent => "",
            CellValue::Text(text) => text,
            #[cfg(feature = "parquet")]
            CellValue::Typed(cell) => cell.text(),
        }
    }

    /// Whether the file has the column.
    pub(crate) fn is_present(self) -> bool {
        !matches!(self.value, CellValue::Absent)
    }

    /// Whether it is a plain 0, which is known sooner than any other number.
    pub(crate) fn is_plain_zero(self) -> bool {
        match self.value {
            CellValue::Absent => false,
            CellValue::Text(text) => text == "0",
            #[cfg(feature = "parquet")]
            CellValue::Typed(cell) => cell.is_zero(),
        }
    }

    /// How it says that it is not known, if it does.
    fn unknown(self) -> Option<Unknown> {
        match self.value {
            #[cfg(feature = "parquet")]
            CellValue::Typed(cell) => cell.is_null().then_some(Unknown::Null),
            _ => Unknown::of(self.text()),
        }
    }

    /// The same of a name.
    fn unknown_name(self) -> Option<Unknown> {
        match self.value {
            #[cfg(feature = "parquet")]
            CellValue::Typed(cell) if cell.is_null() => Some(Unknown::Null),
            _ => Unknown::of_name(self.text()),
        }
    }

    /// A number as the published system reads one: `nan` and `inf` are numbers too.
    pub(crate) fn number(self) -> Result<f64, RowFault> {
        let number = match self.value {
            #[cfg(feature = "parquet")]
            CellValue::Typed(cell) => cell.number(),
            _ => parse_number(self.text()),
        };
        number.ok_or_else(|| self.number_fault())
    }

    /// A number, or `absent` when the file has no such column. An empty cell is no number.
    pub(crate) fn number_or(self, absent: f64) -> Result<f64, RowFault> {
        if self.is_present() { self.number() } else { Ok(absent) }
    }

    /// What `read` reads, or none where the cell says that it is not known, or the file has no such column.
    pub(crate) fn optional<T>(self, read: impl FnOnce(Self) -> Result<T, RowFault>) -> Result<Option<T>, RowFault> {
        if self.unknown().is_some() {
            return Ok(None);
        }
        match read(self) {
            Err(RowFault::Cell { problem: CellProblem::Unknown(_), .. }) => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    /// A finite number. Ours takes blanks around it, and none that is so large that sums of it overflow; the published
    /// constructions take any without blanks.
    pub(crate) fn finite(self, construction: Construction) -> Result<f64, RowFault> {
        let number = if construction.is_reference() { self.number() } else { self.trimmed_number() };
        self.checked(number?, construction)
    }

    /// As [`Cell::finite`], of a number with blanks around it in any construction.
    pub(crate) fn trimmed_finite(self, construction: Construction) -> Result<f64, RowFault> {
        self.checked(self.trimmed_number()?, construction)
    }

    fn trimmed_number(self) -> Result<f64, RowFault> {
        match self.value {
            CellValue::Text(text) => parse_number(trimmed(text)).ok_or_else(|| self.number_fault()),
            _ => self.number(),
        }
    }

    fn checked(self, number: f64, construction: Construction) -> Result<f64, RowFault> {
        match construction {
            Construction::Reference if number.is_finite() => Ok(number),
            _ => self.in_range(number),
        }
    }

    /// The number that the cell holds, if arithmetic with it is safe.
    fn in_range(self, number: f64) -> Result<f64, RowFault> {
        match number {
            number if in_range(number) => Ok(number),
            number if number.is_nan() => Err(self.fault(CellProblem::Unknown(Unknown::NotANumber))),
            number if number.is_finite() => Err(self.fault(CellProblem::TooLarge)),
            _ => Err(self.fault(CellProblem::NotFinite)),
        }
    }

    /// A number of rows. The formula takes each as at least one, so that NaN, -1 and their like, which stand for unknown, pass
    /// for an estimate of one row in the published constructions; ours refuses them.
    pub(crate) fn cardinality(self, construction: Construction) -> Result<f64, RowFault> {
        if !construction.is_reference() {
            return self.amount();
        }
        let number = self.number()?;
        if unknown_rows(number).is_some() { Ok(number) } else { self.checked(number, construction) }
    }

    /// A count, a number of rows or bytes, or a duration, as ours takes one: finite and not negative. -1 stands for unknown,
    /// signed or not.
    pub(crate) fn amount(self) -> Result<f64, RowFault> {
        match self.in_range(self.trimmed_number()?)? {
            number if is_minus_one(number) => Err(self.fault(CellProblem::Unknown(Unknown::MinusOne))),
            number if number < 0.0 => Err(self.fault(CellProblem::Negative)),
            number => Ok(number),
        }
    }

    /// A number between 0 and 1. A quotient of sums of floating-point numbers may be a few units of its last place above 1: it is
    /// taken for 1, for no residual moves by more than what is below [`ROUNDING`].
    pub(crate) fn ratio(self) -> Result<f64, RowFault> {
        if let CellValue::Text(text) = self.value
            && let Some(number) = text.trim().strip_suffix('%')
            && parse_number(number.trim_end()).is_some()
        {
            return Err(self.fault(CellProblem::PercentSign));
        }
        match self.in_range(self.trimmed_number()?)? {
            -1.0 => Err(self.fault(CellProblem::Unknown(Unknown::MinusOne))),
            number if (0.0..=1.0).contains(&number) => Ok(number),
            number if (1.0..=1.0 + ROUNDING).contains(&number) => Ok(1.0),
            number if (1.0..=100.0).contains(&number) => Err(self.fault(CellProblem::Percentage)),
            _ => Err(self.fault(CellProblem::Ratio)),
        }
    }

    /// A whole number that is not negative: digits with an optional `+`, or hexadecimal after `0x`. Ours takes blanks around it,
    /// and `12.0`, as programs write it that know no whole numbers; of what stands for -1 it takes none.
    pub(crate) fn whole(self, construction: Construction) -> Result<u64, RowFault> {
        let is_own = !construction.is_reference();
        match self.whole_number(is_own) {
            Some(number) if is_own && is_minus_one(number as f64) => {
                Err(self.fault(CellProblem::Unknown(Unknown::MinusOne)))
            }
            Some(number) => Ok(number),
            None if self.trimmed_number().is_ok_and(|number| number == -1.0 || is_own && is_minus_one(number)) => {
                Err(self.fault(CellProblem::Unknown(Unknown::MinusOne)))
            }
            None => Err(match self.number_fault() {
                RowFault::Cell { problem: CellProblem::Number, .. } => self.fault(CellProblem::WholeNumber),
                other => other,
            }),
        }
    }

    fn whole_number(self, is_own: bool) -> Option<u64> {
        #[cfg(feature = "parquet")]
        if let CellValue::Typed(cell) = self.value
            && let Some(whole) = cell.whole()
        {
            return Some(whole);
        }
        let text = if is_own { trimmed(self.text()) } else { self.text() };
        let number = match text.strip_prefix("0x") {
            Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16),
            _ => text.parse(),
        };
        number.ok().or_else(|| parse_number(text).filter(|_| is_own).and_then(exact_whole))
    }

    /// A name; the published construction takes any text for one. Ours takes it without blanks around it, and no identifier that a
    /// program has rounded: several would be one name.
    pub(crate) fn name(self, construction: Construction) -> Result<&'r str, RowFault> {
        if construction.is_reference() {
            return Ok(self.text());
        }
        let name = self.text().trim();
        match self.unknown_name() {
            Some(unknown) => Err(self.fault(CellProblem::UnknownName(unknown))),
            None if is_rounded(name) => Err(self.fault(CellProblem::RoundedId)),
            None => Ok(name),
        }
    }

    /// An identifier, which no program has taken for a number.
    pub(crate) fn id(self, construction: Construction) -> Result<&'r str, RowFault> {
        let id = self.name(construction)?;
        let has_exponent = id.contains("E+") || id.contains("e+");
        if has_exponent && parse_number(id).is_some() { Err(self.fault(CellProblem::RoundedId)) } else { Ok(id) }
    }

    /// True or false, as systems write it; programs that know no truth values write 1 or 0, or `1.0` or `0.0`.
    pub(crate) fn flag(self) -> Result<bool, RowFault> {
        let text = self.text().trim();
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "1.0" | "yes" => Ok(true),
            "false" | "f" | "0" | "0.0" | "no" => Ok(false),
            _ => Err(self.fault(Unknown::of(text).map_or(CellProblem::Flag, CellProblem::Unknown))),
        }
    }

    /// A name, if it is known.
    pub(crate) fn known_name(self) -> Option<&'r str> {
        if self.unknown_name().is_some() { None } else { Some(self.text()) }
    }

    /// A time with its offset, in microseconds since 1970.
    pub(crate) fn time_us(self) -> Result<i64, RowFault> {
        let date = self.date().filter(|date| date.has_offset);
        date.map(|date| date.us).ok_or_else(|| self.fault(CellProblem::TimeWithOffset))
    }

    /// A date and time, if it is one.
    pub(super) fn date(self) -> Option<Dated> {
        match self.value {
            #[cfg(feature = "parquet")]
            CellValue::Typed(cell) => cell.date(),
            _ => time::parse(self.text()),
        }
    }

    /// As [`Cell::date`], of a cell that is more likely one than a number.
    pub(super) fn likely_date(self) -> Option<Dated> {
        match self.value {
            CellValue::Text(text) if text.as_bytes().get(4) != Some(&b'-') => None,
            _ => self.date(),
        }
    }

    /// Whether it is the date of no year, month and day.
    pub(super) fn is_no_date(self) -> bool {
        matches!(self.value, CellValue::Text(text) if text.starts_with("0000-00-00"))
    }

    /// A date and time in microseconds since 1970, as if it were UTC where there is no offset.
    pub(crate) fn date_us(self) -> Option<i64> {
        self.date().map(|date| date.us)
    }

    /// Whether it is a date and time.
    pub(crate) fn is_date(self) -> bool {
        self.date().is_some()
    }

    /// What is wrong with a cell that is no number.
    fn number_fault(self) -> RowFault {
        let text = self.text();
        let has_comma =
            text.contains(',') && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b'.' | b'-' | b'+'));
        self.fault(match self.unknown() {
            Some(unknown) => CellProblem::Unknown(unknown),
            None if has_comma => CellProblem::DecimalComma,
            None => CellProblem::Number,
        })
    }

    /// The fault that it is.
    pub(crate) fn fault(self, problem: CellProblem) -> RowFault {
        let value = match self.value {
            #[cfg(feature = "parquet")]
            CellValue::Typed(cell) if cell.is_null() => "null".to_owned(),
            _ => shown(self.text()),
        };
        RowFault::Cell { slot: self.slot, problem, value }
    }
}

/// A text without the blanks around it, which most have not.
fn trimmed(text: &str) -> &str {
    let is_blank = |byte: Option<&u8>| !byte.is_some_and(u8::is_ascii_graphic);
    if is_blank(text.as_bytes().first()) || is_blank(text.as_bytes().last()) { text.trim() } else { text }
}

/// What a ratio may be above 1 by rounding.
const ROUNDING: f64 = 1e-9;

/// Whether a number is -1, or the unsigned number of 32 or 64 bits (or the largest signed one) that it becomes.
fn is_minus_one(number: f64) -> bool {
    [-1.0, f64::from(u32::MAX), u64::MAX as f64, i64::MAX as f64].contains(&number)
}

/// What says that a number of rows is not known, if anything does.
fn unknown_rows(number: f64) -> Option<&'static str> {
    match number {
        number if number.is_nan() => Some("unknown number of rows"),
        number if number < 0.0 => Some("negative"),
        _ => None,
    }
}

/// Why a number of rows that stands in `column` is not known, if it is not.
pub(crate) fn unknown_rows_reason(number: f64, column: &str) -> Option<String> {
    unknown_rows(number).map(|reason| format!("{reason} in {column}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Construction = Construction::Own("plain");

    #[test]
    fn whole_numbers_may_have_a_plus_or_be_hexadecimal() {
        for (text, published, own) in [
            ("0", Some(0), Some(0)),
            ("+7", Some(7), Some(7)),
            ("0x1F", Some(31), Some(31)),
            ("18446744073709551614", Some(u64::MAX - 1), None),
            ("18446744073709551615", Some(u64::MAX), None),
            ("18446744073709551616", None, None),
            ("4294967295", Some(4_294_967_295), None),
            ("4294967296", Some(4_294_967_296), Some(4_294_967_296)),
            ("-1", None, None),
            ("1.0", None, Some(1)),
            ("0.0", None, Some(0)),
            (" 7 ", None, Some(7)),
            ("1.5", None, None),
            ("1e16", None, None),
            ("0x", None, None),
            ("0x+1", None, None),
            ("", None, None),
        ] {
            let cell = Cell { slot: Slot(0), value: CellValue::Text(text) };
            assert_eq!(cell.whole(Construction::Reference).ok(), published, "{text:?}");
            assert_eq!(cell.whole(OWN).ok(), own, "{text:?}");
        }
    }

    #[test]
    fn ours_takes_blanks_around_a_number_and_names_what_is_none() {
        let cell = |text| Cell { slot: Slot(0), value: CellValue::Text(text) };
        for text in [" 100", "100 ", "\t100"] {
            let found = (cell(text).amount(), cell(text).finite(OWN), cell(text).whole(OWN));
            assert_eq!(found, (Ok(100.0), Ok(100.0), Ok(100)), "{text:?}");
            assert!(cell(text).finite(Construction::Reference).is_err(), "{text:?}");
        }
        for text in ["18446744073709551615", "4294967295", "9223372036854775807", "-1", "-1.0", "1.8446744073709552e19"]
        {
            let expected = CellProblem::Unknown(Unknown::MinusOne);
            assert_eq!(cell(text).amount(), Err(cell(text).fault(expected)), "{text}");
            assert_eq!(cell(text).whole(OWN), Err(cell(text).fault(expected)), "{text}");
        }
        for (text, kind) in
            [("1,000", CellProblem::DecimalComma), ("1.5", CellProblem::WholeNumber), ("x", CellProblem::WholeNumber)]
        {
            assert_eq!(cell(text).whole(OWN), Err(cell(text).fault(kind)), "{text}");
        }
        for (text, expected) in [
            ("0.5", Ok(0.5)),
            (" 1 ", Ok(1.0)),
            ("1.0000000000000002", Ok(1.0)),
            ("1.00001", Err(CellProblem::Percentage)),
            ("99.2%", Err(CellProblem::PercentSign)),
            ("99.2 %", Err(CellProblem::PercentSign)),
            ("992", Err(CellProblem::Ratio)),
        ] {
            assert_eq!(cell(text).ratio(), expected.map_err(|kind| cell(text).fault(kind)), "{text}");
        }
    }
}
