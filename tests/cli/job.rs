//! Runs of benchmarks: plans as EXPLAIN writes them, and tables of times as runners write them.

use std::collections::BTreeMap;

use telltape::residual::Math::Portable;

use crate::support::Folder;

fn convert(folder: &Folder, input: &str, extra: &[&str]) -> serde_json::Value {
    let command = ["convert", "--dataset", "job", input, "--tape", "t.jsonl", "--json"];
    folder.ok(&[&command[..], extra].concat()).json()
}

fn refusal(folder: &Folder, input: &str, extra: &[&str]) -> String {
    let before = folder.files();
    let command = ["convert", "--dataset", "job", input, "--tape", "t.jsonl"];
    let (code, message) = folder.refusal(&[&command[..], extra].concat());
    assert_eq!((code, folder.files()), (12, before), "{message}");
    message
}

/// What each channel holds, by class.
fn channels(folder: &Folder) -> BTreeMap<(String, String), Vec<f64>> {
    let mut channels: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for line in folder.read("t.jsonl").lines() {
        let sample: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| sample[key].as_str().unwrap().to_owned();
        channels.entry((text("class"), text("channel"))).or_default().push(sample["value"].as_f64().unwrap());
    }
    channels
}

fn of(folder: &Folder, class: &str, channel: &str) -> Vec<f64> {
    channels(folder).remove(&(class.to_owned(), channel.to_owned())).unwrap_or_default()
}

/// A join of two tables, as PostgreSQL 15 writes it but for what is not read.
fn plan(tables: [&str; 2], join: &str, rows: (u64, u64), ms: f64) -> String {
    let scan = |side: &str, table: &str| {
        format!(
            r#"{{"Node Type":"Seq Scan","Parent Relationship":"{side}","Async Capable":false,"Relation Name":"{table}","Alias":"{table}","Total Cost":{ms},"Plan Rows":10,"Actual Rows":10,"Actual Loops":1}}"#
        )
    };
    format!(
        r#"[{{"Plan":{{"Node Type":"{join}","Join Type":"Inner","Async Capable":false,"Plan Rows":{},"Actual Rows":{},"Actual Loops":1,"Plans":[{},{}]}},"Planning Time":1.5,"Triggers":[],"Execution Time":{ms}}}]"#,
        rows.0,
        rows.1,
        scan("Outer", tables[0]),
        scan("Inner", tables[1])
    )
}

const AB: [&str; 2] = ["a", "b"];

/// Field input: 340 rows planned below an aggregate, 12,000 found.
#[test]
fn one_plan_gives_the_error_of_its_estimate() {
    let folder = Folder::new();
    let text = "[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Aggregate\",\n      \"Plan Rows\": 1,\n      \"Actual Rows\": 1,\n      \
                \"Actual Loops\": 1,\n      \"Plans\": [\n        {\n          \"Node Type\": \"Hash Join\",\n          \
                \"Plan Rows\": 340,\n          \"Actual Rows\": 12000,\n          \"Actual Loops\": 1\n        }\n      ]\n    },\n    \
                \"Planning Time\": 1.2,\n    \"Execution Time\": 55.4\n  }\n]\n";
    folder.write("1a.json", text);
    let said = convert(&folder, "1a.json", &[]);
    let expected =
        BTreeMap::from([(("Cardinality".to_owned(), "1a".to_owned()), vec![Portable.log10(12_000.0 / 340.0)])]);
    assert_eq!(channels(&folder), expected);
    assert_eq!((&said["rows"]["read"], &said["rows"]["used"]), (&1.into(), &1.into()));
    assert!(said["notes"].to_string().contains("each query is there once"), "{said}");
    // The published formulas, of the same numbers.
    convert(&folder, "1a.json", &["--construction", "reference"]);
    assert_eq!(of(&folder, "Cardinality", "1a"), [Portable.log10(12_000.0 / 340.0)]);
    assert_eq!(of(&folder, "PlanRegression", "1a"), [0.0]);
}

/// Two queries, three iterations: the last of 1a is slow by another join, and costs change throughout.
fn three_iterations(name: impl Fn(&str, u32) -> String) -> Folder {
    let folder = Folder::new();
    for iteration in 1..=3 {
        let slow = iteration == 3;
        let (join, ms) = if slow { ("Nested Loop", 99.0) } else { ("Hash Join", 9.0) };
        let rows = if slow { (10, 1000) } else { (10, 10) };
        folder.write(&name("1a", iteration), plan(AB, join, rows, ms));
        folder
            .write(&name("1b", iteration), plan(["c", "d"], "Hash Join", (10, 100), 5.0 + f64::from(iteration) / 1e6));
    }
    folder
}

