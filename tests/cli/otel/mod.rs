//! The data set `otel`: each format that spans are read from, with values by hand, and what is refused of each.

mod meaning;
mod refusals;

use std::io::Write;

use serde_json::{Value, json};

use crate::support::{Folder, Ran};

/// 2024-05-01 10:00:00 UTC.
const START_NS: u64 = 1_714_557_600_000_000_000;

const SQL: &str = "SELECT * FROM items WHERE id = $1";

/// Milliseconds that the statement takes, once a second: from the eighth on forty instead of two.
const MS: [u64; 10] = [2, 2, 2, 2, 2, 2, 2, 40, 40, 40];

/// What they give: ln((ms + 1) / (median + 1)) from the sixth on, that of forty over two is ln(41 / 3).
const EXPECTED: [(f64, f64); 5] = [(5.0, 0.0), (6.0, 0.0), (7.0, 2.614_960), (8.0, 2.614_960), (9.0, 2.614_960)];

fn convert(folder: &Folder, more: &[&str]) -> Ran {
    folder.run(&[&["convert", "--dataset", "otel", "--tape", "t.jsonl", "--json"], more].concat())
}

/// Time, value and channel of each sample of the tape, in order.
fn samples(folder: &Folder) -> Vec<(f64, f64, String)> {
    let lines = folder.read("t.jsonl");
    let samples = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = |sample: Value| {
        let channel = sample["channel"].as_str().unwrap().to_owned();
        (sample["t"].as_f64().unwrap(), sample["value"].as_f64().unwrap(), channel)
    };
    samples.map(of).collect()
}

fn assert_values(found: &[(f64, f64, String)], expected: &[(f64, f64)], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
    for ((t, value, _), (expected_t, expected_value)) in found.iter().zip(expected) {
        assert!((t - expected_t).abs() < 1e-9 && (value - expected_value).abs() < 5e-7, "{what}: {found:?}");
    }
}

/// Attributes as OTLP JSON has them.
fn attributes(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } })).collect()
}

/// A span of OTLP JSON; its number is its id, and it starts at that second.
fn span(number: u64, ms: u64, pairs: &[(&str, &str)]) -> Value {
    let start = START_NS + number * 1_000_000_000;
    json!({
        "traceId": format!("{:032x}", number + 1), "spanId": format!("{:016x}", number + 1), "parentSpanId": "",
        "flags": 256, "name": "SELECT", "kind": 3, "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": (start + ms * 1_000_000).to_string(), "attributes": attributes(pairs), "status": {},
    })
}

/// An export of spans.
fn export(spans: &[Value]) -> Value {
    let resource =
        json!({ "attributes": attributes(&[("service.name", "shop"), ("db.statement", "of the resource")]) });
    json!({ "resourceSpans": [{
        "resource": resource, "scopeSpans": [{ "scope": { "name": "pg" }, "spans": spans }],
        "schemaUrl": "https://opentelemetry.io/schemas/1.26.0",
    }] })
}

fn lines(exports: impl IntoIterator<Item = Value>) -> String {
    exports.into_iter().map(|export| format!("{export}\n")).collect()
}

/// The statement ten times.
fn spans() -> Vec<Value> {
    let pairs = [("db.system", "postgresql"), ("db.statement", SQL)];
    (0..).zip(MS).map(|(number, ms)| span(number, ms, &pairs)).collect()
}

