//! Start and end of a span, in the unit that its format says.

use super::problem::SpanProblem;
use super::scalar::Scalar;

/// How a format writes start and end.
#[derive(Debug)]
pub(super) struct SpanClock {
    /// The field with the start.
    pub(super) start: &'static str,
    /// The field with the end, or with the duration.
    pub(super) end: &'static str,
    pub(super) end_is_duration: bool,
    pub(super) unit: &'static ClockUnit,
    /// Whether times count from 1970, so that 0 is an unknown one and the unit can be checked.
    pub(super) since_1970: bool,
}

/// A unit of time.
#[derive(Debug)]
pub(super) struct ClockUnit {
    name: &'static str,
    nanoseconds: u64,
}

pub(super) const NANOSECONDS: &ClockUnit = &UNITS[0];
pub(super) const MICROSECONDS: &ClockUnit = &UNITS[1];

static UNITS: [ClockUnit; 4] = [
    ClockUnit { name: "nanoseconds", nanoseconds: 1 },
    ClockUnit { name: "microseconds", nanoseconds: 1_000 },
    ClockUnit { name: "milliseconds", nanoseconds: 1_000_000 },
    ClockUnit { name: "seconds", nanoseconds: 1_000_000_000 },
];

/// Seconds since 1970 between which spans are: 1973, before there was any, and 2128. No unit's range meets that of another.
const PLAUSIBLE_S: std::ops::Range<u64> = 100_000_000..5_000_000_000;

/// Seconds since 1970 that a number without a known origin must not look like in another unit: 2008 to 2039.
const PRESENT_S: std::ops::Range<u64> = 1_200_000_000..2_200_000_000;

impl SpanClock {
    /// Start and duration in nanoseconds.
    pub(super) fn interval(&self, start: &Scalar<'_>, end: &Scalar<'_>) -> Result<(u64, u64), SpanProblem> {
        let start_ns = self.time(self.start, start)?;
        if self.end_is_duration {
            let duration = self.number(self.end, end)?.ok_or(SpanProblem::Unfinished(self.end))?;
            let duration_ns = duration.checked_mul(self.unit.nanoseconds);
            return Ok((start_ns, duration_ns.ok_or_else(|| self.wrong(self.end, &duration.to_string()))?));
        }
        let end_ns = self.time(self.end, end)?;
        let duration_ns = end_ns.checked_sub(start_ns);
        let duration_ns =
            duration_ns.ok_or(SpanProblem::Backwards { start: self.start, start_ns, end: self.end, end_ns })?;
        Ok((start_ns, duration_ns))
    }

    fn number(&self, field: &'static str, value: &Scalar<'_>) -> Result<Option<u64>, SpanProblem> {
        value.whole().map_err(|value| self.wrong(field, &value))
    }

    fn wrong(&self, field: &'static str, value: &str) -> SpanProblem {
        SpanProblem::NotWhole { field, value: value.to_owned(), unit: self.unit.name }
    }

    /// A time in nanoseconds.
    fn time(&self, field: &'static str, value: &Scalar<'_>) -> Result<u64, SpanProblem> {
        let known = self.number(field, value)?.filter(|number| !self.since_1970 || *number > 0);
        let Some(number) = known else {
            let is_end = field == self.end;
            return Err(if is_end { SpanProblem::Unfinished(field) } else { SpanProblem::NoStart(field) });
        };
        let in_range = |unit: &ClockUnit| PLAUSIBLE_S.contains(&(number / (1_000_000_000 / unit.nanoseconds)));
        if self.since_1970 && !in_range(self.unit) {
            let look = UNITS.iter().find(|unit| in_range(unit)).map(|unit| unit.name);
            return Err(SpanProblem::OtherUnit { field, number, unit: self.unit.name, look });
        }
        number.checked_mul(self.unit.nanoseconds).ok_or_else(|| self.wrong(field, &number.to_string()))
    }