#[test]
fn a_folder_of_plans_is_read_in_every_usual_layout() {
    let layouts: [fn(&str, u32) -> String; 8] = [
        |query, iteration| format!("plans/{query}_{iteration}.json"),
        |query, iteration| format!("plans/{query}-run{iteration}.json"),
        |query, iteration| format!("plans/{query}/run{iteration}.json"),
        |query, iteration| format!("plans/{query}/{iteration}.json"),
        |query, iteration| format!("plans/run{iteration}/{query}.json"),
        |query, iteration| format!("plans/iter_{iteration}/{query}.explain.json"),
        // The first one without a number.
        |query, iteration| {
            if iteration == 1 { format!("plans/{query}.json") } else { format!("plans/{query}_{iteration}.json") }
        },
        |query, iteration| format!("plans/{query}_{iteration}.jsonl"),
    ];
    for layout in layouts {
        let folder = three_iterations(layout);
        let said = convert(&folder, "plans", &[]);
        assert_eq!((&said["rows"]["read"], &said["rows"]["used"]), (&6.into(), &6.into()));
        assert_eq!(of(&folder, "PlanRegression", "1a"), [0.0, Portable.ln(100.0 / 10.0)]);
        assert_eq!(of(&folder, "Cardinality", "1a"), [0.0, 2.0]);
        assert_eq!(of(&folder, "PlanRegression", "1a#plan_change"), [1.0]);
        assert_eq!(of(&folder, "Cardinality", "1b"), [0.0, 0.0]);
        assert_eq!(of(&folder, "PlanRegression", "1b#plan_change"), [0.0; 0]);
    }
}

#[test]
fn one_file_may_hold_all_executions() {
    let folder = three_iterations(|query, iteration| format!("plans/{query}_{iteration}.json"));
    convert(&folder, "plans", &[]);
    let expected = channels(&folder);
    let each = |iteration: u32, query: &str| folder.read(&format!("plans/{query}_{iteration}.json"));
    let runs = || (1..=3).flat_map(|iteration| ["1b", "1a"].map(|query| (iteration, query)));
    let lines = runs().map(|(iteration, query)| {
        format!("{{\"query\":\"{query}\",\"iteration\":{iteration},\"QUERY PLAN\":{}}}\n", each(iteration, query))
    });
    let lines: String = lines.collect();
    let list = format!("[{}]", lines.trim_end().replace('\n', ",\n"));
    // Without numbers, executions of a query follow each other.
    let unnumbered: String = runs()
        .map(|(iteration, query)| {
            let plan = serde_json::Value::from(each(iteration, query));
            format!("{{\"query_id\": \"{query}\", \"plan\": {plan}}}\n")
        })
        .collect();
    for text in [&lines, &list, &unnumbered] {
        folder.write("all.json", text);
        convert(&folder, "all.json", &[]);
        assert_eq!(channels(&folder), expected);
    }
    // A file of one query.
    folder.write("one/1a.json", format!("{}\n{}\n{}\n", each(1, "1a"), each(2, "1a"), each(3, "1a")));
    convert(&folder, "one", &[]);
    assert_eq!(of(&folder, "PlanRegression", "1a"), [0.0, Portable.ln(100.0 / 10.0)]);
}

#[test]
fn rows_that_a_limit_stops_are_a_lower_bound() {
    let folder = Folder::new();
    let limited = |below: &str| {
        format!(
            r#"[{{"Plan":{{"Node Type":"Limit","Plan Rows":10,"Actual Rows":10,"Actual Loops":1,"Plans":[{below}]}},"Execution Time":1.0}}]"#
        )
    };
    let scan = |planned: u64, actual: u64| {
        format!(
            r#"{{"Node Type":"Seq Scan","Parent Relationship":"Outer","Plan Rows":{planned},"Actual Rows":{actual},"Actual Loops":1}}"#
        )
    };
    for (planned, actual, expected) in [(49_995, 10, 0.0), (10, 1000, 2.0)] {
        folder.write("q1.json", limited(&scan(planned, actual)));
        convert(&folder, "q1.json", &[]);
        assert_eq!(of(&folder, "Cardinality", "q1"), [expected], "{planned} {actual}");
    }
    // Rows of a loop against the estimate of a loop, however many there are.
    let join = |loops: u64| {
        format!(
            r#"[{{"Plan":{{"Node Type":"Nested Loop","Join Type":"Inner","Plan Rows":10,"Actual Rows":10,"Actual Loops":1,"Plans":[{},{{"Node Type":"Index Scan","Parent Relationship":"Inner","Plan Rows":2,"Actual Rows":200,"Actual Loops":{loops}}}]}},"Execution Time":1.0}}]"#,
            scan(10, 10)
        )
    };
    for loops in [1, 5000] {
        folder.write("q1.json", join(loops));
        convert(&folder, "q1.json", &[]);
        assert_eq!(of(&folder, "Cardinality", "q1"), [2.0], "{loops}");
    }
}

