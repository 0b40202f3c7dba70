//! The limit of a conversion: polars reading the columns that it needs.

use std::path::Path;

use anyhow::Result;
use polars::prelude::{CsvReadOptions, SerReader};

/// The columns of Snowset that the published construction needs.
const COLUMNS: [&str; 6] =
    ["queryId", "warehouseId", "createdTime", "execTime", "persistentReadBytesCache", "persistentReadBytesS3"];

/// Reads the six columns on all cores and prints how many rows there are.
pub(crate) fn six_columns(path: &Path) -> Result<()> {
    let columns = COLUMNS.iter().map(|name| (*name).into()).collect::<Vec<_>>();
    let table = CsvReadOptions::default()
        .with_columns(Some(columns.into()))
        .try_into_reader_with_file_path(Some(path.to_path_buf()))?
        .finish()?;
    println!("{}", table.height());
    Ok(())
}
