//! Each tabular adapter × each way in which its table may be written: what separates it, Parquet, several files, and what is no
//! table at all. An adapter that reads its file by itself fails here.

use std::fs;
use std::path::Path;

use super::kinds_tests::{Name, OptionalName, Sample, sample, text};
use super::*;
use crate::store::file_digest;

const DELIMITERS: [(&str, &[&str]); 4] =
    [(",", &[",", "comma"]), ("\t", &["tab", "\\t", "\t"]), (";", &[";", "semicolon"]), ("|", &["|", "pipe"])];

/// The tabular data sets with their samples.
fn tables() -> impl Iterator<Item = (Dataset, Sample)> {
    Dataset::ALL.into_iter().filter_map(|dataset| Some((dataset, sample(dataset)?)))
}

fn whole(sample: &Sample) -> String {
    text(sample, usize::MAX, "")
}

/// Generic data with residuals from the fourth row on.
fn plain() -> Options {
    Options { construction: Construction::Own("plain"), ..Options::new(Dataset::Generic) }
}

/// Each construction of a data set.
fn all_options(dataset: Dataset) -> impl Iterator<Item = Options> {
    let of = move |construction: &Construction| Options { construction: *construction, ..Options::new(dataset) };
    dataset.about().constructions.iter().map(of)
}

fn converted(options: &Options, bytes: &[u8]) -> Result<Conversion, String> {
    convert_reader(bytes, "x", options).map_err(|error| error.to_string())
}

fn fingerprint(options: &Options, bytes: &[u8]) -> String {
    let case = format!("{} {}", options.dataset, options.construction);
    converted(options, bytes).unwrap_or_else(|error| panic!("{case}: {error}")).stream.fingerprint()
}

/// What a stream says, whatever it is called.
fn samples(found: &Conversion) -> Vec<String> {
    let samples = found.stream.samples();
    samples.map(|sample| format!("{} {:?} {} {:?}", sample.t, sample.class, sample.value, sample.channel)).collect()
}

