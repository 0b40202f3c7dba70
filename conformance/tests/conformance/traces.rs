//! Adapters: generated trace files through both, in the construction `reference`.

use std::path::Path;

use proptest::prelude::*;
use telltape::motif::Grammar;
use telltape::residual::Math;
use telltape::trace::{self, Construction, Conversion, Dataset, Options};
use telltape_conformance::oracle::GenericColumns;
use telltape_conformance::{bits, compare, oracle};

use crate::csv_text::{Cells, faults, layout};
use crate::property::Property;
use crate::{cells, times};

/// Our conversion with what the reference has: its construction and logarithms.
pub(crate) fn ours(
    dataset: Dataset,
    path: &Path,
    lenient: bool,
    columns: &GenericColumns,
) -> Result<Conversion, String> {
    let mut options = Options::new(dataset).with_construction(Construction::Reference).with_math(Math::System);
    options.lenient = lenient;
    // Theirs takes a trace that leaves nothing.
    options.allow_empty = dataset != Dataset::Generic;
    columns.set(&mut options);
    trace::convert(path, &options).map_err(|error| error.to_string())
}

/// Converts `text` with both. `clean` files must also convert strictly. Where the reference gives an empty stream or an
/// error we may say what is wrong instead (defect D4); where it gives a sample that no tape of ours holds, ours has to say so
/// (`documented.rs`).
pub(crate) fn convert_both(
    dataset: Dataset,
    text: &[u8],
    clean: bool,
    columns: &GenericColumns,
    folder: &Path,
) -> Result<usize, String> {
    let path = folder.join("trace é.csv");
    std::fs::write(&path, text).map_err(|error| error.to_string())?;
    let shown = || String::from_utf8_lossy(text).into_owned();
    let mut theirs = match (oracle::convert(dataset, &path, columns), ours(dataset, &path, true, columns)) {
        (Err(_), Err(_)) => return Ok(0),
        (Ok(theirs), Err(_)) if theirs.is_empty() => return Ok(0),
        (Ok(theirs), _) if compare::is_beyond(&theirs) => {
            return match ours(dataset, &path, false, columns) {
                Ok(_) => Err(format!("ours takes what no tape of its holds\n{}", shown())),
                Err(error) if clean && !says_beyond(&error) => Err(format!("{error}\n{}", shown())),
                Err(_) => Ok(0),
            };
        }
        (Ok(_), Err(error)) => return Err(format!("only theirs converts it; ours: {error}\n{}", shown())),
        (Err(error), Ok(_)) => return Err(format!("only ours converts it; theirs: {error}\n{}", shown())),
        (Ok(theirs), Ok(_)) => theirs,
    };
    if matches!(dataset, Dataset::Snowset | Dataset::Sqlshare) {
        bits::order_flushes(&mut theirs);
    }
    let conversion = ours(dataset, &path, !clean, columns)?;
    compare::streams(&conversion.stream, &theirs).map_err(|error| format!("{error}\n{}", shown()))?;
    let rows = &conversion.rows;
    if rows.read != rows.used + rows.rejected.values().sum::<u64>() {
        return Err(format!("rows do not add up: {rows:?}"));
    }
    compare::episodes(&conversion.stream, &theirs, &Grammar::default(), folder)?;
    Ok(conversion.stream.len())
}

/// Whether an error says that a time or a residual is one that no tape of ours holds.
fn says_beyond(error: &str) -> bool {
    ["the residual is", "the time is"].iter().any(|what| error.contains(what))
        && ["beyond ±1e100", "not finite"].iter().any(|why| error.contains(why))
}

fn run(dataset: Dataset, name: &'static str, cells: impl Strategy<Value = Cells>) {
    let faults = prop_oneof![2 => Just(Vec::new()), 1 => faults()];
    let property = Property { source: file!(), name, cases: 2500 };
    let found = property.holds(&(cells, layout(), faults), |(cells, layout, mut faults), folder| {
        if cells.rows.is_empty() {
            faults = Vec::new();
        }
        // In these a record that cannot be read is an error of the reference too; ours counts it when lenient.
        if matches!(dataset, Dataset::Pgss) && !faults.is_empty() {
            return Ok(0);
        }
        let text = cells.spell(&layout, &faults);
        convert_both(dataset, &text, faults.is_empty(), &GenericColumns::default(), folder)
    });
    assert!(found > 5000, "only {found} samples");
}

#[test]
fn snowset() {
    run(Dataset::Snowset, "snowset", cells::snowset());
}

#[test]
fn sqlshare() {
    run(Dataset::Sqlshare, "sqlshare", cells::sqlshare());
}

#[test]
fn ceb() {
    run(Dataset::Ceb, "ceb", cells::ceb());
}

#[test]
fn job() {
    run(Dataset::Job, "job", cells::job());
}

#[test]
fn tpcds() {
    run(Dataset::Tpcds, "tpcds", cells::tpcds());
}

