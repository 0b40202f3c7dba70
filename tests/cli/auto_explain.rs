//! Logs of PostgreSQL with plans of `auto_explain`, in every format that the server writes.

use std::collections::BTreeMap;

use telltape::residual::Math::Portable;

use crate::support::Folder;

/// A statement that was logged.
#[derive(Clone)]
struct Logged {
    second: u32,
    ms: f64,
    /// Planned and actual rows of the scan.
    rows: (u64, u64),
    index: bool,
    query: &'static str,
    query_id: i64,
    application: &'static str,
    tag: &'static str,
}

const QUERY: &str = "SELECT id FROM big WHERE g >= 7";

fn logged(second: u32) -> Logged {
    Logged {
        second,
        ms: 9.0,
        rows: (10, 10),
        index: false,
        query: QUERY,
        query_id: -61,
        application: "psql",
        tag: "SELECT",
    }
}

/// Seven executions; the last is slow, by another plan whose estimate is wrong.
fn seven() -> Vec<Logged> {
    let mut all: Vec<Logged> = (0..7).map(logged).collect();
    all[6] = Logged { ms: 99.0, rows: (10, 1000), index: true, ..logged(6) };
    all
}

impl Logged {
    fn time(&self) -> String {
        format!("2026-11-28 03:14:{:02}.500 UTC", self.second)
    }

    fn message(&self, json: bool) -> String {
        let (planned, actual) = self.rows;
        let plan = if json {
            let kind = if self.index {
                r#""Node Type": "Index Scan", "Index Name": "i""#
            } else {
                r#""Node Type": "Seq Scan""#
            };
            format!(
                "{{\n  \"Query Text\": \"{}\",\n  \"Plan\": {{{kind}, \"Relation Name\": \"big\", \"Alias\": \"big\", \
                 \"Plan Rows\": {planned}, \"Actual Rows\": {actual}, \"Actual Loops\": 1}}\n}}",
                self.query
            )
        } else {
            let kind = if self.index { "Index Scan using i on big" } else { "Seq Scan on big" };
            format!(
                "Query Text: {}\n{kind}  (cost=0.00..8.00 rows={planned} width=4) (actual time=0.1..0.2 rows={actual} loops=1)\n  \
                 Filter: (g >= 7)",
                self.query
            )
        };
        format!("duration: {:.3} ms  plan:\n{plan}", self.ms)
    }

    fn jsonlog(&self, json: bool) -> String {
        let entry = serde_json::json!({
            "timestamp": self.time(), "user": "app_rw", "dbname": "app", "pid": 7, "session_id": "6b0a.1",
            "line_num": self.second + 1, "ps": self.tag, "error_severity": "LOG", "message": self.message(json),
            "application_name": self.application, "query_id": self.query_id,
        });
        format!("{entry}\n")
    }

    fn csvlog(&self, json: bool) -> String {
        format!(
            "{},\"app_rw\",\"app\",7,\"[local]\",6b0a.1,{},\"{}\",2026-11-28 03:14:00 UTC,3/82,0,LOG,00000,\"{}\",,,,,,,,,\"{}\",\
             \"client backend\",,{}\n",
            self.time(),
            self.second + 1,
            self.tag,
            self.message(json).replace('"', "\"\""),
            self.application,
            self.query_id
        )
    }

    /// By `%m [%p] db=%d,app=%a,qid=%Q,tag=%i `.
    fn stderr(&self, json: bool) -> String {
        let (time, message) = (self.time(), self.message(json).replace('\n', "\n\t"));
        let prefix = format!("{time} [7] db=app,app={},qid={},tag={} ", self.application, self.query_id, self.tag);
        format!("{prefix}LOG:  {message}\n{time} [1] db=,app=,qid=0,tag= LOG:  checkpoint starting: time\n")
    }
}

fn log(all: &[Logged], write: impl Fn(&Logged) -> String) -> String {
    all.iter().map(write).collect()
}

fn convert(folder: &Folder, text: &str, extra: &[&str]) -> serde_json::Value {
    folder.write("x.log", text);
    let command = ["convert", "--dataset", "auto-explain", "x.log", "--tape", "t.jsonl", "--json"];
    folder.ok(&[&command[..], extra].concat()).json()
}

