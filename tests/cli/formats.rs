//! Tables as people have them: other delimiters, Parquet, several files, and what is no table.

use crate::support::Folder;

const CONVERT: [&str; 7] = ["convert", "--dataset", "generic", "--construction", "plain", "--tape", "t.jsonl"];

fn with<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    [&CONVERT[..], extra].concat()
}

fn rows(separator: &str, numbers: std::ops::Range<i32>) -> String {
    let header = format!("t{separator}value\n");
    header + &numbers.map(|t| format!("{t}{separator}{}\n", 10 + t % 3)).collect::<String>()
}

#[test]
fn a_runner_with_tabs_is_read_or_gets_the_exact_flag() {
    let folder = Folder::new();
    let mut text = "name\trun\ttiming\n".to_owned();
    for run in 1..=5 {
        text += &format!("benchmark/tpcds/sf1/q01.benchmark\t{run}\t0.04{run}\n");
    }
    folder.write("runs.tsv", &text);
    let columns = ["--time-col", "run", "--value-col", "timing", "--channel-col", "name"];
    let found = folder.ok(&with(&[&["runs.tsv"], &columns[..]].concat()));
    assert!(
        found.stdout.contains("note   the columns are separated by tabs, as with --delimiter tab"),
        "{}",
        found.stdout
    );
    let first = folder.read("t.jsonl");
    for told in ["tab", "\\t", "\t"] {
        folder.ok(&with(&[&["runs.tsv", "--delimiter", told], &columns[..]].concat()));
        assert_eq!(folder.read("t.jsonl"), first);
    }
    let job = ["convert", "--dataset", "job", "runs.tsv", "--tape", "j.jsonl"];
    // Times alone, of a runner whose columns the data set knows; what it does not know is listed as it is separated.
    assert!(folder.ok(&job).stdout.contains("separated by tabs"));
    folder.write("runs.tsv", text.replace("timing", "dauer"));
    let (code, message) = folder.refusal(&job);
    assert_eq!(code, 12);
    assert!(message.contains("the columns are separated by tabs (--delimiter tab), and "), "{message}");
    folder.write("runs.tsv", &text);
    let (code, message) = folder.refusal(&with(&[&["runs.tsv", "--delimiter", ","], &columns[..]].concat()));
    assert_eq!(code, 12);
    assert!(
        message.ends_with("the columns are separated by tabs and not by commas; pass --delimiter tab"),
        "{message}"
    );
    let (code, message) = folder.refusal(&with(&["runs.tsv", "--delimiter", "x"]));
    assert_eq!((code, message.as_str()), (2, "`x` is not a delimiter; it is `,`, `tab`, `;` or `|`"));
    let (code, message) =
        folder.refusal(&["convert", "--dataset", "otel", "runs.tsv", "--tape", "o.jsonl", "--delimiter", "tab"]);
    assert_eq!(code, 2);
    assert!(message.contains("`--delimiter` is an option of `snowset`"), "{message}");
    assert_eq!(folder.files(), ["j.jsonl", "j.jsonl.hash", "runs.tsv", "t.jsonl", "t.jsonl.hash"]);
}

#[test]
fn a_glob_and_a_folder_are_one_trace() {
    let folder = Folder::new();
    folder.write("all.csv", rows(",", 0..30));
    folder.write("parts/a.csv", rows(",", 0..10));
    folder.write("parts/b.csv", rows(",", 10..11));
    folder.write("parts/c.csv", rows(",", 11..30));
    folder.ok(&with(&["all.csv"]));
    let whole = folder.read("t.jsonl");
    for parts in ["parts", "parts/", "parts/*.csv", "./parts/[abc].csv"] {
        folder.ok(&with(&[parts]));
        assert_eq!(folder.read("t.jsonl"), whole, "{parts}");
    }
    let before = folder.files();
    let (code, message) = folder.refusal(&with(&["parts/a.csv", "parts/b.csv"]));
    assert_eq!(code, 2);
    assert!(
        message.contains("2 traces are given") && message.contains("a glob in quotes, such as 'parts/*'"),
        "{message}"
    );
    let (code, message) = folder.refusal(&with(&["parts/*.parquet"]));
    assert_eq!(code, 12);
    assert!(message.contains("cannot read `parts/*.parquet`") && message.contains("no file matches it"), "{message}");
    let (code, message) = folder.refusal(&["convert", "--dataset", "generic", "parts", "--tape", "parts/c.csv"]);
    assert_eq!(code, 2);
    assert!(message.contains("would overwrite the trace"), "{message}");
    folder.write("parts/b.csv", "t,latency\n1,2\n");
    let (code, message) = folder.refusal(&with(&["parts"]));
    assert_eq!(code, 12);
    assert!(message.starts_with("`parts/b.csv:1`: it has no column `value`, which `parts/a.csv` has"), "{message}");
    let now: Vec<String> = folder.files();
    assert_eq!(now, before);
}

