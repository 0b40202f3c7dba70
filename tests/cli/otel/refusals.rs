//! What is refused, and where it is said to be.

use super::*;

const HINT: &str = " (--lenient counts such rows and goes on)";

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

/// Wrong inputs, where and what is said of them, and under what they are counted leniently, if at all.
#[test]
fn wrong_inputs_are_named_with_their_place() {
    let good = one_a_line();
    let third = |change: &dyn Fn(&mut Value)| {
        let mut spans = spans();
        change(&mut spans[2]);
        lines(spans.iter().map(|span| export(std::slice::from_ref(span)))).into_bytes()
    };
    let one_of = |mut spans: Vec<Value>, change: &dyn Fn(&mut Value)| {
        change(&mut spans[2]);
        spans
    };
    let jaeger = |change: &dyn Fn(&mut Value)| {
        json!({ "data": [{ "spans": one_of(all(jaeger_span), change) }] }).to_string().into_bytes()
    };
    let zipkin = |change: &dyn Fn(&mut Value)| json!(one_of(all(zipkin_span), change)).to_string().into_bytes();
    let array = |change: &dyn Fn(&mut Value)| json!(one_of(all(array_span), change)).to_string().into_bytes();
    let set = |key: &'static str, value: Value| move |span: &mut Value| span[key] = value.clone();
    let before = "span ends before it starts";
    let cut = good.as_bytes()[..good.len() - 40].to_vec();
    let messages: Vec<u8> =
        all(protobuf_span).iter().flat_map(|span| prefixed(&protobuf(std::slice::from_ref(span)))).collect();
    for (bytes, place, problem, reason) in [
        (
            third(&set("endTimeUnixNano", json!("1714557601999999999"))),
            "`x:3:",
            "the span ends before it starts: `startTimeUnixNano` is 1714557602000000000 and `endTimeUnixNano` is 1714557601999999999",
            Some(before),
        ),
        (
            third(&set("startTimeUnixNano", json!("soon"))),
            "`x:3:",
            "`startTimeUnixNano` is `soon`, not a whole number of nanoseconds",
            Some("bad start, end or duration"),
        ),
        (
            third(&set("startTimeUnixNano", json!(-5))),
            "`x:3:",
            "`startTimeUnixNano` is `-5`, not a whole number of nanoseconds",
            Some("bad start, end or duration"),
        ),
        (
            third(&set("startTimeUnixNano", json!("1714557602000"))),
            "`x:3:",
            "`startTimeUnixNano` is 1714557602000, which is not a time in nanoseconds since 1970; it looks like milliseconds",
            Some("time in another unit"),
        ),
        (
            third(&set("startTimeUnixNano", json!("0"))),
            "`x:3:",
            "the span has no `startTimeUnixNano`, so its time is unknown",
            Some("span without a start"),
        ),
        (
            third(&set("endTimeUnixNano", Value::Null)),
            "`x:3:",
            "the span has no `endTimeUnixNano`; it was not finished, so its duration is unknown",
            Some("span without an end"),
        ),
        (
            good.replacen('{', "{\"resource_spans\" 1", 1).into_bytes(),
            "`x:1:",
            "not OTLP JSON: expected `:`",
            Some("not a line of OTLP JSON"),
        ),
        (
            good.replacen("\n", "\n[1]\n", 1).into_bytes(),
            "`x:2:",
            "not OTLP JSON: invalid type: integer `1`, expected an object or a list on the way to spans",
            Some("not a line of OTLP JSON"),
        ),
        (
            good.replacen("\n", "\n{\"level\":\"info\"}\n", 1).into_bytes(),
            "`x:2:",
            "the object has no `resourceSpans` or `scopeSpans` or `spans`",
            Some("an object without spans"),
        ),
        (cut, "`x:10:", "is the file still being written, or cut?", Some("not a line of OTLP JSON")),
        (
            jaeger(&set("startTime", json!(START_NS))),
            "`x:1:",
            "`startTime` is 1714557600000000000, which is not a time in microseconds since 1970; it looks like nanoseconds",
            Some("time in another unit"),
        ),
        (
            jaeger(&set("duration", json!(-1))),
            "`x:1:",
            "`duration` is `-1`, not a whole number of microseconds",
            Some("bad start, end or duration"),
        ),
        (
            zipkin(&|span| drop(span.as_object_mut().unwrap().remove("duration"))),
            "`x:1:",
            "the span has no `duration`; it was not finished, so its duration is unknown",
            Some("span without an end"),
        ),
        (
            zipkin(&set("timestamp", json!(1_714_557_602.5))),
            "`x:1:",
            "`timestamp` is `1714557602.5`, not a whole number of microseconds",
            Some("bad start, end or duration"),
        ),
        (array(&set("t_end_ns", json!(5))), "`x:1:", "the span ends before it starts", Some(before)),
        (
            array(&set("statement_hash", json!(""))),
            "`x:1:",
            "the span has no `statement_hash`, or an empty one",
            Some("span without a statement"),
        ),
        (array(&|span| *span = json!(7)), "`x:1:", "invalid type: integer `7`, expected a span", Some("not a span")),
        (
            messages[..messages.len() - 1].to_vec(),
            "`x`: message 10: ",
            "are left; is the file still being written, or cut?",
            Some("a message that is cut"),
        ),
        (
            [prefixed(&protobuf(&[protobuf_span(50, 1)])), prefixed(b"\x0a\x05abc")].concat(),
            "`x`: message 2: ",
            "not an OTLP message in protobuf: ",
            None,
        ),
        (protobuf(&all(protobuf_span))[..500].to_vec(), "`x`: ", "not an OTLP message in protobuf: ", None),
        (
            [prefixed(&protobuf(&[protobuf_span(50, 1)])), vec![0xff; 8]].concat(),
            "`x`: message 2: ",
            "the lengths are out of step",
            None,
        ),
        (
            serde_json::to_vec_pretty(&export(&spans())).unwrap().repeat(2),
            "`x:",
            "trailing characters; write several objects one a line, as `jq -c .` does",
            None,
        ),
        (b"{\"resourceSpans\": []}\n".to_vec(), "`x:1:1`: ", "there are no spans in the file", None),
        (b"[]".to_vec(), "`x:1:1`: ", "there are no spans in the array", None),
        (b"".to_vec(), "`x:1:1`: ", "the file is empty; this data set reads OTLP JSON", None),
        (b"t,value\n1,2\n".to_vec(), "`x:1:1`: ", "this is not JSON, which starts with `{` or `[`", None),
        (b"\xff\xfe{\0\"\0".to_vec(), "`x:1:1`: ", "this is UTF-16; convert it with `iconv", None),
        (b"PAR1....".to_vec(), "`x:1:1`: ", "this is Parquet", None),
    ] {
        let folder = Folder::new();
        folder.write("x", &bytes);
        let (code, message) = folder.refusal(&["convert", "--dataset", "otel", "x", "--tape", "t.jsonl"]);
        assert_eq!(code, 12, "{message}");
        assert!(message.starts_with(place) && message.contains(problem), "{message}");
        assert_eq!(folder.files(), ["x"], "{message}");
        if let Some(reason) = reason {
            assert!(message.ends_with(HINT), "{message}");
            let ran = convert(&folder, &["x", "--lenient"]);
            assert_eq!(ran.code, 0, "{message}: {}", ran.stderr);
            let rows = ran.json()["rows"].clone();
            assert_eq!(rows["rejected"][reason], 1, "{message}: {rows}");
        }
    }
}

