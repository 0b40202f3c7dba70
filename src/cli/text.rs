//! Text for people. A [`TextLine`] is made through the gate for text from outside, and printing takes nothing else.

use std::path::Path;

use unicode_width::UnicodeWidthStr;

use crate::store::Shown;

/// Letters of a cell of a table that are shown.
const LONGEST_CELL: usize = 240;

/// What a text says of what it colours.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Good,
    Bad,
    Note,
}

/// One line, or a piece of one, as a terminal may be given it.
#[derive(Clone, Default)]
pub(super) struct TextLine {
    text: String,
    /// Columns of a terminal that it takes, without the codes of colours.
    width: usize,
}

impl TextLine {
    fn shown(shown: Shown<'_>) -> Self {
        let text = shown.to_string();
        Self { width: text.width(), text }
    }

    /// A text in a colour.
    pub(super) fn painted(tone: Tone, text: &str) -> Self {
        let code = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Note => 33,
        };
        let Self { text, width } = text.into();
        Self { text: format!("\x1b[{code}m{text}\x1b[0m"), width }
    }

    /// The cell of a table.
    pub(super) fn cell(text: &str) -> Self {
        Self::shown(Shown::plain(text).at_most(LONGEST_CELL))
    }

    /// The cell of a table that names a file.
    pub(super) fn path(path: &Path) -> Self {
        Self::cell(&path.display().to_string())
    }

    /// This and then that, in one line.
    pub(super) fn then(mut self, more: impl Into<Self>) -> Self {
        let more = more.into();
        self.text += &more.text;
        self.width += more.width;
        self
    }

    fn padded(&self, width: usize, right: bool) -> String {
        let padding = " ".repeat(width.saturating_sub(self.width));
        if right { padding + &self.text } else { self.text.clone() + &padding }
    }

    /// What may be written to a terminal, without a line feed.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<&str> for TextLine {
    fn from(text: &str) -> Self {
        Self::shown(Shown::line(text))
    }
}

impl From<&String> for TextLine {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for TextLine {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

/// Lines.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// Appends a line.
    pub(super) fn line(mut self, line: impl Into<TextLine>) -> Self {
        self.push(line);
        self
    }

    /// Appends a line.
    pub(super) fn push(&mut self, line: impl Into<TextLine>) {
        self.0 += line.into().as_str();
        self.0.push('\n');
    }

    /// Appends lines.
    pub(super) fn append(&mut self, more: &Self) {
        self.0 += &more.0;
    }

    /// These lines and then those.
    pub(super) fn joined(mut self, more: &Self) -> Self {
        self.append(more);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What may be written to a terminal, line feeds and all.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<L: Into<TextLine>> From<L> for Text {
    fn from(line: L) -> Self {
        Self::default().line(line)
    }
}

impl<L: Into<TextLine>> FromIterator<L> for Text {
    fn from_iter<T: IntoIterator<Item = L>>(lines: T) -> Self {
        lines.into_iter().fold(Self::default(), Self::line)
    }
}

/// Rows under headers, padded to columns; numbers to the right.
pub(super) fn table(headers: &[&str], numeric: &[bool], rows: &[Vec<TextLine>]) -> Text {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width);
        cells.chain([headers[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headers.len()).map(width).collect();
    let mut text = Text::default();
    let mut push = |cells: &[TextLine]| {
        let padded = cells.iter().zip(&widths).zip(numeric).map(|((cell, width), right)| cell.padded(*width, *right));
        let line = padded.collect::<Vec<_>>().join("  ");
        text.0 += line.trim_end();
        text.0.push('\n');
    };
    push(&headers.iter().map(|header| TextLine::cell(header)).collect::<Vec<_>>());
    rows.iter().for_each(|row| push(row));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_its_line_or_changes_a_colour() {
        let hostile = "a\nok b\x1b[31m\u{202e}";
        let mut text = Text::from(TextLine::painted(Tone::Good, hostile).then(format!(" {hostile}")));
        text.append(&table(&["name"], &[false], &[vec![hostile.into()], vec![TextLine::painted(Tone::Bad, "x")]]));
        let escaped = "a\\nok b\\u{1b}[31m\\u{202e}";
        assert_eq!(text.as_str(), format!("\x1b[32m{escaped}\x1b[0m {escaped}\nname\n{escaped}\n\x1b[31mx\x1b[0m\n"));
    }

    #[test]
    fn columns_are_as_wide_as_what_is_seen_in_them() {
        let painted = TextLine::painted(Tone::Good, "é");
        let rows = [vec![painted, "1".into()], vec!["日本".into(), "20".into()], vec!["long".into(), "1000".into()]];
        let plain =
            table(&["a", "count"], &[false, true], &rows).as_str().replace("\x1b[32m", "").replace("\x1b[0m", "");
        assert_eq!(plain, "a     count\né         1\n日本     20\nlong   1000\n");
    }
}
