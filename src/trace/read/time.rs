//! Dates and times as text.

/// A date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dated {
    /// Microseconds since 1970, as if it were UTC where there is no offset.
    pub(crate) us: i64,
    pub(crate) has_offset: bool,
}

/// Reads ISO 8601, RFC 3339 (with `T`, a blank or `_`) and what PostgreSQL writes: `YYYY-MM-DD[ HH:MM[:SS[.fraction]]]`, then
/// perhaps an offset (`+hh`, `+hhmm`, `+hh:mm`, `Z`, ` UTC`) and a zone in brackets. The basic form is `YYYYMMDDThhmmss`. Digits
/// finer than a microsecond are cut. None if it is something else.
pub(crate) fn parse(text: &str) -> Option<Dated> {
    let mut scan = Scan(text.trim_ascii().as_bytes());
    let year = scan.digits(4, 4)?;
    let basic = scan.0.first() != Some(&b'-');
    let (month, day) = if basic {
        (scan.digits(2, 2)?, scan.digits(2, 2)?)
    } else {
        (scan.after(b'-')?.digits(1, 2)?, scan.after(b'-')?.digits(1, 2)?)
    };
    let time = match scan.0.first() {
        None if basic => return None,
        None => TimeOfDay::default(),
        Some(b'T' | b't' | b'_') => {
            scan.skip(1);
            if basic { scan.basic_time()? } else { scan.time()? }
        }
        Some(byte) if byte.is_ascii_whitespace() && !basic => {
            scan.blanks();
            scan.time()?
        }
        Some(_) => return None,
    };
    scan.blanks();
    let offset_s = if scan.0.is_empty() { None } else { Some(scan.offset_s()?) };
    if offset_s.is_some() && scan.0.first() == Some(&b'[') && scan.0.last() == Some(&b']') {
        scan.skip(scan.0.len());
    }
    // Second 60 is a leap second and counts as the next one.
    let valid =
        is_day(year, month, day) && time.hour < 24 && time.minute < 60 && time.second <= 60 && scan.0.is_empty();
    let of_day = time.hour * 3600 + time.minute * 60 + time.second;
    let seconds = days_since_1970(year, month, day) * 86_400 + of_day - offset_s.unwrap_or(0);
    valid.then_some(Dated { us: seconds * 1_000_000 + time.us, has_offset: offset_s.is_some() })
}

/// The seconds of an offset: `+02:00`, `+0200`, `+02`, `Z`, `UTC` or `GMT`.
pub(super) fn parse_offset_s(text: &str) -> Option<i32> {
    let mut scan = Scan(text.as_bytes());
    let offset_s = scan.offset_s()?;
    scan.0.is_empty().then(|| i32::try_from(offset_s).ok())?
}

/// The date of `us` microseconds since 1970, in UTC.
pub(super) fn date_text(us: i64) -> String {
    let (day, of_day) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    // Counted up from a day that is surely not after it.
    let mut year = 1970 + day.div_euclid(366).min(day.div_euclid(365));
    while days_since_1970(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days_since_1970(year, *month, 1) <= day).unwrap_or(1);
    let day = day - days_since_1970(year, month, 1) + 1;
    let (second, us) = (of_day / 1_000_000, of_day % 1_000_000);
    let fraction = if us == 0 { String::new() } else { format!(".{us:06}") };
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z", second / 3600, second / 60 % 60, second % 60)
}

/// The time of a day.
#[derive(Default)]
struct TimeOfDay {
    hour: i64,
    minute: i64,
    second: i64,
    us: i64,
}

struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    fn skip(&mut self, count: usize) {
        self.0 = &self.0[count..];
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn after(&mut self, byte: u8) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(self)
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let number = self.0[..count].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        self.skip(count);
        (count >= least).then_some(number)
    }

    /// The microseconds behind a point or a comma, if there is one.
    fn fraction_us(&mut self) -> Option<i64> {
        if !matches!(self.0.first(), Some(b'.' | b',')) {
            return Some(0);
        }
        self.skip(1);
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digit = |place: usize| if place < count { i64::from(self.0[place] - b'0') } else { 0 };
        let us = (0..6).fold(0, |us, place| us * 10 + digit(place));
        self.skip(count);
        (count > 0).then_some(us)
    }

    fn time(&mut self) -> Option<TimeOfDay> {
        let (hour, minute) = (self.digits(1, 2)?, self.after(b':')?.digits(1, 2)?);
        if self.0.first() != Some(&b':') {
            return Some(TimeOfDay { hour, minute, ..TimeOfDay::default() });
        }
        let second = self.after(b':')?.digits(1, 2)?;
        Some(TimeOfDay { hour, minute, second, us: self.fraction_us()? })
    }

    /// `hhmmss`.
    fn basic_time(&mut self) -> Option<TimeOfDay> {
        let (hour, minute, second) = (self.digits(2, 2)?, self.digits(2, 2)?, self.digits(2, 2)?);
        Some(TimeOfDay { hour, minute, second, us: self.fraction_us()? })
    }

    fn offset_s(&mut self) -> Option<i64> {
        for name in ["UTC", "GMT"] {
            if self.0.get(..3).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes())) {
                self.skip(3);
                return Some(0);
            }
        }
        let sign = match self.0.first()? {
            b'Z' | b'z' => {
                self.skip(1);
                return Some(0);
            }
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.skip(1);
        let hours = self.digits(2, 2)?;
        let minutes = match self.0.first() {
            Some(b':') => self.after(b':')?.digits(2, 2)?,
            Some(byte) if byte.is_ascii_digit() => self.digits(2, 2)?,
            _ => 0,
        };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Whether the calendar has the day.
pub(super) fn is_day(year: i64, month: i64, day: i64) -> bool {
    (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar; years begin in March here, so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_forms() {
        for (text, expected) in [
            ("1970-01-01 00:00:00+00:00", 0),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:00.000001z", 1),
            ("2018-03-02 14:44:02.768000+00:00", 1_520_001_842_768_000),
            ("2018-03-02 14:44:02.7689999999 +0000", 1_520_001_842_768_999),
            ("2018-03-02  20:14:02 +05:30", 1_520_001_842_000_000),
            ("2018-03-02T09:44:02-0500", 1_520_001_842_000_000),
            ("2018-03-02 14:44:02+00", 1_520_001_842_000_000),
            ("2018-03-02 20:14:02.5+05:30", 1_520_001_842_500_000),
            ("2018-03-02_14:44:02Z", 1_520_001_842_000_000),
            ("2018-03-02 14:44:02,768Z", 1_520_001_842_768_000),
            ("2018-03-02 14:44:02 UTC", 1_520_001_842_000_000),
            ("2018-03-02T15:44:02+01:00[Europe/Berlin]", 1_520_001_842_000_000),
            ("20180302T144402Z", 1_520_001_842_000_000),
            ("2018-03-02T14:44Z", 1_520_001_840_000_000),
            ("2000-02-29 23:59:60Z", 951_868_800_000_000),
            ("1969-12-31 23:59:59.5+00:00", -500_000),
            ("2400-12-31 00:00:00Z", 13_601_001_600_000_000),
        ] {
            assert_eq!(parse(text), Some(Dated { us: expected, has_offset: true }), "{text}");
        }
        for (text, expected) in [
            ("2018-03-02", 1_519_948_800_000_000),
            ("2018-03-02 14:44:02", 1_520_001_842_000_000),
            ("2018-03-02T14:44:02.768", 1_520_001_842_768_000),
            ("20180302T144402", 1_520_001_842_000_000),
        ] {
            assert_eq!(parse(text), Some(Dated { us: expected, has_offset: false }), "{text}");
        }
    }

    #[test]
    fn refused_forms() {
        for text in [
            "",
            "2018-02-29 00:00:00Z",
            "2018-13-01 00:00:00Z",
            "2018-00-01 00:00:00Z",
            "2018-01-00 00:00:00Z",
            "2018-01-01 24:00:00Z",
            "2018-01-01 00:60:00Z",
            "2018-01-01 00:00:61Z",
            "2018-01-01 00:00:00.Z",
            "2018-01-01 00:00:00+24:00",
            "2018-01-01 00:00:00+1",
            "2018-01-01 00:00:00Zx",
            "18-01-01 00:00:00Z",
            "2018-01-01 00:00:00 CET",
            "2018-01-01 00:00:00 Europe/Berlin",
            "2018-01-01 00:00:00[UTC]",
            "2018/01/01 00:00:00Z",
            "01-02-2018 00:00:00Z",
            "20180101",
            "20180101000000",
            "1520001842",
            "infinity",
            "２018-01-01 00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn offsets() {
        for (text, expected) in [
            ("UTC", Some(0)),
            ("Z", Some(0)),
            ("+02:00", Some(7200)),
            ("+0530", Some(19_800)),
            ("-05", Some(-18_000)),
            ("Europe/Berlin", None),
            ("CET", None),
            ("2", None),
            ("", None),
        ] {
            assert_eq!(parse_offset_s(text), expected, "{text}");
        }
    }

    #[test]
    fn a_date_is_written_as_it_is_read() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.500000Z",
            "2000-02-29T12:34:56.000001Z",
            "2023-12-31T23:59:59Z",
            "2024-12-31T00:00:00Z",
        ] {
            assert_eq!(date_text(parse(text).unwrap().us), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut expected = days_since_1970(1900, 1, 1);
        assert_eq!(expected, -25_567);
        for year in 1900..2300 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    assert_eq!(days_since_1970(year, month, day), expected, "{year}-{month}-{day}");
                    expected += 1;
                }
            }
        }
    }
}
