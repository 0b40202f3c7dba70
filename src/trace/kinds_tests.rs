//! Each tabular adapter × each kind of cell that is no value, in each of its columns: an adapter that reads a column by itself
//! fails here.

use super::*;

/// What a column of a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A text that must be there.
    Name,
    /// A text.
    OptionalName,
    /// A time.
    Time,
    /// A count, a number of rows, or a duration.
    Amount,
    /// The same, or nothing.
    OptionalAmount,
    /// A share of one, or nothing.
    OptionalRatio,
    /// Any number.
    Number,
    /// A truth value.
    Flag,
}

pub(super) use What::{Amount, Flag, Name, Number, OptionalAmount, OptionalName, OptionalRatio, Time};

/// A column of a sample: its name, what it is, and its cell in a row.
pub(super) type Sample = Vec<(&'static str, What, fn(usize) -> String)>;

pub(super) const ROWS: usize = 60;

/// The row that a kind is put into; not the first or last of anything.
const HIT: usize = 41;

/// What a trace of the data set looks like, if it is a table.
pub(super) fn sample(dataset: Dataset) -> Option<Sample> {
    dataset.adapter().sample()
}

/// How a cell is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// As an error that names it, counted with `lenient`.
    Refused,
    /// As an empty one.
    AsEmpty,
    /// As the value that it is.
    AsItIs,
}

/// Cells that are no value, and how a column takes them.
fn kinds(what: What) -> Vec<(&'static str, Taken)> {
    let mut kinds = Vec::new();
    let optional = matches!(what, OptionalName | OptionalAmount | OptionalRatio);
    let unknown = if optional { Taken::AsEmpty } else { Taken::Refused };
    kinds.extend(["", "NULL", "null", "\\N", "None", "<null>", "(null)"].map(|cell| (cell, unknown)));
    if matches!(what, Name | OptionalName) {
        kinds.extend(["NaN", "<NA>", "#N/A", "#REF!"].map(|cell| (cell, unknown)));
        // Several identifiers, rounded by a program, are one.
        kinds.extend(
            ["7.89176E+18", "7.891759051883844e+18", "-7.891759051883844E18", "7,89176E+18"]
                .map(|cell| (cell, Taken::Refused)),
        );
        return kinds;
    }
    kinds.extend(["NaN", "nan", "-nan", "NA", "N/A", "n/a", "#N/A", "-", "--", "?", " "].map(|cell| (cell, unknown)));
    kinds.extend(["inf", "-inf", "1e308", "x", "12,5", "1.234,5", "12 ms", "0x"].map(|cell| (cell, Taken::Refused)));
    // Unsigned, -1 is the largest number.
    let unsigned = ["18446744073709551615", "4294967295", "9223372036854775807"];
    match what {
        Amount | Time => kinds.extend(unsigned.map(|cell| (cell, Taken::Refused))),
        OptionalAmount => kinds.extend(unsigned.map(|cell| (cell, Taken::AsEmpty))),
        _ => {}
    }
    match what {
        Amount => kinds.extend([("-1", Taken::Refused), ("-1.0", Taken::Refused), ("-2", Taken::Refused)]),
        OptionalAmount => kinds.extend([("-1", Taken::AsEmpty), ("-2", Taken::Refused)]),
        OptionalRatio => {
            kinds.extend([
                ("-1", Taken::AsEmpty),
                ("99.2", Taken::Refused),
                ("99.2%", Taken::Refused),
                ("1.5", Taken::Refused),
                ("1", Taken::AsItIs),
            ]);
        }
        Number => kinds.push(("-1", Taken::AsItIs)),
        Time => kinds.extend([("yesterday", Taken::Refused), ("2018-02-30T00:00:00Z", Taken::Refused)]),
        Flag => kinds.extend([("-1", Taken::Refused), ("2", Taken::Refused), ("maybe", Taken::Refused)]),
        Name | OptionalName => {}
    }
    kinds
}

