//! The limit of a conversion: polars reading the columns that it needs.

use std::fs::File;
use std::path::Path;

use anyhow::Result;
use polars::prelude::{CsvReadOptions, DataFrame, NullValues, ParquetReader, ParquetWriter, SerReader};

/// The columns of Snowset that the published construction needs.
const COLUMNS: [&str; 6] =
    ["queryId", "warehouseId", "createdTime", "execTime", "persistentReadBytesCache", "persistentReadBytesS3"];

/// Rows of a row group, as polars itself writes them.
const GROUP_ROWS: usize = 1 << 18;

/// Reads the six columns of Snowset on all cores and prints how many rows there are.
pub(crate) fn six_columns(path: &Path) -> Result<()> {
    let table = if path.extension().is_some_and(|ending| ending == "parquet") {
        let columns = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
        ParquetReader::new(File::open(path)?).with_columns(Some(columns)).finish()?
    } else {
        csv(path, Some(&COLUMNS))?
    };
    println!("{}", table.height());
    Ok(())
}

/// Reads all columns of a CSV on all cores and prints how many rows there are.
pub(crate) fn all_columns(path: &Path) -> Result<()> {
    println!("{}", csv(path, None)?.height());
    Ok(())
}

/// Writes a CSV as Parquet.
pub(crate) fn to_parquet(from: &Path, to: &Path) -> Result<()> {
    let part = to.with_extension("part");
    let mut table = csv(from, None)?;
    ParquetWriter::new(File::create(&part)?).with_row_group_size(Some(GROUP_ROWS)).finish(&mut table)?;
    std::fs::rename(part, to)?;
    Ok(())
}

fn csv(path: &Path, columns: Option<&[&str]>) -> Result<DataFrame> {
    let columns = columns.map(|columns| columns.iter().map(|name| (*name).into()).collect::<Vec<_>>().into());
    Ok(CsvReadOptions::default()
        .with_columns(columns)
        // As Snowset writes what is not known.
        .map_parse_options(|parse| parse.with_null_values(Some(NullValues::AllColumnsSingle("\\N".into()))))
        .try_into_reader_with_file_path(Some(path.to_path_buf()))?
        .finish()?)
}