#[test]
fn every_adapter_reads_names_of_columns_in_any_case() {
    // Of Snowset, names of operators are in the names of channels, as the file spells them.
    let values = |options: &Options, text: &str| {
        let found = converted(options, text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", options.dataset));
        samples(&found).into_iter().map(|sample| sample.to_uppercase()).collect::<Vec<_>>()
    };
    for (dataset, sample) in tables() {
        let text = whole(&sample);
        let (header, rows) = text.split_once('\n').unwrap();
        for options in all_options(dataset) {
            let expected = values(&options, &text);
            for names in [header.to_uppercase(), header.to_lowercase()] {
                assert_eq!(values(&options, &format!("{names}\n{rows}")), expected, "{dataset} {names}");
            }
            // A blank behind every comma; the published constructions take it for a part of a name, and some of a number.
            if !options.construction.is_reference() {
                assert_eq!(values(&options, &text.replace(',', ", ")), expected, "{dataset}");
            }
            // The header of the second of two files that were put together, in another case and order.
            let mut columns: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
            columns.iter_mut().for_each(|row| row.reverse());
            let turned: Vec<String> = columns.iter().map(|row| row.join(",")).collect();
            let turned = turned.join("\n").replacen(&turned[0], &turned[0].to_uppercase(), 1);
            let lenient = Options { lenient: true, ..options };
            let error = converted(&lenient, (text.clone() + &turned + "\n").as_bytes()).expect_err(&turned);
            assert!(error.contains("is another header"), "{dataset}: {error}");
        }
    }
}

/// Cut within a number, a file is another file; nothing but its end shows that.
#[test]
fn a_last_line_without_an_end_is_said_of_every_adapter() {
    let is_said = |options: &Options, text: &str| {
        let notes =
            converted(options, text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", options.dataset)).notes;
        notes.iter().filter(|note| note.starts_with("`x` ends without a line feed; ")).count()
    };
    for (dataset, sample) in tables() {
        let options = Options::new(dataset);
        let text = whole(&sample);
        let (header, rows) = text.split_once('\n').unwrap();
        let quoted = format!("\"{}\"\n{rows}", header.replace(',', "\",\""));
        for text in [text, quoted] {
            assert_eq!(is_said(&options, &text), 0, "{dataset} {text}");
            assert_eq!(is_said(&options, text.trim_end()), 1, "{dataset} {text}");
        }
    }
}

#[test]
fn every_adapter_finds_what_separates_its_columns_or_is_told() {
    for (dataset, sample) in tables() {
        let commas = whole(&sample);
        for options in all_options(dataset) {
            let expected = fingerprint(&options, commas.as_bytes());
            for (delimiter, names) in DELIMITERS {
                let case = format!("{dataset} {} {delimiter:?}", options.construction);
                let plain = commas.replace(',', delimiter);
                let line = |line: &str| {
                    let fields: Vec<String> = line.split(delimiter).map(|field| format!("\"{field}\"")).collect();
                    fields.join(delimiter) + "\r\n"
                };
                let quoted: String = plain.lines().map(line).collect();
                for text in [&plain, &quoted] {
                    for name in names {
                        let mut told = options.clone();
                        told.set("delimiter", name).unwrap();
                        assert_eq!(fingerprint(&told, text.as_bytes()), expected, "{case}");
                    }
                    let found = converted(&options, text.as_bytes());
                    if delimiter == "," {
                        let notes = found.unwrap().notes;
                        assert!(!notes.iter().any(|note| note.contains("separated")), "{case}: {notes:?}");
                    } else if options.construction.is_reference() {
                        let error = found.expect_err(&case);
                        assert!(error.contains("; pass --delimiter "), "{case}: {error}");
                    } else {
                        let found = found.unwrap_or_else(|error| panic!("{case}: {error}"));
                        assert_eq!(found.stream.fingerprint(), expected, "{case}");
                        assert!(
                            found.notes[0].starts_with("the columns are separated by "),
                            "{case}: {:?}",
                            found.notes
                        );
                    }
                }
                let mut other = options.clone();
                other.set("delimiter", if delimiter == "," { ";" } else { "," }).unwrap();
                let error = converted(&other, plain.as_bytes()).expect_err(&case);
                assert!(error.contains("pass --delimiter "), "{case}: {error}");
            }
        }
    }
}

#[test]
fn a_header_without_the_columns_is_listed_by_what_separates_it() {
    for (text, expected) in [
        (
            "nom\tlauf\tdauer\nq1\t1\t0.5\n",
            "`x:1`: the columns are separated by tabs (--delimiter tab), and the header has no columns `query_id`, \
             `t_seconds`, `latency_ms`, `est_rows`, `actual_rows`; it has `nom`, `lauf`, `dauer`",
        ),
        ("query_id,iteration\nq1,1\n", "it has `query_id`, `iteration`"),
        ("a b\n1\n", "it has `a b`"),
        ("\n{\"Plan\": {}}\n", "`x:2`: this is JSON of plans, as EXPLAIN (FORMAT JSON) writes it, and no table"),
        ("[{\"resourceSpans\": []}]", "this is JSON of spans; pass --dataset otel"),
        ("{\"trace\":{\"resourceSpans\":[]}}", "this is JSON of spans; pass --dataset otel"),
        ("{\n \"resource_spans\" : []}", "this is JSON of spans; pass --dataset otel"),
        ("{\"data\":[{\"traceID\":\"1\"}]}", "this is JSON of spans; pass --dataset otel"),
        ("{\"name\":\"q\",\"attributes\":{\"db.query.text\":\"select 1\"}}", "pass --dataset otel"),
        ("{\"name\":\"q\",\"db.system.name\":\"mysql\"}", "pass --dataset otel"),
        ("{\"query\":\"select 'db.query.text'\"}", "this is JSON, and this data set reads a table"),
        ("{\"timestamp\":\"x\",\"pid\":1,\"error_severity\":\"LOG\"}", "pass --dataset auto-explain"),
        ("{\"a\": 1}", "this is JSON, and this data set reads a table; write one with"),
        ("<html>", "a page was saved"),
        ("#datatype,string,long\n,result,table\n", "take such lines out with `grep -v '^#'`"),
        ("q1,1,10,10,5.0,h\nq1,2,10,10,5.0,h\n", "export the file with its header (`CSV HEADER`)"),
    ] {
        let error = converted(&Options::new(Dataset::Tpcds), text.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
    let error = converted(&plain(), b"t;value;x|t|value\n").unwrap_err();
    assert_eq!(
        error,
        "`x:1`: the columns may be separated by semicolons or by vertical bars; pass --delimiter ';' or --delimiter '|'"
    );
}

#[test]
fn what_programs_print_around_a_table_is_named_and_never_taken_for_a_row() {
    let header = "t,value";
    let rows = "1,10\n2,10\n3,10\n4,10\n5,10\n";
    let generic = plain();
    let lenient = Options { lenient: true, ..generic.clone() };
    for (line, expected, reason) in [
        (
            "(5 rows)",
            "`x:7`: `(5 rows)` is psql's footer and no row; write the file with `psql --csv`",
            "footer of psql",
        ),
        ("(5 Zeilen)", "is psql's footer", "footer of psql"),
        ("Time: 3.126 ms", "is psql's timing", "timing of psql"),
        ("Zeit: 3,126 ms", "is psql's timing", "timing of psql"),
        ("COPY 5", "pass `-q` to psql", "command tag of psql"),
        ("t,value", "is the header again", "header again"),
        ("\u{feff}t,value", "is the header again", "header again"),
        ("\"t\",\"value\"", "is the header again", "header again"),
    ] {
        let text = format!("{header}\n{rows}{line}\n{rows}");
        let error = converted(&generic, text.as_bytes()).expect_err(line);
        assert!(error.starts_with("`x:7") && error.contains(expected), "{line}: {error}");
        assert!(error.ends_with("(--lenient counts such rows and goes on)"), "{line}: {error}");
        let mut one = lenient.clone();
        one.set("one-series", "true").unwrap();
        let found = converted(&one, text.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!((found.rows.read, found.rows.rejected[reason]), (11, 1), "{line}");
    }
    // What follows a header in another order would be read wrongly.
    for line in ["value,t", "value,t,x", "\"value\",\"t\""] {
        for options in [&generic, &lenient] {
            let error = converted(options, format!("{header}\n{rows}{line}\n{rows}").as_bytes()).expect_err(line);
            assert!(error.contains("is another header") && !error.contains("--lenient"), "{line}: {error}");
        }
    }
    // Nor is a row with the one name of the column that is time and value.
    let mut one = Options { construction: Construction::Reference, ..generic.clone() };
    one.set("time-col", "t").unwrap();
    one.set("value-col", "t").unwrap();
    let found = converted(&one, "t,note\n1,a\nnan,t\n2,a\n3,a\n4,a\n5,a\n".as_bytes());
    assert!(!found.is_err_and(|error| error.contains("header")));
    // A row of values is none, whatever the columns are called.
    let mut numbered = generic.clone();
    numbered.set("time-col", "0").unwrap();
    numbered.set("value-col", "1").unwrap();
    let found = converted(&numbered, format!("0,1\n{rows}1,0\n").as_bytes()).unwrap_err();
    assert!(!found.contains("header"), "{found}");
    for text in [
        " t | value \n---+-------\n 1 |    10 \n(1 row)\n",
        "+---+-------+\n| t | value |\n+---+-------+\n| 1 |    10 |\n+---+-------+\n",
        "┌───────┬───────┐\n│   t   │ value │\n├───────┼───────┤\n",
        "| t | value |\n|---|:-----:|\n| 1 | 10 |\n",
    ] {
        for options in [&generic, &lenient] {
            let error = converted(options, text.as_bytes()).expect_err(text);
            assert!(error.contains("a table that is drawn for people to read; write it as CSV: `\\copy"), "{error}");
        }
    }
    let error = converted(&generic, b"Timing is on.\nt,value\n1,2\n").unwrap_err();
    assert!(error.contains("a message of psql and no header"), "{error}");
    for (line, flag) in [
        ("sep=;", "--delimiter ';'"),
        ("\"sep=\t\"\r", "--delimiter tab"),
        ("sep=\t", "--delimiter tab"),
        ("sep=,", "--delimiter ,"),
    ] {
        let error = converted(&generic, format!("{line}\nt;value\n1;2\n").as_bytes()).unwrap_err();
        assert!(
            error.ends_with(&format!("this line is for Excel and no header; remove it, and pass {flag}")),
            "{error}"
        );
    }
    let error = converted(&generic, b"-[ RECORD 1 ]\nt     | 1\nvalue | 2\n").unwrap_err();
    assert!(error.contains("psql's `\\x`"), "{error}");
    // psql without alignment, but for its footer.
    let found = converted(&generic, b"t|value\n1|10\n2|10\n3|10\n4|10\n").unwrap();
    assert_eq!((found.stream.len(), found.notes.len()), (1, 1));
    let error = converted(&generic, b"t;value\n1;10,5\n2;10,5\n").unwrap_err();
    assert!(error.starts_with("`x:2:3`: `value` is `10,5`, which has a comma, for the decimals"), "{error}");
}

#[test]
fn a_key_that_is_there_twice_at_a_time_is_an_error_of_every_adapter() {
    for (dataset, sample) in tables() {
        let text = whole(&sample);
        let line = text.lines().nth(41).unwrap();
        let text = format!("{text}{line}\n");
        let options = Options::new(dataset);
        let error = converted(&options, text.as_bytes()).expect_err(dataset.name());
        assert!(error.starts_with("`x:62`: "), "{dataset}: {error}");
        assert!(error.contains(": line 42 and line 62; "), "{dataset}: {error}");
        assert!(error.ends_with(" (--lenient counts such rows and goes on)"), "{dataset}: {error}");
        let lenient = Options { lenient: true, ..options };
        let rows = converted(&lenient, text.as_bytes()).unwrap_or_else(|error| panic!("{dataset}: {error}")).rows;
        let twice: u64 =
            rows.rejected.iter().filter(|(reason, _)| reason.contains("twice")).map(|(_, rows)| rows).sum();
        // Of a statement, the other snapshots are of no use either.
        let expected = if dataset == Dataset::Pgss { 31 } else { 2 };
        assert_eq!(twice, expected, "{dataset}: {rows:?}");
    }
}

/// The files of a folder, as a trace.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn convert_path(path: &Path, options: &Options) -> Result<Conversion, String> {
    convert(path, options).map_err(|error| error.to_string())
}

#[test]
fn several_files_are_one_trace_in_order_of_name() {
    for (dataset, sample) in tables() {
        let text = whole(&sample);
        let (header, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().collect();
        let part = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n")).into_bytes();
        let (first, second) = (part(&rows[..20]), part(&rows[20..21]));
        let third = zstd::encode_all(part(&rows[21..]).as_slice(), 1).unwrap();
        let folder =
            folder(&[("b.csv", &second), ("a.csv", &first), ("c.csv.zst", &third), ("_SUCCESS", b""), (".x.crc", b"")]);
        for options in all_options(dataset) {
            let options = Options { digest: true, ..options };
            let expected = samples(&converted(&options, text.as_bytes()).unwrap());
            let mut digests = Vec::new();
            for path in [folder.path().to_path_buf(), folder.path().join("?.csv*"), folder.path().join("[a-c]*")] {
                let found = convert_path(&path, &options).unwrap_or_else(|error| panic!("{dataset}: {error}"));
                assert_eq!(samples(&found), expected, "{dataset}");
                assert_eq!(found.input, Some(input_digest(&path, &Options::new(dataset)).unwrap()), "{dataset}");
                assert_eq!(found.rows.read, rows.len() as u64, "{dataset}");
                digests.push(found.input);
            }
            assert!(digests.iter().all(|digest| *digest == digests[0]), "{dataset}");
            // One file is itself, however it is named.
            let one = convert_path(&folder.path().join("a.cs?"), &options).unwrap();
            assert_eq!(one.input, Some(file_digest(&folder.path().join("a.csv")).unwrap()), "{dataset}");
        }
    }
}

#[test]
fn the_digest_of_several_files_is_as_documented() {
    let folder = folder(&[("a.csv", b"t,value\n1,2\n"), ("b.csv", b"t,value\n2,2\n")]);
    let digests = ["a.csv", "b.csv"].map(|name| file_digest(&folder.path().join(name)).unwrap());
    let text = format!("{}\n{}\n", digests[0].sha256, digests[1].sha256);
    let expected = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes()));
    let found = input_digest(folder.path(), &plain()).unwrap();
    assert_eq!((found.sha256, found.bytes), (expected, 24));
}

#[test]
fn files_that_are_not_of_one_trace_are_named() {
    let a = b"t,value\n1,2\n2,2\n3,2\n4,2\n";
    let generic = plain();
    for (b, expected) in [
        (&b"t,latency\n1,2\n"[..], "b.csv:1`: it has no column `value`, which `"),
        (b"t,value,x\n1,2,3\n", "b.csv:1`: it has a column `x`, which `"),
        (b"value,t\n1,2\n", "b.csv:1`: its columns are in another order than those of `"),
        (b"t;value\n1;2\n", "b.csv:1`: it has no column `t`, which `"),
        (b"PAR1", "b.csv`"),
        (b"t,value\n1,x\n", "b.csv:2:3`: `value` is `x`, not a number"),
        (b"", "b.csv:1`: the file is empty"),
        (b"t,value\n5,2\n5,2\n", "b.csv:3`: two values at t = 5: line 2 of `"),
        (b"t,value\n4,2\n", "b.csv:2`: two values at t = 4: line 5 of `"),
    ] {
        let folder = folder(&[("a.csv", a), ("b.csv", b)]);
        let error = convert_path(&folder.path().join("*.csv"), &generic).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(!expected.contains("which") || error.contains("a.csv`"), "{error}");
    }
    let folder = folder(&[("a.csv", a)]);
    for (path, expected) in [("*.parquet", "cannot read `"), ("no/*.csv", "cannot read `"), ("[", "is not a glob")] {
        let error = convert_path(&folder.path().join(path), &generic).unwrap_err();
        assert!(error.contains(expected), "{path}: {error}");
    }
    fs::create_dir(folder.path().join("below")).unwrap();
    let error = convert_path(folder.path(), &generic).unwrap_err();
    assert!(error.contains("below`; give the files of the trace by a glob"), "{error}");
    assert!(convert_path(&folder.path().join("*"), &generic).is_ok());
    let error = convert_path(&folder.path().join("below"), &generic).unwrap_err();
    assert!(error.contains("cannot read `"), "{error}");
    // A part may have no rows, the trace must have some.
    fs::write(folder.path().join("below/a.csv"), "t,value\n").unwrap();
    fs::write(folder.path().join("below/b.csv"), "t,value\n").unwrap();
    let error = convert_path(&folder.path().join("below"), &generic).unwrap_err();
    assert!(error.contains("there are no rows after the header"), "{error}");
    fs::write(folder.path().join("below/c.csv"), a).unwrap();
    assert!(convert_path(&folder.path().join("below"), &generic).is_ok());
    // What is no table is read from one file.
    let text = Options::new(Dataset::SqlshareText);
    let error = convert_path(&folder.path().join("below"), &text).unwrap_err();
    assert!(error.contains("this data set is read from one file, and there are several, such as `"), "{error}");
}

#[cfg(feature = "parquet")]
mod parquet;
