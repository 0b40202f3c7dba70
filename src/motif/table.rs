//! Tables of episodes, written and read: the columns that every engine has, then those of one.

use std::path::Path;

use super::{EngineKind, Episode, Motif};
use crate::diagnostics::UnknownName;
#[cfg(feature = "parquet")]
use crate::store::ParquetError;
use crate::store::{CsvRow, CsvTable, TableColumns, TableError, TableProblem};

/// The columns of an `episodes.csv`.
#[must_use]
pub fn columns(engine: EngineKind) -> TableColumns<'static, Episode> {
    let shared = TableColumns::default()
        .text("motif", |episode: &Episode| episode.motif.name())
        .text("channel", |episode| &episode.channel)
        .number("t_start", |episode| episode.t_start)
        .number("t_end", |episode| episode.t_end);
    (engine.entry().columns)(shared)
}

/// The bytes of an `episodes.csv`.
#[must_use]
pub fn csv(engine: EngineKind, episodes: &[Episode]) -> Vec<u8> {
    columns(engine).csv(episodes)
}

/// The bytes of an `episodes.parquet`: the columns of [`csv()`].
///
/// # Errors
/// When polars refuses, which it has no reason to.
#[cfg(feature = "parquet")]
pub fn parquet(engine: EngineKind, episodes: &[Episode]) -> Result<Vec<u8>, ParquetError> {
    columns(engine).parquet(episodes)
}

/// Reads an `episodes.csv` of an engine. An empty table is no episodes.
///
/// # Errors
/// When it cannot be read, lacks a column of the engine, or a row is not an episode.
pub fn read_episodes(engine: EngineKind, path: &Path) -> Result<Vec<Episode>, TableError> {
    let columns = columns(engine);
    let names: Vec<&str> = columns.names().collect();
    let table = CsvTable::read(path, &names)?;
    table.rows().map(|row| read_episode(engine, row)).collect()
}

/// The episode of a row of such a table.
///
/// # Errors
/// When it is not one.
pub fn read_episode(engine: EngineKind, row: CsvRow<'_>) -> Result<Episode, TableError> {
    let (t_start, t_end) = read_times(row)?;
    Ok(Episode {
        motif: read_motif(row)?,
        channel: row.text("channel").to_owned(),
        t_start,
        t_end,
        peak: row.finite("peak")?,
        diagnostics: (engine.entry().read_diagnostics)(row)?,
    })
}

/// Start and end of an episode or of a span, in this order.
///
/// # Errors
/// When they are not finite, or in another order.
pub fn read_times(row: CsvRow<'_>) -> Result<(f64, f64), TableError> {
    let (t_start, t_end) = (row.finite("t_start")?, row.finite("t_end")?);
    if t_end < t_start {
        return Err(row.problem(TableProblem::EndsBeforeStart { t_start, t_end }));
    }
    Ok((t_start, t_end))
}

/// The motif in the column `motif`.
///
/// # Errors
/// When there is no such motif.
pub fn read_motif(row: CsvRow<'_>) -> Result<Motif, TableError> {
    row.text("motif").parse().map_err(|unknown: UnknownName| row.problem(unknown.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::{Diagnostics, ExcursionDiagnostics, ReferenceDiagnostics};

    fn episode(channel: &str, diagnostics: Diagnostics) -> Episode {
        Episode {
            motif: Motif::CacheCollapse,
            channel: channel.to_owned(),
            t_start: 5.0,
            t_end: 1e16,
            peak: 0.1,
            diagnostics,
        }
    }

    const REFERENCE: Diagnostics = Diagnostics::Reference(ReferenceDiagnostics {
        ema_at_boundary: -0.0,
        trust_sum: Some(0.999_999_999_999_999_9),
    });

    const EXCURSION: Diagnostics = Diagnostics::Excursion(ExcursionDiagnostics {
        t_confirmed: 7.5,
        t_peak: 6.0,
        mean: -0.05,
        samples: 12,
        open: true,
    });

    #[test]
    fn episodes_of_every_engine_read_back_whatever_their_channels() {
        let channels = ["q1", "", "a,b", "say \"x\"", "two\nlines", "cr\rhere", " blank ", "日本"];
        for (engine, diagnostics, start) in [
            (
                EngineKind::REFERENCE,
                REFERENCE,
                "motif,channel,t_start,t_end,peak,ema_at_boundary,trust_sum\n\
                 cache_collapse,q1,5,10000000000000000,0.1,-0,0.9999999999999999\n",
            ),
            (
                EngineKind::EXCURSION,
                EXCURSION,
                "motif,channel,t_start,t_end,t_confirmed,t_peak,peak,mean,direction,samples,open\n\
                 cache_collapse,q1,5,10000000000000000,7.5,6,0.1,-0.05,down,12,true\n",
            ),
        ] {
            let episodes: Vec<Episode> = channels.iter().map(|channel| episode(channel, diagnostics)).collect();
            let text = csv(engine, &episodes);
            assert!(text.starts_with(start.as_bytes()), "{}", String::from_utf8_lossy(&text));
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &text).unwrap();
            assert_eq!(read_episodes(engine, file.path()).unwrap(), episodes);
            // Another engine's table is none of this one.
            let other = if engine == EngineKind::REFERENCE { EngineKind::EXCURSION } else { EngineKind::REFERENCE };
            let error = read_episodes(other, file.path()).unwrap_err().to_string();
            assert!(error.contains("is missing; the header has: motif, channel, t_start, t_end"), "{error}");
        }
    }
}
