/// On which line of its file each row stands, without a number a row: rows on consecutive lines are one run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines {
    rows: usize,
    /// (first row, its line) of each run.
    runs: Vec<(usize, u64)>,
}

impl Lines {
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
        let kept = keep.iter().enumerate().filter(|(_, keep)| **keep);
        kept.filter_map(|(row, _)| all.of(row)).for_each(|line| self.push(line));
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
}
