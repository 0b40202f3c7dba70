use std::fmt;

/// What is wrong with a column of times as a whole.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeProblem {
    /// A unit is told of times that are no numbers.
    #[error("`{column}` is {form}; --time-unit is for times that are numbers")]
    UnitOfDates {
        /// The column.
        column: String,
        /// How its times are written.
        form: TimeForm,
    },
    /// A zone is told of times that have an offset, or need none.
    #[error("`{column}` is {form}; --time-zone is for times without an offset")]
    UselessZone {
        /// The column.
        column: String,
        /// How its times are written.
        form: TimeForm,
    },
    /// Nothing says how far the times are from UTC.
    #[error("`{column}` is a time without an offset; pass --time-zone UTC or its offset, such as --time-zone +02:00")]
    NoOffset {
        /// The column.
        column: String,
    },
    /// Local times go back, as clocks do.
    #[error(
        "`{column}` goes back by {minutes} min in the night of a Sunday, as clocks do at the end of daylight saving time; no one \
         offset is right before and after: export times in UTC, or with their offsets"
    )]
    ClockPutBack {
        /// The column.
        column: String,
        /// By how many minutes.
        minutes: f64,
    },
    /// Its times are of two kinds.
    #[error("`{column}` is {here} here and {there} on {at}; give the whole column one form")]
    Mixture {
        /// The column.
        column: String,
        /// What this one is.
        here: TimeKind,
        /// What the first one is.
        there: TimeKind,
        /// Where that stands.
        at: String,
    },
    /// Its name says another unit than its numbers.
    #[error(
        "`{column}` is named for {named}, but `{number}` is a time in {size} since 1970; pass --time-unit {} or --time-unit {}, \
         whichever is right",
        .size.symbol(),
        .named.symbol()
    )]
    NamedOtherwise {
        /// The column.
        column: String,
        /// The unit that it is named for.
        named: TimeUnit,
        /// Its first number.
        number: f64,
        /// The unit that the size of its numbers says.
        size: TimeUnit,
    },
    /// Its name says a unit that is not read.
    #[error("`{column}` is named for {unit}; convert it to seconds, or pass --time-unit if the name is wrong")]
    UnreadUnit {
        /// The column.
        column: String,
        /// The unit that it is named for.
        unit: &'static str,
    },
    /// Dates that are written as numbers.
    #[error(
        "`{column}` is `{number}`, which looks like a date written as a number ({form}); write it like \
         `2018-03-02T14:44:02Z`{}",
        or_seconds(*.may_be_seconds)
    )]
    DigitsOfDate {
        /// The column.
        column: String,
        /// Its first number.
        number: f64,
        /// Such as `yyyymmdd`.
        form: &'static str,
        /// Whether it may as well be a number of seconds.
        may_be_seconds: bool,
    },
    /// Times of another clock.
    #[error(
        "`{column}` is `{number}`, which looks like {clock}; convert it to seconds since 1970, which are {formula}{}",
        or_seconds(*.may_be_seconds)
    )]
    OtherClock {
        /// The column.
        column: String,
        /// Its first number.
        number: f64,
        /// What it counts.
        clock: &'static str,
        /// What makes seconds since 1970 of it.
        formula: &'static str,
        /// Whether it may as well be a number of seconds.
        may_be_seconds: bool,
    },
    /// A number that is no time of a trace in any unit.
    #[error(
        "`{column}` is `{number}`, which is not a time between 2000 and 2100 in s, ms, us or ns since 1970, and is too large for \
         seconds from another origin{}; pass --time-unit, or write it like `2018-03-02T14:44:02Z`",
        .look.map_or_else(String::new, |look| format!("; it looks like {look}"))
    )]
    TooLarge {
        /// The column.
        column: String,
        /// The number.
        number: f64,
        /// What else it looks like.
        look: Option<TimeLook>,
    },
    /// A number that is no time of a trace in the unit that is told or named.
    #[error(
        "`{column}` is `{number}`, which is neither a time between 2000 and 2100 in {unit} since 1970 nor within ten years of \
         another origin, {}",
        if *.is_named { "as its name says; pass --time-unit" } else { "as --time-unit says" }
    )]
    WrongUnit {
        /// The column.
        column: String,
        /// The number.
        number: f64,
        /// The unit.
        unit: TimeUnit,
        /// Whether the name of the column says it.
        is_named: bool,
    },
    /// A number or a date that stands for unknown among others.
    #[error("`{column}` is `{value}`, which stands for unknown {among}; leave the row out")]
    Unknown {
        /// The column.
        column: String,
        /// What stands there.
        value: String,
        /// What the others are.
        among: &'static str,
    },
}

fn or_seconds(may_be_seconds: bool) -> &'static str {
    if may_be_seconds { ", or pass --time-unit s if it is a number of seconds" } else { "" }
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Thousandths of them.
    Milliseconds,
    /// Millionths of them.
    Microseconds,
    /// Billionths of them.
    Nanoseconds,
}

impl TimeUnit {
    pub(super) const ALL: [Self; 4] = [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];

    /// As the option takes it.
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeForm {
    /// As a number.
    Number,
    /// As a date and time with its offset.
    WithOffset,
    /// As a date and time without one.
    WithoutOffset,
}

impl fmt::Display for TimeForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::WithOffset => "a date and time with its offset",
            Self::WithoutOffset => "a date and time without an offset",
        })
    }
}

/// What a time of a column is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TimeKind {
    /// A time that is written so.
    Form(TimeForm),
    /// A number of this unit since 1970.
    Since1970(TimeUnit),
    /// A number of this unit since something else.
    FromElsewhere(TimeUnit),
    /// A number that is no time since 1970.
    NotSince1970(f64),
}

impl fmt::Display for TimeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(form) => form.fmt(f),
            Self::Since1970(unit) => write!(f, "in {unit} since 1970"),
            Self::FromElsewhere(unit) => write!(f, "in {unit} from another origin"),
            Self::NotSince1970(number) => write!(f, "`{number}`, which is no time since 1970,"),
        }
    }
}

/// What a number looks like that is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeLook {
    /// A date written as a number, such as `yyyymmdd`.
    DigitsOfDate(&'static str),
    /// A time of another clock.
    OtherClock(&'static str),
}

impl fmt::Display for TimeLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DigitsOfDate(form) => write!(f, "a date written as a number ({form})"),
            Self::OtherClock(clock) => f.write_str(clock),
        }
    }
}
