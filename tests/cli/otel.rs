//! The data set `otel`: each format that spans are read from, with values by hand.

mod refused;

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

/// A row of ClickHouse's `otel_traces` as the query in `docs/adapters/otel.md` gives it.
fn clickhouse_row(span: &Value) -> Value {
    json!({
        "traceId": span["traceId"], "spanId": span["spanId"], "startTimeUnixNano": span["startTimeUnixNano"],
        "endTimeUnixNano": span["endTimeUnixNano"], "status": { "code": "Unset" },
        "attributes": { "db.system": "postgresql", "db.statement": SQL, "server.address": "db" },
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
    let bare = lines(spans());
    let one_resource = |span: &Value| export(std::slice::from_ref(span))["resourceSpans"][0].clone();
    let snake_spans = bare.replace("UnixNano", "_unix_nano").replace("start", "start_time").replace("end", "end_time");
    let snake_spans = snake_spans.replace("start_timeTime", "start_time").replace("end_timeTime", "end_time");
    let pretty_many: String =
        spans().iter().map(|span| serde_json::to_string_pretty(&export(std::slice::from_ref(span))).unwrap()).collect();
    let long = "x".repeat(70_000);
    let mut long_tag = zipkin.clone();
    // Keys are written in order: `annotations` before all that tell the format.
    long_tag[0]["annotations"] = json!([{ "timestamp": START_NS / 1000, "value": long }]);
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
        ("jaeger-3.json", json!({ "result": whole }).to_string().into_bytes(), "OTLP JSON, one object a line"),
        ("java.jsonl", lines(spans().iter().map(one_resource)).into_bytes(), "OTLP JSON, one object a line"),
        ("resources.json", json!(whole["resourceSpans"]).to_string().into_bytes(), "OTLP JSON"),
        ("bare.jsonl", bare.clone().into_bytes(), "OTLP spans in JSON, one object a line"),
        ("bare.json", json!(spans()).to_string().into_bytes(), "OTLP spans in JSON"),
        (
            "clickhouse.jsonl",
            lines(spans().iter().map(clickhouse_row)).into_bytes(),
            "OTLP spans in JSON, one object a line",
        ),
        ("bare-snake.jsonl", snake_spans.into_bytes(), "OTLP spans in JSON, one object a line"),
        ("glued.json", jsonl.replace('\n', "").into_bytes(), "OTLP JSON, one object a line"),
        ("glued-lines.jsonl", jsonl.replacen('\n', "", 3).into_bytes(), "OTLP JSON, one object a line"),
        ("pretty-many.json", pretty_many.into_bytes(), "OTLP JSON"),
        (
            "jaeger.jsonl",
            lines(all(jaeger_span).iter().map(|span| json!({ "data": [{ "spans": [span] }] }))).into_bytes(),
            "Jaeger's JSON",
        ),
        ("jaeger-spans.jsonl", lines(all(jaeger_span)).into_bytes(), "Jaeger's spans in JSON, one object a line"),
        ("jaeger-spans.json", json!(all(jaeger_span)).to_string().into_bytes(), "Jaeger's spans in JSON"),
        ("zipkin.jsonl", lines(zipkin.iter().map(|span| json!([span]))).into_bytes(), "Zipkin's JSON"),
        ("zipkin-spans.jsonl", lines(zipkin.clone()).into_bytes(), "Zipkin's JSON"),
        ("zipkin-long.json", json!(long_tag).to_string().into_bytes(), "Zipkin's JSON"),
        (
            "empty-first.proto",
            [prefixed(b""), messages(<[u8]>::to_vec)].concat(),
            "OTLP messages with their length before each",
        ),
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

/// As the Collector's file exporter writes them: spans of a server between those of the database, and old names of attributes
/// in half of them, new names in the other half.
#[test]
fn database_spans_are_found_among_others_under_old_and_new_names() {
    let folder = Folder::new();
    let exports = (0..).zip(MS).map(|(number, ms)| {
        let http = span(100 + number, 12, &[("http.request.method", "GET")]);
        let old = [("db.system", "postgresql"), ("db.statement", SQL)];
        let new = [("db.query.text", SQL), ("db.system.name", "postgresql"), ("db.query.summary", "SELECT items")];
        let both = [
            ("db.statement", "not this"),
            ("db.query.text", SQL),
            ("db.system.name", "postgresql"),
            ("db.system", "x"),
        ];
        export(&[
            http,
            span(
                number,
                ms,
                if number < 5 {
                    &old[..]
                } else if number % 2 == 0 {
                    &new
                } else {
                    &both
                },
            ),
        ])
    });
    folder.write("spans.jsonl", lines(exports));
    let said = convert(&folder, &["spans.jsonl"]).json();
    assert_eq!((&said["rows"]["read"], &said["rows"]["used"]), (&json!(20), &json!(10)));
    assert_eq!(said["rows"]["rejected"], json!({ "not a database span": 10 }));
    assert_values(&samples(&folder), &EXPECTED, "old and new");
}

#[test]
fn a_span_of_no_length_is_a_span() {
    let folder = Folder::new();
    let pairs = [("db.query.text", SQL), ("db.system.name", "postgresql")];
    let spans: Vec<Value> = (0..8).map(|number| span(number, u64::from(number == 7), &pairs)).collect();
    folder.write("spans.jsonl", lines([export(&spans)]));
    assert_eq!(convert(&folder, &["spans.jsonl"]).code, 0);
    // ln((1 + 1) / (0 + 1)).
    assert_values(&samples(&folder), &[(5.0, 0.0), (6.0, 0.0), (7.0, std::f64::consts::LN_2)], "no length");
}

#[test]
fn a_span_that_is_exported_twice_is_counted_once_and_the_order_of_the_file_has_no_say() {
    let once = one_a_line();
    let mut backwards: Vec<&str> = once.lines().collect();
    backwards.reverse();
    let mut hashes = Vec::new();
    for (text, again) in [(once.clone(), 0), (once.repeat(2), 10), (format!("{}\n{once}", backwards.join("\n")), 10)] {
        let folder = Folder::new();
        folder.write("spans.jsonl", text);
        let said = convert(&folder, &["spans.jsonl"]).json();
        assert_eq!(said["rows"]["rejected"]["exported again"].as_u64().unwrap_or_default(), again);
        assert_values(&samples(&folder), &EXPECTED, "twice");
        hashes.push(said["sha256"].clone());
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

#[test]
fn one_id_of_two_spans_is_an_error() {
    let folder = Folder::new();
    let mut spans = spans();
    spans.push(span(3, 9, &[("db.query.text", SQL), ("db.system.name", "postgresql")]));
    folder.write("spans.jsonl", lines(spans.iter().map(|span| export(std::slice::from_ref(span)))));
    let (code, message) = folder.refusal(&["convert", "--dataset", "otel", "spans.jsonl", "--tape", "t.jsonl"]);
    assert_eq!(
        (code, message.as_str()),
        (
            12,
            "`spans.jsonl:11`: the span id 0000000000000004 is here and on line 4, with another time or statement; one id is one \
             span (--lenient counts such rows and goes on)"
        )
    );
    assert_eq!(folder.files(), ["spans.jsonl"]);
    let said = convert(&folder, &["spans.jsonl", "--lenient"]).json();
    assert_eq!(said["rows"]["rejected"], json!({ "another span of an id that was there": 1 }));
    assert_values(&samples(&folder), &EXPECTED, "lenient");
}

#[test]
fn failed_spans_and_those_without_a_statement_are_counted() {
    let folder = Folder::new();
    let mut spans = spans();
    let pairs = [("db.system", "postgresql"), ("db.statement", SQL)];
    for (number, code) in [(20, json!(2)), (21, json!("STATUS_CODE_ERROR"))] {
        let mut failed = span(number, 30_000, &pairs);
        failed["status"] = json!({ "code": code, "message": "canceling statement due to statement timeout" });
        spans.push(failed);
    }
    spans.push(span(25, 30_000, &[pairs[0], pairs[1], ("error.type", "timeout")]));
    spans.push(span(26, 2, &[pairs[0], ("db.statement", "NULL")]));
    let mut fine = span(22, 2, &[("http.route", "/")]);
    fine["status"] = json!({ "code": 1 });
    spans.extend([fine, span(23, 2, &[("db.system", "postgresql")])]);
    spans.push(span(24, 2, &[("db.system", "postgresql"), ("db.statement", " ")]));
    let logs = json!({ "resourceLogs": [{ "scopeLogs": [] }] });
    folder.write("spans.jsonl", lines([export(&spans), logs]));
    let said = convert(&folder, &["spans.jsonl"]).json();
    assert_eq!(
        said["rows"]["rejected"],
        json!({
            "a database span without a statement": 3, "ended in error": 3, "logs, metrics or profiles, not spans": 1,
            "not a database span": 1,
        })
    );
    assert_values(&samples(&folder), &EXPECTED, "counted");
}

/// The channels of six spans each, with these attributes.
fn channels(statements: &[&[(&str, &str)]]) -> Vec<String> {
    let folder = Folder::new();
    let count = statements.len() as u64;
    let spans = (0..6).flat_map(|turn| {
        (0..).zip(statements).map(move |(at, pairs): (u64, _)| {
            let pairs: Vec<(&str, String)> =
                pairs.iter().map(|(key, value)| (*key, value.replace("TURN", &turn.to_string()))).collect();
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
            span(turn * count + at, 2, &pairs)
        })
    });
    folder.write("spans.jsonl", lines([export(&spans.collect::<Vec<_>>())]));
    let ran = convert(&folder, &["spans.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut channels: Vec<String> = samples(&folder).into_iter().map(|(_, _, channel)| channel).collect();
    channels.sort();
    channels
}

#[test]
fn a_statement_is_told_by_its_hash_or_its_summary_or_its_text_without_literals() {
    let text = ("db.query.text", "SELECT * FROM items WHERE id = TURN AND name = 'TURN'");
    let (summary, hash) = (("db.query.summary", "SELECT items"), ("db.query.hash", "5d41402a"));
    assert_eq!(channels(&[&[text, summary, hash]]), ["5d41402a"]);
    assert_eq!(channels(&[&[hash, text]]), ["5d41402a"]);
    assert_eq!(channels(&[&[text, summary]]), ["SELECT items"]);
    // Half of the services have been updated, and one sends no text.
    let mixed = channels(&[&[text], &[text, summary], &[summary]]);
    assert_eq!(mixed, ["SELECT items"; 13]);
    let mixed = channels(&[&[text], &[text, summary], &[hash, text]]);
    assert_eq!(mixed, ["5d41402a"; 13]);
    // Which of two hashes the text belongs to, nothing tells.
    let mixed = channels(&[&[text], &[("db.query.hash", "a"), text], &[("db.query.hash", "b"), text]]);
    assert_eq!(mixed, ["a", "b", "select * from items where id = ? and name = ?"]);
    // What says that it is not known is no hash, and no summary.
    for unknown in ["0", "unknown", "NULL", "None", "N/A", "-", "?", "\\N", "<redacted>"] {
        let found = channels(&[
            &[("db.query.hash", unknown), ("db.query.summary", unknown), ("db.query.text", "select a from t")],
            &[("postgresql.queryid", unknown), ("db.query.text", "select b from u")],
        ]);
        assert_eq!(found, ["select a from t", "select b from u"], "{unknown}");
    }
    let by_text = channels(&[&[text], &[("db.statement", "select * from  items where id = -TURN7 and name = ''")]]);
    assert_eq!(by_text.len(), 7, "one statement with twelve spans: {by_text:?}");
}

/// Object mappers quote all names: what is quoted is no literal.
#[test]
fn statements_on_different_quoted_tables_are_different_statements() {
    let of = |table: &'static str| [("db.query.text", table)];
    let found = channels(&[&of("SELECT \"id\" FROM \"orders\""), &of("SELECT \"id\" FROM \"customers\"")]);
    assert_eq!(found, ["select \"id\" from \"customers\"", "select \"id\" from \"orders\""]);
}

#[test]
fn systems_and_databases_are_told_apart_where_there_are_several() {
    let statement = ("db.query.summary", "SELECT items");
    assert_eq!(channels(&[&[statement, ("db.system.name", "mysql"), ("db.namespace", "a")]]), ["SELECT items"]);
    let two = channels(&[
        &[statement, ("db.system.name", "mysql"), ("db.namespace", "a")],
        &[statement, ("db.system", "mysql"), ("db.name", "b")],
    ]);
    assert_eq!(two, ["a#SELECT items", "b#SELECT items"]);
    let two = channels(&[&[statement, ("db.system.name", "mysql")], &[statement, ("db.system.name", "postgresql")]]);
    assert_eq!(two, ["mysql#SELECT items", "postgresql#SELECT items"]);
    let three = channels(&[
        &[statement, ("db.system.name", "mysql"), ("db.namespace", "a")],
        &[statement, ("db.system.name", "postgresql"), ("db.namespace", "b")],
        &[statement, ("db.system.name", "postgresql")],
    ]);
    assert_eq!(three, ["mysql/a#SELECT items", "postgresql/-#SELECT items", "postgresql/b#SELECT items"]);
    let two = channels(&[
        &[statement, ("server.address", "db1"), ("server.port", "5432"), ("db.system.name", "postgresql")],
        &[statement, ("net.peer.name", "db1"), ("db.system", "postgresql")],
        &[statement, ("server.address", "db1"), ("server.port", "5433"), ("db.system.name", "postgresql")],
        &[statement, ("db.connection_string", "postgresql://db2:5432"), ("db.system.name", "postgresql")],
    ]);
    let first = ["db1#SELECT items"; 7];
    assert_eq!(two, [&first[..], &["db1:5433#SELECT items", "db2#SELECT items"]].concat());
    let three = channels(&[
        &[statement, ("server.address", "a"), ("db.system.name", "mysql"), ("db.namespace", "n#1")],
        &[statement, ("server.address", "b"), ("db.system.name", "postgresql"), ("db.namespace", "n/2")],
    ]);
    assert_eq!(three, ["mysql/a/\"n#1\"#SELECT items", "postgresql/b/\"n/2\"#SELECT items"]);
    // The old name of a system is no other system.
    let one =
        channels(&[&[statement, ("db.system", "mssql")], &[statement, ("db.system.name", "microsoft.sql_server")]]);
    assert!(one.iter().all(|channel| channel == "SELECT items") && one.len() == 7, "{one:?}");
}

#[test]
fn where_nothing_occurs_often_enough_nothing_is_converted() {
    let hashed = |number: u64, literal: u64| {
        let start = START_NS + number * 1_000_000_000;
        json!({ "t_start_ns": start, "t_end_ns": start + 2_000_000, "statement_hash": format!("SELECT {literal}") })
    };
    let array = |literals: &[u64]| {
        json!((0..).zip(literals).map(|(number, literal)| hashed(number, *literal)).collect::<Vec<_>>()).to_string()
    };
    let forty: Vec<u64> = (0..40).collect();
    let pairs = [("db.system", "postgresql")];
    for (text, expected) in [
        (
            array(&forty),
            "40 rows were read, 40 only fed a baseline; 40 spans of 40 statements; none occurs five times, and the first five of a \
             statement are its baseline; if a hash or summary holds the literals of its statement, take it of the text with \
             placeholders; give a longer trace",
        ),
        (array(&[1, 1, 1, 1, 1]), "; 5 spans of 1 statement; none occurs more than five times, "),
        (array(&[1, 1, 1, 1, 2]), "; 5 spans of 2 statements; none occurs five times, "),
        (
            lines([export(&[span(1, 2, &[("http.route", "/")])])]),
            "1 row was read, 1 rejected (not a database span); no span is of a database; one has `db.system.name`",
        ),
        (lines([export(&[span(1, 2, &pairs)])]), "; no database span has its statement, as `db.query.text`, "),
        ("{\"resourceLogs\":[]}\n".to_owned(), "; no span can be used; "),
    ] {
        for more in [&[][..], &["--lenient"]] {
            let folder = Folder::new();
            folder.write("spans.json", &text);
            let arguments = ["convert", "--dataset", "otel", "spans.json", "--tape", "t.jsonl"];
            let (code, message) = folder.refusal(&[&arguments[..], more].concat());
            assert_eq!(code, 12, "{message}");
            assert!(message.starts_with("`spans.json` leaves no sample: ") && message.contains(expected), "{message}");
            assert_eq!(folder.files(), ["spans.json"]);
        }
    }
}

#[test]
fn the_construction_reference_stays_on_its_format() {
    let folder = Folder::new();
    folder.write("array.json", json!(all(array_span)).to_string());
    assert_eq!(convert(&folder, &["array.json", "--construction", "reference"]).code, 0);
    // (40 - 2) / 2, from the fourth span on.
    let expected: Vec<(f64, f64)> = (3..10).map(|t| (f64::from(t), if t < 7 { 0.0 } else { 19.0 })).collect();
    assert_values(&samples(&folder), &expected, "reference");
    for (name, text, format) in [
        ("spans.jsonl", one_a_line(), "OTLP JSON, one object a line"),
        ("zipkin.json", json!(all(zipkin_span)).to_string(), "Zipkin's JSON"),
    ] {
        folder.write(name, text);
        let arguments = ["convert", "--dataset", "otel", name, "--tape", "x.jsonl", "--construction", "reference"];
        let (code, message) = folder.refusal(&arguments);
        assert_eq!(code, 12);
        assert_eq!(
            message,
            format!(
                "`{name}:1:1`: this is {format}, and the construction `reference` is defined on a JSON array of objects with \
                 `t_start_ns`, `t_end_ns` and `statement_hash`; use the construction `plain`"
            )
        );
    }
    let mut empty = all(array_span);
    empty[4]["t_end_ns"] = empty[4]["t_start_ns"].clone();
    folder.write("empty.json", json!(empty).to_string());
    let (code, message) = folder.refusal(&[
        "convert",
        "--dataset",
        "otel",
        "empty.json",
        "--tape",
        "x.jsonl",
        "--construction",
        "reference",
    ]);
    assert!(code == 12 && message.contains("span does not end after it starts"), "{message}");
}
