//! CSV tables of people who evaluate something: what anybody's engine or detector reports.

use std::path::Path;

use super::Span;
use crate::motif::{read_motif, read_times};
use crate::store::{CsvRow, CsvTable, TableError, TableProblem};

/// Columns that say when a span was reported: of detectors, and of our engine `excursion`.
const DETECTED: [&str; 2] = ["t_detected", "t_confirmed"];

/// Reads spans from a CSV with the columns `motif,channel,t_start,t_end`: an `episodes.csv`, or the table of anybody's detector.
/// Of other columns only `t_detected` (or `t_confirmed`) is read, where it is there. An empty table is no spans.
///
/// # Errors
/// When it cannot be read, or a row is not a span.
pub fn read_spans(path: &Path) -> Result<Vec<Span>, TableError> {
    let table = CsvTable::read(path, &["motif", "channel", "t_start", "t_end"])?;
    table.rows().map(span).collect()
}

fn span(row: CsvRow<'_>) -> Result<Span, TableError> {
    let (t_start, t_end) = read_times(row)?;
    let column = DETECTED.into_iter().find(|column| row.cell(column).is_some_and(|cell| !cell.is_empty()));
    let t_detected = column.map(|column| row.finite(column)).transpose()?;
    if let Some(t_detected) = t_detected.filter(|t_detected| *t_detected < t_start) {
        return Err(row.problem(TableProblem::DetectedBeforeStart { t_start, t_detected }));
    }
    Ok(Span { motif: read_motif(row)?, channel: row.text("channel").to_owned(), t_start, t_end, t_detected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{read_windows, spans_csv};
    use crate::motif::{self, Engine, EngineKind, Motif};

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn spans_read_back_as_they_were_written() {
        let span = |channel: &str, t_detected| Span {
            motif: Motif::CacheCollapse,
            channel: channel.to_owned(),
            t_start: 0.1,
            t_end: 0.1,
            t_detected,
        };
        let spans = [span("a,\"b\"\nc", Some(0.25)), span("", None)];
        let written = file(std::str::from_utf8(&spans_csv(&spans)).unwrap());
        assert_eq!(read_spans(written.path()).unwrap(), spans);
        let foreign = file("t_end,x,t_start,channel,motif\n0.1,?,0.1,,cache_collapse\n");
        assert_eq!(read_spans(foreign.path()).unwrap(), [span("", None)]);
        assert_eq!(read_spans(file("motif,channel,t_start,t_end\n").path()).unwrap(), []);
        let early = file("motif,channel,t_start,t_end,t_detected\ncache_collapse,a,5,6,4\n");
        let error = read_spans(early.path()).unwrap_err().to_string();
        assert!(error.contains("the episode is detected at 4, before its start at 5"), "{error}");
    }

    /// Episodes of each engine as they are scored, and as they are scored when they are read from their table.
    #[test]
    fn a_table_of_episodes_is_scored_as_the_episodes_are() {
        let stream = crate::evaluate::perturbed(3, 1.0, crate::residual::Math::Portable);
        for kind in EngineKind::all() {
            let episodes = Engine::new(kind).replay(&stream);
            let written = file(std::str::from_utf8(&motif::csv(kind, &episodes)).unwrap());
            let read: Vec<(Span, f64)> = read_spans(written.path())
                .unwrap()
                .into_iter()
                .map(|span| (Span { t_detected: None, ..span.clone() }, span.earliest_detection()))
                .collect();
            let expected: Vec<(Span, f64)> = Span::of_episodes(&episodes)
                .into_iter()
                .map(|span| (Span { t_detected: None, ..span.clone() }, span.earliest_detection()))
                .collect();
            assert!(!read.is_empty());
            assert_eq!(read, expected, "{kind}");
        }
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
                    assert!(found.to_string().starts_with(problem), "{text}: {found}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let touching = format!("{header}cache_collapse,a,0,2\ncache_collapse,a,2,3\n");
        assert_eq!(read_windows(file(&touching).path()).unwrap().windows.len(), 2);
    }
}
