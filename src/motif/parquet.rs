use polars::prelude::{Column, DataFrame, ParquetWriter, PolarsError};

use super::Episode;

/// Polars could not make the file.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a Parquet table of the episodes")]
pub struct ParquetError(#[from] PolarsError);

/// The bytes of an `episodes.parquet`: the columns of [`super::csv`], texts as strings and numbers as doubles.
///
/// For tools that read Parquet; the bytes depend on the version of a library, so no digest is taken of them.
///
/// # Errors
/// When polars refuses, which it has no reason to.
pub fn parquet(episodes: &[Episode]) -> Result<Vec<u8>, ParquetError> {
    let numbers = |get: fn(&Episode) -> f64| episodes.iter().map(get).collect::<Vec<f64>>();
    let mut table = DataFrame::new(
        episodes.len(),
        vec![
            Column::new("motif".into(), episodes.iter().map(|episode| episode.motif.name()).collect::<Vec<_>>()),
            Column::new("channel".into(), episodes.iter().map(|episode| episode.channel.as_str()).collect::<Vec<_>>()),
            Column::new("t_start".into(), numbers(|episode| episode.t_start)),
            Column::new("t_end".into(), numbers(|episode| episode.t_end)),
            Column::new("peak".into(), numbers(|episode| episode.peak)),
            Column::new("ema_at_boundary".into(), numbers(|episode| episode.ema_at_boundary)),
            Column::new("trust_sum".into(), numbers(|episode| episode.trust_sum)),
        ],
    )?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut table)?;
    Ok(bytes)
}
