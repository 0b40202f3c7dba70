//! Strategies for the text of tape lines: legal JSON in every spelling, and bytes that break it.

use proptest::prelude::*;

use crate::streams::{any_number, channel, class};

/// A line as the writers write it.
pub(crate) fn line() -> impl Strategy<Value = String> {
    (any_number(), class(), any_number(), channel()).prop_map(|(t, class, value, channel)| {
        let channel = serde_json::to_string(&channel).expect("a string");
        format!("{{\"t\":{t:?},\"class\":\"{}\",\"value\":{value:?},\"channel\":{channel}}}", class.name())
    })
}

/// A legal line in any key order and spelling, or as an array.
pub(crate) fn spelled_line() -> impl Strategy<Value = String> {
    let unknown =
        prop::collection::vec((prop::sample::select(&UNKNOWN_KEYS[..]), prop::sample::select(&VALUES[..])), 0..3);
    let known = (number_text(), class_text(), number_text(), prop::option::of(channel_text()));
    let form = prop_oneof![7 => Just(false), 1 => Just(true)];
    (known, unknown, form, prop::collection::vec(blank(), 4), any::<u64>()).prop_map(
        |((t, class, value, channel), unknown, array, blanks, mut order)| {
            let [before, colon, comma, after] = <[String; 4]>::try_from(blanks).expect("four");
            if array {
                let channel = channel.unwrap_or_else(|| "null".to_owned());
                return format!("{before}[{t}{comma},{class},{after}{value},{colon}{channel}{after}]{before}");
            }
            let mut pairs = vec![(KEYS[0], t), (KEYS[1], class), (KEYS[2], value)];
            pairs.extend(channel.map(|channel| (KEYS[3], channel)));
            pairs.extend(unknown.into_iter().map(|(key, value)| (key, value.to_owned())));
            let mut text = Vec::new();
            while !pairs.is_empty() {
                let (key, value) = pairs.remove((order % pairs.len() as u64) as usize);
                order /= 8;
                text.push(format!("{before}\"{key}\"{colon}:{colon}{value}{comma}"));
            }
            format!("{before}{{{}{after}}}{after}", text.join(","))
        },
    )
}

const KEYS: [&str; 4] = ["t", "class", "value", "channel"];
/// `\u0074` would be a spelling of `t`; these are not.
const UNKNOWN_KEYS: [&str; 7] = ["", "T", "x", "classes", "Value", "\\n", "日本"];
const VALUES: [&str; 9] =
    ["null", "true", "[]", "{}", "\"t\"", "-1.5e3", "[1,{\"t\":null}]", "{\"channel\":{\"a\":[\"\\u0000\"]}}", "1e400"];

fn blank() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t]{1,3}", 1 => Just("\r".to_owned())]
}

/// A finite number in any of JSON's spellings.
fn number_text() -> impl Strategy<Value = String> {
    const AWKWARD: [&str; 20] = [
        "0",
        "-0",
        "-0.0",
        "0e0",
        "0E-999",
        "1E5",
        "1e+5",
        "1e-400",
        "-1e-400",
        "2.2250738585072011e-308",
        "2.4703282292062327208e-324",
        "2.4703282292062328e-324",
        "1.7976931348623158e308",
        "179769313486231580793e288",
        "9007199254740993",
        "9007199254740992.99999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "0.000000000000000000000000000000000000000000000000000000000000000000001e69",
    ];
    let halfway = (any::<u64>(), 0..40_usize, any::<bool>()).prop_map(|(bits, zeros, above)| {
        // Right between two neighbours, or a hair above: what only a correctly rounding parser tells apart.
        let low = 9_007_199_254_740_992 + (bits >> 11);
        format!("{}.5{}{}", low / 2 * 2 / 2, "0".repeat(zeros), u8::from(above))
    });
    prop_oneof![
        3 => any_number().prop_map(|number| format!("{number:?}")),
        2 => any_number().prop_map(|number| format!("{number}")),
        2 => any_number().prop_map(|number| format!("{number:E}")),
        2 => prop::sample::select(&AWKWARD[..]).prop_map(str::to_owned),
        2 => "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?",
        1 => "-?[1-9][0-9]{15,18}",
        1 => "0\\.[0-9]{300,400}",
        1 => halfway,
    ]
}

fn class_text() -> impl Strategy<Value = String> {
    (class(), 0..4_u8, blank()).prop_map(|(class, form, blank)| {
        let name = class.name();
        match form {
            0 => format!("{{{blank}\"{name}\":{blank}null}}"),
            1 => format!("\"\\u{:04x}{}\"", u32::from(name.as_bytes()[0]), &name[1..]),
            _ => format!("\"{name}\""),
        }
    })
}

fn channel_text() -> impl Strategy<Value = String> {
    let escaped = prop::collection::vec(
        prop::sample::select(
            &[
                "a",
                "\\\"",
                "\\\\",
                "\\/",
                "/",
                "\\b",
                "\\f",
                "\\n",
                "\\r",
                "\\t",
                "\\u0000",
                "\\u00E9",
                "é",
                "\u{7f}",
                "\u{2028}",
                "\\ud83d\\ude00",
                "😀",
                "\\uffff",
                "\u{feff}",
            ][..],
        ),
        0..6,
    );
    prop_oneof![
        2 => Just("null".to_owned()),
        3 => escaped.prop_map(|pieces| format!("\"{}\"", pieces.concat())),
        3 => channel().prop_map(|channel| serde_json::to_string(&channel).expect("a string")),
    ]
}

/// Bytes to put into a line: mostly what JSON is made of.
pub(crate) fn junk() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 30] = [
        b"",
        b"",
        b" ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\t",
        b"0",
        b"1",
        b".",
        b"-",
        b"+",
        b"e",
        b"E5",
        b"e400",
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"NaN",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\0",
        b"\\ud800",
        b"\"t\":1.0,",
    ];
    prop_oneof![
        9 => prop::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ]
}