#[test]
fn pgss() {
    run(Dataset::Pgss, "pgss", cells::pgss());
}

/// Files of several blocks, which ours reads in parallel: a block may end inside a quoted cell or between CR and LF.
#[test]
fn large_files() {
    let cells = prop_oneof![
        cells::sqlshare().prop_map(|cells| (Dataset::Sqlshare, cells)),
        cells::ceb().prop_map(|cells| (Dataset::Ceb, cells)),
        cells::job().prop_map(|cells| (Dataset::Job, cells)),
        cells::tpcds().prop_map(|cells| (Dataset::Tpcds, cells)),
    ];
    let faults = prop_oneof![Just(Vec::new()), faults()];
    let property = Property { source: file!(), name: "large files", cases: 12 };
    let found = property.holds(&(cells, layout(), faults), |((dataset, mut cells), layout, faults), folder| {
        if cells.rows.is_empty() {
            return Ok(0);
        }
        cells.rows = cells.rows.iter().cycle().take(60_000).cloned().collect();
        let text = cells.spell(&layout, &faults);
        convert_both(dataset, &text, faults.is_empty(), &GenericColumns::default(), folder)
    });
    assert!(found > 100_000, "{found} samples");
}

#[test]
fn pgss_rows_that_cannot_be_read_are_an_error_of_both() {
    let property = Property { source: file!(), name: "pgss, bad rows", cases: 1000 };
    property.holds(&(cells::pgss(), layout(), faults()), |(cells, layout, faults), folder| {
        let path = folder.join("trace.csv");
        std::fs::write(&path, cells.spell(&layout, &faults)).map_err(|error| error.to_string())?;
        let columns = GenericColumns::default();
        match (oracle::convert(Dataset::Pgss, &path, &columns), ours(Dataset::Pgss, &path, false, &columns)) {
            (Ok(theirs), Ok(ours)) => compare::streams(&ours.stream, &theirs).map(|()| 0),
            (Err(_), Err(_)) => Ok(1),
            // What no tape of ours holds is said (`documented.rs`).
            (Ok(theirs), Err(error)) if compare::is_beyond(&theirs) && says_beyond(&error) => Ok(1),
            (theirs, ours) => Err(format!("theirs {:?}, ours {:?}", theirs.map(|s| s.len()), ours.map(|c| c.rows))),
        }
    });
}

/// Odd spellings that only one of the two takes are left alone: where ours refuses, it says so, and where the reference
/// does, the row is dropped in silence (D4).
#[test]
fn a_time_that_both_take_is_the_same_time() {
    let property = Property { source: file!(), name: "snowset times", cases: 3000 };
    let found = property.holds(&times::doubtful_time(), |time, folder| {
        let path = folder.join("times.csv");
        let text = format!("queryId,warehouseId,createdTime,execTime\nq,w,2018-03-02 12:00:00+00:00,1\nq,w,{time},2");
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        let columns = GenericColumns::default();
        let theirs = oracle::convert(Dataset::Snowset, &path, &columns)?;
        let ours = ours(Dataset::Snowset, &path, true, &columns)?.stream;
        if ours.len() < 2 || theirs.len() < 2 {
            return Ok(0);
        }
        compare::streams(&ours, &theirs)?;
        Ok(1)
    });
    assert!(found > 300, "only {found} times were taken by both");
}

/// Columns that are needed and missing, or stand there twice, leave the reference with nothing and no error (D4).
#[test]
fn a_wrong_header_is_an_error_of_ours_and_empty_there() {
    let cells = prop_oneof![
        cells::snowset().prop_map(|cells| (Dataset::Snowset, cells)),
        cells::sqlshare().prop_map(|cells| (Dataset::Sqlshare, cells)),
        cells::ceb().prop_map(|cells| (Dataset::Ceb, cells)),
        cells::job().prop_map(|cells| (Dataset::Job, cells)),
        cells::tpcds().prop_map(|cells| (Dataset::Tpcds, cells)),
    ];
    let property = Property { source: file!(), name: "wrong headers", cases: 200 };
    property.holds(&(cells, 0..4_usize, any::<bool>()), |((dataset, mut cells), at, twice), folder| {
        cells.columns[at] = if twice { cells.columns[(at + 1) % 4] } else { "Query-ID" };
        let path = folder.join("trace.csv");
        let plain = |row: &[String]| row.join(",").replace(['"', '\n', '\r'], "");
        let mut text = cells.columns.join(",");
        cells.rows.iter().for_each(|row| text += &format!("\n{}", plain(row)));
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        let columns = GenericColumns::default();
        let theirs = oracle::convert(dataset, &path, &columns)?;
        match ours(dataset, &path, true, &columns) {
            Err(_) if theirs.is_empty() => Ok(1),
            _ => Err(format!("{dataset}: theirs has {} samples", theirs.len())),
        }
    });
}
