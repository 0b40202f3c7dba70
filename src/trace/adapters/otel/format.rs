//! Which format a file is in, by its first bytes and keys.

use super::layout::{ARRAY, JAEGER, JAEGER_SPANS, Layout, OTLP, OTLP_SPANS, ZIPKIN};
use super::problem::OtelProblem;
use crate::trace::read::{BOM, Wanted, binary, first_keys, markup, skip_string};

/// The formats that spans are read from.
#[derive(Clone, Copy, Debug)]
pub(super) enum SpanFormat {
    /// One JSON text.
    Json(&'static Layout),
    /// A JSON text a line.
    Lines(&'static Layout),
    /// Messages with their length before each, in protobuf or JSON, each compressed or not.
    Messages,
    /// One message in protobuf.
    Protobuf,
}

impl SpanFormat {
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

/// Stands before each object of a JSON text sequence.
const RECORD_SEPARATOR: u8 = 0x1e;

/// The tag of the one field of an OTLP message.
const RESOURCE_SPANS: u8 = 0x0a;

/// Bytes of the longest message that is taken for one.
pub(super) const LONGEST_MESSAGE: usize = 64 << 20;

/// Bytes that tell the format unless the first line has to be seen to its end.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// Keys of the first object that say the format, whatever else is there; the first that is there decides.
const BY_KEY: &[(&[&str], &Layout)] = &[
    (&["t_start_ns", "t_end_ns", "statement_hash"], &ARRAY),
    (
        &[
            "resourceSpans",
            "resource_spans",
            "scopeSpans",
            "scope_spans",
            "instrumentationLibrarySpans",
            "instrumentation_library_spans",
            "batches",
            "trace",
            "result",
            "scope",
            "resourceLogs",
            "resourceMetrics",
            "resourceProfiles",
        ],
        &OTLP,
    ),
    (&["startTimeUnixNano", "endTimeUnixNano", "start_time_unix_nano", "end_time_unix_nano"], &OTLP_SPANS),
    (&["data", "spans", "processes"], &JAEGER),
];

/// The same of keys that also stand in objects of the tools below.
const BY_WEAKER_KEY: &[(&[&str], &Layout)] = &[
    (&["spanID"], &JAEGER_SPANS),
    (&["traceID"], &JAEGER),
    (&["traceId", "localEndpoint", "remoteEndpoint"], &ZIPKIN),
];

/// What other tools write, by keys that stand in it together, and the way on.
const OTHER_TOOLS: &[(&[&str], &str)] = &[
    (&["binaryAnnotations"], ZIPKIN_1),
    (
        &["SpanAttributes"],
        "rows of ClickHouse's `otel_traces`; export them with `SELECT TraceId AS traceId, SpanId AS spanId, \
         toUnixTimestamp64Nano(Timestamp) AS startTimeUnixNano, startTimeUnixNano + Duration AS endTimeUnixNano, \
         SpanAttributes AS attributes, map('code', StatusCode) AS status FROM otel_traces FORMAT JSONEachRow`",
    ),
    (
        &["context", "start_time"],
        "the output of a console exporter; send the spans to a Collector, whose file exporter writes OTLP JSON",
    ),
    (&["startTimeMillis"], JAEGER_STORED),
    (&["_source"], JAEGER_STORED),
    (&["hits"], JAEGER_STORED),
    (&["spanSets"], TEMPO_SEARCH),
    (&["traces"], TEMPO_SEARCH),
    (&["span_id", "meta"], OTHER_VENDOR),
    (&["span_id", "resource"], OTHER_VENDOR),
    (&["trace.span_id"], OTHER_VENDOR),
    (&["trace.trace_id"], OTHER_VENDOR),
];

const ZIPKIN_1: &str = "Zipkin's JSON of version 1; ask for version 2, at `/api/v2/traces`";

const JAEGER_STORED: &str = "spans as Jaeger stores them in Elasticsearch; ask Jaeger for them, at `/api/traces`";

const TEMPO_SEARCH: &str = "the answer of a search, without the spans; ask for each trace, as Tempo's `/api/traces/ID`";

const OTHER_VENDOR: &str = "spans in a vendor's own form; send them to an OpenTelemetry Collector as well, whose file exporter \
                            writes OTLP JSON, or write an array of objects with `t_start_ns`, `t_end_ns` and `statement_hash`";

/// The format of a file that starts with `head`; or what it is instead, and what to do.
pub(super) fn find(head: &[u8]) -> Result<SpanFormat, OtelProblem> {
    if is_messages(head) {
        return Ok(SpanFormat::Messages);
    }
    if let Some(problem) = binary(head, Wanted::Spans) {
        return Err(problem.into());
    }
    if head.first() == Some(&RECORD_SEPARATOR) {
        return Err(OtelProblem::RecordSeparators);
    }
    if head.first() == Some(&RESOURCE_SPANS) && is_binary(head) {
        return Ok(SpanFormat::Protobuf);
    }
    if is_binary(head) && is_varint_delimited(head) {
        return Err(OtelProblem::VarintLengths);
    }
    let text = json_text(head);
    match text.first() {
        None => Err(OtelProblem::Empty),
        Some(first @ (b'[' | b'{')) => find_json(text, *first == b'['),
        Some(_) if has_json_in_first_line(text) => Err(OtelProblem::LogPrefix),
        Some(_) => Err(markup(text).map_or(OtelProblem::NotJson, OtelProblem::from)),
    }
}

fn find_json(text: &[u8], is_list: bool) -> Result<SpanFormat, OtelProblem> {
    let (keys, _) = first_keys(text);
    let has = |key: &&str| keys.iter().any(|own| own == key);
    let of = |layouts: &[(&[&str], &'static Layout)]| {
        layouts.iter().find(|(keys, _)| keys.iter().any(has)).map(|(_, layout)| *layout)
    };
    let other = || OTHER_TOOLS.iter().find(|(keys, _)| keys.iter().all(has)).map(|(_, what)| *what);
    let layout = match of(BY_KEY) {
        Some(layout) => layout,
        None => match (other(), of(BY_WEAKER_KEY)) {
            (Some(what), _) => return Err(OtelProblem::OtherTool(what)),
            (None, Some(layout)) if std::ptr::eq(layout, &ZIPKIN) && is_zipkin_1(text) => {
                return Err(OtelProblem::OtherTool(ZIPKIN_1));
            }
            (None, Some(layout)) => layout,
            // An object without keys, or none in the list so far.
            (None, None) if keys.is_empty() || is_list && memchr::memmem::find(text, b"\"t_start_ns\"").is_some() => {
                if is_list {
                    &ARRAY
                } else {
                    &OTLP
                }
            }
            (None, None) => return Err(OtelProblem::UnknownKeys(keys.into_iter().take(8).collect())),
        },
    };
    let comes_in_lines =
        !is_list && [&OTLP, &OTLP_SPANS, &JAEGER_SPANS].iter().any(|other| std::ptr::eq(*other, layout));
    if !is_list && std::ptr::eq(layout, &ARRAY) {
        return Err(OtelProblem::OneObject);
    }
    Ok(if comes_in_lines && first_line_is_whole(text) { SpanFormat::Lines(layout) } else { SpanFormat::Json(layout) })
}

/// Whether more of a file has to be seen: a JSON text tells its format by keys that may stand behind a long value; of one
/// that starts with an object, the end of the first line tells whether each line is one.
pub(super) fn needs_more(head: &[u8]) -> bool {
    let text = json_text(head);
    if is_messages(head) || !matches!(text.first(), Some(b'{' | b'[')) {
        return false;
    }
    let (keys, is_whole) = first_keys(text);
    let is_known = || BY_KEY.iter().any(|(names, _)| names.iter().any(|name| keys.iter().any(|key| key == name)));
    text[0] == b'{' && memchr::memchr(b'\n', text).is_none() || !is_whole && !is_known()
}

/// What stands behind a byte order mark and blanks.
fn json_text(head: &[u8]) -> &[u8] {
    head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start()
}

/// Whether it is Zipkin's version 1, which has its tags in `binaryAnnotations`, and tells clients from servers by annotations.
fn is_zipkin_1(text: &[u8]) -> bool {
    let is_core = |at: usize| {
        let behind = text[at + b"\"value\"".len()..].trim_ascii_start();
        let value = behind.strip_prefix(b":").unwrap_or_default().trim_ascii_start();
        [b"\"cs\"", b"\"cr\"", b"\"sr\"", b"\"ss\""].iter().any(|core| value.starts_with(*core))
    };
    memchr::memmem::find(text, b"\"binaryAnnotations\"").is_some()
        || memchr::memmem::find_iter(text, b"\"value\"").any(is_core)
}

/// Whether there is OTLP JSON behind something else in the first line.
fn has_json_in_first_line(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    memchr::memmem::find(line, b"{\"resource").is_some()
}

/// Whether a length of variable size stands first, and behind it one resource of a message that is just as long.
fn is_varint_delimited(head: &[u8]) -> bool {
    let varint = |bytes: &[u8]| {
        let length = bytes.iter().take(5).position(|byte| *byte < 0x80)? + 1;
        let value = bytes[..length].iter().rev().fold(0_usize, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        Some((value, length))
    };
    let Some((message, at)) = varint(head) else { return false };
    let Some((&RESOURCE_SPANS, behind)) = head[at..].split_first() else { return false };
    varint(behind).is_some_and(|(resource, length)| resource > 0 && message >= 1 + length + resource)
}

/// Whether a length stands first and a message behind it: the file exporter writes that for `format: proto`, and for
/// `compression: zstd` of either format.
fn is_messages(head: &[u8]) -> bool {
    // An export of nothing is a message of no length.
    let mut head = head;
    while let Some(behind) = head.strip_prefix(&[0; 4]) {
        head = behind;
    }
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
        find(head).map_or_else(|problem| problem.to_string(), SpanFormat::described)
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
            (b"[{\"traceID\":\"1\",\"spanID\":", "Jaeger's spans in JSON"),
            (b"{\"result\":{\"resourceSpans\":[", "OTLP JSON, one object a line"),
            (b"{\"resource\":{},\"scopeSpans\":[]}\n", "OTLP JSON, one object a line"),
            (b"[{\"resource\":{},\"scopeSpans\":[", "OTLP JSON"),
            (b"{\"traceId\":\"1\",\"startTimeUnixNano\":1}\n", "OTLP spans in JSON, one object a line"),
            (b"[{\"traceId\":\"1\",\"endTimeUnixNano\":", "OTLP spans in JSON"),
            (b"{\"traceId\":\"1\",\"id\":\"2\"}\n", "Zipkin's JSON"),
            (b"[{\"traceId\":\"1\",\"id\":", "Zipkin's JSON"),
            (b"[[{\"name\":\"{,\",\"traceId\":\"1\",\"id\":", "Zipkin's JSON"),
            (b"[{\"traceId\":\"1\",\"t_start_ns\":", "a JSON array of spans"),
            (b"[1, {\"t_start_ns\":", "a JSON array of spans"),
            (b"[]", "a JSON array of spans"),
            (b"\n[", "a JSON array of spans"),
            (b"\0\0\x01\x02\x0a\x10", "OTLP messages with their length before each"),
            (b"\0\0\x01\x02\x28\xb5\x2f\xfd", "OTLP messages with their length before each"),
            (b"\0\0\0\0\0\0\0\0\0\0\x01\x02\x0a\x10", "OTLP messages with their length before each"),
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
            (b"[{\"traceId\":\"1\",\"annotations\":[{\"timestamp\":1,\"value\" : \"cs\"}]", "`/api/v2/traces`"),
            (b"[{\"traceId\":\"1\"},{\"traceId\":\"1\",\"binaryAnnotations\":[]", "`/api/v2/traces`"),
            (b"[{\"a\": 1}]", "has the keys `a`, of no format that is known; this data set reads"),
            (b"{\"t_start_ns\":1}\n", "`jq -s .`"),
            (b"\x1f\x8b\x08\0\0", "gzip within gzip or zstd"),
            (b"\x28\xb5\x2f\xfd\0", "zstd within gzip or zstd"),
            (b"\x1e{\"resourceSpans\":[]}\n", "`tr -d '\\036'`"),
            (b"12:00 INFO {\"resourceSpans\":[]}\n", "`sed 's/^[^{]*//'`"),
            (b"\x0e\x0a\x0c\x12\x0a\x12\x08", "most significant first"),
            (b"{\"Timestamp\":\"2024-05-01\",\"TraceId\":\"1\",\"SpanAttributes\":{}}\n", "FORMAT JSONEachRow"),
            (b"{\"name\":\"q\",\"context\":{\"trace_id\":\"0x1\"},\"start_time\":\"\"}", "a console exporter"),
            (b"{\"traceID\":\"1\",\"spanID\":\"2\",\"startTimeMillis\":1}\n", "at `/api/traces`"),
            (b"{\"traces\":[{\"traceID\":\"1\"}]}", "`/api/traces/ID`"),
            (b"[[{\"trace_id\":1,\"span_id\":2,\"meta\":{}}]]", "a vendor's own form"),
            (b"{\"trace.trace_id\":\"1\",\"duration_ms\":2}\n", "a vendor's own form"),
        ] {
            let found = found(head);
            assert!(found.contains(expected), "{:?}: {found}", String::from_utf8_lossy(head));
        }
        assert_eq!(
            find(b"[{\"traceId\":\"1\",\"tags\":{\"sql\":\"\\\"binaryAnnotations\\\"\"}}]")
                .map(SpanFormat::described)
                .as_deref(),
            Ok("Zipkin's JSON")
        );
        let mut tar = vec![b'a'; 600];
        tar[257..262].copy_from_slice(b"ustar");
        assert!(found(&tar).contains("`tar -xf`"));
    }

    #[test]
    fn a_long_value_before_the_keys_that_tell_is_read_to_its_end() {
        let long = "x".repeat(HEAD_BYTES);
        for (before, behind, expected) in [
            ("[{\"tags\":{\"sql\":\"", "\"},\"traceId\":\"1\"}]", "Zipkin's JSON"),
            ("[{\"name\":\"", "\",\"t_start_ns\":1}]", "a JSON array of spans"),
            ("{\n\"name\":\"", "\",\"resourceSpans\":[]}", "OTLP JSON"),
        ] {
            let text = format!("{before}{long}{behind}");
            assert!(needs_more(&text.as_bytes()[..HEAD_BYTES]), "{before}");
            assert!(!needs_more(text.as_bytes()), "{before}");
            assert_eq!(found(text.as_bytes()), expected);
        }
        assert!(!needs_more(b"[{\"resourceSpans\":[{\"x\":\""));
        assert!(needs_more(b"{\"resourceSpans\":[{\"x\":\""), "one object, or one a line?");
    }
}
