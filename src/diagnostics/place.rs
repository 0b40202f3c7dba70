use std::fmt;
use std::path::PathBuf;

/// Where something is wrong: a file and, as far as known, the line and the column in it (both from 1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column in characters, from 1.
    pub column: Option<u64>,
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), line: None, column: None }
    }

    /// It and a colon, for the beginning of a message; nothing where no file is known.
    #[must_use]
    pub fn before(&self) -> String {
        if self.is_known() { format!("{self}: ") } else { String::new() }
    }

    /// Whether there is a file.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.file.as_os_str().is_empty()
    }

    /// The same file at a line.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same file at a line and column.
    #[must_use]
    pub fn at(self, (line, column): (u64, u64)) -> Self {
        self.at_line(line).at_column(column)
    }

    /// The same line at a column.
    #[must_use]
    pub fn at_column(mut self, column: u64) -> Self {
        self.column = Some(column);
        self
    }
}

impl fmt::Display for Place {
    /// `file:line:column` in backticks, as editors and terminals make it clickable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        f.write_str("`")
    }
}

/// Line and column, both from 1, of a byte offset in a text.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (u64, u64) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() as u64 + 1, before[start..].chars().count() as u64 + 1)
}
