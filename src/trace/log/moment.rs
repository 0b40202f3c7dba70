use crate::trace::read::{Dated, parse_date};

/// When an entry was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Microseconds since 1970, as if it were UTC where the zone is known by a name only.
    pub(crate) us: i64,
    /// The name of a zone that is neither UTC nor an offset: `CET`. Empty if there is none.
    pub(crate) zone: Option<String>,
}

impl Moment {
    /// Reads what `log_line_prefix` calls `%t`, `%m` (`2026-11-28 03:14:13.323 CET`) and `%n` (`1764299653.323`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(Dated { us, has_offset }) = parse_date(text) {
            return Some(Self { us, zone: (!has_offset).then(String::new) });
        }
        if let Some((date, zone)) = text.rsplit_once(' ')
            && zone.bytes().all(|byte| byte.is_ascii_alphabetic())
            && date.contains(':')
            && let Some(Dated { us, has_offset: false }) = parse_date(date)
        {
            return Some(Self { us, zone: Some(zone.to_owned()) });
        }
        let (seconds, fraction) = text.split_once('.')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if seconds.len() < 9 || seconds.len() > 11 || !is_number(seconds) || !is_number(fraction) || fraction.len() > 6
        {
            return None;
        }
        let us: i64 = format!("{fraction:0<6}").parse().ok()?;
        Some(Self { us: seconds.parse::<i64>().ok()? * 1_000_000 + us, zone: None })
    }
}
