use std::path::Path;

use super::{Exemplar, Generator};
use crate::motif::{Motif, read_motif};
use crate::store::{CsvRow, CsvTable, TableColumns, TableError, TableProblem};
use crate::trace::date_s;

/// A ground-truth interval in which a fault was planted: `t_start <= t < t_end`, seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The motif that should see it.
    pub motif: Motif,
    /// Whose residuals carry it.
    pub channel: String,
    /// Where it begins.
    pub t_start: f64,
    /// Where it ends.
    pub t_end: f64,
}

impl Window {
    /// A window of one motif and channel.
    pub fn new(motif: Motif, channel: impl Into<String>, t_start: f64, t_end: f64) -> Self {
        Self { motif, channel: channel.into(), t_start, t_end }
    }

    /// Its length in seconds.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.t_end - self.t_start
    }
}

/// Windows that were read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// In the order of the file.
    pub windows: Vec<Window>,
    /// SHA-256 of the very bytes that they were read from.
    pub sha256: String,
}

/// Reads windows from a CSV with the columns `motif,channel,t_start,t_end` (in any order, others are ignored).
///
/// # Errors
/// When it cannot be read, has no window, or one that is empty, not finite, of an unknown motif, or overlaps another one of
/// its motif and channel.
pub fn read_windows(path: &Path) -> Result<Windows, TableError> {
    read_windows_from(path, 0.0)
}

/// As [`read_windows`], where times that are dates count from `origin_s` seconds after 1970.
///
/// # Errors
/// As [`read_windows`].
pub fn read_windows_from(path: &Path, origin_s: f64) -> Result<Windows, TableError> {
    let instant = |row: CsvRow<'_>, column: &str| match date_s(row.text(column)) {
        Some(date) => Ok(date - origin_s),
        None => row.finite(column),
    };
    let table = CsvTable::read(path, &["motif", "channel", "t_start", "t_end"])?;
    let mut windows: Vec<(u64, Window)> = Vec::new();
    for row in table.rows() {
        let window =
            Window::new(read_motif(row)?, row.text("channel"), instant(row, "t_start")?, instant(row, "t_end")?);
        if window.t_end <= window.t_start {
            let (t_start, t_end) = (window.t_start, window.t_end);
            return Err(row.problem(TableProblem::EmptyWindow { t_start, t_end }));
        }
        let overlapped = windows.iter().find(|(_, other)| {
            (other.motif, &other.channel) == (window.motif, &window.channel)
                && other.t_start < window.t_end
                && window.t_start < other.t_end
        });
        if let Some((line, _)) = overlapped {
            return Err(row.problem(TableProblem::Overlap { line: *line }));
        }
        windows.push((row.line(), window));
    }
    if windows.is_empty() {
        return Err(table.problem(TableProblem::NoWindow));
    }
    let windows = windows.into_iter().map(|(_, window)| window).collect();
    Ok(Windows { windows, sha256: table.sha256().to_owned() })
}

/// The columns of a table of windows.
pub(super) fn window_columns<'a>() -> TableColumns<'a, Window> {
    TableColumns::default()
        .text("motif", |window: &Window| window.motif.name())
        .text("channel", |window| &window.channel)
        .number("t_start", |window| window.t_start)
        .number("t_end", |window| window.t_end)
}

/// The bytes of a table of windows, as [`read_windows`] takes it: `motif,channel,t_start,t_end`.
#[must_use]
pub fn windows_csv(windows: &[Window]) -> Vec<u8> {
    window_columns().csv(windows)
}

/// Half an hour of TPC-DS: where its five faults are, whatever their size.
const PERTURBED: [(Motif, &str, f64, f64); 5] = [
    (Motif::PlanRegressionOnset, "q42", 200.0, 280.0),
    (Motif::CardinalityMismatchRegime, "q17", 600.0, 720.0),
    (Motif::ContentionRamp, "row_lock", 900.0, 1020.0),
    (Motif::CacheCollapse, "tpcds", 1200.0, 1320.0),
    (Motif::WorkloadPhaseTransition, "tpcds", 1500.0, 1680.0),
];

