//! Which format a file is in, by its first bytes and keys.

use super::json::{ARRAY, JAEGER, Layout, OTLP, ZIPKIN};
use crate::trace::read::{BOM, Wanted, binary, first_keys, markup, skip_string};

/// The formats that spans are read from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    /// One JSON text.
    Json(&'static Layout),
    /// A JSON text a line.
    Lines(&'static Layout),
    /// Messages with their length before each, in protobuf or JSON, each compressed or not.
    Messages,
    /// One message in protobuf.
    Protobuf,
}

impl Format {
    /// What it is, for a sentence.
    pub(super) fn described(self) -> String {
        match self {
            Self::Json(layout) => layout.name.to_owned(),
            Self::Lines(layout) => format!("{}, one object a line", layout.name),
            Self::Messages => "OTLP messages with their length before each".to_owned(),
            Self::Protobuf => "an OTLP message in protobuf".to_owned(),
        }
    }
}

/// The first bytes of zstd.
pub(super) const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// The tag of the one field of an OTLP message.
const RESOURCE_SPANS: u8 = 0x0a;

/// Bytes of the longest message that is taken for one.
pub(super) const LONGEST_MESSAGE: usize = 64 << 20;

/// Bytes that tell the format unless the first line has to be seen to its end.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// The ways to get a file that is read.
const KNOWN: &str = "this data set reads OTLP JSON (`resourceSpans`), one object or one a line, OTLP protobuf, Jaeger's JSON \
                     (`data` with `spans`), Zipkin's JSON (version 2) and a JSON array of objects with `t_start_ns`, \
                     `t_end_ns` and `statement_hash`";

/// The format of a file that starts with `head`; or what it is instead, and what to do.
pub(super) fn find(head: &[u8]) -> Result<Format, String> {
    if is_messages(head) {
        return Ok(Format::Messages);
    }
    if let Some(problem) = binary(head, Wanted::Spans) {
        return Err(problem);
    }
    if head.first() == Some(&RESOURCE_SPANS) && is_binary(head) {
        return Ok(Format::Protobuf);
    }
    let text = head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start();
    match text.first() {
        None => Err(format!("the file is empty; {KNOWN}")),
        Some(b'[') => {
            let keys = first_keys(text);
            let has = |names: &[&str]| keys.iter().any(|key| names.contains(&key.as_str()));
            if has(&["t_start_ns", "t_end_ns", "statement_hash"]) {
                Ok(Format::Json(&ARRAY))
            } else if has(&["binaryAnnotations"]) {
                Err("this is Zipkin's JSON of version 1; ask for version 2, at `/api/v2/traces`".to_owned())
            } else if has(&["resourceSpans", "resource_spans", "batches", "resourceLogs", "resourceMetrics"]) {
                Ok(Format::Json(&OTLP))
            } else if has(&["traceId", "localEndpoint", "remoteEndpoint"]) {
                Ok(Format::Json(&ZIPKIN))
            } else if has(&["traceID", "spans", "processes"]) {
                Ok(Format::Json(&JAEGER))
            } else {
                Ok(Format::Json(&ARRAY))
            }
        }
        Some(b'{') => {
            let keys = first_keys(text);
            let has = |names: &[&str]| keys.iter().any(|key| names.contains(&key.as_str()));
            let otlp = [
                "resourceSpans",
                "resource_spans",
                "batches",
                "trace",
                "resourceLogs",
                "resourceMetrics",
                "resourceProfiles",
            ];
            if has(&otlp) || keys.is_empty() {
                Ok(if first_line_is_whole(text) { Format::Lines(&OTLP) } else { Format::Json(&OTLP) })
            } else if has(&["data", "spans"]) {
                Ok(Format::Json(&JAEGER))
            } else {
                let keys: Vec<String> = keys.iter().take(8).map(|key| format!("`{key}`")).collect();
                Err(format!("the first object has the keys {}, of no format that is known; {KNOWN}", keys.join(", ")))
            }
        }
        Some(_) => Err(match markup(text) {
            Some(problem) => problem.to_owned(),
            None => format!("this is not JSON, which starts with `{{` or `[`; {KNOWN}"),
        }),
    }
}

/// Whether the rest of the first line decides: of OTLP, whether the text is one object or one a line.
pub(super) fn needs_first_line(head: &[u8]) -> bool {
    !is_messages(head) && head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start().starts_with(b"{")
}

/// Whether a length stands first and a message behind it: the file exporter writes that for `format: proto`, and for
/// `compression: zstd` of either format.
fn is_messages(head: &[u8]) -> bool {
    let Some((length, message)) = head.split_first_chunk() else { return false };
    let length = u32::from_be_bytes(*length) as usize;
    let starts = message.starts_with(ZSTD) || message.starts_with(b"{\"") || message.first() == Some(&RESOURCE_SPANS);
    (1..=LONGEST_MESSAGE).contains(&length) && starts
}

/// Whether there are bytes that no text has.
fn is_binary(head: &[u8]) -> bool {
    head.iter().any(|byte| matches!(byte, 0..=8 | 14..=31))
}

/// Whether the first line is a JSON object to its end, so that each line is one.
fn first_line_is_whole(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or(text);
    let mut depth = 0_usize;
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes, &mut Vec::new()),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    // A text of one line is best read as such, even if it is cut.
    depth == 0 || line.len() == text.len() && text.len() < LONGEST_MESSAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(head: &[u8]) -> String {
        find(head).map_or_else(|problem| problem, Format::described)
    }

    #[test]
    fn the_first_bytes_and_keys_say_the_format() {
        for (head, expected) in [
            (&b"{\"resourceSpans\":[]}\n"[..], "OTLP JSON, one object a line"),
            (b"\xef\xbb\xbf \r\n{\"resourceSpans\":[{\"x\":\"\\\"}\"}]}\r\n{", "OTLP JSON, one object a line"),
            (b"{\"resourceLogs\":[]}\n", "OTLP JSON, one object a line"),
            (b"{}\n{\"resourceSpans\":[]}\n", "OTLP JSON, one object a line"),
            (b"{\"resourceSpans\":[", "OTLP JSON, one object a line"),
            (b"{\n \"resourceSpans\": [", "OTLP JSON"),
            (b"{\"x\": 1, \"batches\": [\n", "OTLP JSON"),
            (b"[{\"resourceSpans\": [", "OTLP JSON"),
            (b"{\"data\":[{\"traceID\":\"1\"", "Jaeger's JSON"),
            (b"{\"traceID\":\"1\",\"spans\":[", "Jaeger's JSON"),
            (b"[{\"traceID\":\"1\",\"spans\":[", "Jaeger's JSON"),
            (b"[{\"traceId\":\"1\",\"id\":", "Zipkin's JSON"),
            (b"[[{\"name\":\"{,\",\"traceId\":\"1\",\"id\":", "Zipkin's JSON"),
            (b"[{\"traceId\":\"1\",\"t_start_ns\":", "a JSON array of spans"),
            (b"[1, {\"t_start_ns\":", "a JSON array of spans"),
            (b"[]", "a JSON array of spans"),
            (b"\n[", "a JSON array of spans"),
            (b"\0\0\x01\x02\x0a\x10", "OTLP messages with their length before each"),
            (b"\0\0\x01\x02\x28\xb5\x2f\xfd", "OTLP messages with their length before each"),
            (b"\0\0\x01\x02{\"resourceSpans\"", "OTLP messages with their length before each"),
            (b"\x0a\x80\x01\x0a\x05\x12\x03", "an OTLP message in protobuf"),
        ] {
            assert_eq!(found(head), expected, "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn what_is_something_else_is_named_with_the_way_on() {
        for (head, expected) in [
            (&b" \n"[..], "the file is empty; this data set reads OTLP JSON"),
            (b"PAR1", "this is Parquet; "),
            (b"PK\x03\x04", "`unzip`"),
            (b"\xfd7zXZ\0\0", "`xz -d`"),
            (b"\xff\xfe{\0", "`iconv -f UTF-16 -t UTF-8`"),
            (b"{\0\"\0", "`iconv -f UTF-16LE -t UTF-8`"),
            (b"\0{\0\"", "`iconv -f UTF-16BE -t UTF-8`"),
            (b"<!doctype html>", "a page was saved"),
            (b"t,value\n", "this is not JSON"),
            (b"{\"a\": 1}", "has the keys `a`, of no format that is known; this data set reads"),
            (b"[{\"traceId\":\"1\",\"binaryAnnotations\":[]", "`/api/v2/traces`"),
        ] {
            let found = found(head);
            assert!(found.contains(expected), "{:?}: {found}", String::from_utf8_lossy(head));
        }
        let mut tar = vec![b'a'; 600];
        tar[257..262].copy_from_slice(b"ustar");
        assert!(found(&tar).contains("`tar -xf`"));
    }
}
