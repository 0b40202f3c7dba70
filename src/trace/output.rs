use std::path::{Path, PathBuf};

use super::format_problem::FormatProblem;
use super::read::{Lines, Reading, unknown_rows_reason};
use super::repeated::{RepeatedKey, RepeatedRow};
use super::{Construction, Conversion, Options, RowCounts, TraceError};
use crate::diagnostics::Place;
use crate::residual::{ChannelId, Class, OutOfRange, StreamBuilder};
use crate::store::{InputDigest, label};
use crate::tape::Use;

/// A residual before it is checked: time in seconds, class, value, channel.
pub(crate) type Residual = (f64, Class, f64, ChannelId);

/// The residuals of a trace as they come, and what became of its rows.
pub(crate) struct Output<'a> {
    pub(crate) builder: StreamBuilder,
    pub(crate) rows: RowCounts,
    /// What users should know of how the trace was read.
    pub(crate) notes: Vec<String>,
    lines: Lines,
    input: Option<InputDigest>,
    path: PathBuf,
    options: &'a Options,
    /// What each row was used for so far.
    uses: Vec<Used>,
}

/// What has become of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Used {
    Nothing,
    Baseline,
    Residual,
    /// It is among the rejected ones.
    Rejected,
}

/// Why a row is not used that could be read.
const UNUSED: &str = "gives no residual and feeds no baseline";

impl<'a> Output<'a> {
    /// An output with room for `samples`, and the table of the reading.
    pub(crate) fn new<T>(options: &'a Options, reading: Reading<T>, samples: usize) -> (Self, T) {
        let Reading { table, rows, lines, notes, input, path } = reading;
        let builder = StreamBuilder::with_capacity(samples);
        let uses = vec![Used::Nothing; usize::try_from(rows.used).unwrap_or_default()];
        (Self { builder, rows, notes, lines, input, path, options, uses }, table)
    }

    /// Appends the residuals of a row (from 0, as rows were read), or none of them if one is out of range: then the row is
    /// an error, or counted when lenient, and `false` is returned. Where `true` is, the row feeds its baseline, if there is one.
    pub(crate) fn row(&mut self, row: usize, residuals: &[Residual]) -> Result<bool, TraceError> {
        let fault = residuals.iter().find_map(|(t, _, value, _)| OutOfRange::find(*t, *value));
        match fault {
            None => {
                for (t, class, value, channel) in residuals {
                    self.push(*t, *class, *value, *channel)?;
                }
                self.mark(row, if residuals.is_empty() { Used::Baseline } else { Used::Residual });
                Ok(true)
            }
            // A row of several values is rejected once.
            Some(_) if self.options.lenient && self.uses[row] == Used::Rejected => Ok(false),
            Some(fault) if self.options.lenient => {
                let reason = match fault {
                    OutOfRange::Time(_) => "time out of range",
                    OutOfRange::Value(_) => "residual out of range",
                };
                self.withdraw(&[row], reason);
                Ok(false)
            }
            Some(fault) => Err(self.row_error(row, FormatProblem::skippable(fault))),
        }
    }

    /// Counts a number of rows that is not known, which the published formula takes for 1.
    pub(crate) fn count_clamped(&mut self, column: &str, number: f64) {
        if let Some(reason) = unknown_rows_reason(number, column) {
            *self.rows.clamped.entry(reason).or_default() += 1;
        }
    }

    /// Says that a row feeds a baseline, and gives no residual of its own.
    pub(crate) fn feeds(&mut self, row: usize) {
        self.mark(row, Used::Baseline);
    }

    /// Rejects rows that could be read.
    pub(crate) fn withdraw(&mut self, rows: &[usize], reason: &str) {
        self.rows.withdraw(rows.len() as u64, reason);
        rows.iter().for_each(|row| self.mark(*row, Used::Rejected));
    }

    fn mark(&mut self, row: usize, used: Used) {
        self.uses[row] = self.uses[row].max(used);
    }

