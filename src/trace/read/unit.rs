//! Times that are numbers: the unit that their size and the name of their column say, and numbers that only look like times.

use super::time::is_day;
use super::time_problem::TimeUnit;

/// Seconds since 1970 of the years from 2000 to 2100, in which traces are.
const EPOCH_S: std::ops::Range<f64> = 946_684_800.0..4_102_444_800.0;

/// What a time may be away from an origin that is not 1970: ten years. Milliseconds of a clock that counts from the start of
/// its machine are beyond it after four days.
const LONGEST_S: f64 = 315_576_000.0;

/// From when numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Epoch,
    /// The start of the trace, of the machine …
    Other,
}

impl TimeUnit {
    /// The unit that an option tells.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "s" => Ok(Self::Seconds),
            "ms" => Ok(Self::Milliseconds),
            "us" | "µs" => Ok(Self::Microseconds),
            "ns" => Ok(Self::Nanoseconds),
            _ => Err("a unit of time; it is s, ms, us or ns".to_owned()),
        }
    }

    const fn per_second(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e3,
            Self::Microseconds => 1e6,
            Self::Nanoseconds => 1e9,
        }
    }

    /// Its microseconds.
    pub(super) fn us(self, number: f64) -> f64 {
        match self {
            Self::Seconds => number * 1e6,
            Self::Milliseconds => (number * 1e3).round(),
            Self::Microseconds => number,
            Self::Nanoseconds => (number / 1e3).round(),
        }
    }

    /// From when a number in this unit can count, if it can be a time of a trace.
    pub(super) fn origin(self, number: f64) -> Option<Origin> {
        let seconds = number / self.per_second();
        if EPOCH_S.contains(&seconds) {
            Some(Origin::Epoch)
        } else {
            (seconds.abs() <= LONGEST_S).then_some(Origin::Other)
        }
    }

    /// The unit in which a number is a time since 1970; there is no second one.
    pub(super) fn of_size(number: f64) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.origin(number) == Some(Origin::Epoch))
    }
}

/// The unit that the last word of a column's name is (`epoch_ms`, `elapsedMs`, `time (us)`), or the name of one that is not
/// read.
pub(super) fn named_unit(name: &str) -> Option<Result<TimeUnit, &'static str>> {
    let mut words = vec![String::new()];
    let mut is_after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || is_after_lower && letter.is_uppercase() {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words.last_mut()?.extend(letter.to_lowercase());
        }
        is_after_lower = letter.is_lowercase();
    }
    let word = words.into_iter().rfind(|word| !word.is_empty())?;
    Some(Ok(match word.as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => TimeUnit::Seconds,
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => TimeUnit::Milliseconds,
        "us" | "µs" | "μs" | "usec" | "usecs" | "micro" | "micros" | "microsecond" | "microseconds" => {
            TimeUnit::Microseconds
        }
        "ns" | "nsec" | "nsecs" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => TimeUnit::Nanoseconds,
        "min" | "mins" | "minute" | "minutes" => return Some(Err("minutes")),
        "h" | "hr" | "hrs" | "hour" | "hours" => return Some(Err("hours")),
        "d" | "day" | "days" => return Some(Err("days")),
        _ => return None,
    }))
}

/// Numbers by which programs say that there is no time: the ends of their types, and the first and last time of their
/// calendars.
pub(super) fn is_no_time(number: f64) -> bool {
    const LAST: f64 = 253_402_300_799.0;
    const FIRST: f64 = -62_135_596_800.0;
    [
        f64::from(i32::MAX),
        f64::from(i32::MIN),
        f64::from(u32::MAX),
        i64::MAX as f64,
        i64::MIN as f64,
        u64::MAX as f64,
        LAST,
        LAST * 1e3,
        LAST * 1e3 + 999.0,
        FIRST,
        FIRST * 1e3,
    ]
    .contains(&number)
}

/// Numbers that are times, but none since 1970 in a unit that is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    pub(super) name: &'static str,
    /// What makes seconds since 1970 of them.
    pub(super) formula: &'static str,
    from: f64,
    to: f64,
}

