//! The canonical line of a tape. Its bytes are hashed: see [`crate::tape::FORMAT`] before changing anything here.

use crate::residual::{Sample, number};

/// Appends the canonical line of a sample, line feed included. Time and value must be finite.
pub(super) fn write(out: &mut Vec<u8>, sample: &Sample<'_>) {
    out.extend_from_slice(b"{\"t\":");
    number::write_tape(out, sample.t);
    out.extend_from_slice(b",\"class\":\"");
    out.extend_from_slice(sample.class.name().as_bytes());
    out.extend_from_slice(b"\",\"value\":");
    number::write_tape(out, sample.value);
    out.extend_from_slice(b",\"channel\":");
    match sample.channel {
        Some(channel) => write_string(out, channel),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b"}\n");
}

/// A JSON string in which only what JSON requires is escaped.
fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x00..=0x1f => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::residual::Class;

    #[test]
    fn lines_are_spelled_as_the_format_says() {
        let cases = [
            (None, r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":null}"#),
            (Some(""), r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":""}"#),
            (Some("a/b é 日本"), r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":"a/b é 日本"}"#),
            (
                Some("\"\\\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}"),
                "{\"t\":1.5,\"class\":\"CacheIo\",\"value\":-0.25,\"channel\":\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\u{7f}\"}",
            ),
        ];
        for (channel, expected) in cases {
            let mut out = Vec::new();
            write(&mut out, &Sample { t: 1.5, class: Class::CacheIo, value: -0.25, channel });
            assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
        }
    }
}
