//! Tables in Parquet.

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, ParquetWriter, Series, TimeUnit, TimeZone};

use super::*;

/// A table whose columns have the types that their cells look like, or are all texts; an empty cell is null.
fn parquet(text: &str, as_texts: bool, rows_a_group: usize) -> Vec<u8> {
    let mut records = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let names: Vec<String> = records.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = records.records().map(Result::unwrap).collect();
    let columns = names.iter().enumerate().map(|(at, name)| {
        let cells: Vec<Option<&str>> = rows.iter().map(|row| Some(&row[at]).filter(|cell| !cell.is_empty())).collect();
        column(name, &cells, as_texts)
    });
    bytes(rows.len(), columns.collect(), rows_a_group)
}

fn bytes(rows: usize, columns: Vec<Column>, rows_a_group: usize) -> Vec<u8> {
    let mut table = DataFrame::new(rows, columns).unwrap();
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_row_group_size(Some(rows_a_group)).finish(&mut table).unwrap();
    bytes
}

fn column(name: &str, cells: &[Option<&str>], as_texts: bool) -> Column {
    fn all<T>(cells: &[Option<&str>], parse: impl Fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
        cells.iter().map(|cell| cell.map_or(Some(None), |cell| parse(cell).map(Some))).collect()
    }
    if !as_texts {
        if let Some(numbers) = all(cells, |cell| cell.parse::<i64>().ok()) {
            return Column::new(name.into(), numbers);
        }
        if let Some(numbers) = all(cells, |cell| cell.parse::<f64>().ok()) {
            return Column::new(name.into(), numbers);
        }
        if let Some(us) = all(cells, time_us) {
            return times(name, us, TimeUnit::Microseconds, Some(TimeZone::UTC));
        }
    }
    Column::new(name.into(), cells)
}

/// Casts know no zones without a feature of polars.
fn times(name: &str, units: Vec<Option<i64>>, unit: TimeUnit, zone: Option<TimeZone>) -> Column {
    let series = Series::new(name.into(), units);
    series.i64().unwrap().clone().into_datetime(unit, zone).into_column()
}

fn time_us(text: &str) -> Option<i64> {
    let zone = text.strip_suffix("+00:00")?;
    let (minute, second) = zone.strip_prefix("2018-03-02 00:")?.split_once(':')?;
    Some((1_519_948_800 + minute.parse::<i64>().ok()? * 60 + second.parse::<i64>().ok()?) * 1_000_000)
}

/// What a conversion says, but for where in which file.
fn outcome(options: &Options, bytes: &[u8]) -> Result<(String, u64, u64), String> {
    let found = converted(options, bytes)?;
    Ok((found.stream.fingerprint(), found.rows.read, found.rows.used))
}

#[test]
fn the_same_rows_as_parquet_give_the_same_samples_of_every_adapter() {
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for (dataset, sample) in tables() {
        for options in all_options(dataset) {
            let case = format!("{dataset} {}", options.construction);
            let text = whole(&sample);
            let expected = outcome(&options, text.as_bytes()).unwrap_or_else(|error| panic!("{case}: {error}"));
            for (as_texts, rows_a_group) in [(false, 1000), (false, 7), (true, 60)] {
                // The published constructions read times in one form.
                let bytes = parquet(&text, as_texts, rows_a_group);
                assert_eq!(outcome(&options, &bytes), Ok(expected.clone()), "{case} {as_texts} {rows_a_group}");
            }
            let lenient = Options { lenient: true, ..options };
            for round in 0..30 {
                let mut lines: Vec<Vec<String>> =
                    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
                for _ in 0..=next(6) {
                    let row = 1 + next(lines.len() as u64 - 1) as usize;
                    let field = next(lines[0].len() as u64) as usize;
                    let number = !matches!(sample[field].1, Name | OptionalName);
                    let cells: &[&str] =
                        if number { &["", "-1", "-2", "0", "1e300", "0.1", "123456789012"] } else { &[""] };
                    lines[row][field] = cells[next(cells.len() as u64) as usize].to_owned();
                }
                let lines: Vec<String> = lines.iter().map(|line| line.join(",")).collect();
                let text = lines.join("\n") + "\n";
                let bytes = parquet(&text, next(2) == 0, 1 + next(70) as usize);
                let (found, expected) = (outcome(&lenient, &bytes), outcome(&lenient, text.as_bytes()));
                if found.is_ok() || expected.is_ok() {
                    assert_eq!(found, expected, "{case} {round}:\n{text}");
                }
            }
        }
    }
}

