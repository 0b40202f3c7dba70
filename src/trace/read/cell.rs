//! One cell: what a format gives, and what an adapter makes of it.

use super::column::ColumnSpec;
use super::delimiter::Delimiter;
use super::header::Columns;
use super::stray::Stray;
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

/// How much of a wrong value an error shows.
const SHOWN_CHARS: usize = 60;

/// What stands in a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'r> {
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
    slot: Slot,
    value: Value<'r>,
}

/// The place of a column among those that an adapter asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(pub(super) usize);

impl Slot {
    /// That of the column called `name`, which must be among the declared ones: known when the program is compiled.
    pub(crate) const fn of(declared: &[ColumnSpec], name: &str) -> Self {
        let mut slot = 0;
        while slot < declared.len() {
            if is_same(declared[slot].name.as_bytes(), name.as_bytes()) {
                return Self(slot);
            }
            slot += 1;
        }
        panic!("no such column is declared");
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The cells of one record that an adapter asked for.
pub(crate) struct Row<'a, 'r> {
    pub(super) cells: &'a [Value<'r>],
}

impl<'r> Row<'_, 'r> {
    /// The cell of a column.
    pub(crate) fn cell(&self, slot: Slot) -> Cell<'r> {
        Cell { slot, value: self.cells[slot.0] }
    }

    /// The cells of columns that are asked for besides the declared ones, in the order in which they were.
    pub(crate) fn cells_behind(&self, declared: &[ColumnSpec]) -> impl Iterator<Item = Cell<'r>> {
        (declared.len()..self.cells.len()).map(|slot| self.cell(Slot(slot)))
    }

    /// The cells one after the other, in the order in which their columns are declared.
    pub(crate) fn cells(&self) -> Cells<'_, 'r> {
        Cells { row: self, next: 0 }
    }
}

/// The cells of a row, one after the other.
pub(crate) struct Cells<'a, 'r> {
    row: &'a Row<'a, 'r>,
    next: usize,
}

impl<'r> Cells<'_, 'r> {
    /// The next one; the columns that are declared are as many as are taken.
    pub(crate) fn take(&mut self) -> Cell<'r> {
        self.next += 1;
        self.row.cell(Slot(self.next - 1))
    }
}

/// Why a row cannot be used.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// A cell is not what its column says.
    Cell { slot: Slot, kind: Kind, value: String },
    /// The record has another number of fields than the header.
    FieldCount { found: usize, expected: usize, delimiter: Delimiter },
    /// The line is no record.
    Stray { stray: Stray, text: String },
    /// The record is not UTF-8.
    NotUtf8,
    /// The record has a NUL byte.
    Nul,
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    WholeNumber,
    Time,
    TimeWithOffset,
    NotFinite,
    TooLarge,
    Negative,
    /// The cell says that its value is not known.
    Unknown(Unknown),
    /// The same of a name.
    UnknownName(Unknown),
    DecimalComma,
    Ratio,
    Percentage,
    PercentSign,
    Flag,
    /// A statement's identifier that PostgreSQL does not show to everybody.
    HiddenQuery,
    /// An identifier that a program has taken for a number.
    RoundedId,
    /// Something else than the identifier of a statement.
    QueryId,
}