fn refusal(text: &str, extra: &[&str]) -> String {
    let folder = Folder::new();
    folder.write("x.log", text);
    let command = ["convert", "--dataset", "auto-explain", "x.log", "--tape", "t.jsonl"];
    let (code, message) = folder.refusal(&[&command[..], extra].concat());
    assert_eq!((code, folder.files()), (12, vec!["x.log".to_owned()]), "{message}");
    message
}

fn residuals(folder: &Folder) -> BTreeMap<(String, String), Vec<(f64, f64)>> {
    let mut channels: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in folder.read("t.jsonl").lines() {
        let sample: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| sample[key].as_str().unwrap().to_owned();
        let number = |key: &str| sample[key].as_f64().unwrap();
        channels.entry((text("class"), text("channel"))).or_default().push((number("t"), number("value")));
    }
    channels
}

fn expected(statement: &str) -> BTreeMap<(String, String), Vec<(f64, f64)>> {
    let key = |class: &str, channel: String| (class.to_owned(), channel);
    BTreeMap::from([
        (key("Cardinality", statement.to_owned()), vec![(5.0, 0.0), (6.0, 2.0)]),
        (key("PlanRegression", statement.to_owned()), vec![(5.0, 0.0), (6.0, Portable.ln(10.0))]),
        (key("PlanRegression", format!("{statement}#plan_change")), vec![(6.0, 1.0)]),
    ])
}

#[test]
fn every_format_gives_the_same_residuals() {
    let folder = Folder::new();
    let mut tapes = Vec::new();
    for json in [true, false] {
        let writers: [fn(&Logged, bool) -> String; 3] = [Logged::jsonlog, Logged::csvlog, Logged::stderr];
        for (write, name) in writers.into_iter().zip(["jsonlog", "csvlog", "stderr"]) {
            let said = convert(&folder, &log(&seven(), |one| write(one, json)), &[]);
            assert_eq!(residuals(&folder), expected("app/-61"), "{name} {json}");
            assert_eq!(said["rows"]["used"], 7, "{said}");
            assert!(
                said["notes"].to_string().contains(&format!("read as a log in the format {name}: 7 plans")),
                "{said}"
            );
            tapes.push(folder.read("t.jsonl"));
        }
    }
    assert!(tapes.iter().all(|tape| *tape == tapes[0]));
}

#[test]
fn without_a_query_id_a_statement_is_its_text_without_literals() {
    let folder = Folder::new();
    let mut all = seven();
    all.iter_mut().for_each(|one| one.query_id = 0);
    all[3].query = "select id from big  where g >= 12";
    for (text, extra) in [
        (log(&all, |one| one.jsonlog(true)), &[][..]),
        (log(&all, |one| one.csvlog(false)), &[]),
        (log(&all, |one| one.stderr(true)), &[]),
        (log(&all, |one| one.stderr(true)), &["--log-line-prefix", "%m [%p] db=%d,app=%a,qid=%Q,tag=%i "]),
        (log(&all, |one| one.csvlog(true).replace("client backend\",,0", "client backend\"")), &[]),
    ] {
        let said = convert(&folder, &text, extra);
        assert_eq!(residuals(&folder), expected("app/select id from big where g >= ?"), "{text}");
        assert!(said["notes"].to_string().contains("7 of 7 statements have no query id"), "{said}");
    }
    // Nothing but the time is in the usual prefix: then nobody knows how far a plan was read.
    let bare = |one: &Logged| one.stderr(false).replace(" db=app,app=psql,qid=0,tag=SELECT", "");
    let said = convert(&folder, &log(&all, bare), &[]);
    assert!(said["notes"].to_string().contains("7 of 7 plans may have stopped early"), "{said}");
    // Of a scan that may have stopped, only rows beyond the estimate count; five of those there are not.
    let found = residuals(&folder);
    let classes: Vec<&str> = found.keys().map(|(class, _)| class.as_str()).collect();
    assert_eq!(classes, ["PlanRegression"; 2]);
}