    /// Appends a residual that belongs to no single row.
    pub(crate) fn push(&mut self, t: f64, class: Class, value: f64, channel: ChannelId) -> Result<(), TraceError> {
        self.builder
            .push_id(t, class, value, Some(channel))
            .map_err(|fault| TraceError::format(Place::file(&self.path), fault))
    }

    /// Where a row stands, in a sentence.
    pub(crate) fn at(&self, row: usize) -> String {
        self.lines.text(row)
    }

    /// An error about a row.
    pub(crate) fn row_error(&self, row: usize, problem: impl Into<FormatProblem>) -> TraceError {
        let alone = || Place { line: self.lines.of(row), ..Place::file(&self.path) };
        TraceError::format(self.lines.place(row).unwrap_or_else(alone), problem)
    }

    /// Whether of some pairs of rows, which have one key at one time, there is one; unless lenient, the pair that is complete first
    /// is an error: `key` gives what is there twice, by the second row.
    pub(crate) fn has_twice(
        &self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        key: impl FnOnce(usize) -> RepeatedKey,
    ) -> Result<bool, TraceError> {
        let Some((first, second)) = pairs.into_iter().min_by_key(|(_, second)| *second) else { return Ok(false) };
        if self.options.lenient {
            return Ok(true);
        }
        let repeated = RepeatedRow { key: key(second), first: self.at(first), second: self.at(second) };
        Err(self.row_error(second, FormatProblem::skippable(repeated)))
    }

    /// Which rows are left of `rows`, of which no two have one key at one time: where pairs of them have, none of them is taken.
    pub(crate) fn once(
        &mut self,
        rows: usize,
        pairs: &[(usize, usize)],
        reason: &str,
        key: impl FnOnce(usize) -> RepeatedKey,
    ) -> Result<Vec<bool>, TraceError> {
        let mut is_left = vec![true; rows];
        if self.has_twice(pairs.iter().copied(), key)? {
            pairs.iter().for_each(|(one, other)| (is_left[*one], is_left[*other]) = (false, false));
            let dropped: Vec<usize> = (0..rows).filter(|row| !is_left[*row]).collect();
            self.withdraw(&dropped, reason);
        }
        Ok(is_left)
    }

    /// An error about the file as a whole.
    pub(crate) fn file_error(&self, problem: impl Into<FormatProblem>) -> TraceError {
        TraceError::format(Place::file(&self.path), problem)
    }

    /// The conversion, labelled by data set, construction and file name, with `suffix`.
    pub(crate) fn finish_with(mut self, suffix: &str) -> Conversion {
        let count = |used: Used| self.uses.iter().filter(|other| **other == used).count() as u64;
        let used = [(Use::Baseline, count(Used::Baseline)), (Use::Residual, count(Used::Residual))];
        let unused = count(Used::Nothing);
        self.rows.used_for.extend(used.into_iter().filter(|(_, rows)| *rows > 0));
        self.rows.withdraw(unused, UNUSED);
        let source = labelled(&self.path, self.options, suffix);
        Conversion { stream: self.builder.finish(source), rows: self.rows, notes: self.notes, input: self.input }
    }

    pub(crate) fn finish(self) -> Conversion {
        self.finish_with("")
    }
}

/// The label of the stream that the trace at `path` is converted to: data set, construction (but for the published one) and
/// file name.
#[must_use]
pub fn source(path: &Path, options: &Options) -> String {
    labelled(path, options, "")
}

/// Whether a tape of this label comes of a construction of our own, as all recordings do.
#[must_use]
pub fn is_own(label: &str) -> bool {
    label.split_once('@').is_some_and(|(construction, _)| construction.contains(':'))
}

fn labelled(path: &Path, options: &Options, suffix: &str) -> String {
    let (dataset, file) = (options.dataset, label(path));
    match options.construction {
        Construction::Reference => {
            let about = dataset.about();
            format!("{}@{file}{suffix}", about.reference_label.unwrap_or(about.name))
        }
        Construction::Own(name) => format!("{dataset}:{name}@{file}{suffix}"),
    }
}
