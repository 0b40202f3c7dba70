use super::*;
use crate::store::BLOCK_BYTES;
use crate::tape::RowCounts;
use crate::trace::read::source::{Format, Source};
use crate::trace::read::{CellProblem, CellRow, Slot};
use crate::trace::read::{ColumnSpec, Lines, Reading, Settling};
use crate::trace::{Dataset, Options};

/// What adapters do: a text, a number, an optional text.
#[derive(Debug, Default, PartialEq)]
struct Sheet {
    names: Vec<String>,
    values: Vec<f64>,
    notes: Vec<Option<String>>,
}

const COLUMNS: &[ColumnSpec] =
    &[ColumnSpec::required("name"), ColumnSpec::required("value"), ColumnSpec::optional("note")];

impl Table for Sheet {
    type Context = ();

    const COLUMNS: &'static [ColumnSpec] = COLUMNS;

    fn row(&mut self, (): &(), row: &CellRow<'_, '_>) -> Result<(), RowFault> {
        let [name, value, note] = ["name", "value", "note"].map(|name| row.cell(Slot::of(COLUMNS, name)));
        let number = value.number()?;
        if number < 0.0 {
            return Err(value.fault(CellProblem::NotFinite));
        }
        self.names.push(name.text().to_owned());
        self.values.push(number);
        self.notes.push(note.is_present().then(|| note.text().to_owned()));
        Ok(())
    }

    fn append(&mut self, later: Self) {
        self.names.extend(later.names);
        self.values.extend(later.values);
        self.notes.extend(later.notes);
    }

    fn retain(&mut self, keep: &[bool]) {
        assert!(keep.iter().all(|keep| *keep));
    }

    fn settle(&mut self, _: &mut Settling<'_>) -> Result<(), TraceError> {
        Ok(())
    }
}

fn options(lenient: bool) -> Options {
    Options { lenient, ..Options::new(Dataset::Generic) }
}

fn read_in_blocks_of(text: &[u8], lenient: bool, block_bytes: usize) -> Result<Reading<Sheet>, String> {
    let read = || {
        let csv = Format::Csv(open(Input::new(text, Path::new("x.csv"), true)?, block_bytes)?);
        let source = Source::new("x.csv".into(), csv, Vec::new(), true)?;
        let columns = source.header().select(COLUMNS)?;
        source.read::<Sheet>(&columns, &options(lenient), &())
    };
    read().map_err(|error: TraceError| error.to_string())
}

fn read(text: impl AsRef<[u8]>, lenient: bool) -> Result<Reading<Sheet>, String> {
    read_in_blocks_of(text.as_ref(), lenient, BLOCK_BYTES)
}

fn error(text: impl AsRef<[u8]>) -> String {
    read(text, false).err().expect("it is malformed")
}

