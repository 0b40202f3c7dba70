use std::path::Path;

use super::*;
use crate::trace::plan::{ReadBy, RowEstimate};

const PLAN: &str = "duration: 1.272 ms  plan:\nQuery Text: SELECT id\n  FROM big WHERE g >= 7\nSeq Scan on big  (cost=0.00..847.00 \
                    rows=500 width=4) (actual time=0.010..1.0 rows=5.00 loops=1)\n  Filter: (g >= 7)";

fn read(format: LogFormat, text: &str, prefix: &Prefix) -> Vec<LogEntry> {
    let entries = format.entries(text.as_bytes(), Path::new("x.log"), prefix);
    entries.into_iter().map(|(_, entry)| entry.unwrap()).collect()
}

fn stderr(prefix: &str) -> String {
    let lines = PLAN.replace('\n', "\n\t");
    format!(
        "{prefix}LOG:  {lines}\n{prefix}CONTEXT:  PL/pgSQL function f() line 3\n{prefix}LOG:  checkpoint starting: time\n"
    )
}

#[test]
fn the_three_formats_say_the_same() {
    let json = serde_json::json!({
        "timestamp": "2026-11-28 03:14:13.323 UTC", "user": "app_rw", "dbname": "app", "session_id": "6b0a.1", "line_num": 7,
        "ps": "SELECT", "message": PLAN, "context": "PL/pgSQL function f() line 3", "application_name": "psql",
        "query_id": -7,
    });
    let json = read(LogFormat::Json, &format!("{json}\n\n"), &Prefix::Found);
    let quoted = PLAN.replace('"', "\"\"");
    let csv = format!(
        "2026-11-28 03:14:13.323 UTC,\"app_rw\",\"app\",1,\"[local]\",6b0a.1,7,\"SELECT\",2026-11-28 03:14:00 UTC,3/82,0,LOG,00000,\
         \"{quoted}\",,,,,\"PL/pgSQL function f() line 3\",,,,\"psql\",\"client backend\",,-7\n"
    );
    assert_eq!(read(LogFormat::Csv, &csv, &Prefix::Found), json);
    let told = Prefix::parse("%m %u@%d %a %i %c/%l %Q ").unwrap();
    let text = stderr("2026-11-28 03:14:13.323 UTC app_rw@app psql SELECT 6b0a.1/7 -7 ");
    assert_eq!(read(LogFormat::Stderr, &text, &told)[..1], json);
    let labelled = stderr("2026-11-28 03:14:13.323 UTC [1]: user=app_rw,db=app,app=psql,qid=-7,cmd=SELECT ");
    let found = read(LogFormat::Stderr, &labelled, &Prefix::Found).remove(0);
    assert_eq!(LogEntry { session_id: Some("6b0a.1".to_owned()), line_num: Some(7), ..found }, json[0]);
    let [entry] = &json[..] else { panic!("one entry") };
    let logged = entry.logged().unwrap().unwrap();
    assert_eq!((logged.duration_ms, logged.read), (1.272, ReadBy::Perhaps));
    assert_eq!(logged.statement, "select id from big where g >= ?");
    assert_eq!(logged.plan.worst(ReadBy::Whole), Some(RowEstimate { node: 0, planned: 500.0, actual: 5.0 }));
}

#[test]
fn usual_prefixes_are_understood_without_being_told() {
    for (prefix, database, query_id) in [
        ("2026-11-28 03:14:13.323 UTC [123] ", None, None),
        ("2026-11-28 03:14:13 CET [123] app_rw@app ", Some("app"), None),
        ("2026-11-28 03:14:13.323 +03 [123]: [4-1] user=u,db=app,app=psql,client=127.0.0.1 ", Some("app"), None),
        ("2026-11-28 03:14:13 UTC:10.0.0.1(4711):app_rw@app:[123]:", Some("app"), None),
        ("1764299653.323 [123] qid=-9 ", None, Some(-9)),
        ("2026-11-28 03:14:13.323 UTC [123] db=app,qid=0 ", Some("app"), Some(0)),
    ] {
        let entry = read(LogFormat::Stderr, &stderr(prefix), &Prefix::Found).remove(0);
        assert_eq!((entry.database.as_deref(), entry.query_id), (database, query_id), "{prefix}");
        assert!(entry.hides_ps && entry.logged().unwrap().is_some(), "{prefix}");
    }
    for prefix in ["", "[123] ", "app_rw@app "] {
        let entries = LogFormat::Stderr.entries(stderr(prefix).as_bytes(), Path::new("x.log"), &Prefix::Found);
        assert_eq!(entries[0].1.as_ref().unwrap_err().reason(), "prefix not understood", "{prefix}");
    }
}