/// From 2000 to 2100.
const CLOCKS: [Clock; 5] = [
    Clock {
        name: "a FILETIME of Windows (100 ns since 1601)",
        formula: "(x - 116444736000000000) / 10000000",
        from: 125_911_584_000_000_000.0,
        to: 157_469_184_000_000_000.0,
    },
    Clock {
        name: "ticks of .NET (100 ns since the year 1)",
        formula: "(x - 621355968000000000) / 10000000",
        from: 630_822_816_000_000_000.0,
        to: 662_380_416_000_000_000.0,
    },
    Clock {
        name: "a time of WebKit (microseconds since 1601)",
        formula: "(x - 11644473600000000) / 1000000",
        from: 12_591_158_400_000_000.0,
        to: 15_746_918_400_000_000.0,
    },
    Clock { name: "a date of Excel (days since 1900)", formula: "(x - 25569) * 86400", from: 36_526.0, to: 73_051.0 },
    Clock { name: "a Julian day", formula: "(x - 2440587.5) * 86400", from: 2_451_544.5, to: 2_488_069.5 },
];

impl Clock {
    /// The clock by which all of `numbers` are times of traces.
    pub(super) fn of(numbers: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        CLOCKS.into_iter().find(|clock| {
            let mut numbers = numbers.clone().peekable();
            numbers.peek().is_some() && numbers.all(|number| (clock.from..clock.to).contains(&number))
        })
    }
}

/// How dates are written as one number, by the number of digits of the year, and how many pairs follow.
const DATES: [(&str, usize, usize); 9] = [
    ("yyyymmdd", 4, 2),
    ("yyyymmddhh", 4, 3),
    ("yyyymmddhhmm", 4, 4),
    ("yyyymmddhhmmss", 4, 5),
    ("yyyymmddhhmmssfff", 4, 5),
    ("yymmdd", 2, 2),
    ("yymmddhh", 2, 3),
    ("yymmddhhmm", 2, 4),
    ("yymmddhhmmss", 2, 5),
];

/// How all of `numbers` are written, if they read as dates. Two are needed where one may well be a number of seconds.
pub(super) fn digits_of_date(numbers: impl Iterator<Item = f64> + Clone) -> Option<&'static str> {
    let first = numbers.clone().next()?;
    let is_seconds = TimeUnit::Seconds.origin(first).is_some();
    if is_seconds && numbers.clone().nth(1).is_none() {
        return None;
    }
    let date = DATES.into_iter().find(|date| numbers.clone().all(|number| is_date(number, *date)));
    date.map(|(form, ..)| form)
}