#[test]
fn columns_are_found_by_name_in_any_order_and_blank_lines_skipped() {
    for text in [
        "value,x,name\n1,?,a\n\n2.5,?,\n",
        "\u{feff}\n\nvalue,x,name\n1,?,a\n2.5,?,",
        "value,x,name\r\n1,?,a\r\n2.5,?,\r\n",
        "\u{feff}value,x,name\r1,?,a\r\r2.5,?,",
        "\"value\",x,name\n1,\"a\n,\"\"\",a\n2.5,?,\"\"\n",
        "value,x,name\n1,?,a\n\"2.5\",?,",
    ] {
        let reading = read(text, false).unwrap();
        assert_eq!(reading.table.values, [1.0, 2.5], "{text:?}");
        assert_eq!(reading.table.names, ["a", ""], "{text:?}");
        assert_eq!(reading.table.notes, [None, None], "{text:?}");
        assert_eq!((reading.rows.read, reading.rows.used), (2, 2), "{text:?}");
        assert_eq!(reading.input.unwrap().bytes, text.len() as u64);
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let hint = " (--lenient counts such rows and goes on)";
    let number = "not a number; write it like `12.5` or `1e-3`";
    for (text, expected) in [
        ("", "`x.csv:1`: the file is empty; its first line should name the columns".to_owned()),
        ("\u{feff}\n\r\n", "`x.csv:1`: the file is empty; its first line should name the columns".to_owned()),
        ("name,value\n\n", "`x.csv:1`: there are no rows after the header".to_owned()),
        ("\nname,value", "`x.csv:2`: there are no rows after the header".to_owned()),
        (
            "name,valu\na,1\n",
            "`x.csv:1`: the header has no column `value` (is it `valu`?); it has `name`, `valu`".to_owned(),
        ),
        ("name,value\na,1\n\nä, 2\n", format!("`x.csv:4:3`: `value` is ` 2`, {number}{hint}")),
        (
            "name,value\r\na,1\r\n\r\n\"b\nc\",\r\n",
            format!(
                "`x.csv:4`: `value` is empty, unknown; what is not known is neither 0 nor 1, so leave the row out{hint}"
            ),
        ),
        (
            "name,value\na\n",
            format!(
                "`x.csv:2`: the row has 1 field, but the header has 2; look for a missing quote or an extra comma{hint}"
            ),
        ),
        (
            "name,value\na,1,,\n",
            format!(
                "`x.csv:2`: the row has 4 fields, but the header has 2; look for a missing quote or an extra comma{hint}"
            ),
        ),
    ] {
        assert_eq!(error(text), expected, "{text:?}");
    }
    assert_eq!(
        error(b"name,value\na,1\n\xff,2\n"),
        format!("`x.csv:3`: the row is not UTF-8; convert the file to UTF-8{hint}")
    );
    for text in ["name,value\na,1\nb\0,2\n", "name,value\na,1\n\"b\",2\0\n", "name,value\na,1\n\0\0\0\0\0"] {
        let error = error(text);
        assert!(error.starts_with("`x.csv:3`: the row has a NUL byte, as no text has; "), "{error}");
    }
    assert_eq!(error(b"n\xff,value\na,1\n"), "`x.csv:1`: the header is not UTF-8; convert the file to UTF-8");
}

#[test]
fn lenient_counts_by_reason_and_the_rest_is_read() {
    let text = b"name,value\na,1\nb,x\nc\n\xff,3\nd,-1\ne,2\n\0,4\n";
    for text in [text.to_vec(), [text, b"\"f\",y\r\n".as_slice()].concat()] {
        let reading = read(&text, true).unwrap();
        assert_eq!(reading.table.names, ["a", "e"]);
        assert_eq!(reading.rows.read, 2 + reading.rows.rejected.values().sum::<u64>());
        assert_eq!(reading.rows.rejected["wrong number of fields"], 1);
        assert_eq!(reading.rows.rejected["not UTF-8"], 1);
        assert_eq!(reading.rows.rejected["NUL byte"], 1);
        assert_eq!(reading.rows.rejected["not finite in value"], 1);
        assert_eq!([reading.lines.of(0), reading.lines.of(1), reading.lines.of(2)], [Some(2), Some(7), None]);
    }
    let none = read("name,value\na,x\n", true).unwrap();
    assert_eq!((none.rows.read, none.rows.used), (1, 0));
}

/// Everything that a reading says, to compare.
fn outcome(text: &[u8], lenient: bool, block_bytes: usize) -> Result<(Sheet, RowCounts, Lines, u64), String> {
    let reading = read_in_blocks_of(text, lenient, block_bytes)?;
    Ok((reading.table, reading.rows, reading.lines, reading.input.unwrap().bytes))
}

/// An error without its column, which the CSV parser does not know.
fn without_column<T>(outcome: Result<T, String>) -> Result<T, String> {
    outcome.map_err(|error| {
        let (place, problem) = error.split_once("`: ").unwrap();
        let place = place.splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
        format!("{place}`: {problem}")
    })
}

#[test]
fn a_quote_anywhere_changes_nothing() {
    let mut random = 42_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let cells: [&[u8]; 9] = [b"1", b"2.5", b"", b"x", "ä".as_bytes(), b"\xff", b"nan", b" ", b"-1"];
    for case in 0..300 {
        let mut rows = vec![b"name,value,other,note".to_vec()];
        for _ in 0..next(12) {
            let fields = if next(8) == 0 { next(6) } else { 4 };
            let row: Vec<_> = (0..fields).map(|at| cells[if at == 1 { next(3) } else { next(9) } as usize]).collect();
            rows.push(row.join(&b','));
        }
        let plain = rows.join(&b'\n');
        // The same file, where some rows say the same with quotes.
        let quoted: Vec<_> = rows
            .iter()
            .map(|row| {
                if next(4) > 0 || row.is_empty() {
                    return row.clone();
                }
                let fields: Vec<_> =
                    row.split(|byte| *byte == b',').map(|field| [b"\"", field, b"\""].concat()).collect();
                fields.join(&b',')
            })
            .collect();
        let quoted = quoted.join(&b'\n');
        let lenient = next(2) == 0;
        let whole = outcome(&plain, lenient, BLOCK_BYTES);
        for block_bytes in [1, 7, 30, 200] {
            assert_eq!(outcome(&plain, lenient, block_bytes), whole, "case {case}");
        }
        let strip = |outcome: Result<(Sheet, RowCounts, Lines, u64), String>| {
            without_column(outcome).map(|(sheet, rows, lines, _)| (format!("{sheet:?}"), rows, lines))
        };
        for block_bytes in [1, 30, BLOCK_BYTES] {
            assert_eq!(
                strip(outcome(&quoted, lenient, block_bytes)),
                strip(whole_again(&plain, lenient)),
                "case {case}"
            );
        }
    }
}

fn whole_again(text: &[u8], lenient: bool) -> Result<(Sheet, RowCounts, Lines, u64), String> {
    outcome(text, lenient, BLOCK_BYTES)
}

#[test]
fn a_quote_that_is_never_closed_is_refused_with_its_line() {
    for (text, line) in
        [("value,name\n1,a\n2,\"b\n3,c\n", 3), ("value,name\r\n2,\"b", 2), ("value,name\n1,\"a\nb\"\n2,\"", 4)]
    {
        let problem = format!("the record that starts on line {line} opens a quote that is never closed");
        match read(text, false) {
            Err(error) => assert!(error.contains("cannot read"), "{text:?}: {error}"),
            Ok(_) => panic!("{text:?} was read"),
        }
        let source = Source::open(Input::new(text.as_bytes(), Path::new("x.csv"), false).unwrap()).unwrap();
        let columns = source.header().select(COLUMNS).unwrap();
        let error = source.read::<Sheet>(&columns, &options(false), &()).err().unwrap();
        assert_eq!(std::error::Error::source(&error).map(ToString::to_string), Some(problem), "{text:?}");
    }
    read("value,name\n1,\"a\"\"b\"", false).unwrap();
}
