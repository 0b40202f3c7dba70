//! Strategies for points in time as Snowset spells them.

use proptest::prelude::*;

/// Microseconds of 2018-03-02 12:00 UTC, from where Snowset's times are counted here.
const NOON_US: i64 = 1_519_992_000_000_000;

/// A time within a few buckets of 300 s, in any spelling that both take.
pub(crate) fn snowset_time() -> impl Strategy<Value = String> {
    let us = prop_oneof![
        6 => 0..3_000_000_000_i64,
        2 => (0..11_i64, -1..=1_i64).prop_map(|(bucket, off)| bucket * 300_000_000 + off),
        1 => (0..3000_i64).prop_map(|second| second * 1_000_000),
        1 => (-400_i64..400).prop_map(|day| day * 86_400_000_000),
    ];
    let offset = prop::sample::select(&[0, 0, 0, 60, -300, 330, 14 * 60, -12 * 60][..]);
    let separator = prop::sample::select(&[" ", " ", " ", "T"][..]);
    let zone = prop::sample::select(&["+hh:mm", "+hhmm", "Z"][..]);
    (us, offset, separator, zone, 0..=9_usize)
        .prop_map(|(us, offset, separator, zone, digits)| spell(NOON_US + us, offset, separator, zone, digits))
}

/// Spells a point in time, with its fraction cut to `digits`.
fn spell(us: i64, mut offset_min: i64, separator: &str, zone: &str, digits: usize) -> String {
    // RFC 3339 wants the colon; `Z` means no offset.
    let zone = if separator == "T" && zone == "+hhmm" { "+hh:mm" } else { zone };
    if zone == "Z" {
        offset_min = 0;
    }
    let local_s = us.div_euclid(1_000_000) + offset_min * 60;
    let (day, second) = (local_s.div_euclid(86_400), local_s.rem_euclid(86_400));
    let (year, month, day) = date(day);
    let mut text = format!(
        "{year:04}-{month:02}-{day:02}{separator}{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    if digits > 0 {
        let fraction = format!("{:06}789", us.rem_euclid(1_000_000));
        text.push('.');
        text.push_str(&fraction[..digits]);
    }
    let (sign, minutes) = (if offset_min < 0 { '-' } else { '+' }, offset_min.abs());
    match zone {
        "Z" => text.push('Z'),
        "+hhmm" => text.push_str(&format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)),
        _ => text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)),
    }
    text
}

/// The date of a day since 1970, counted up from there.
fn date(mut day: i64) -> (i64, i64, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while day >= 365 + i64::from(leap(year)) {
        day -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

/// Texts that are nearly times, some of which one could take for times.
pub(crate) fn doubtful_time() -> impl Strategy<Value = String> {
    const FORMS: [&str; 43] = [
        "2018-03-02 12:00:01.5+00:00",
        "2018-03-02 12:00:01.5 +00:00",
        "2018-03-02  12:00:01.5  +00:00",
        " 2018-03-02 12:00:01+00:00",
        "2018-03-02 12:00:01+00:00 ",
        "2018-03-02 12:00:01",
        "2018-03-02T12:00:01",
        "2018-03-02t12:00:01z",
        "2018-03-02T12:00:01z",
        "2018-03-02 12:00:01z",
        "2018-03-02 12:00:01 Z",
        "2018-03-02T12:00:01+0000",
        "2018-03-02T12:00:01 +00:00",
        "2018-03-02 12:00:01-00:00",
        "2018-03-02 12:00:01+00",
        "2018-03-02 12:00:01+0",
        "2018-03-02 12:00:01+00:0",
        "2018-03-02 12:00:01+24:00",
        "2018-03-02 12:00:01+23:59",
        "2018-03-02 12:00:01+00:60",
        "2018-03-02 12:00:60+00:00",
        "2018-03-02 23:59:60+00:00",
        "2018-03-02 23:59:60.5+00:00",
        "2018-03-02 12:00:61+00:00",
        "2018-03-02 24:00:00+00:00",
        "2018-02-29 12:00:01+00:00",
        "2016-02-29 12:00:01+00:00",
        "2018-3-2 12:00:01+00:00",
        "2018-03-02 1:2:3+00:00",
        "2018-03-02 12:00+00:00",
        "2018-03-02 12:00:01.+00:00",
        "2018-03-02 12:00:01,5+00:00",
        "2018-03-02 12:00:01.1234567891234+00:00",
        "18-03-02 12:00:01+00:00",
        "+2018-03-02 12:00:01+00:00",
        "12018-03-02 12:00:01+00:00",
        "2018/03/02 12:00:01+00:00",
        "2018-03-02\t12:00:01+00:00",
        "2018-03-02 12:00:01+00 00",
        "2018-03-02 12:00:01+00: 00",
        "2018-13-02 12:00:01+00:00",
        "0000-01-01 00:00:00+00:00",
        "-0001-01-01 00:00:00+00:00",
    ];
    let edit =
        (any::<prop::sample::Index>(), 0..2_usize, prop::sample::select(&["", " ", "0", ":", "+", "T", ".", "é"][..]));
    let edited = (prop::sample::select(&FORMS[..4]), edit).prop_map(|(form, (at, removed, inserted))| {
        let at = at.index(form.len());
        format!("{}{inserted}{}", &form[..at], &form[(at + removed).min(form.len())..])
    });
    prop_oneof![1 => prop::sample::select(&FORMS[..]).prop_map(str::to_owned), 1 => edited]
}