#[test]
fn a_prefix_is_read_as_it_was_told() {
    for (setting, text, expected) in [
        ("%m [%p] ", "2026-11-28 03:14:13.323 UTC [12] ", Some((None, None, None))),
        (
            "%t [%p]: [%l-1] user=%u,db=%d,app=%a ",
            "2026-11-28 03:14:13 UTC [12]: [3-1] user=x,db=my db,app=psql ",
            Some((Some("my db"), Some("psql"), None)),
        ),
        ("%m [%p] %q%u@%d ", "2026-11-28 03:14:13.323 UTC [12] ", Some((None, None, None))),
        ("%m [%p] %q%u@%d ", "2026-11-28 03:14:13.323 UTC [12] x@app ", Some((Some("app"), None, None))),
        ("%n %Q %d ", "1764299653.323 -5 app ", Some((Some("app"), None, Some(-5)))),
        ("%%%m|%-8u|%8d|", "%2026-11-28 03:14:13.323 CET|x       |     app|", Some((Some("app"), None, None))),
        ("%m [%p] ", "2026-11-28 03:14:13.323 UTC 12", None),
        ("%m [%p] ", "yesterday [12] ", None),
        ("%m %d ", "2026-11-28 03:14:13.323 UTC [unknown] ", Some((None, None, None))),
    ] {
        let entry = Prefix::parse(setting).unwrap().read(text);
        let found = entry.as_ref();
        let found = found.map(|one| (one.database.as_deref(), one.application_name.as_deref(), one.query_id));
        assert_eq!(found, expected, "{setting} {text}");
    }
    for (setting, problem) in [("%u@%d", "with a time"), ("%m %y", "`%y` is no escape"), ("%m %", "`%` is no escape")] {
        assert!(Prefix::parse(setting).unwrap_err().contains(problem), "{setting}");
    }
}

#[test]
fn times_of_logs_are_read() {
    let at = 1_795_835_653_323_000;
    for (text, us, zone) in [
        ("2026-11-28 03:14:13.323 UTC", at, None),
        ("2026-11-28 03:14:13.323 GMT", at, None),
        ("2026-11-28 03:14:13.323 CET", at, Some("CET")),
        ("2026-11-28 03:14:13.323 +03", at - 3 * 3_600_000_000, None),
        ("2026-11-28 03:14:13.323", at, Some("")),
        ("1795835653.323", at, None),
    ] {
        assert_eq!(Moment::parse(text), Some(Moment { us, zone: zone.map(str::to_owned) }), "{text}");
    }
    for text in ["", "[123]", "12:00", "2026-13-28 03:14:13 UTC", "1.5", "2026-11-28 03:14:13.323 UTC [12]"] {
        assert_eq!(Moment::parse(text), None, "{text}");
    }
}

#[test]
fn the_format_is_known_by_the_first_line() {
    let csv = "2026-11-28 03:14:13.323 UTC,\"u\",\"d\",1,\"l\",s,7,\"t\",2026-11-28 03:14:00 UTC,3/82,0,LOG,00000,\"m\",,,,,,,,,\n";
    for (text, format) in [
        ("{\"timestamp\":1}", LogFormat::Json),
        (csv, LogFormat::Csv),
        ("2026-11-28 03:14:13.323 UTC [1] LOG:  a, b, c, d, e, f, g, h, i, j, k, l, m, n, o", LogFormat::Stderr),
        ("", LogFormat::Stderr),
    ] {
        assert_eq!(LogFormat::find(text.as_bytes()), format, "{text}");
    }
}

#[test]
fn plans_in_formats_that_are_not_read_are_named() {
    let entry = |message: &str| LogEntry { message: message.to_owned(), ..LogEntry::default() };
    for (message, problem) in [
        ("duration: 1 ms  plan:\n<explain xmlns=\"x\">", "in XML"),
        ("duration: 1 ms  plan:\nQuery Text: \"SELECT 1\"\nPlan: \n  Node Type: \"Result\"", "in YAML"),
        ("duration: 1 ms  plan:\n{\"Query Text\":", "cannot be read"),
        ("duration: 1 ms  plan:\nQuery Text: SELECT 1", "there is no node in it"),
        ("duration: 1 ms  plan:\n{\"Plan\":{\"Plan Rows\":-1}}", "`Plan Rows` is -1"),
    ] {
        let error = entry(message).logged().unwrap_err().to_string();
        assert!(error.contains(problem), "{message}: {error}");
    }
    for message in
        ["", "duration: 1 ms", "duration: 1 ms  statement: SELECT 'x ms  plan:'", "duration: x ms  plan:\n{}"]
    {
        assert!(entry(message).logged().unwrap().is_none(), "{message}");
    }
}