/// The sample with a cell in a row of a column replaced.
pub(super) fn text(sample: &Sample, column: usize, cell: &str) -> String {
    let quoted = |text: String| if text.contains(',') { format!("\"{text}\"") } else { text };
    let mut text = sample.iter().map(|(name, _, _)| *name).collect::<Vec<_>>().join(",") + "\n";
    for row in 0..ROWS {
        let cells = sample
            .iter()
            .enumerate()
            .map(|(at, (_, _, value))| quoted(if (row, at) == (HIT, column) { cell.to_owned() } else { value(row) }));
        text += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    text
}

fn converted(options: &Options, text: &str) -> Result<Conversion, String> {
    convert_reader(text.as_bytes(), "x.csv", options).map_err(|error| error.to_string())
}

#[test]
fn no_adapter_takes_for_a_value_what_is_none() {
    for dataset in Dataset::ALL {
        let Some(sample) = sample(dataset) else { continue };
        let strict = Options::new(dataset);
        let lenient = Options { lenient: true, ..strict.clone() };
        let fingerprint = |text: &str| converted(&strict, text).map(|converted| converted.stream.fingerprint());
        fingerprint(&text(&sample, usize::MAX, "")).unwrap_or_else(|error| panic!("{dataset}: {error}"));
        for (column, (name, what, _)) in sample.iter().enumerate() {
            for (cell, taken) in kinds(*what) {
                let case = format!("{dataset}: `{cell}` in {name}");
                // Where DuckDB's estimate saturates.
                let is_saturated = (dataset, *name, cell) == (Dataset::Tpcds, "est_rows", "18446744073709551615");
                let taken = if is_saturated { Taken::AsItIs } else { taken };
                // It tells no more than whether a query is there twice, and a rounded one does not.
                let taken = if *name == "queryId" && cell.ends_with("18") { Taken::AsEmpty } else { taken };
                let text_with = text(&sample, column, cell);
                let found = fingerprint(&text_with);
                match taken {
                    Taken::AsItIs => assert!(found.is_ok(), "{case}: {found:?}"),
                    Taken::AsEmpty => assert_eq!(found, fingerprint(&text(&sample, column, "")), "{case}"),
                    Taken::Refused => {
                        let error = found.expect_err(&case);
                        assert!(error.starts_with(&format!("`x.csv:{}", HIT + 2)), "{case}: {error}");
                        let shown = if cell.trim().is_empty() { "empty".to_owned() } else { format!("`{cell}`") };
                        assert!(error.contains(&format!("`{name}` is {shown}")), "{case}: {error}");
                        let rows =
                            converted(&lenient, &text_with).unwrap_or_else(|error| panic!("{case}: {error}")).rows;
                        let reason = format!(" in {name}");
                        let counted = rows.rejected.iter().filter(|(key, _)| key.ends_with(&reason));
                        assert_eq!(counted.map(|(_, count)| count).sum::<u64>(), 1, "{case}: {rows:?}");
                    }
                }
            }
        }
    }
}

/// How the time of a row is written, and the options that tell it.
type Form = (fn(usize) -> String, &'static [(&'static str, &'static str)]);

/// Data sets whose times without an offset are UTC.
const IN_UTC: [Dataset; 1] = [Dataset::Redset];

/// Every adapter reads times by the one reader.
#[test]
fn every_adapter_with_a_time_reads_it_in_every_form() {
    for dataset in Dataset::ALL {
        let Some(mut sample) = sample(dataset) else { continue };
        let Some(column) = sample.iter().position(|(_, what, _)| *what == Time) else { continue };
        let forms: [Form; 8] = [
            (|row| format!("2024-03-01T00:{row:02}:00Z"), &[]),
            (|row| format!("2024-03-01 00:{row:02}:00+00"), &[]),
            (|row| format!("2024-03-01 05:{row:02}:00.000+05:00"), &[]),
            (|row| format!("2024-03-01 00:{row:02}:00 UTC"), &[]),
            (|row| format!("2024-03-01 00:{row:02}:00"), &[("time-zone", "+02:00")]),
            (|row| format!("{}000", 1_709_251_200 + row * 60), &[]),
            (|row| format!("{}000000", 1_709_251_200 + row * 60), &[]),
            (|row| format!("{}", row * 60_000), &[("time-unit", "ms")]),
        ];
        let mut found = Vec::new();
        for (form, told) in forms {
            sample[column].2 = form;
            let mut options = Options::new(dataset);
            for (flag, value) in told {
                options.set(flag, value).unwrap();
            }
            let text = text(&sample, usize::MAX, "");
            // A name that says another unit than the size is a contradiction, which the option decides.
            if let (true, [], Ok(_)) = (sample[column].0 == "t_seconds", told, form(0).parse::<f64>()) {
                let error = converted(&options, &text).unwrap_err();
                assert!(error.contains("`t_seconds` is named for seconds, but"), "{dataset}: {error}");
                options.set("time-unit", if form(0).len() == 13 { "ms" } else { "us" }).unwrap();
            }
            let stream = converted(&options, &text).unwrap_or_else(|error| panic!("{dataset}: {error}")).stream;
            found.push(stream.fingerprint());
            if options.values.text(&read::TIME_ZONE).is_some() {
                let untold = converted(&Options::new(dataset), &text);
                if IN_UTC.contains(&dataset) {
                    assert!(untold.unwrap().notes.iter().any(|note| note.contains("is UTC")), "{dataset}");
                } else {
                    let error = untold.unwrap_err();
                    assert!(error.contains("--time-zone"), "{dataset}: {error}");
                }
            }
        }
        assert!(found.iter().all(|one| *one == found[0]), "{dataset}: {found:?}");
    }
}

/// An option that a construction does not read would be hashed, and decide nothing.
#[test]
fn no_option_of_times_is_ignored_in_any_construction() {
    for dataset in Dataset::ALL {
        let Some(sample) = sample(dataset) else { continue };
        let text = text(&sample, usize::MAX, "");
        let offered = |flag: &str| dataset.about().options.iter().any(|option| option.flag == flag);
        for construction in dataset.about().constructions {
            for (flag, value) in [("time-unit", "ms"), ("time-zone", "+02:00")] {
                if !offered(flag) {
                    continue;
                }
                let without = Options { construction: *construction, lenient: true, ..Options::new(dataset) };
                let mut with = without.clone();
                with.set(flag, value).unwrap();
                let [without, with] = [without, with].map(|options| converted(&options, &text));
                let fingerprint = |found: Conversion| found.stream.fingerprint();
                let (without, with) = (without.map(fingerprint), with.map(fingerprint));
                assert!(with.is_err() || with != without, "{dataset} {construction}: --{flag} has no effect");
            }
        }
    }
}

/// A time that stands for unknown, among times that are known.
#[test]
fn an_unknown_time_is_refused_and_counted_by_every_adapter() {
    let epoch: (fn(usize) -> String, _) = (|row| (1_709_251_200 + row * 60).to_string(), ["0", "-1", "2147483647"]);
    let ms: (fn(usize) -> String, _) =
        (|row| format!("{}000", 1_709_251_200 + row * 60), ["0", "-1", "-62135596800000"]);
    let dates: (fn(usize) -> String, _) = (
        |row| format!("2024-03-01T00:{row:02}:00Z"),
        ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
    );
    let numbers_in_dates: (fn(usize) -> String, _) =
        (|row| format!("2024-03-01 00:{row:02}:00+00"), ["0", "-1", "1900-01-01 00:00:00+00"]);
    for dataset in Dataset::ALL {
        let Some(mut sample) = sample(dataset) else { continue };
        let Some(column) = sample.iter().position(|(_, what, _)| *what == Time) else { continue };
        let name = sample[column].0;
        for (form, unknown) in [epoch, ms, dates, numbers_in_dates] {
            sample[column].2 = form;
            let mut strict = Options::new(dataset);
            if name == "t_seconds" && form(0).len() == 13 {
                strict.set("time-unit", "ms").unwrap();
            }
            let lenient = Options { lenient: true, ..strict.clone() };
            for cell in unknown {
                let text = text(&sample, column, cell);
                let error = converted(&strict, &text).unwrap_err();
                assert!(error.starts_with(&format!("`x.csv:{}", HIT + 2)), "{dataset} {cell}: {error}");
                assert!(error.contains(&format!("`{name}` is `")) && error.contains("unknown"), "{dataset}: {error}");
                let found = converted(&lenient, &text).unwrap_or_else(|error| panic!("{dataset} {cell}: {error}"));
                assert_eq!(found.rows.rejected[&format!("unknown (no time) in {name}")], 1, "{dataset} {cell}");
                let line = |at: &usize| *at != HIT + 1;
                let rest: Vec<&str> =
                    text.lines().enumerate().filter(|(at, _)| line(at)).map(|(_, text)| text).collect();
                let rest = converted(&lenient, &(rest.join("\n") + "\n")).unwrap();
                assert_eq!(found.stream.fingerprint(), rest.stream.fingerprint(), "{dataset} {cell}");
            }
        }
    }
}