#[test]
fn an_experiment_reads_a_glob_and_sees_when_a_file_changes() {
    let text = "title = 'x'\n[input]\ntrace = 'parts/*.csv'\ndataset = 'generic'\n[convert]\nconstruction = 'plain'\ndelimiter = ';'\n";
    let folder = Folder::project(&[("x", text)]);
    folder.write("parts/a.csv", rows(";", 0..10));
    folder.write("parts/b.csv", rows(";", 10..30));
    folder.run(&["run"]);
    folder.ok(&["accept", "x"]);
    let cached = folder.ok(&["run", "--json"]).json();
    assert_eq!(cached[0]["verdict"], "same", "{cached}");
    let plan = folder.ok(&["plan"]).stdout;
    assert!(plan.contains("parts/*.csv") && plan.contains("cached"), "{plan}");
    folder.ok(&["shard", "plan", "--experiments", "--plan", "plan.json"]);
    folder.write("parts/b.csv", rows(";", 10..31));
    let found = folder.run(&["run", "--json"]);
    assert_eq!(found.json()[0]["verdict"], "differs", "{}", found.stdout);
    let explained = folder.run(&["explain", "x"]).stdout;
    assert!(explained.contains("input"), "{explained}");
}

#[test]
fn what_is_no_table_is_named_and_nothing_is_written() {
    let folder = Folder::new();
    folder.write("aligned.txt", " t | value \n---+-------\n 1 |    10 \n(1 row)\n");
    folder.write("footer.csv", "t|value\n1|10\n2|10\n3|10\n4|10\n(4 rows)\n");
    folder.write("twice.csv", format!("{}{}", rows(",", 0..5), rows(",", 5..9)));
    folder.write("x.csv.xz", b"\xfd7zXZ\0\0\x04");
    folder.write(
        "utf16.csv",
        [&b"\xff\xfe"[..], &"t,value\n".bytes().flat_map(|byte| [byte, 0]).collect::<Vec<_>>()].concat(),
    );
    folder.write("x.json", "[{\"t\": 1}]");
    folder.write("decimal.csv", "t;value\n1;10,5\n");
    let before = folder.files();
    for (input, expected) in [
        ("aligned.txt", "`aligned.txt:1`: this is a table that is drawn for people to read; write it as CSV"),
        ("footer.csv", "`footer.csv:6`: `(4 rows)` is psql's footer and no row"),
        ("twice.csv", "`twice.csv:7`: `t value` is the header again, so the file is several that were put together"),
        ("x.csv.xz", "`x.csv.xz:1`: this is compressed by xz; decompress it with `xz -d`"),
        ("utf16.csv", "`utf16.csv:1`: this is UTF-16; convert it with `iconv -f UTF-16 -t UTF-8`"),
        ("x.json", "`x.json:1`: this is JSON, and this data set reads a table"),
        ("decimal.csv", "`decimal.csv:2:3`: `value` is `10,5`, which has a comma"),
    ] {
        let (code, message) = folder.refusal(&with(&[input]));
        assert_eq!(code, 12, "{message}");
        assert!(message.starts_with(expected), "{message}");
    }
    assert_eq!(folder.files(), before);
    let said = folder.ok(&with(&["footer.csv", "--lenient", "--json"])).json();
    assert_eq!(said["rows"]["rejected"], serde_json::json!({ "footer of psql": 1 }));
}

/// `export` writes the Parquet that `convert` reads.
#[test]
#[cfg(feature = "parquet")]
fn parquet_gives_the_tape_of_the_csv() {
    let folder = Folder::new();
    folder.write("x.csv", rows(",", 0..40));
    folder.ok(&with(&["x.csv"]));
    for name in ["a.csv", "a.parquet"] {
        folder.ok(&["export", "t.jsonl", "--table", name]);
    }
    let columns = ["--channel-col", "channel", "--time-col", "t", "--value-col", "value", "--pre-residualized"];
    let of = |name: &'static str| {
        let plain = ["convert", "--dataset", "generic", "--construction", "plain", "--tape", "u.jsonl", name];
        folder.ok(&[&plain[..], &columns[..]].concat());
        folder.read("u.jsonl")
    };
    let expected = of("a.csv");
    assert_eq!(expected.lines().count(), 37);
    assert_eq!(of("a.parquet"), expected);
    std::fs::copy(folder.join("a.parquet"), folder.join("b.csv")).unwrap();
    assert_eq!(of("b.csv"), expected);
    let packed = zstd::encode_all(std::fs::read(folder.join("a.parquet")).unwrap().as_slice(), 1).unwrap();
    folder.write("c.parquet.zst", packed);
    assert_eq!(of("c.parquet.zst"), expected);
}
