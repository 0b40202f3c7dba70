//! Traces of benchmarks and of collections of queries, as people have them: right, or refused; never silently wrong.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::Folder;

/// A folder with the trace `x.csv`.
fn folder(text: &str) -> Folder {
    let folder = Folder::new();
    folder.write("x.csv", text);
    folder
}

/// Converts `x.csv` to `x.jsonl` and gives what each channel holds.
fn channels(folder: &Folder, options: &[&str]) -> BTreeMap<String, Vec<f64>> {
    folder.ok(&[&["convert", "x.csv", "--tape", "x.jsonl"], options].concat());
    let mut channels: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in folder.read("x.jsonl").lines() {
        let sample: serde_json::Value = serde_json::from_str(line).unwrap();
        if let (Some(channel), Some(value)) = (sample["channel"].as_str(), sample["value"].as_f64()) {
            channels.entry(channel.to_owned()).or_default().push(value);
        }
    }
    channels
}

/// The episodes of `x.jsonl`, as their channels, starts and ends.
fn episodes(folder: &Folder) -> Vec<[String; 3]> {
    folder.ok(&["replay", "x.jsonl", "--out", "out"]);
    let table = folder.read("out/x/episodes.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            [1, 2, 3].map(|column| record[column].to_owned())
        })
        .collect()
}

const CEB: &str = "query_id,subplan_id,true_rows,est_rows\n";

#[test]
fn names_of_tables_with_underscores_are_not_taken_apart() {
    // Two joins of the same four words, one of them estimated at a hundredth and the other at a hundredfold.
    let rows = (0..60).map(|query| {
        format!("q{query:02},store_sales_catalog_returns,1000,10\nq{query:02},store_returns_catalog_sales,10,1000\n")
    });
    let folder = folder(&format!("{CEB}{}", rows.collect::<String>()));
    let found = channels(&folder, &["--dataset", "ceb"]);
    assert_eq!(found.len(), 2);
    assert_eq!(found["store_sales_catalog_returns"], [2.0; 60]);
    assert_eq!(found["store_returns_catalog_sales"], [-2.0; 60]);
    let lengths = episodes(&folder)
        .into_iter()
        .map(|[channel, start, end]| (channel, end.parse::<f64>().unwrap() - start.parse::<f64>().unwrap()));
    assert_eq!(
        lengths.collect::<Vec<_>>(),
        [("store_sales_catalog_returns".to_owned(), 59.0), ("store_returns_catalog_sales".to_owned(), 59.0)]
    );
}

#[test]
fn aliases_of_the_benchmark_are_templates_and_no_others() {
    let names = |subplans: &[&str]| {
        let rows = subplans.iter().map(|subplan| format!("q,{subplan},10,10\n"));
        let folder = folder(&format!("{CEB}{}", rows.collect::<String>()));
        channels(&folder, &["--dataset", "ceb"]).into_keys().collect::<Vec<_>>()
    };
    assert_eq!(names(&["t", "mi1_it1_t", "it2_mi2_t", "mii1_mii2"]), ["it_mi_t", "mii_mii", "t"]);
    // One name that is none makes all of them names.
    assert_eq!(names(&["t", "mi1_it1_t", "it2_mi2_t", "movie"]), ["it2_mi2_t", "mi1_it1_t", "movie", "t"]);
    assert_eq!(names(&["t1_t2", "t2_t3"]), ["t1_t2", "t2_t3"]);
    assert_eq!(names(&["orders_2023_items_2024", "orders_2024_items_2023"]).len(), 2);
    assert_eq!(names(&["Mi1_T", "mi1_t"]), ["Mi1_T", "mi1_t"]);
}

const SQLSHARE: &str = "user_id,runtime_seconds,submitted_at,query_text\n";

/// Queries of one user a second apart.
fn sqlshare(queries: &[&str]) -> String {
    let rows = queries
        .iter()
        .enumerate()
        .map(|(second, sql)| format!("u,1,{},\"{}\"\n", 1_714_557_600 + second, sql.replace('"', "\"\"")));
    format!("{SQLSHARE}{}", rows.collect::<String>())
}

#[test]
fn an_apostrophe_in_a_comment_opens_no_literal() {
    let rows = (0..12).map(|pair| {
        format!(
            "app,0.001,{},\"SELECT a -- don't cache\nFROM small WHERE x = 1\"\n\
             app,1.0,{},\"SELECT a -- don't cache\nFROM big JOIN other USING (id)\"\n",
            1_714_557_600 + 20 * pair,
            1_714_557_610 + 20 * pair
        )
    });
    let folder = folder(&format!("{SQLSHARE}{}", rows.collect::<String>()));
    let found = channels(&folder, &["--dataset", "sqlshare"]);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        ["app#select a from big join other using (id)", "app#select a from small where x = ?"]
    );
    // The first five of twelve are history; none is slower than they are.
    assert!(found.values().all(|values| *values == [0.0; 7]), "{found:?}");
    assert_eq!(episodes(&folder), [[""; 3]; 0]);
}

