//! The one gate for text from outside: names, values and messages that files, servers and arguments bring are shown
//! through it, in whatever medium, so that they can be nothing but text there.

use std::fmt::{self, Write};

/// Letters of a name that are shown; what stands between its beginning and its end is counted.
const LONGEST_NAME: usize = 300;

/// Letters of a whole line, such as a message with its causes.
const LONGEST_LINE: usize = 4000;

/// Where a text is shown, which decides what has to be escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Medium {
    /// A terminal, or a writer of HTML, SVG or XML that escapes markup itself.
    Plain,
    /// Markdown: a span of code, in which nothing is a link, a mention, an issue or HTML.
    Markdown,
    /// A cell of a CSV for a spreadsheet, which takes some cells for formulas.
    Spreadsheet,
}

/// A text from outside as it may be shown.
///
/// Control characters, characters that change the direction of text, and invisible ones are written as `\u{…}`; what is
/// very long keeps its beginning and its end. The result is one line. To show it again changes nothing more.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    raw: &'a str,
    medium: Medium,
    longest: usize,
}

impl<'a> Shown<'a> {
    const fn new(raw: &'a str, medium: Medium) -> Self {
        Self { raw, medium, longest: LONGEST_NAME }
    }

    /// A name in a line, a drawing, or a text that a writer of HTML or XML takes.
    #[must_use]
    pub const fn plain(raw: &'a str) -> Self {
        Self::new(raw, Medium::Plain)
    }

    /// A line that has names in it, such as the message of an error.
    #[must_use]
    pub const fn line(raw: &'a str) -> Self {
        Self { longest: LONGEST_LINE, ..Self::plain(raw) }
    }

    /// A span of code.
    #[must_use]
    pub const fn markdown(raw: &'a str) -> Self {
        Self::new(raw, Medium::Markdown)
    }

    /// A cell of a table for a spreadsheet. It is not cut: a table is data.
    #[must_use]
    pub const fn spreadsheet(raw: &'a str) -> Self {
        Self { longest: usize::MAX, ..Self::new(raw, Medium::Spreadsheet) }
    }