fn is_date(number: f64, (form, year_digits, pairs): (&str, usize, usize)) -> bool {
    /// Ten digits below it are seconds since 1970 of these years.
    const TEN_DIGITS: f64 = 2e9;
    let text = format!("{:.0}", number.trunc());
    let is_whole = number.fract() == 0.0 || pairs == 5;
    if text.len() != form.len() || !is_whole || text.len() == 10 && number < TEN_DIGITS {
        return false;
    }
    let part = |from: usize, digits: usize| text.get(from..from + digits).and_then(|part| part.parse::<i64>().ok());
    let pair = |at: usize| if at < pairs { part(year_digits + 2 * at, 2) } else { Some(0) };
    let (Some(year), Some(month), Some(day)) = (part(0, year_digits), pair(0), pair(1)) else { return false };
    let year = if year_digits == 2 { 2000 + year } else { year };
    let (hour, minute, second) = (pair(2), pair(3), pair(4));
    let in_time = |part: Option<i64>, end: i64| part.is_some_and(|part| part < end);
    let is_time = in_time(hour, 24) && in_time(minute, 60) && in_time(second, 60);
    let years = if year_digits == 2 { 2000..2070 } else { 1970..2100 };
    years.contains(&year) && is_day(year, month, day) && is_time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_unit_only_from_2000_to_2100() {
        for (number, unit, seconds) in [
            (1_714_557_600.0, Some(TimeUnit::Seconds), Some(Origin::Epoch)),
            (946_684_799.0, None, None),
            (4_102_444_800.0, None, None),
            (1_714_557_600_000.0, Some(TimeUnit::Milliseconds), None),
            (1.714_557_6e15, Some(TimeUnit::Microseconds), None),
            (1.714_557_6e18, Some(TimeUnit::Nanoseconds), None),
            (202_405_011_000.0, None, None),
            (240_501_100_000.0, None, None),
            (133_590_000_000_000_000.0, None, None),
            (638_500_000_000_000_000.0, None, None),
            (345_600_000_000_000.0, None, None),
            (345_600_000.0, None, None),
            (0.0, None, Some(Origin::Other)),
            (-60.0, None, Some(Origin::Other)),
            (86_400.5, None, Some(Origin::Other)),
        ] {
            assert_eq!((TimeUnit::of_size(number), TimeUnit::Seconds.origin(number)), (unit, seconds), "{number}");
        }
    }

    #[test]
    fn the_last_word_of_a_name_is_its_unit() {
        for (name, expected) in [
            ("epoch_ms", Some(Ok(TimeUnit::Milliseconds))),
            ("elapsedMs", Some(Ok(TimeUnit::Milliseconds))),
            ("TIME_MS", Some(Ok(TimeUnit::Milliseconds))),
            ("ts_us", Some(Ok(TimeUnit::Microseconds))),
            ("time (µs)", Some(Ok(TimeUnit::Microseconds))),
            ("startTimeUnixNano", Some(Ok(TimeUnit::Nanoseconds))),
            ("time_ns", Some(Ok(TimeUnit::Nanoseconds))),
            ("t_seconds", Some(Ok(TimeUnit::Seconds))),
            ("elapsed [s]", Some(Ok(TimeUnit::Seconds))),
            ("uptime_minutes", Some(Err("minutes"))),
            ("hour", Some(Err("hours"))),
            ("items", None),
            ("status", None),
            ("t", None),
            ("ms_time", None),
            ("timestamp", None),
            ("", None),
        ] {
            assert_eq!(named_unit(name), expected, "{name:?}");
        }
    }

    #[test]
    fn dates_and_clocks_are_told_from_seconds() {
        for (numbers, date, clock) in [
            (&[20_240_501.0, 20_240_502.0][..], Some("yyyymmdd"), None),
            (&[20_240_501.0], None, None),
            (&[20_240_500.0, 20_240_501.0], None, None),
            (&[2_024_050_110.0, 2_024_050_111.0], Some("yyyymmddhh"), None),
            (&[1_712_010_101.0, 1_712_010_102.0], None, None),
            (&[202_405_011_000.0], Some("yyyymmddhhmm"), None),
            (&[202_405_011_060.0], None, None),
            (&[240_501_100_000.0], Some("yymmddhhmmss"), None),
            (&[2_405_011_000.0, 2_405_011_001.0], Some("yymmddhhmm"), None),
            (&[24_050_110.0, 24_050_111.0], Some("yymmddhh"), None),
            (&[240_501.0, 240_502.0], Some("yymmdd"), None),
            (&[20_240_501_100_000.0], Some("yyyymmddhhmmss"), None),
            (&[20_240_501_100_000.25], Some("yyyymmddhhmmss"), None),
            (&[20_240_501_100_000_000.0], Some("yyyymmddhhmmssfff"), None),
            (&[20_230_229_100_000.0], None, None),
            (&[133_590_000_000_000_000.0], None, Some("a FILETIME of Windows (100 ns since 1601)")),
            (&[638_500_000_000_000_000.0], None, Some("ticks of .NET (100 ns since the year 1)")),
            (&[13_360_000_000_000_000.0], None, Some("a time of WebKit (microseconds since 1601)")),
            (&[45_413.416_667], None, Some("a date of Excel (days since 1900)")),
            (&[2_460_431.9], None, Some("a Julian day")),
            (&[0.0, 60.0, 120.0], None, None),
            (&[], None, None),
        ] {
            let found = (digits_of_date(numbers.iter().copied()), Clock::of(numbers.iter().copied()));
            assert_eq!((found.0, found.1.map(|clock| clock.name)), (date, clock), "{numbers:?}");
        }
    }
}