#[test]
fn every_type_is_read_as_what_it_is() {
    let t = Column::new("t".into(), (0..6).collect::<Vec<i64>>());
    let series = |values: Series| vec![t.clone(), values.into_column()];
    let texts = |text: &[&str]| Series::new("value".into(), text);
    let expected = {
        let bytes = bytes(6, series(Series::new("value".into(), [10_i64, 20, 10, 20, 40, 10])), 4);
        fingerprint(&plain(), &bytes)
    };
    let numbers = Series::new("value".into(), [10_i64, 20, 10, 20, 40, 10]);
    for kind in [
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal(20, 3),
    ] {
        let bytes = bytes(6, series(numbers.cast(&kind).unwrap()), 4);
        assert_eq!(fingerprint(&plain(), &bytes), expected, "{kind:?}");
    }
    let binary = texts(&["10", "20", "10", "20", "40", "10"]);
    for values in [binary.clone(), binary.cast(&DataType::Binary).unwrap()] {
        assert_eq!(fingerprint(&plain(), &bytes(6, series(values), 4)), expected);
    }
    // A time without an offset is asked for its own, as in a CSV.
    for (unit, in_a_second) in
        [(TimeUnit::Milliseconds, 1_000), (TimeUnit::Microseconds, 1_000_000), (TimeUnit::Nanoseconds, 1_000_000_000)]
    {
        for zone in [None, Some(TimeZone::UTC)] {
            let told = zone.is_none();
            let units = (0..6).map(|t| Some((1_709_251_200_i64 + t) * in_a_second)).collect();
            let columns = vec![times("t", units, unit, zone), numbers.clone().into_column()];
            let bytes = bytes(6, columns, 4);
            let mut options = plain();
            if told {
                let error = converted(&options, &bytes).unwrap_err();
                assert!(error.contains("pass --time-zone UTC"), "{error}");
                options.set("time-zone", "UTC").unwrap();
            }
            assert_eq!(fingerprint(&options, &bytes), expected, "{unit:?}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_named_by_row_and_column() {
    let generic = plain();
    let times: Vec<i64> = (0..6).collect();
    let table = |values: Column| bytes(6, vec![Column::new("t".into(), times.clone()), values], 2);
    for (values, expected) in [
        (
            Column::new("value".into(), [Some(1.0), None, Some(1.0), Some(1.0), Some(1.0), Some(1.0)]),
            "`x:2`: `value` is `null`, unknown; what is not known is neither 0 nor 1",
        ),
        (Column::new("value".into(), [1.0, 1.0, 1.0, f64::NAN, 1.0, 1.0]), "`x:4`: `value` is `NaN`, unknown"),
        (Column::new("value".into(), [1.0, 1.0, 1.0, 1.0, 1.0, 1e300]), "`x:6`: `value` is `1E+300`, beyond"),
        (Column::new("value".into(), ["1", "1", "1", "x", "1", "1"]), "`x:4`: `value` is `x`, not a number"),
        (Column::new("value".into(), [true; 6]), "`x:1`: `value` is `true`, not a number"),
        (Column::new("latency".into(), ["1"; 6]), ""),
        (Column::new("a".into(), [1.0; 6]), ""),
    ] {
        let found = converted(&generic, &table(values));
        match (found, expected) {
            (Ok(_), "") => {}
            (found, _) => {
                let error = found.expect_err(expected);
                assert!(error.starts_with(expected), "{expected}: {error}");
            }
        }
    }
    let twice = bytes(4, vec![Column::new("t".into(), [1, 2, 3, 2]), Column::new("value".into(), [1.0; 4])], 3);
    let error = converted(&generic, &twice).unwrap_err();
    assert!(error.starts_with("`x:4`: two values at t = 2: row 2 and row 4; "), "{error}");
    // Of columns that are not used, any type will do.
    let list = Series::new("l".into(), [Series::new("".into(), [1_i64]), Series::new("".into(), [2_i64])]);
    let columns = |name: &str| {
        vec![
            Column::new("t".into(), [1_i64, 2]),
            Column::new("value".into(), [1.0; 2]),
            list.clone().with_name(name.into()).into_column(),
        ]
    };
    let mut named = generic.clone();
    named.set("value-col", "l").unwrap();
    let error = converted(&named, &bytes(2, columns("l"), 2)).unwrap_err();
    assert!(error.starts_with("`x`: column `l` is of a nested type (a list); write the values"), "{error}");
    let mut told = generic.clone();
    told.set("delimiter", "tab").unwrap();
    let error = converted(&told, &twice).unwrap_err();
    assert!(error.contains("--delimiter is for CSV, and this is Parquet"), "{error}");
    let error = converted(&Options::new(Dataset::Job), &twice).unwrap_err();
    assert!(error.starts_with("`x`: the header has no columns `query_id`"), "{error}");
    for cut in [4, 12, twice.len() / 2, twice.len() - 1] {
        let error = converted(&generic, &twice[..cut]).unwrap_err();
        assert!(error.contains("this is no Parquet that can be read"), "{cut}: {error}");
    }
}

#[test]
fn a_file_is_read_and_hashed_once_and_several_are_one_trace() {
    let (_, sample) = tables().find(|(dataset, _)| *dataset == Dataset::Tpcds).unwrap();
    let text = whole(&sample);
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let part = |rows: &[&str]| parquet(&format!("{header}\n{}\n", rows.join("\n")), false, 8);
    let folder = folder(&[("a.parquet", &part(&rows[..25])), ("b.parquet", &part(&rows[25..]))]);
    let options = Options { digest: true, ..Options::new(Dataset::Tpcds) };
    for path in [folder.path().to_path_buf(), folder.path().join("*.parquet")] {
        let found = convert_path(&path, &options).unwrap();
        assert_eq!(samples(&found), samples(&converted(&options, text.as_bytes()).unwrap()));
        assert_eq!(found.input, Some(input_digest(&path, &Options::new(Dataset::Tpcds)).unwrap()));
    }
    let one = convert_path(&folder.path().join("a.parquet"), &options).unwrap();
    assert_eq!(one.input, Some(file_digest(&folder.path().join("a.parquet")).unwrap()));
    fs::write(folder.path().join("c.parquet"), text).unwrap();
    let error = convert_path(folder.path(), &options).unwrap_err();
    assert!(error.contains("c.parquet`: this file is CSV with commas, but `"), "{error}");
}