    /// With at most so many letters, and what says how many were left out.
    #[must_use]
    pub const fn at_most(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    fn write_letters(self, f: &mut impl Write, raw: &str) -> fmt::Result {
        for letter in raw.chars() {
            match letter {
                letter if is_hidden(letter) => write!(f, "{}", letter.escape_default())?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }

    fn write_cut(self, f: &mut impl Write) -> fmt::Result {
        match parts(self.raw, self.longest) {
            None => self.write_letters(f, self.raw),
            Some((start, left_out, end)) => {
                self.write_letters(f, start)?;
                write!(f, "…({left_out} more)…")?;
                self.write_letters(f, end)
            }
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.medium {
            Medium::Plain => self.write_cut(f),
            Medium::Markdown => {
                let mut code = String::new();
                self.write_cut(&mut code)?;
                let longest = code.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
                let fence = "`".repeat(longest + 1);
                // Blanks at both ends are taken off again; without them a tick at an end would be one of the fence.
                let space =
                    if code.starts_with('`') || code.ends_with('`') || code.trim().is_empty() { " " } else { "" };
                write!(f, "{fence}{space}{code}{space}{fence}")
            }
            Medium::Spreadsheet => {
                // Where `;`, a tab or `|` separates cells, a cell begins behind each of them.
                let mut marked = String::with_capacity(self.raw.len() + 1);
                for (ordinal, cell) in self.raw.split_inclusive([';', '\t', '|']).enumerate() {
                    // Quotes are taken off where a cell begins.
                    let bare = if ordinal == 0 { cell } else { cell.trim_start_matches([' ', '\u{a0}', '"']) };
                    let is_whole = ordinal == 0 && is_formula(self.raw);
                    if is_whole || is_formula(bare.strip_suffix([';', '\t']).unwrap_or(bare)) {
                        marked.push('\'');
                    }
                    marked.push_str(cell);
                }
                Shown { raw: &marked, ..*self }.write_cut(f)
            }
        }
    }
}

/// Whether a spreadsheet takes a cell for a formula.
fn is_formula(cell: &str) -> bool {
    let first = cell.trim_start_matches([' ', '\u{a0}']).chars().next();
    cell.trim().parse::<f64>().is_err()
        && matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '|' | '＝' | '＋' | '－' | '＠'))
}

/// The beginning, the count of letters between, and the end of a text that has more than `longest` letters.
fn parts(raw: &str, longest: usize) -> Option<(&str, usize, &str)> {
    // Bytes are at least letters, so most texts are told without counting.
    if raw.len() <= longest {
        return None;
    }
    let count = raw.chars().count();
    if count <= longest {
        return None;
    }
    let (first, last) = (longest - longest / 4, longest / 4);
    let place = |letter: usize| raw.char_indices().nth(letter).map_or(raw.len(), |(place, _)| place);
    Some((&raw[..place(first)], count - first - last, &raw[place(count - last)..]))
}

/// Whether a letter moves a cursor, turns the direction of the text around it, or cannot be seen.
///
/// These are the control characters, the default-ignorable ones of Unicode, the separators of lines and paragraphs, the
/// annotations, and the code points that are no characters.
#[must_use]
pub const fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || letter as u32 & 0xfffe == 0xfffe
}

/// The same JSON with hidden letters as escapes. They can only be in its texts: its own blanks and line feeds stay.
#[must_use]
pub fn visible_json(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_hidden(letter) && letter != '\n' {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(visible, "\\u{unit:04x}").expect("a String takes every write");
            }
        } else {
            visible.push(letter);
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_letters_are_written_out_in_every_medium() {
        let hidden = "\0\t\n\r\u{1b}\u{7f}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\
                      \u{2060}\u{2066}\u{2069}\u{fe0f}\u{feff}\u{fffe}\u{e0041}\u{1ffff}";
        for letter in hidden.chars() {
            assert!(is_hidden(letter), "{letter:?}");
            let name = format!("a{letter}b");
            for shown in [Shown::plain(&name), Shown::line(&name), Shown::markdown(&name), Shown::spreadsheet(&name)] {
                let text = shown.to_string();
                assert!(!text.chars().any(is_hidden), "{text:?}");
                assert!(text.contains(&letter.escape_default().to_string()), "{text:?}");
                assert_eq!(Shown::line(&text).to_string(), text);
            }
        }
        let plain = "naïve 名前 Ωμέγα ünïcödé עברית \u{1f4a9} ~!@#$%^&*()_+`\\";
        assert_eq!(Shown::plain(plain).to_string(), plain);
    }

    #[test]
    fn json_says_the_same_without_hidden_letters() {
        let name = "a\u{7f}\u{9b}\u{202e}\u{e0041}\u{1b}\n\u{feff}é\\u";
        let value = serde_json::json!({ name: [name] });
        let visible = visible_json(&format!("{value:#}\n"));
        assert!(!visible.lines().any(|line| line.chars().any(is_hidden)), "{visible}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&visible).unwrap(), value);
    }

    #[test]
    fn markup_is_code_in_markdown() {
        for (raw, markdown) in [
            ("<b a='1'>&\"", "`<b a='1'>&\"`"),
            ("@everyone #1", "`@everyone #1`"),
            ("a`b``c", "```a`b``c```"),
            ("`", "`` ` ``"),
            ("", "`  `"),
        ] {
            assert_eq!(Shown::markdown(raw).to_string(), markdown);
        }
    }

    #[test]
    fn only_what_a_spreadsheet_takes_for_a_formula_is_quoted() {
        for formula in ["=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(1,1)", "\t=1+1", " =1", "-", "|x", "＝1"] {
            assert!(Shown::spreadsheet(formula).to_string().starts_with('\''), "{formula}");
        }
        for data in ["-2", "+1", "-1e-9", "1-1", "a=b", "", "q1"] {
            assert_eq!(Shown::spreadsheet(data).to_string(), data);
        }
        for (raw, shown) in [
            ("a;=1", "a;'=1"),
            ("a; @x;+1", "a;' @x;+1"),
            ("a;\"=1", "a;'\"=1"),
            ("a\t=1", "a\\t'=1"),
            ("a|=1", "a|'=1"),
            ("a;-x;b", "a;'-x;b"),
            ("a;b|c;-2", "a;b|c;-2"),
        ] {
            assert_eq!(Shown::spreadsheet(raw).to_string(), shown);
        }
        let long = "x".repeat(100_000);
        assert_eq!(Shown::spreadsheet(&long).to_string(), long);
    }

    #[test]
    fn long_texts_keep_their_beginning_and_their_end() {
        let long = format!("begin{}end", "é".repeat(100_000));
        for (shown, longest) in [(Shown::plain(&long), LONGEST_NAME), (Shown::line(&long), LONGEST_LINE)] {
            let text = shown.to_string();
            assert!(text.starts_with("beginé") && text.ends_with("éend"), "{text}");
            assert!(text.contains(&format!("…({} more)…", 100_008 - longest)), "{text}");
            assert!(text.chars().count() <= longest + 20);
        }
        let exact = "é".repeat(LONGEST_NAME);
        assert_eq!(Shown::plain(&exact).to_string(), exact);
    }
}