#[test]
fn statements_of_telltape_itself_never_appear() {
    let own = |second: u32| Logged { application: "telltape", query: "SELECT 1", query_id: 5, ..logged(second) };
    let marked =
        |second: u32| Logged { application: "", query: "/* telltape */ SELECT 2", query_id: 6, ..logged(second) };
    let all: Vec<Logged> = (0..7).flat_map(|second| [logged(second), own(second + 10), marked(second + 20)]).collect();
    let folder = Folder::new();
    for text in
        [log(&all, |one| one.jsonlog(true)), log(&all, |one| one.csvlog(false)), log(&all, |one| one.stderr(true))]
    {
        let said = convert(&folder, &text, &[]);
        assert_eq!(said["rows"]["rejected"]["of telltape itself"], 14, "{said}");
        assert!(residuals(&folder).keys().all(|(_, channel)| channel == "app/-61"));
    }
    let only: Vec<Logged> = (0..9).map(own).collect();
    assert!(refusal(&log(&only, |one| one.jsonlog(true)), &[]).contains("there is no plan of auto_explain in it"));
}

#[test]
fn logs_may_be_put_together_in_any_order_and_twice() {
    let folder = Folder::new();
    let all = seven();
    let (first, second) = (log(&all[..3], |one| one.jsonlog(true)), log(&all[3..], |one| one.jsonlog(true)));
    convert(&folder, &format!("{second}{first}"), &[]);
    assert_eq!(residuals(&folder), expected("app/-61"));
    let said = convert(&folder, &format!("{first}{second}{second}"), &[]);
    assert_eq!(said["rows"]["rejected"]["there before"], 4, "{said}");
    assert_eq!(residuals(&folder), expected("app/-61"));
}