impl Kind {
    const fn reason(self) -> &'static str {
        match self {
            Self::Number => "bad number",
            Self::WholeNumber => "bad whole number",
            Self::Time | Self::TimeWithOffset => "unparsable time",
            Self::NotFinite => "not finite",
            Self::TooLarge => "too large",
            Self::Negative => "negative",
            Self::Unknown(unknown) | Self::UnknownName(unknown) => unknown.reason(),
            Self::DecimalComma => "decimal comma",
            Self::Ratio | Self::Percentage | Self::PercentSign => "no ratio",
            Self::Flag => "neither true nor false",
            Self::HiddenQuery => "hidden from the role that exported it",
            Self::RoundedId => "rounded",
            Self::QueryId => "no identifier",
        }
    }

    const fn explanation(self) -> &'static str {
        match self {
            Self::Number => "not a number; write it like `12.5` or `1e-3`",
            Self::WholeNumber => "not a whole number from 0 to 2^64-1; write it like `12`",
            Self::Time => "not a time; write it like `2018-03-02 14:44:02.768+00:00`, or as a number of seconds",
            Self::TimeWithOffset => "not a time with its offset; write it like `2018-03-02 14:44:02.768+00:00`",
            Self::NotFinite => "not finite; a residual needs a finite number",
            Self::TooLarge => "beyond ±1e100; arithmetic with it would overflow",
            Self::Negative => "negative; a count or a duration is 0 or more",
            Self::Unknown(unknown) => unknown.explanation(),
            Self::UnknownName(_) => "unknown; leave the row out, or give it a name",
            Self::DecimalComma => {
                "which has a comma, for the decimals or for the thousands; write it like `12.5` or `12500`"
            }
            Self::Ratio => "not a ratio, which is between 0 and 1",
            Self::Percentage => {
                "which looks like a percentage; divide the column by 100, for a ratio is between 0 and 1"
            }
            Self::PercentSign => "a percentage; divide it by 100 and write it like `0.992`",
            Self::Flag => "neither true nor false; write it like `true` or `0`",
            Self::HiddenQuery => {
                "the role that exported the view may not see the statements of others; GRANT pg_read_all_stats TO that role, \
                 and export it again"
            }
            Self::RoundedId => {
                "a floating-point number, as pandas and Excel make of an identifier; they round it, so that different ones look \
                 the same; export the column as text"
            }
            Self::QueryId => "not the identifier of a statement, which is a whole number or hexadecimal",
        }
    }
}

impl Fault {
    /// Whether it is an error even where faults are counted: what follows would be read wrongly.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, Self::Stray { stray, .. } if stray.is_fatal())
    }

    /// The same of a cell that may be a time, which is a number or a date.
    pub(super) fn of_time(self) -> Self {
        match self {
            Self::Cell { slot, kind: Kind::Number, value } => Self::Cell { slot, kind: Kind::Time, value },
            other => other,
        }
    }

    /// The reason under which such rows are counted; never has the value in it, so that there are few.
    pub(crate) fn reason(&self, columns: &Columns) -> String {
        match self {
            Self::Cell { slot, kind, .. } => format!("{} in {}", kind.reason(), columns.name(*slot)),
            Self::FieldCount { .. } => "wrong number of fields".to_owned(),
            Self::Stray { stray, .. } => stray.reason().to_owned(),
            Self::NotUtf8 => "not UTF-8".to_owned(),
            Self::Nul => "NUL byte".to_owned(),
        }
    }

    /// What is wrong, and what would be right.
    pub(crate) fn problem(&self, columns: &Columns) -> String {
        let problem = match self {
            Self::Cell { slot, kind, value } => {
                let (name, why) = (columns.name(*slot), kind.explanation());
                let joint = if *kind == Kind::HiddenQuery { ":" } else { "," };
                if value.trim().is_empty() {
                    format!("`{name}` is empty{joint} {why}")
                } else {
                    format!("`{name}` is `{value}`{joint} {why}")
                }
            }
            Self::FieldCount { found, expected, delimiter } => format!(
                "the row has {found} field{}, but the header has {expected}; look for a missing quote or an extra {}",
                if *found == 1 { "" } else { "s" },
                delimiter.name()
            ),
            Self::Stray { stray, text } if stray.is_fatal() => return format!("`{text}` {}", stray.explanation()),
            Self::Stray { stray, text } => format!("`{text}` {}", stray.explanation()),
            Self::NotUtf8 => "the row is not UTF-8; convert the file to UTF-8".to_owned(),
            Self::Nul => {
                "the row has a NUL byte, as no text has; the file is damaged there, or is UTF-16 (convert it with \
                          `iconv -f UTF-16LE -t UTF-8`)"
                    .to_owned()
            }
        };
        problem + LENIENT_HINT
    }
}

/// The end of every error about one row.
pub(crate) const LENIENT_HINT: &str = " (--lenient counts such rows and goes on)";

impl<'r> Cell<'r> {
    /// A cell of a file that has no columns.
    pub(crate) fn of_text(slot: Slot, text: &'r str) -> Self {
        Self { slot, value: Value::Text(text) }
    }