    /// The unit that the earliest start looks to be in, if that is not the clock's own.
    pub(super) fn other_unit(&self, earliest: u64) -> Option<&'static str> {
        let present = |unit: &&ClockUnit| PRESENT_S.contains(&(earliest / (1_000_000_000 / unit.nanoseconds)));
        UNITS.iter().find(present).map(|unit| unit.name).filter(|name| *name != self.unit.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTLP: SpanClock =
        SpanClock { start: "s", end: "e", end_is_duration: false, unit: NANOSECONDS, since_1970: true };
    const ZIPKIN: SpanClock =
        SpanClock { start: "s", end: "d", end_is_duration: true, unit: MICROSECONDS, since_1970: true };

    #[test]
    fn intervals_are_nanoseconds_and_may_be_empty() {
        let ns = 1_714_557_600_000_000_000;
        let text = Scalar::Text("1714557600000000000".into());
        assert_eq!(OTLP.interval(&text, &Scalar::Whole(ns + 5)).unwrap(), (ns, 5));
        assert_eq!(OTLP.interval(&text, &text).unwrap(), (ns, 0));
        assert_eq!(ZIPKIN.interval(&Scalar::Whole(ns / 1000), &Scalar::Whole(7)).unwrap(), (ns, 7000));
        assert_eq!(ZIPKIN.interval(&Scalar::Whole(ns / 1000), &Scalar::Whole(0)).unwrap(), (ns, 0));
    }

    #[test]
    fn what_is_unknown_or_in_another_unit_is_named() {
        let good = Scalar::Whole(1_714_557_600_000_000_000);
        for (start, end, expected) in [
            (Scalar::Absent, good.clone(), "the span has no `s`, so its time is unknown"),
            (Scalar::Whole(0), good.clone(), "the span has no `s`, so its time is unknown"),
            (good.clone(), Scalar::Whole(0), "the span has no `e`; it was not finished, so its duration is unknown"),
            (good.clone(), Scalar::Text("x".into()), "`e` is `x`, not a whole number of nanoseconds"),
            (good.clone(), Scalar::Negative(-1), "`e` is `-1`, not a whole number of nanoseconds"),
            (
                Scalar::Whole(1_714_557_600_000),
                good.clone(),
                "`s` is 1714557600000, which is not a time in nanoseconds since 1970; it looks like milliseconds",
            ),
            (
                good.clone(),
                Scalar::Whole(1_714_557_600_000_000),
                "`e` is 1714557600000000, which is not a time in nanoseconds since 1970; it looks like microseconds",
            ),
            (Scalar::Whole(5), good.clone(), "`s` is 5, which is not a time in nanoseconds since 1970"),
            (
                good.clone(),
                Scalar::Whole(1_714_557_599_999_999_999),
                "the span ends before it starts: `s` is 1714557600000000000 and `e` is 1714557599999999999",
            ),
        ] {
            assert_eq!(OTLP.interval(&start, &end).unwrap_err().to_string(), expected);
        }
        assert_eq!(
            ZIPKIN.interval(&good, &Scalar::Whole(1)).unwrap_err().to_string(),
            "`s` is 1714557600000000000, which is not a time in microseconds since 1970; it looks like nanoseconds"
        );
        let us = Scalar::Whole(1_714_557_600_000_000);
        assert!(ZIPKIN.interval(&us, &Scalar::Absent).unwrap_err().to_string().contains("not finished"));
        assert!(ZIPKIN.interval(&us, &Scalar::Whole(u64::MAX)).is_err());
        assert!(ZIPKIN.interval(&us, &Scalar::Other("1.5".into())).is_err());
    }

    #[test]
    fn a_clock_of_unknown_origin_is_told_by_what_the_present_looks_like() {
        for (earliest, unit) in [
            (0, None),
            (5, None),
            (1_714_557_600, Some("seconds")),
            (1_714_557_600_000, Some("milliseconds")),
            (1_714_557_600_000_000, Some("microseconds")),
            (1_714_557_600_000_000_000, None),
            (u64::MAX, None),
        ] {
            assert_eq!(OTLP.other_unit(earliest), unit, "{earliest}");
        }
    }
}