impl Generator {
    /// The windows that the published scores of a perturbed stream are measured against: the five of the published
    /// text, even where the scale is 0 and nothing is planted. `None` for another generator.
    #[must_use]
    pub fn published_windows(self) -> Option<Vec<Window>> {
        let windows = PERTURBED.map(|(motif, channel, start, end)| Window::new(motif, channel, start, end));
        matches!(self, Self::Perturbed { .. }).then(|| windows.into())
    }

    /// Where it plants faults, each on the very channel whose residuals carry it. None at scale 0, and none in noise.
    ///
    /// The planted lock shows on two channels, the wait and the chain of waiters, so it has two windows.
    #[must_use]
    pub fn windows(self) -> Vec<Window> {
        match self {
            Self::Perturbed { scale: 0.0 } | Self::Null { .. } => Vec::new(),
            Self::Perturbed { .. } => {
                let mut windows = self.published_windows().unwrap_or_default();
                windows.insert(3, Window::new(Motif::ContentionRamp, "row_lock#chain", 900.0, 1020.0));
                windows
            }
            Self::Exemplar { dataset } => exemplar(dataset),
        }
    }
}

fn exemplar(dataset: Exemplar) -> Vec<Window> {
    use Motif::{CacheCollapse, CardinalityMismatchRegime, PlanRegressionOnset, WorkloadPhaseTransition};
    const DAY: f64 = 86_400.0;
    match dataset {
        Exemplar::Snowset => vec![
            Window::new(CacheCollapse, "wh_b", 3000.0, 6000.0),
            Window::new(WorkloadPhaseTransition, "wh_b", 3500.0, 4000.0),
        ],
        Exemplar::Sqlshare => {
            let skeletons = ["select count from t", "join a b", "group by x", "where y", "subselect"];
            let slow = skeletons
                .map(|skeleton| Window::new(PlanRegressionOnset, format!("carol#{skeleton}"), 3.0 * DAY, 5.0 * DAY));
            let phase = Window::new(WorkloadPhaseTransition, "carol", 3.0 * DAY, 4.0 * DAY);
            slow.into_iter().chain([phase]).collect()
        }
        Exemplar::SqlshareText => (15..20_u32)
            .map(|bucket| {
                let first = 200 * bucket;
                let channel = format!("ord[{first}-{}]", first + 199);
                Window::new(WorkloadPhaseTransition, channel, f64::from(first), f64::from(first + 200))
            })
            .collect(),
        Exemplar::Ceb => vec![Window::new(CardinalityMismatchRegime, "sp7", 100.0, 200.0)],
        Exemplar::Job => vec![
            Window::new(PlanRegressionOnset, "q17", 115.0, 165.0),
            Window::new(PlanRegressionOnset, "q17#plan_change", 115.0, 165.0),
            Window::new(CardinalityMismatchRegime, "q17", 115.0, 165.0),
        ],
        Exemplar::Tpcds => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motif::Motif;
    use crate::residual::Math;

    /// Every window has samples of its class and channel, and they are much larger there than elsewhere.
    #[test]
    fn faults_are_where_the_windows_say() {
        let perturbed = Generator::Perturbed { scale: 1.0 };
        let exemplars = Exemplar::ALL.map(|dataset| Generator::Exemplar { dataset });
        for generator in [perturbed].into_iter().chain(exemplars) {
            let stream = generator.stream(42, Math::Portable);
            for window in generator.windows() {
                let of_channel = stream.samples().filter(|sample| {
                    sample.class == window.motif.class() && sample.channel == Some(window.channel.as_str())
                });
                let (inside, outside): (Vec<_>, Vec<_>) =
                    of_channel.partition(|sample| window.t_start <= sample.t && sample.t < window.t_end);
                let loudest = |samples: &[crate::residual::Sample<'_>]| {
                    samples.iter().fold(0.0_f64, |loudest, sample| loudest.max(sample.value.abs()))
                };
                assert!(!inside.is_empty(), "{window:?}");
                assert!(loudest(&inside) > 3.0 * loudest(&outside), "{window:?}");
            }
        }
        assert_eq!(Generator::Perturbed { scale: 0.0 }.windows(), []);
        assert_eq!(Generator::Perturbed { scale: 0.0 }.published_windows().map(|windows| windows.len()), Some(5));
        assert_eq!(perturbed.windows()[3].motif, Motif::ContentionRamp);
    }
}
