//! Adapters whose files are no tables of fixed columns: generic CSV, text-only SQLShare, OpenTelemetry spans.

use proptest::prelude::*;
use telltape::trace::Dataset;
use telltape_conformance::oracle::{self, GenericColumns};

use crate::cells;
use crate::csv_text::{Cells, Fault, faults, layout};
use crate::property::Property;
use crate::traces::{convert_both, ours};

const HEADERS: [&str; 26] = [
    "t",
    "time",
    "Timestamp",
    "ts ",
    "seconds",
    "value",
    "Value",
    "latency_ms",
    "v",
    "y",
    "amount",
    "metric",
    "residual",
    "id",
    "key",
    "uuid",
    "hash",
    "channel",
    " Channel",
    "group",
    "qclass",
    "series",
    "x",
    "Z",
    "",
    "日本",
];

/// Columns of any names in any order, and cells of which most are numbers.
fn generic_cells() -> impl Strategy<Value = Cells> {
    let cell = prop_oneof![
        6 => (0..40_u32).prop_map(|n| n.to_string()),
        6 => (-5.0..50.0_f64).prop_map(|n| n.to_string()),
        1 => prop::sample::select(&["", "a", "b", " 1.5 ", "-0", "nan", "inf", "1e400", "\u{a0}2", "1e3", "x,y"][..])
            .prop_map(str::to_owned),
    ];
    let name = prop_oneof![9 => Just(true), 1 => Just(false)];
    let columns = prop::collection::vec((prop::sample::select(&HEADERS[..]), name), 1..5);
    (columns, prop::collection::vec(prop::collection::vec(cell, 4), 0..60)).prop_map(|(columns, mut rows)| {
        for (index, row) in rows.iter_mut().enumerate() {
            row.truncate(columns.len());
            for ((name, grouped), cell) in columns.iter().zip(row) {
                // A column of names has few, so that channels get long enough.
                let is_name = ["channel", "group", "qclass", "series"].contains(&name.trim().to_lowercase().as_str());
                if is_name && *grouped {
                    *cell = ["a", "b", " a ", ""][index * 7 % 11 % 4].to_owned();
                }
            }
        }
        Cells { columns: columns.into_iter().map(|(name, _)| name).collect(), rows }
    })
}

/// Some columns named, by their place in the table.
type Named = ([Option<prop::sample::Index>; 3], bool);

fn named() -> impl Strategy<Value = Named> {
    let place = || prop::option::weighted(0.2, any::<prop::sample::Index>());
    ([place(), place(), place()], any::<bool>())
}

/// Only a column that is there once, in whatever case, is named: ours takes exactly the named column or refuses, while
/// the reference takes the first that differs in case only, or guesses.
fn options(cells: &Cells, ([time, value, channel], pre_residualized): Named) -> GenericColumns {
    let unique =
        |name: &&str| cells.columns.iter().filter(|other| other.to_lowercase() == name.to_lowercase()).count() == 1;
    let name = |at: prop::sample::Index| {
        Some(at.get(&cells.columns)).filter(|name| unique(name)).map(|name| (*name).to_owned())
    };
    let [time, value, channel] = [time, value, channel].map(|at| at.and_then(name));
    GenericColumns { time, value, channel, pre_residualized }
}

#[test]
fn generic() {
    let property = Property { source: file!(), name: "generic", cases: 8000 };
    let found =
        property.holds(&(generic_cells(), named(), layout(), faults()), |(cells, named, layout, faults), folder| {
            let faults: Vec<_> = faults.into_iter().filter(|(_, fault)| matches!(fault, Fault::Cell(..))).collect();
            let faults = if cells.rows.is_empty() { Vec::new() } else { faults };
            convert_both(Dataset::Generic, &cells.spell(&layout, &faults), false, &options(&cells, named), folder)
        });
    assert!(found > 10_000, "{found} samples");
}