#[test]
fn literals_comments_and_layout_do_not_tell_statements_apart_and_names_do() {
    let count = |queries: &[&str]| {
        // Each six times, so that each has a residual.
        let repeated: Vec<&str> = (0..6).flat_map(|_| queries.iter().copied()).collect();
        let folder = folder(&sqlshare(&repeated));
        channels(&folder, &["--dataset", "sqlshare"]).into_keys().collect::<BTreeSet<_>>().len()
    };
    for same in [
        &["select a from t where b = 1", "SELECT a\n\tFROM T WHERE b=2", "select a from t where b = -3.5e-7"][..],
        &[
            "select a from t",
            "/* it's /* nested */ 1 */ select a from t",
            "select a -- x'y\nfrom t",
            "select a from t;",
        ],
        &["select 'a' from t", "select 'it''s' from t", "select E'it\\'s' from t", "select $q$it's$q$ from t"],
        &["select N'a' from t", "select X'1F' from t", "select B'01' from t", "select 0x1F from t"],
        &["select a from t where b in (1)", "select a from t where b in (1, 2, 3)", "select a from t where b IN (?,?)"],
        &["select a from t where b = $1", "select a from t where b = :name", "select a from t where b = @p"],
        &["select [Order Id] from [t 1]", "select  [Order Id]\nfrom [t 1] -- [it's"],
    ] {
        assert_eq!(count(same), 1, "{same:?}");
    }
    for other in [
        &["select a from t1", "select a from t2"][..],
        &["select \"a\" from t", "select \"b\" from t", "select \"A\" from t"],
        &["select [a 1] from t", "select [a 2] from t"],
        &["select `a` from t", "select `b` from t"],
        &["select a from t where b = 'x' -- c = 'y'\nand d = 1", "select a from t where b = 'x' -- c = 'y'\nand e = 1"],
        &["select a from t where b = '--' and c = 1", "select a from t where b = '--' and d = 1"],
        &["select a from t where b = '/*' and c = 1", "select a from t where b = '/*' and d = 1"],
        &["select \"it's\", a from t", "select \"it's\", b from t"],
    ] {
        assert_eq!(count(other), other.len(), "{other:?}");
    }
}

#[test]
fn the_published_construction_keeps_its_skeleton() {
    let folder = folder(&sqlshare(&["select a -- don't\nfrom t", "select \"x\" from t12"]));
    let found = channels(&folder, &["--dataset", "sqlshare", "--construction", "reference"]);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["u#select ??from t??", "u#select a -- don?"]);
}

/// From the 16th query on, counting ran out of time, or gave nothing.
fn ceb_with_unknown_rows() -> String {
    let rows = (0..40).map(|query| {
        let (companies, names) = match query {
            15..=30 => (if query % 2 == 1 { "-1" } else { "150001000000" }, "NaN"),
            _ => ("2000000", "5000"),
        };
        format!(
            "1a{query:02},mi1_t,1735241,1693142\n1a{query:02},ci_t,{companies},2100000\n1a{query:02},cn_t,{names},5000\n"
        )
    });
    format!("{CEB}{}", rows.collect::<String>())
}

#[test]
fn an_unknown_number_of_rows_is_no_number() {
    let folder = folder(&ceb_with_unknown_rows());
    let (code, message) = folder.refusal(&["convert", "x.csv", "--tape", "x.jsonl", "--dataset", "ceb"]);
    assert_eq!(code, 12);
    assert!(message.starts_with("`x.csv:48:11`: `true_rows` is `-1`, "), "{message}");
    let time_out = self::folder(&format!("{CEB}q,t,10,10\nq,t_n,150001000000,10\n"));
    let (code, message) = time_out.refusal(&["convert", "x.csv", "--tape", "x.jsonl", "--dataset", "ceb"]);
    assert_eq!(code, 12);
    assert!(message.contains("`true_rows`") && message.contains("150001000000"), "{message}");
    assert_eq!(time_out.files(), ["x.csv"]);
    assert_eq!(folder.files(), ["x.csv"]);
    let arguments = ["convert", "x.csv", "--tape", "c.jsonl", "--dataset", "ceb", "--lenient", "--json"];
    let said = folder.ok(&arguments).json();
    let rows = &said["rows"];
    assert_eq!((&rows["read"], &rows["used"]), (&120.into(), &88.into()));
    let rejected = rows["rejected"].as_object().unwrap();
    assert_eq!(rejected["unknown (sentinel) in true_rows"], 8);
    assert_eq!(rejected.values().filter_map(serde_json::Value::as_u64).sum::<u64>(), 32);
    let found = channels(&folder, &["--dataset", "ceb", "--lenient"]);
    assert_eq!(found["cn_t"], [0.0; 24]);
    let error = telltape::residual::Math::Portable.log10(2_000_000.0 / 2_100_000.0);
    assert!(found["ci_t"].len() == 24 && found["ci_t"].iter().all(|value| (value - error).abs() < 1e-12));
    assert_eq!(episodes(&folder), [[""; 3]; 0]);
}