    /// Its text; empty if the file has no such column.
    pub(crate) fn text(self) -> &'r str {
        match self.value {
            Value::Absent => "",
            Value::Text(text) => text,
            #[cfg(feature = "parquet")]
            Value::Typed(cell) => cell.text(),
        }
    }

    /// Whether the file has the column.
    pub(crate) fn is_present(self) -> bool {
        !matches!(self.value, Value::Absent)
    }

    /// Whether it is a plain 0, which is known sooner than any other number.
    pub(crate) fn is_plain_zero(self) -> bool {
        match self.value {
            Value::Absent => false,
            Value::Text(text) => text == "0",
            #[cfg(feature = "parquet")]
            Value::Typed(cell) => cell.number() == Some(0.0),
        }
    }

    /// How it says that it is not known, if it does.
    fn unknown(self) -> Option<Unknown> {
        match self.value {
            #[cfg(feature = "parquet")]
            Value::Typed(cell) => cell.is_null().then_some(Unknown::Null),
            _ => Unknown::of(self.text()),
        }
    }

    /// The same of a name.
    fn unknown_name(self) -> Option<Unknown> {
        match self.value {
            #[cfg(feature = "parquet")]
            Value::Typed(cell) if cell.is_null() => Some(Unknown::Null),
            _ => Unknown::of_name(self.text()),
        }
    }

    /// A number as the published system reads one: `nan` and `inf` are numbers too.
    pub(crate) fn number(self) -> Result<f64, Fault> {
        let number = match self.value {
            #[cfg(feature = "parquet")]
            Value::Typed(cell) => cell.number(),
            _ => parse_number(self.text()),
        };
        number.ok_or_else(|| self.number_fault())
    }

    /// A number, or `absent` when the file has no such column. An empty cell is no number.
    pub(crate) fn number_or(self, absent: f64) -> Result<f64, Fault> {
        if self.is_present() { self.number() } else { Ok(absent) }
    }

    /// What `read` reads, or none where the cell says that it is not known, or the file has no such column.
    pub(crate) fn optional<T>(self, read: impl FnOnce(Self) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        if self.unknown().is_some() {
            return Ok(None);
        }
        match read(self) {
            Err(Fault::Cell { kind: Kind::Unknown(_), .. }) => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    /// A finite number. Ours takes blanks around it, and none that is so large that sums of it overflow; the published
    /// constructions take any without blanks.
    pub(crate) fn finite(self, construction: Construction) -> Result<f64, Fault> {
        let number = if construction.is_reference() { self.number() } else { self.trimmed_number() };
        self.checked(number?, construction)
    }

    /// As [`Cell::finite`], of a number with blanks around it in any construction.
    pub(crate) fn trimmed_finite(self, construction: Construction) -> Result<f64, Fault> {
        self.checked(self.trimmed_number()?, construction)
    }

    fn trimmed_number(self) -> Result<f64, Fault> {
        match self.value {
            Value::Text(text) => parse_number(text.trim()).ok_or_else(|| self.number_fault()),
            _ => self.number(),
        }
    }

    fn checked(self, number: f64, construction: Construction) -> Result<f64, Fault> {
        match construction {
            Construction::Reference if number.is_finite() => Ok(number),
            _ => self.in_range(number),
        }
    }

    /// The number that the cell holds, if arithmetic with it is safe.
    fn in_range(self, number: f64) -> Result<f64, Fault> {
        match number {
            number if in_range(number) => Ok(number),
            number if number.is_nan() => Err(self.fault(Kind::Unknown(Unknown::NotANumber))),
            number if number.is_finite() => Err(self.fault(Kind::TooLarge)),
            _ => Err(self.fault(Kind::NotFinite)),
        }
    }

    /// A number of rows. The formula takes each as at least one, so that NaN, -1 and their like, which stand for unknown, pass
    /// for an estimate of one row in the published constructions; ours refuses them.
    pub(crate) fn cardinality(self, construction: Construction) -> Result<f64, Fault> {
        if !construction.is_reference() {
            return self.amount();
        }
        let number = self.number()?;
        if unknown_rows(number).is_some() { Ok(number) } else { self.checked(number, construction) }
    }

    /// A count, a number of rows or bytes, or a duration, as ours takes one: finite and not negative. -1 stands for unknown,
    /// signed or not.
    pub(crate) fn amount(self) -> Result<f64, Fault> {
        match self.in_range(self.trimmed_number()?)? {
            number if is_minus_one(number) => Err(self.fault(Kind::Unknown(Unknown::MinusOne))),
            number if number < 0.0 => Err(self.fault(Kind::Negative)),
            number => Ok(number),
        }
    }

    /// A number between 0 and 1. A quotient of sums of floating-point numbers may be a few units of its last place above 1: it is
    /// taken for 1, for no residual moves by more than what is below [`ROUNDING`].
    pub(crate) fn ratio(self) -> Result<f64, Fault> {
        if let Value::Text(text) = self.value
            && let Some(number) = text.trim().strip_suffix('%')
            && parse_number(number.trim_end()).is_some()
        {
            return Err(self.fault(Kind::PercentSign));
        }
        match self.in_range(self.trimmed_number()?)? {
            -1.0 => Err(self.fault(Kind::Unknown(Unknown::MinusOne))),
            number if (0.0..=1.0).contains(&number) => Ok(number),
            number if (1.0..=1.0 + ROUNDING).contains(&number) => Ok(1.0),
            number if (1.0..=100.0).contains(&number) => Err(self.fault(Kind::Percentage)),
            _ => Err(self.fault(Kind::Ratio)),
        }
    }

    /// A whole number that is not negative: digits with an optional `+`, or hexadecimal after `0x`. Ours takes blanks around it,
    /// and `12.0`, as programs write it that know no whole numbers; of what stands for -1 it takes none.
    pub(crate) fn whole(self, construction: Construction) -> Result<u64, Fault> {
        let is_own = !construction.is_reference();
        match self.whole_number(is_own) {
            Some(number) if is_own && is_minus_one(number as f64) => Err(self.fault(Kind::Unknown(Unknown::MinusOne))),
            Some(number) => Ok(number),
            None if self.trimmed_number().is_ok_and(|number| number == -1.0 || is_own && is_minus_one(number)) => {
                Err(self.fault(Kind::Unknown(Unknown::MinusOne)))
            }
            None => Err(match self.number_fault() {
                Fault::Cell { kind: Kind::Number, .. } => self.fault(Kind::WholeNumber),
                other => other,
            }),
        }
    }

    fn whole_number(self, is_own: bool) -> Option<u64> {
        #[cfg(feature = "parquet")]
        if let Value::Typed(cell) = self.value
            && let Some(whole) = cell.whole()
        {
            return Some(whole);
        }
        let text = if is_own { self.text().trim() } else { self.text() };
        let number = match text.strip_prefix("0x") {
            Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16),
            _ => text.parse(),
        };
        number.ok().or_else(|| parse_number(text).filter(|_| is_own).and_then(exact_whole))
    }

    /// A name; the published construction takes any text for one. Ours takes it without blanks around it, and no identifier that a
    /// program has rounded: several would be one name.
    pub(crate) fn name(self, construction: Construction) -> Result<&'r str, Fault> {
        if construction.is_reference() {
            return Ok(self.text());
        }
        let name = self.text().trim();
        match self.unknown_name() {
            Some(unknown) => Err(self.fault(Kind::UnknownName(unknown))),
            None if is_rounded(name) => Err(self.fault(Kind::RoundedId)),
            None => Ok(name),
        }
    }

    /// An identifier, which no program has taken for a number.
    pub(crate) fn id(self, construction: Construction) -> Result<&'r str, Fault> {
        let id = self.name(construction)?;
        let has_exponent = id.contains("E+") || id.contains("e+");
        if has_exponent && parse_number(id).is_some() { Err(self.fault(Kind::RoundedId)) } else { Ok(id) }
    }

    /// True or false, as systems write it; programs that know no truth values write 1 or 0, or `1.0` or `0.0`.
    pub(crate) fn flag(self) -> Result<bool, Fault> {
        let text = self.text().trim();
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "1.0" | "yes" => Ok(true),
            "false" | "f" | "0" | "0.0" | "no" => Ok(false),
            _ => Err(self.fault(Unknown::of(text).map_or(Kind::Flag, Kind::Unknown))),
        }
    }

    /// A name, if it is known.
    pub(crate) fn known_name(self) -> Option<&'r str> {
        if self.unknown_name().is_some() { None } else { Some(self.text()) }
    }

    /// A time with its offset, in microseconds since 1970.
    pub(crate) fn time_us(self) -> Result<i64, Fault> {
        let date = self.date().filter(|date| date.has_offset);
        date.map(|date| date.us).ok_or_else(|| self.fault(Kind::TimeWithOffset))
    }

    /// A date and time, if it is one.
    pub(super) fn date(self) -> Option<Dated> {
        match self.value {
            #[cfg(feature = "parquet")]
            Value::Typed(cell) => cell.date(),
            _ => time::parse(self.text()),
        }
    }

    /// As [`Cell::date`], of a cell that is more likely one than a number.
    pub(super) fn likely_date(self) -> Option<Dated> {
        match self.value {
            Value::Text(text) if text.as_bytes().get(4) != Some(&b'-') => None,
            _ => self.date(),
        }
    }

    /// Whether it is the date of no year, month and day.
    pub(super) fn is_no_date(self) -> bool {
        matches!(self.value, Value::Text(text) if text.starts_with("0000-00-00"))
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
    fn number_fault(self) -> Fault {
        let text = self.text();
        let has_comma =
            text.contains(',') && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b'.' | b'-' | b'+'));
        self.fault(match self.unknown() {
            Some(unknown) => Kind::Unknown(unknown),
            None if has_comma => Kind::DecimalComma,
            None => Kind::Number,
        })
    }

    /// The fault that it is.
    pub(crate) fn fault(self, kind: Kind) -> Fault {
        let value = match self.value {
            #[cfg(feature = "parquet")]
            Value::Typed(cell) if cell.is_null() => "null".to_owned(),
            _ => shown(self.text()),
        };
        Fault::Cell { slot: self.slot, kind, value }
    }
}

