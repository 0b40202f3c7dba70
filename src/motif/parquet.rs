use polars::prelude::Column;

use super::{Details, Episode, Semantics};
use crate::residual::{ParquetError, parquet_table};

/// The bytes of an `episodes.parquet`: the columns of [`super::csv`], texts as strings and numbers as doubles.
///
/// # Errors
/// When polars refuses, which it has no reason to.
pub fn parquet(semantics: Semantics, episodes: &[Episode]) -> Result<Vec<u8>, ParquetError> {
    let numbers = |get: fn(&Episode) -> f64| episodes.iter().map(get).collect::<Vec<f64>>();
    let motifs: Vec<&str> = episodes.iter().map(|episode| episode.motif.name()).collect();
    let channels: Vec<&str> = episodes.iter().map(|episode| episode.channel.as_str()).collect();
    let mut columns = vec![
        Column::new("motif".into(), motifs),
        Column::new("channel".into(), channels),
        Column::new("t_start".into(), numbers(|episode| episode.t_start)),
        Column::new("t_end".into(), numbers(|episode| episode.t_end)),
    ];
    match semantics {
        Semantics::Reference => columns.extend([
            Column::new("peak".into(), numbers(|episode| episode.peak)),
            Column::new("ema_at_boundary".into(), numbers(|episode| episode.ema_at_boundary)),
            Column::new("trust_sum".into(), numbers(|episode| episode.trust_sum)),
        ]),
        Semantics::Excursion => {
            let details: Vec<&Details> = episodes.iter().filter_map(|episode| episode.details.as_ref()).collect();
            let of = |get: fn(&Details) -> f64| details.iter().map(|details| get(details)).collect::<Vec<f64>>();
            let directions: Vec<&str> = details.iter().map(|details| details.direction()).collect();
            columns.extend([
                Column::new("t_confirmed".into(), of(|details| details.t_confirmed)),
                Column::new("t_peak".into(), of(|details| details.t_peak)),
                Column::new("peak".into(), numbers(|episode| episode.peak)),
                Column::new("mean".into(), of(|details| details.mean)),
                Column::new("direction".into(), directions),
                Column::new("samples".into(), details.iter().map(|details| details.samples).collect::<Vec<u64>>()),
                Column::new("open".into(), details.iter().map(|details| details.open).collect::<Vec<bool>>()),
            ]);
        }
    }
    parquet_table(episodes.len(), columns)
}