/// Times that count from another origin cannot be checked one by one, but those of the present are known.
#[test]
fn an_array_in_another_unit_is_refused() {
    for (factor, unit) in [(1_000_000_000, "seconds"), (1_000_000, "milliseconds"), (1_000, "microseconds")] {
        let folder = Folder::new();
        let spans: Vec<Value> = (0..9)
            .map(|number| json!({ "t_start_ns": START_NS / factor + number, "t_end_ns": START_NS / factor + number + 1, "statement_hash": "s" }))
            .collect();
        folder.write("x.json", json!(spans).to_string());
        let (code, message) = folder.refusal(&["convert", "--dataset", "otel", "x.json", "--tape", "t.jsonl"]);
        assert_eq!(code, 12);
        assert!(message.contains(&format!("which looks like {unit} since 1970")), "{message}");
    }
}

/// Stretches of a file are read side by side: the place of a wrong span is that in the file.
#[test]
fn a_wrong_span_in_a_long_file_is_named_by_its_line() {
    let folder = Folder::new();
    let pairs = [("db.query.text", SQL), ("db.system.name", "postgresql"), ("padding", &"x".repeat(2000)[..])];
    let good: String = (0..3000).map(|number| format!("{}\n", export(&[span(number, 2, &pairs)]))).collect();
    assert!(good.len() > 6 << 20, "{}", good.len());
    folder.write("spans.jsonl", &good);
    let said = convert(&folder, &["spans.jsonl"]).json();
    assert_eq!((&said["rows"]["used"], &said["sample_count"]), (&json!(3000), &json!(2995)));
    for wrong in [1, 700, 2500, 3000] {
        let mut lines: Vec<&str> = good.lines().collect();
        let bad = lines[wrong - 1].replace("endTimeUnixNano\":\"1", "endTimeUnixNano\":\"01x");
        lines[wrong - 1] = &bad;
        folder.write("wrong.jsonl", lines.join("\n"));
        let (code, message) = folder.refusal(&["convert", "--dataset", "otel", "wrong.jsonl", "--tape", "x.jsonl"]);
        assert_eq!(code, 12);
        assert!(message.starts_with(&format!("`wrong.jsonl:{wrong}:")), "{message}");
    }
}