/// What a ratio may be above 1 by rounding.
const ROUNDING: f64 = 1e-9;

/// Whether a number is -1, or the unsigned number of 32 or 64 bits (or the largest signed one) that it becomes.
fn is_minus_one(number: f64) -> bool {
    [-1.0, f64::from(u32::MAX), u64::MAX as f64, i64::MAX as f64].contains(&number)
}

/// A whole number, if it is one that a double holds exactly.
fn exact_whole(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
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

    const OWN: Construction = Construction::Own("plain");

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
            let cell = Cell { slot: Slot(0), value: Value::Text(text) };
            assert_eq!(cell.whole(Construction::Reference).ok(), published, "{text:?}");
            assert_eq!(cell.whole(OWN).ok(), own, "{text:?}");
        }
    }

    #[test]
    fn ours_takes_blanks_around_a_number_and_names_what_is_none() {
        let cell = |text| Cell { slot: Slot(0), value: Value::Text(text) };
        for text in [" 100", "100 ", "\t100"] {
            let found = (cell(text).amount(), cell(text).finite(OWN), cell(text).whole(OWN));
            assert_eq!(found, (Ok(100.0), Ok(100.0), Ok(100)), "{text:?}");
            assert!(cell(text).finite(Construction::Reference).is_err(), "{text:?}");
        }
        for text in ["18446744073709551615", "4294967295", "9223372036854775807", "-1", "-1.0", "1.8446744073709552e19"]
        {
            let expected = Kind::Unknown(Unknown::MinusOne);
            assert_eq!(cell(text).amount(), Err(cell(text).fault(expected)), "{text}");
            assert_eq!(cell(text).whole(OWN), Err(cell(text).fault(expected)), "{text}");
        }
        for (text, kind) in [("1,000", Kind::DecimalComma), ("1.5", Kind::WholeNumber), ("x", Kind::WholeNumber)] {
            assert_eq!(cell(text).whole(OWN), Err(cell(text).fault(kind)), "{text}");
        }
        for (text, expected) in [
            ("0.5", Ok(0.5)),
            (" 1 ", Ok(1.0)),
            ("1.0000000000000002", Ok(1.0)),
            ("1.00001", Err(Kind::Percentage)),
            ("99.2%", Err(Kind::PercentSign)),
            ("99.2 %", Err(Kind::PercentSign)),
            ("992", Err(Kind::Ratio)),
        ] {
            assert_eq!(cell(text).ratio(), expected.map_err(|kind| cell(text).fault(kind)), "{text}");
        }
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        assert_eq!(shown(&"é".repeat(61)), "é".repeat(60) + "…");
        assert_eq!(shown(&"é".repeat(60)), "é".repeat(60));
    }
}