#[test]
fn the_published_construction_takes_the_time_out_for_a_number() {
    let folder = folder(&ceb_with_unknown_rows());
    folder.ok(&["convert", "x.csv", "--tape", "x.jsonl", "--dataset", "ceb", "--construction", "reference"]);
}

#[test]
fn a_percentage_is_no_hit_ratio() {
    let text = |ratio: &str| {
        let rows = (0..12).map(|at| format!("q{},{},100,100,100,,,{ratio}\n", at % 2 + 1, 10 * at));
        let header = "query_id,t_seconds,latency_ms,est_rows,actual_rows,wait_event,wait_seconds,cache_hit_ratio\n";
        format!("{header}{}", rows.collect::<String>())
    };
    let refused = folder(&text("99.2"));
    let (code, message) = refused.refusal(&["convert", "x.csv", "--tape", "x.jsonl", "--dataset", "tpcds"]);
    assert_eq!(code, 12);
    assert!(message.starts_with("`x.csv") && message.contains("`cache_hit_ratio`"), "{message}");
    assert!(message.contains("99.2"), "{message}");
    assert!(message.contains("looks like a percentage") && message.contains("by 100"), "{message}");
    assert_eq!(refused.files(), ["x.csv"]);
    let folder = folder(&text("0.992"));
    let found = channels(&folder, &["--dataset", "tpcds"]);
    assert!(found["tpcds"].iter().all(|value| value.abs() < 0.05), "{found:?}");
    assert_eq!(episodes(&folder), [[""; 3]; 0]);
}

/// SQL, number of the query, true rows and estimate.
type Subplan = (&'static str, u32, u64, &'static str);

/// Sub-plans of three queries.
const SUBPLANS: [Subplan; 4] = [
    ("SELECT COUNT(*) FROM users as u, badges as b WHERE b.UserId= u.Id AND u.UpVotes>=0;", 0, 79_851, "798.51"),
    ("SELECT COUNT(*) FROM badges as b, users as u WHERE b.Note = 'x||y' AND u.Id = b.UserId;", 1, 100, "100.0"),
    ("SELECT COUNT(*) FROM postHistory as ph;", 1, 50, "5000"),
    ("SELECT COUNT(*) FROM tags t, posts p, users u WHERE t.Id = p.TagId;", 2, 0, "0.4"),
];

/// A folder with `sub.sql`, a line a sub-plan, and its estimates in `est/a.txt` and true rows in `true.txt`.
fn subplans(line: impl Fn(&str, u32, u64) -> String) -> Folder {
    let folder = Folder::new();
    let lines = |write: &dyn Fn(&Subplan) -> String| SUBPLANS.iter().map(write).collect::<String>();
    folder.write("w/sub.sql", lines(&|(sql, query, rows, _)| line(sql, *query, *rows) + "\n"));
    folder.write("w/est/a.txt", lines(&|(_, _, _, estimate)| format!("{estimate}\n")));
    folder.write("w/true.txt", lines(&|(_, _, rows, _)| format!("{rows}\n")));
    folder
}

const SUBPLANS_COMMAND: [&str; 8] =
    ["convert", "--dataset", "ceb", "w/sub.sql", "--tape", "x.jsonl", "--estimates", "est/a.txt"];

#[test]
fn estimates_of_sub_plans_belong_to_the_sql_on_their_line() {
    for (line, extra) in [
        (
            (|sql: &str, query: u32, rows: u64| format!("{sql}||{query}||{rows}")) as fn(&str, u32, u64) -> String,
            &[][..],
        ),
        (|sql, query, _| format!("{sql}||{query}"), &["--true-rows", "true.txt"]),
        (|sql, _, rows| format!("{sql}||{rows}"), &[]),
        (|sql, _, rows| format!("{rows}||{sql}"), &[]),
    ] {
        let folder = subplans(line);
        folder.ok(&[&SUBPLANS_COMMAND[..], extra].concat());
        let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for sample in folder.read("x.jsonl").lines() {
            let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
            let channel = sample["channel"].as_str().unwrap().to_owned();
            found.entry(channel).or_default().push(sample["value"].as_f64().unwrap());
        }
        assert_eq!(found["badges,users"].len(), 2);
        assert!((found["badges,users"][0] - 2.0).abs() < 1e-12 && found["badges,users"][1] == 0.0, "{found:?}");
        assert_eq!((&found["posthistory"], &found["posts,tags,users"]), (&vec![-2.0], &vec![0.0]));
    }
}

