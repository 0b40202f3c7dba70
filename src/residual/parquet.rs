use polars::prelude::{Column, DataFrame, ParquetWriter, PolarsError};

/// Polars could not make the file.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a Parquet table")]
pub struct ParquetError(#[from] PolarsError);

/// The bytes of a Parquet table of so many rows.
///
/// For tools that read Parquet; the bytes depend on the version of a library, so no digest is taken of them.
///
/// # Errors
/// When polars refuses, which it has no reason to.
pub fn parquet_table(rows: usize, columns: Vec<Column>) -> Result<Vec<u8>, ParquetError> {
    let mut table = DataFrame::new(rows, columns)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut table)?;
    Ok(bytes)
}