/// The shape of the field input: LIMIT stops the scan, and two executions are too few for anything.
#[test]
fn rows_that_a_limit_or_a_cursor_stops_are_a_lower_bound() {
    let folder = Folder::new();
    let limit = |one: &Logged| {
        let plan = r#"{\"Node Type\": \"Limit\", \"Plan Rows\": 10, \"Actual Rows\": 10, \"Actual Loops\": 1, \"Plans\": [{\"Node Type\": \"Seq Scan\""#;
        let text = one.jsonlog(true).replace(r#"{\"Node Type\": \"Seq Scan\""#, plan);
        text.replace(r#"\"Actual Loops\": 1}\n}"#, r#"\"Actual Loops\": 1}]}\n}"#)
    };
    let scan = |second: u32, rows: (u64, u64), tag: &'static str| Logged { rows, tag, ..logged(second) };
    let all: Vec<Logged> =
        (0..8).map(|second| scan(second, (49_995, if second == 7 { 10 } else { 49_995 }), "SELECT")).collect();
    convert(&folder, &log(&all, limit), &[]);
    let found = residuals(&folder);
    assert!(
        found[&("Cardinality".to_owned(), "app/-61".to_owned())].iter().all(|(_, value)| *value == 0.0),
        "{found:?}"
    );
    // The same without the limit is wrong by far; read by a cursor, nobody knows.
    for (tag, judged) in [("SELECT", 3), ("FETCH", 0), ("BIND", 0), ("COMMIT", 0)] {
        let mut all = all.clone();
        all.iter_mut().for_each(|one| one.tag = tag);
        convert(&folder, &log(&all, |one| one.jsonlog(true)), &[]);
        let found = residuals(&folder);
        let errors = found.get(&("Cardinality".to_owned(), "app/-61".to_owned())).cloned().unwrap_or_default();
        assert_eq!(errors.len(), judged, "{tag}");
        assert_eq!(errors.iter().filter(|(_, value)| *value < -3.0).count(), judged.min(1), "{tag}");
    }
    assert!(refusal(&log(&all[..2], limit), &[]).contains("2 plans of 1 statement; none occurs more than five times"));
}

#[test]
fn a_log_without_a_plan_says_which_settings_give_plans() {
    let plain = "2026-11-28 03:14:13.323 UTC [1] LOG:  starting PostgreSQL 15.18\n2026-11-28 03:14:14.323 UTC [1] LOG:  ready\n";
    let entry = "{\"timestamp\":\"2026-11-28 03:14:13.323 UTC\",\"message\":\"duration: 3.2 ms\"}\n";
    for text in [plain, entry, "", "\n\n", "a,b\n1,2\n"] {
        for extra in [&[][..], &["--lenient"]] {
            let message = refusal(text, extra);
            for setting in
                ["session_preload_libraries = 'auto_explain'", "auto_explain.log_analyze = on", "log_destination"]
            {
                assert!(message.contains(setting), "{text}: {message}");
            }
        }
    }
}

#[test]
fn entries_that_are_wrong_are_named_and_counted() {
    let good = log(&seven(), |one| one.jsonlog(true));
    let bad = logged(50).jsonlog(true);
    let text = |bad: &str| format!("{}{bad}", good);
    for (text, start, problem, reason) in [
        (text(&bad[..bad.len() / 2]), "`x.log:8`", "not an entry of a jsonlog: EOF", "not an entry"),
        (text("no json\n"), "`x.log:8`", "not an entry of a jsonlog", "not an entry"),
        (text(&bad.replace("03:14:50.500 UTC", "yesterday")), "`x.log:8`", "is not a time of a log", "unparsable time"),
        (text(&bad.replace("\\n}", "")), "`x.log:8`", "the plan cannot be read: EOF", "broken plan"),
        (
            text(&bad.replace("plan:\\n{", "plan:\\n<explain")),
            "`x.log:8`",
            "in XML, which is not read; set auto_explain.log_format = 'json'",
            "plan in another format",
        ),
        (
            text(&bad.replace("-61", "0").replace(QUERY, "")),
            "`x.log:8`",
            "set compute_query_id = on",
            "neither query id nor text",
        ),
        (
            log(&seven(), |one| one.stderr(true))
                + &logged(50).stderr(true).replace("2026-11-28 03:14:50.500 UTC", "soon"),
            "`x.log:43`",
            "give log_line_prefix as the server has it",
            "prefix not understood",
        ),
        (
            log(&seven(), |one| one.csvlog(true)) + &logged(50).csvlog(true).replace("[local]\",", "[local]\",,"),
            "`x.log:36`",
            "the entry has 27 fields",
            "wrong number of fields",
        ),
    ] {
        let message = refusal(&text, &[]);
        assert!(message.starts_with(start) && message.contains(problem), "{message}");
        let folder = Folder::new();
        let rows = convert(&folder, &text, &["--lenient"])["rows"].clone();
        assert_eq!((&rows["rejected"][reason], &rows["used"]), (&1.into(), &7.into()), "{rows}");
        assert_eq!(residuals(&folder), expected("app/-61"));
    }
    // What no row can be blamed for.
    let zones = good.replace("03:14:05.500 UTC", "03:14:05.500 CET");
    for extra in [&[][..], &["--lenient"]] {
        let message = refusal(&zones, extra);
        assert!(message.contains("the zone `CET` here and an offset or UTC in `x.log:1`"), "{message}");
    }
    assert!(refusal(&good, &["--log-line-prefix", "%m [%p] "]).contains("this is a jsonlog"));
    // Lines of one format would be the rest of an entry of the other.
    for extra in [&[][..], &["--lenient"]] {
        let message = refusal(&format!("pg_ctl: starting\nLOG:  redirecting\n{good}"), extra);
        assert!(message.starts_with("`x.log:3`: this line is of a jsonlog, and the first one"), "{message}");
    }
    let folder = Folder::new();
    folder.write("x.log", good);
    let command = ["convert", "--dataset", "auto-explain", "x.log", "--tape", "t.jsonl", "--log-line-prefix", "%u"];
    let (code, message) = folder.refusal(&command);
    assert!(code == 2 && message.contains("with a time"), "{message}");
}

#[test]
fn plans_that_were_not_analyzed_give_times_and_nothing_on_estimates() {
    let folder = Folder::new();
    let text = log(&seven(), |one| one.jsonlog(true)).replace("Actual", "Some");
    let said = convert(&folder, &text, &[]);
    assert!(said["notes"].to_string().contains("7 of 7 plans have no actual rows"), "{said}");
    let found = residuals(&folder);
    assert_eq!(found[&("PlanRegression".to_owned(), "app/-61".to_owned())], [(5.0, 0.0), (6.0, Portable.ln(10.0))]);
    assert!(found.keys().all(|(class, _)| class == "PlanRegression"));
}