#[test]
fn generic_records_that_cannot_be_read_are_an_error_of_both() {
    let faults = faults().prop_map(|faults| {
        faults.into_iter().filter(|(_, fault)| !matches!(fault, Fault::Cell(..))).collect::<Vec<_>>()
    });
    let cells = generic_cells().prop_filter("a record to break", |cells| !cells.rows.is_empty());
    let property = Property { source: file!(), name: "generic, bad records", cases: 500 };
    property.holds(&(cells, layout(), faults), |(cells, layout, faults), folder| {
        if faults.is_empty() {
            return Ok(0);
        }
        let path = folder.join("trace.csv");
        std::fs::write(&path, cells.spell(&layout, &faults)).map_err(|error| error.to_string())?;
        let columns = GenericColumns::default();
        match (oracle::convert(Dataset::Generic, &path, &columns), ours(Dataset::Generic, &path, false, &columns)) {
            (Err(_), Err(_)) => Ok(1),
            (Ok(theirs), _) if faults.len() > 1 => Ok(theirs.len().min(1)),
            (theirs, ours) => Err(format!("theirs {:?}, ours {:?}", theirs.map(|s| s.len()), ours.map(|c| c.rows))),
        }
    });
}

#[test]
fn sqlshare_text() {
    let separator = prop_oneof![
        8 => Just("_".repeat(40)),
        1 => Just(format!("\n{}\n", "_".repeat(40))),
        1 => (38..90_usize).prop_map(|length| "_".repeat(length)),
    ];
    // Few different queries, so that groups have something in common, and numbers in them that skeletons forget.
    let pool = prop::collection::vec(cells::sql(), 1..12);
    let picks = prop::collection::vec((any::<prop::sample::Index>(), 0..3_u32), 0..900);
    let property = Property { source: file!(), name: "sqlshare-text", cases: 500 };
    let found = property.holds(&(pool, picks, separator, any::<bool>()), |(pool, picks, separator, drift), folder| {
        let count = picks.len();
        let mut text = String::new();
        for (index, (pick, number)) in picks.into_iter().enumerate() {
            // The mix drifts from the first half of the pool to all of it.
            let reach = if drift { (pool.len() * (index + 1)).div_ceil(count) } else { pool.len() };
            text += &format!("{} {number}{separator}", pool[pick.index(reach)]);
        }
        convert_both(Dataset::SqlshareText, text.as_bytes(), true, &GenericColumns::default(), folder)
    });
    assert!(found > 150, "{found} samples");
}

/// A span as JSON text, and whether it ends after it starts.
fn span() -> impl Strategy<Value = (String, bool)> {
    const START_NS: u64 = 1_700_000_000_000_000_000;
    let start = prop_oneof![
        6 => (0..5_000_000_000_u64).prop_map(|ns| START_NS + ns),
        2 => (0..50_u64).prop_map(|s| START_NS + s * 1_000_000_000),
        1 => 0..10_u64,
    ];
    let lasting = prop_oneof![12 => 1..50_000_000_i64, 1 => -5..=1_i64];
    let system = prop::sample::select(
        &[
            "",
            "",
            ",\"db_system\":null",
            ",\"db_system\":\"postgresql\"",
            ",\"db_system\":\"my\\u0053ql\"",
            ",\"db_system\":\"\"",
        ][..],
    );
    let hash = prop::sample::select(&["\"a\"", "\"b\"", "\"\"", "\"\\u00e9\"", "\"日本\""][..]);
    let unknown = prop::sample::select(&["", "", "\"name\":[1,{}],", "\"x\":null,"][..]);
    (start, lasting, hash, system, unknown).prop_map(|(start, lasting, hash, system, unknown)| {
        let end = start.saturating_add_signed(lasting);
        let text =
            format!("{{{unknown}\"t_end_ns\": {end},\n\"t_start_ns\":{start} ,\"statement_hash\":{hash}{system}}}");
        (text, end > start)
    })
}

#[test]
fn otel() {
    let property = Property { source: file!(), name: "otel", cases: 4000 };
    let found = property.holds(&prop::collection::vec(span(), 0..80), |spans, folder| {
        let clean = !spans.is_empty() && spans.iter().all(|(_, valid)| *valid);
        let spans: Vec<String> = spans.into_iter().map(|(text, _)| text).collect();
        let text = format!(" [{}]\n", spans.join(", "));
        convert_both(Dataset::Otel, text.as_bytes(), clean, &GenericColumns::default(), folder)
    });
    assert!(found > 10_000, "{found} samples");
}
