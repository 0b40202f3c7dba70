//! Which spans are statements of which database, and how statements are told apart.

use super::*;

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
            "a database span without a statement": 2, "ended in error": 2, "logs, metrics or profiles, not spans": 1,
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