/// One export a line, each with one span of the statement.
fn one_a_line() -> String {
    lines(spans().iter().map(|span| export(std::slice::from_ref(span))))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// A message with its length before it.
fn prefixed(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

/// A field of protobuf that has a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    [&bytes, content].concat()
}

/// A span in protobuf, with fields that are not looked at.
fn protobuf_span(number: u64, ms: u64) -> Vec<u8> {
    let start = START_NS + number * 1_000_000_000;
    let fixed = |number: u8, value: u64| [&[number << 3 | 1][..], &value.to_le_bytes()].concat();
    let attribute =
        |key: &str, text: &str| field(9, &[field(1, key.as_bytes()), field(2, &field(1, text.as_bytes()))].concat());
    [
        field(1, &[7; 16]),
        field(2, &(number + 1).to_be_bytes()),
        field(5, b"SELECT"),
        vec![6 << 3, 3],
        fixed(7, start),
        fixed(8, start + ms * 1_000_000),
        attribute("server.address", "db"),
        attribute("db.system.name", "postgresql"),
        attribute("db.query.text", SQL),
        field(15, &field(2, b"no code")),
    ]
    .concat()
}

/// An export of such spans.
fn protobuf(spans: &[Vec<u8>]) -> Vec<u8> {
    let spans: Vec<u8> = spans.iter().flat_map(|span| field(2, span)).collect();
    field(1, &[field(1, b""), field(2, &[field(1, b""), spans].concat())].concat())
}

fn jaeger_span(number: u64, ms: u64) -> Value {
    json!({
        "traceID": "1f", "spanID": format!("{:x}", number + 1), "operationName": "SELECT", "references": [],
        "startTime": START_NS / 1000 + number * 1_000_000, "duration": ms * 1000, "logs": [], "processID": "p1",
        "warnings": null, "tags": [
            { "key": "db.system", "type": "string", "value": "postgresql" },
            { "key": "db.statement", "type": "string", "value": SQL },
            { "key": "error", "type": "bool", "value": false },
        ],
    })
}

fn zipkin_span(number: u64, ms: u64) -> Value {
    json!({
        "traceId": format!("{:016x}", number + 1), "id": format!("{:016x}", number + 1), "kind": "CLIENT", "name": "select",
        "timestamp": START_NS / 1000 + number * 1_000_000, "duration": ms * 1000,
        "localEndpoint": { "serviceName": "shop" }, "tags": { "db.system": "postgresql", "db.statement": SQL },
    })
}

fn array_span(number: u64, ms: u64) -> Value {
    let start = START_NS + number * 1_000_000_000;
    json!({ "t_start_ns": start, "t_end_ns": start + ms * 1_000_000, "statement_hash": "items", "db_system": "postgresql" })
}

fn all<T>(span: impl Fn(u64, u64) -> T) -> Vec<T> {
    (0..).zip(MS).map(|(number, ms)| span(number, ms)).collect()
}

#[test]
fn the_same_spans_give_the_same_residuals_in_every_format() {
    let whole = export(&spans());
    let jsonl = one_a_line();
    let numbers = jsonl.replace("UnixNano\":\"", "UnixNano\":").replace("000000\",\"", "000000,\"");
    assert_ne!(numbers, jsonl);
    let snake = jsonl
        .replace("resourceSpans", "resource_spans")
        .replace("scopeSpans", "scope_spans")
        .replace("startTimeUnixNano", "start_time_unix_nano")
        .replace("endTimeUnixNano", "end_time_unix_nano")
        .replace("stringValue", "string_value")
        .replace("spanId", "span_id")
        .replace("traceId", "trace_id");
    let jaeger = json!({ "data": [
        { "traceID": "1f", "spans": all(jaeger_span)[..4], "processes": { "p1": { "serviceName": "shop" } } },
        { "traceID": "1f", "spans": all(jaeger_span)[4..] },
    ], "total": 0, "errors": null });
    let messages = |pack: fn(&[u8]) -> Vec<u8>| -> Vec<u8> {
        all(protobuf_span).chunks(3).flat_map(|spans| prefixed(&pack(&protobuf(spans)))).collect()
    };
    let zipkin = all(zipkin_span);
    for (name, bytes, format) in [
        ("spans.jsonl", jsonl.clone().into_bytes(), "OTLP JSON, one object a line"),
        ("spans.jsonl.gz", gzip(jsonl.as_bytes()), "OTLP JSON, one object a line"),
        ("spans.jsonl.zst", zstd(jsonl.as_bytes()), "OTLP JSON, one object a line"),
        ("spans.json", [gzip(jsonl.as_bytes()), gzip(b"\n")].concat(), "OTLP JSON, one object a line"),
        (
            "crlf.jsonl",
            format!("\u{feff}{}\r\n\r\n", jsonl.replace('\n', "\r\n")).into_bytes(),
            "OTLP JSON, one object a line",
        ),
        ("numbers.jsonl", numbers.into_bytes(), "OTLP JSON, one object a line"),
        ("snake.jsonl", snake.into_bytes(), "OTLP JSON, one object a line"),
        (
            "old.jsonl",
            jsonl.replace("scopeSpans", "instrumentationLibrarySpans").into_bytes(),
            "OTLP JSON, one object a line",
        ),
        ("one.json", whole.to_string().into_bytes(), "OTLP JSON, one object a line"),
        ("pretty.json", serde_json::to_vec_pretty(&whole).unwrap(), "OTLP JSON"),
        ("list.json", json!([whole]).to_string().into_bytes(), "OTLP JSON"),
        (
            "tempo.json",
            whole.to_string().replace("resourceSpans", "batches").into_bytes(),
            "OTLP JSON, one object a line",
        ),
        ("tempo-2.json", json!({ "trace": whole }).to_string().into_bytes(), "OTLP JSON, one object a line"),
        ("spans.pb", protobuf(&all(protobuf_span)), "an OTLP message in protobuf"),
        ("spans.proto", messages(<[u8]>::to_vec), "OTLP messages with their length before each"),
        ("zstd.proto", messages(zstd), "OTLP messages with their length before each"),
        ("stream.proto", zstd(&messages(<[u8]>::to_vec)), "OTLP messages with their length before each"),
        (
            "zstd.json",
            jsonl.lines().flat_map(|line| prefixed(&zstd(line.as_bytes()))).collect(),
            "OTLP messages with their length before each",
        ),
        ("jaeger.json", jaeger.to_string().into_bytes(), "Jaeger's JSON"),
        ("jaeger-pretty.json", serde_json::to_vec_pretty(&jaeger).unwrap(), "Jaeger's JSON"),
        (
            "jaeger-trace.json",
            json!({ "traceID": "1f", "spans": all(jaeger_span) }).to_string().into_bytes(),
            "Jaeger's JSON",
        ),
        ("zipkin.json", json!(zipkin).to_string().into_bytes(), "Zipkin's JSON"),
        ("zipkin-traces.json", json!([zipkin[..2], zipkin[2..]]).to_string().into_bytes(), "Zipkin's JSON"),
        ("array.json", json!(all(array_span)).to_string().into_bytes(), "a JSON array of spans"),
    ] {
        let folder = Folder::new();
        folder.write(name, bytes);
        let ran = convert(&folder, &[name]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        let said = ran.json();
        assert_eq!(said["notes"], json!([format!("read as {format}")]), "{name}");
        assert_eq!(
            said["rows"],
            json!({ "read": 10, "used": 10, "used_for": { "baseline": 5, "residual": 5 }, "rejected": {} }),
            "{name}"
        );
        let samples = samples(&folder);
        assert_values(&samples, &EXPECTED, name);
        let channel = if name == "array.json" { "items" } else { "select * from items where id = ?" };
        assert!(samples.iter().all(|(_, _, found)| found == channel), "{samples:?}");
        let manifest: Value = serde_json::from_str(&folder.read("t.jsonl.hash")).unwrap();
        let label = name.trim_end_matches(".gz").trim_end_matches(".zst");
        assert_eq!(manifest["source"], format!("otel:plain@{label}[system=postgresql]"), "{name}");
    }
}
