//! CSV tables of people who evaluate something: windows, and the episodes of any detector.

use std::path::Path;

use crate::motif::{Details, Episode, Motif};
use crate::store::{Row, Table, TableError, nearest};

/// The motif in the column `motif`.
pub(super) fn motif(row: Row<'_>) -> Result<Motif, TableError> {
    let name = row.text("motif");
    let names = Motif::ALL.map(Motif::name);
    let found = Motif::ALL.into_iter().find(|motif| motif.name() == name);
    found.ok_or_else(|| {
        let near = nearest(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        row.problem(format!("unknown motif `{name}`{near}; known: {}", names.join(", ")))
    })
}

/// Reads episodes from a CSV with the columns `motif,channel,t_start,t_end`: ours, or those of anybody's detector. Other
/// columns of an `episodes.csv` are read where they are there. An empty table is no episodes.
///
/// # Errors
/// When it cannot be read, or a row is not an episode.
pub fn read_episodes(path: &Path) -> Result<Vec<Episode>, TableError> {
    let table = Table::read(path, &["motif", "channel", "t_start", "t_end"])?;
    table.rows().map(episode).collect()
}

/// Reads episodes with the number of the unit that each is of, as shards write them; `text` is what stands at `path`.
///
/// # Errors
/// When a row is not such an episode.
pub fn read_shard_rows(path: &Path, text: &[u8]) -> Result<Vec<(usize, Episode)>, TableError> {
    let table = Table::parse(path, text, &["unit", "motif", "channel", "t_start", "t_end"])?;
    let unit = |row: &Row<'_>| row.text("unit").parse().map_err(|_| row.problem("the unit is no number".to_owned()));
    table.rows().map(|row| Ok((unit(&row)?, episode(row)?))).collect()
}

fn episode(row: Row<'_>) -> Result<Episode, TableError> {
    let details = match row.cell("t_peak") {
        None => None,
        Some(_) => Some(Details {
            t_confirmed: row.finite("t_confirmed")?,
            t_peak: row.finite("t_peak")?,
            mean: row.finite("mean")?,
            samples: row.finite("samples")? as u64,
            open: row.text("open") == "true",
        }),
    };
    let episode = Episode {
        motif: motif(row)?,
        channel: row.text("channel").to_owned(),
        t_start: row.finite("t_start")?,
        t_end: row.finite("t_end")?,
        peak: row.finite_or("peak", 0.0)?,
        ema_at_boundary: row.finite_or("ema_at_boundary", 0.0)?,
        trust_sum: row.finite_or("trust_sum", if details.is_some() { 0.0 } else { 1.0 })?,
        details,
    };
    if episode.t_end < episode.t_start {
        let problem = format!("the episode ends at {}, before its start at {}", episode.t_end, episode.t_start);
        return Err(row.problem(problem));
    }
    Ok(episode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::read_windows;
    use crate::motif;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn episodes_read_back_as_they_were_written() {
        let episode = |channel: &str, trust_sum| Episode {
            motif: Motif::CacheCollapse,
            channel: channel.to_owned(),
            t_start: 0.1,
            t_end: 0.1,
            peak: 1e-7,
            ema_at_boundary: -0.0,
            trust_sum,
            details: None,
        };
        let episodes = [episode("a,\"b\"\nc", 0.9999999999999999), episode("", 1.0)];
        let written = file(std::str::from_utf8(&motif::csv(motif::Semantics::Reference, &episodes)).unwrap());
        assert_eq!(read_episodes(written.path()).unwrap(), episodes);
        let foreign = file("t_end,x,t_start,channel,motif\n0.1,?,0.1,,cache_collapse\n");
        let read = read_episodes(foreign.path()).unwrap();
        assert_eq!(read, [Episode { peak: 0.0, ema_at_boundary: 0.0, ..episode("", 1.0) }]);
        assert_eq!(read_episodes(file("motif,channel,t_start,t_end\n").path()).unwrap(), []);
    }

    #[test]
    fn what_is_not_a_window_is_refused_with_its_line() {
        let header = "motif,channel,t_start,t_end\n";
        for (text, line, problem) in [
            ("motif,channel,t_start\n", None, "the column `t_end` is missing; the header has: motif, channel, t_start"),
            ("motif,channel,t_start,t_end,motif\n", None, "the column `motif` stands twice in the header"),
            (header, None, "there is no window in it, so nothing can be scored"),
            (
                &format!("{header}cache_collaps,a,0,1\n"),
                Some(2),
                "unknown motif `cache_collaps`; did you mean `cache_collapse`?",
            ),
            (&format!("{header}cache_collapse,a,1,1\n"), Some(2), "the window ends at 1, not after its start at 1"),
            (
                &format!("{header}cache_collapse,a,1,inf\n"),
                Some(2),
                "`inf` in the column `t_end` is not a finite number",
            ),
            (&format!("{header}cache_collapse,a,1\n"), Some(2), "the row has 3 fields, the header 4"),
            (
                &format!("{header}cache_collapse,a,0,2\ncache_collapse,b,1,3\ncache_collapse,a,1,3\n"),
                Some(4),
                "the window overlaps the one in line 2, of the same motif and channel; join them",
            ),
        ] {
            match read_windows(file(text).path()) {
                Err(TableError::Malformed { place, problem: found }) => {
                    assert_eq!(place.line, line, "{text}");
                    assert!(found.starts_with(problem), "{text}: {found}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let touching = format!("{header}cache_collapse,a,0,2\ncache_collapse,a,2,3\n");
        assert_eq!(read_windows(file(&touching).path()).unwrap().windows.len(), 2);
    }
}
