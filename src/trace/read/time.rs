//! Times as Snowset writes them.

/// Microseconds since 1970 of `YYYY-MM-DD HH:MM:SS[.fraction]` with an offset (`+hh:mm`, `+hhmm` or `Z`), or of an RFC
/// 3339 time. Finer digits are cut. Blanks may stand between date, time and offset. None if it is something else.
pub(super) fn parse_us(text: &str) -> Option<i64> {
    let mut scan = Scan(text.trim_ascii().as_bytes());
    let (year, month, day) = (scan.digits(4, 4)?, scan.after(b'-')?.digits(1, 2)?, scan.after(b'-')?.digits(1, 2)?);
    match scan.0.first()? {
        b'T' | b't' => scan.skip(1),
        byte if byte.is_ascii_whitespace() => scan.blanks(),
        _ => return None,
    }
    let (hour, minute, second) = (scan.digits(1, 2)?, scan.after(b':')?.digits(1, 2)?, scan.after(b':')?.digits(1, 2)?);
    let us = if scan.0.first() == Some(&b'.') { scan.after(b'.')?.fraction_us()? } else { 0 };
    scan.blanks();
    let offset_s = scan.offset_s()?;
    // Second 60 is a leap second and counts as the next one.
    let valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && scan.0.is_empty();
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset_s;
    valid.then_some(seconds * 1_000_000 + us)
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

    fn fraction_us(&mut self) -> Option<i64> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digit = |place: usize| if place < count { i64::from(self.0[place] - b'0') } else { 0 };
        let us = (0..6).fold(0, |us, place| us * 10 + digit(place));
        self.skip(count);
        (count > 0).then_some(us)
    }

    fn offset_s(&mut self) -> Option<i64> {
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
        if self.0.first() == Some(&b':') {
            self.skip(1);
        }
        let minutes = self.digits(2, 2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
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
            ("2000-02-29 23:59:60Z", 951_868_800_000_000),
            ("1969-12-31 23:59:59.5+00:00", -500_000),
            ("2400-12-31 00:00:00Z", 13_601_001_600_000_000),
        ] {
            assert_eq!(parse_us(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn refused_forms() {
        for text in [
            "",
            "2018-03-02",
            "2018-03-02 14:44:02",
            "2018-03-02 14:44:02.768",
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
            "2018-01-01 00:00:00 UTC",
            "1520001842",
            "２018-01-01 00:00:00Z",
        ] {
            assert_eq!(parse_us(text), None, "{text}");
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