#[test]
fn sub_plans_without_their_numbers_are_refused() {
    let both = |sql: &str, query: u32, rows: u64| format!("{sql}||{query}||{rows}");
    let queries = |sql: &str, query: u32, _: u64| format!("{sql}||{query}");
    type Change = fn(&Folder);
    let cases: [(bool, Change, &str); 9] = [
        (
            true,
            |folder| folder.write("w/est/a.txt", "1\n2\n3\n"),
            "`w/est/a.txt`: it has 3 numbers, and `w/sub.sql` has 4 sub-plans",
        ),
        (true, |folder| folder.write("w/est/a.txt", "1\n2\n3\n4\n5"), "`w/est/a.txt`: it has 5 numbers"),
        (true, |folder| folder.write("w/est/a.txt", "1\n-1\n3\n4"), "`w/est/a.txt:2`: `est_rows` is `-1`"),
        (true, |folder| folder.write("w/est/a.txt", "1\n\n3\n4"), "`w/est/a.txt:2`: `est_rows` is empty, unknown"),
        (true, |folder| folder.write("w/est/a.txt", "1\n2\nx\n4"), "`w/est/a.txt:3`: `est_rows` is `x`, not a number"),
        (true, |folder| std::fs::remove_file(folder.join("w/est/a.txt")).unwrap(), "w/est/a.txt"),
        (
            true,
            |folder| folder.write("w/sub.sql", "SELECT 1 FROM a||0||1\nSELECT 1 FROM b||1\nx||1||1\ny||1||1\n"),
            "`w/sub.sql:2`: this line is `SQL||NUMBER`, and line 1 is `SQL||QUERY||ROWS`",
        ),
        (
            true,
            |folder| folder.write("w/sub.sql", "SELECT 1 FROM a||0||1\nSELECT 1 FROM b\nx||1||1\ny||1||1\n"),
            "`w/sub.sql:2`: `SELECT 1 FROM b` is no line of sub-plans",
        ),
        (false, |_| {}, "counts the queries (0, 0, 1 …) and is not that of true rows"),
    ];
    for (is_whole, change, expected) in cases {
        let folder = if is_whole { subplans(both) } else { subplans(queries) };
        change(&folder);
        let before = folder.files();
        let (code, message) = folder.refusal(&SUBPLANS_COMMAND);
        assert!(folder.files() == before && (code == 12 || code == 3), "{code} {message}");
        assert!(message.contains(expected), "{message}");
    }
    let folder = subplans(both);
    let (code, message) = folder.refusal(&SUBPLANS_COMMAND[..6]);
    assert!(code == 12 && message.contains("with --estimates FILE"), "{message}");
    let (code, message) = folder.refusal(&[&SUBPLANS_COMMAND[..], &["--true-rows", "true.txt"]].concat());
    assert!(code == 12 && message.contains("leave --true-rows out"), "{message}");
    folder.write("w/est/a.txt", "1\n-1\n3\nnan\n");
    let rows = folder.ok(&[&SUBPLANS_COMMAND[..], &["--lenient", "--json"]].concat()).json()["rows"].clone();
    assert_eq!(rows["rejected"], serde_json::json!({ "unknown (-1) in est_rows": 1, "unknown (NaN) in est_rows": 1 }));
    folder.write("w/sub.sql", format!("{CEB}q,t,10,10\n"));
    let (code, message) = folder.refusal(&SUBPLANS_COMMAND);
    assert!(code == 12 && message.contains("this is a table with its own estimates"), "{message}");
}

#[test]
fn an_experiment_sees_an_estimate_that_changed() {
    let folder = subplans(|sql, query, rows| format!("{sql}||{query}||{rows}"));
    folder.write("data/datasets.toml", "");
    let experiment = "title = 'x'\n[input]\ntrace = 'w/sub.sql'\ndataset = 'ceb'\n[convert]\nestimates = 'est/a.txt'\n";
    folder.write("experiments/x.toml", experiment);
    folder.run(&["run", "x"]);
    folder.ok(&["accept", "x"]);
    let verdict = || folder.run(&["run", "x", "--json"]).stdout;
    assert!(verdict().contains("\"same\""));
    folder.write("w/est/a.txt", folder.read("w/est/a.txt").replace("5000", "5001"));
    assert!(verdict().contains("\"differs\""));
}
