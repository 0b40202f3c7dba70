use std::path::{Path, PathBuf};

use crate::diagnostics::Place;

/// On which line of which file each row stands, without a number a row: rows on consecutive lines are one run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines {
    rows: usize,
    /// (first row, its line) of each run.
    runs: Vec<(usize, u64)>,
    /// (first row, path) of each file.
    files: Vec<(usize, PathBuf)>,
    /// Whether the files have rows and no lines.
    are_rows: bool,
}

impl Lines {
    /// Those of files that have rows and no lines, or the other way round.
    pub(super) fn of_rows(are_rows: bool) -> Self {
        Self { are_rows, ..Self::default() }
    }

    /// The next rows stand in the file at `path`.
    pub(super) fn start(&mut self, path: &Path) {
        self.files.push((self.rows, path.to_path_buf()));
    }

    /// Where a row stands, from 0 in order of the files.
    pub(crate) fn place(&self, row: usize) -> Option<Place> {
        let file = self.file(row)?;
        Some(Place { line: self.of(row), ..Place::file(file) })
    }

    /// Where a row stands, as a sentence has it that names its place elsewhere.
    pub(crate) fn text(&self, row: usize) -> String {
        let what = if self.are_rows { "row" } else { "line" };
        let number = self.of(row).unwrap_or_default();
        match self.file(row) {
            Some(file) if self.files.len() > 1 => format!("{what} {number} of `{}`", file.display()),
            _ => format!("{what} {number}"),
        }
    }

    fn file(&self, row: usize) -> Option<&Path> {
        let file = self.files.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        Some(&self.files[file].1)
    }

    /// The next row stands on `line`.
    pub(crate) fn push(&mut self, line: u64) {
        let continues = self.runs.last().is_some_and(|(row, start)| start + (self.rows - row) as u64 == line);
        if !continues {
            self.runs.push((self.rows, line));
        }
        self.rows += 1;
    }

    /// Appends the rows of `other`, whose lines are counted from `before` on.
    pub(crate) fn append(&mut self, other: &Self, before: u64) {
        for (index, (row, line)) in other.runs.iter().enumerate() {
            let end = other.runs.get(index + 1).map_or(other.rows, |next| next.0);
            self.push(before + line);
            self.rows += end - row - 1;
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Drops the rows that are not to be kept.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let all = std::mem::take(self);
        self.are_rows = all.are_rows;
        let mut files = all.files.iter().peekable();
        for (row, keep) in keep.iter().enumerate() {
            while let Some((_, path)) = files.next_if(|(first, _)| *first <= row) {
                self.start(path);
            }
            if let Some(line) = all.of(row).filter(|_| *keep) {
                self.push(line);
            }
        }
        files.for_each(|(_, path)| self.start(path));
    }

    /// The line of a row, from 0 in order of the file.
    pub(crate) fn of(&self, row: usize) -> Option<u64> {
        let run = self.runs.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        let (first, line) = self.runs[run];
        (row < self.rows).then(|| line + (row - first) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_keeps_its_line_over_gaps_and_appended_blocks() {
        let (mut whole, mut first, mut second) = (Lines::default(), Lines::default(), Lines::default());
        for line in [2, 3, 4, 7, 8, 12] {
            whole.push(line);
        }
        for line in [2, 3] {
            first.push(line);
        }
        for line in [1, 4, 5, 9] {
            second.push(line);
        }
        first.append(&second, 3);
        assert_eq!(first, whole);
        first.retain(&[true, false, true, true, false, true]);
        assert_eq!((0..5).map(|row| first.of(row)).collect::<Vec<_>>(), [Some(2), Some(4), Some(7), Some(12), None]);
        let found: Vec<_> = (0..7).map(|row| whole.of(row)).collect();
        assert_eq!(found, [Some(2), Some(3), Some(4), Some(7), Some(8), Some(12), None]);
    }

    #[test]
    fn rows_that_are_left_keep_their_file() {
        let mut lines = Lines::of_rows(true);
        for (path, rows) in [("a", 2), ("b", 2), ("c", 1), ("d", 0)] {
            lines.start(Path::new(path));
            (1..=rows).for_each(|row| lines.push(row));
        }
        lines.retain(&[true, false, false, true, false]);
        let found: Vec<_> = (0..2).map(|row| lines.text(row)).collect();
        assert_eq!(found, ["row 1 of `a`", "row 2 of `b`"]);
        assert_eq!(lines.files.len(), 4);
    }
}