#[test]
fn plans_that_are_none_are_refused_by_name_and_counted() {
    let good = plan(AB, "Hash Join", (10, 10), 9.0);
    let newer = good.replace(r#""Async Capable":false"#, r#""Async Capable":false,"Disabled":false"#);
    for (text, problem, reason) in [
        (good.replace("Actual", "Some"), "was planned and not executed", "not executed (no ANALYZE)"),
        (good.replace("Execution Time", "Time"), "no `Execution Time`", "no execution time"),
        (good.replace(r#""Execution Time":9"#, r#""Execution Time":-1"#), "`Execution Time` is -1", "out of range"),
        (good.replace(r#""Plan Rows":10"#, r#""Plan Rows":-1"#), "`Plan Rows` is -1", "out of range"),
        (good.replace(r#""Plan Rows":10"#, r#""Plan Rows":1e200"#), "`Plan Rows` is", "out of range"),
        (
            good.replace(r#""Plan Rows":10"#, r#""Plan Rows":"many""#),
            "not a plan of PostgreSQL: invalid type",
            "not a plan",
        ),
        (good.replace(r#""Plan Rows":10,"#, ""), "not a plan of PostgreSQL: missing field `Plan Rows`", "not a plan"),
        ("{\"query_block\":{}}".to_owned(), "a plan of MySQL", "not a plan"),
        ("{\"a\":1}".to_owned(), "no `Plan`", "not a plan"),
        (good[..40].to_owned(), "this is not JSON", "not a plan"),
        ("QUERY PLAN".to_owned(), "this is not JSON", "not a plan"),
        (
            plan(["x", "y"], "Hash Join", (10, 10), 9.0),
            "scans other tables than the one of",
            "scans other tables than its query",
        ),
    ] {
        let folder = Folder::new();
        for iteration in [1, 2, 4] {
            folder.write(&format!("p/1a_{iteration}.json"), &good);
        }
        folder.write("p/1a_3.json", &text);
        let message = refusal(&folder, "p", &[]);
        assert!(message.starts_with("`p/1a_3.json") && message.contains(problem), "{message}");
        let rows = convert(&folder, "p", &["--lenient"])["rows"].clone();
        assert_eq!(rows["rejected"], serde_json::json!({ reason: 1 }), "{text}");
        assert_eq!(rows["used"], 3);
    }
    // What is wrong with all of them.
    let folder = Folder::new();
    folder.write("p/1a_1.json", &good);
    folder.write("p/1a_2.json", &newer);
    for extra in [&[][..], &["--lenient"]] {
        let message = refusal(&folder, "p", extra);
        assert!(message.contains("of PostgreSQL 18 or newer, and that of `p/1a_1.json:1` of 14 to 17"), "{message}");
    }
    folder.write("twice/1a/run1.json", &good);
    folder.write("twice/run1/1a.json", &good);
    assert!(refusal(&folder, "twice", &[]).contains("iteration 1 of query `1a` is twice"));
    folder.write("unclear/1/2.json", &good);
    assert!(refusal(&folder, "unclear", &[]).contains("both `1` and `2` could be the iteration"));
    folder.write("none/readme.txt", "x");
    // Without a plan, the files of a folder are those of a table.
    assert!(refusal(&folder, "none", &[]).starts_with("`none/readme.txt:1`: the header has no columns"));
    folder.write("empty.json", "[]");
    assert!(refusal(&folder, "empty.json", &[]).contains("there are no plans in it"));
    // A shell leaves an empty file where the execution failed: that is no iteration less.
    for failed in ["", "\n", "[]", "ERROR:  canceling statement due to statement timeout\n"] {
        let folder = Folder::new();
        for run in 1..4 {
            folder.write(&format!("plans/1a_run{run}.json"), &good);
        }
        folder.write("plans/1a_run2.json", failed);
        let error = refusal(&folder, "plans", &[]);
        assert!(error.contains("1a_run2.json"), "{error}");
        assert!(error.contains("did the execution fail?") || error.contains("with `psql -qAtX`"), "{error}");
    }
    folder.write("queries/query_1.json", &good);
    folder.write("queries/query_2.json", plan(["x", "y"], "Hash Join", (10, 10), 9.0));
    folder.write("queries/notes.md", "x");
    let said = convert(&folder, "queries", &[]);
    assert_eq!(channels(&folder).len(), 2, "numbers of queries are no iterations");
    assert!(said["notes"].to_string().contains("1 file that is not .json or .jsonl, such as `notes.md`"), "{said}");
}

/// The names of the files are part of the input: they say which query a plan is of.
#[test]
fn an_experiment_sees_a_plan_that_changed_and_one_that_was_renamed() {
    let folder = three_iterations(|query, iteration| format!("plans/{query}_{iteration}.json"));
    folder.write("data/datasets.toml", "");
    folder.write("experiments/x.toml", "title = 'x'\n[input]\ntrace = 'plans'\ndataset = 'job'\n");
    folder.run(&["run", "x"]);
    folder.ok(&["accept", "x"]);
    let verdict = || folder.run(&["run", "x", "--json"]).stdout;
    assert!(verdict().contains("\"same\""));
    let text = folder.read("plans/1b_2.json");
    folder.write("plans/1b_2.json", text.replace("5.000002", "5.000003"));
    assert!(verdict().contains("\"differs\""));
    folder.write("plans/1b_2.json", &text);
    assert!(verdict().contains("\"same\""));
    std::fs::rename(folder.join("plans/1b_3.json"), folder.join("plans/1b_4.json")).unwrap();
    assert!(verdict().contains("\"differs\""));
}

fn timed(header: &str, times: [&str; 3]) -> String {
    let rows = times.iter().enumerate().map(|(run, time)| format!("q1,{},{time}\nq2,{0},1\n", run + 1));
    format!("{header}\n{}", rows.collect::<String>())
}

#[test]
fn a_table_of_times_alone_gives_residuals_of_times_alone() {
    for (header, times, extra) in [
        ("name,run,timing", ["0.009", "0.009", "0.099"], &[][..]),
        ("query,iteration,runtime_ms", ["9", "9", "99"], &[]),
        ("query,run,time (ms)", ["9", "9", "99"], &[]),
        ("Query,Run,Seconds", ["0.009", "0.009", "0.099"], &[]),
        ("query_id,iter,latency_us", ["9000", "9000", "99000"], &[]),
        ("benchmark,rep,elapsed_s", ["0.009", "0.009", "0.099"], &[]),
        ("q,trial,time", ["0.009", "0.009", "0.099"], &["--latency-unit", "s"]),
        ("query_id,iteration,latency_ms", ["9", "9", "99"], &[]),
    ] {
        let folder = Folder::new();
        folder.write("x.csv", timed(header, times));
        let said = convert(&folder, "x.csv", extra);
        let found = channels(&folder);
        assert_eq!(
            found.keys().map(|(class, _)| class.as_str()).collect::<Vec<_>>(),
            ["PlanRegression"; 2],
            "{header}"
        );
        let values = of(&folder, "PlanRegression", "q1");
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(values[0], 0.0) && near(values[1], Portable.ln(10.0)), "{header}: {values:?}");
        assert!(said["notes"].to_string().contains("the residuals are of times alone"), "{said}");
    }
}

#[test]
fn tables_that_are_not_clear_are_asked_about() {
    for (text, expected) in [
        (timed("q,trial,time", ["1"; 3]), "nothing says the unit of `time`; pass --latency-unit s, ms or us"),
        (timed("q,trial,cost", ["1"; 3]), "the header has no column `latency_ms`"),
        (timed("q,x,latency_ms", ["1"; 3]), "the header has no column `iteration`"),
        ("name,query,run,ms\na,b,1,2\n".to_owned(), "columns 1 (`name`) and 2 (`query`) could both be the query"),
        ("query,run,time_ms,time_s\na,1,1,2\n".to_owned(), "could both be the time of an execution"),
        ("query,run,ms,est_rows\na,1,1,2\n".to_owned(), "the header has no column `actual_rows`"),
        (timed("query,run,ms", ["1", "1", "-1"]), "`latency_ms` is `-1`"),
        (timed("query,run,ms", ["1", "", "1"]), "`ms` is empty, unknown"),
        ("query,run,ms\na,1,1\na,2,2\na,1,3\n".to_owned(), "query `a` is twice in iteration 1: line 2 and line 4"),
        ("query,run,ms\na,1,1\nb,1,2\n".to_owned(), "give a second iteration"),
    ] {
        let folder = Folder::new();
        folder.write("x.csv", &text);
        let message = refusal(&folder, "x.csv", &[]);
        let expected = expected.replace("`latency_ms` is `-1`", "`ms` is `-1`");
        assert!(message.contains(&expected), "{text}: {message}");
    }
    let folder = Folder::new();
    // Which of two is right, nobody knows: none of them is taken.
    folder.write("x.csv", "query,run,ms\na,1,1\na,2,2\na,1,3\na,3,2\n");
    let rows = convert(&folder, "x.csv", &["--lenient"])["rows"].clone();
    assert_eq!((&rows["read"], &rows["used"]), (&4.into(), &2.into()));
}
