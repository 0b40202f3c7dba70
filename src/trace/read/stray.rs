//! Lines that are no rows: what programs print around a table, and the headers of files that were put together.

use std::collections::BTreeSet;

use super::delimiter::Delimiter;
use super::fault::RowFault;
use super::foreign::BOM;
use super::header::{is_same_header, is_same_name};
use super::rows::{RecordLayout, Table};
use super::stray_line::StrayLine;
use super::text::shown;

impl StrayLine {
    /// What a line is by itself.
    fn of_line(line: &str) -> Option<Self> {
        let line = line.trim();
        if is_footer(line) {
            Some(Self::Footer)
        } else if is_timing(line) {
            Some(Self::Timing)
        } else if is_tag(line) {
            Some(Self::Tag)
        } else {
            is_rule(line.as_bytes()).then_some(Self::Rule)
        }
    }
}

impl<T: Table> RecordLayout<'_, T> {
    /// What the fields of a record are that give no row, if it is known.
    #[cold]
    pub(super) fn stray(&self, fields: &[&str]) -> Option<RowFault> {
        let text = |field: &str| field.strip_prefix('\u{feff}').unwrap_or(field).to_owned();
        let names: Vec<String> = fields.iter().map(|field| text(field)).collect();
        let fault = |stray: StrayLine| RowFault::Stray { stray, text: shown(fields.join(" ").trim()) };
        if is_same_header(&names, self.names) {
            return Some(fault(StrayLine::Header));
        }
        // What is empty or a number may be the name of a column, but in a row it is a value.
        let is_name = |name: &str| !name.trim().is_empty() && name.trim().parse::<f64>().is_err();
        let wanted: BTreeSet<&String> = self.wanted.iter().map(|(field, _)| &self.names[*field]).collect();
        if wanted.len() > 1
            && wanted.iter().all(|name| is_name(name) && names.iter().any(|other| is_same_name(name, other)))
        {
            return Some(fault(StrayLine::OtherHeader));
        }
        StrayLine::of_line(&fields.join(" ")).map(fault)
    }
}

/// `(10 rows)`, `(1 Zeile)`, `(4개 행)`.
fn is_footer(line: &str) -> bool {
    let inner = line.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inner.is_some_and(|inner| {
        let what = inner.trim_start_matches(|c: char| c.is_ascii_digit());
        what.len() < inner.len() && !what.trim().is_empty() && what.chars().all(|c| c.is_alphabetic() || c == ' ')
    })
}

/// `Time: 3.126 ms`, `Zeit: 3,126 ms`, `Temps : 3,126 ms`, `Time: 61234.567 ms (01:01.235)`.
fn is_timing(line: &str) -> bool {
    let Some((word, rest)) = line.split_once(':') else { return false };
    let rest = rest.trim_start();
    let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' '));
    let is_word = !word.is_empty() && word.trim().chars().all(|c| c.is_alphabetic() || c == ' ');
    let is_unit = matches!(unit.split(' ').next(), Some("ms" | "мс" | "ミリ秒" | "毫秒"));
    is_word && unit.len() < rest.len() && is_unit
}

/// `COPY 10`, `SET`.
fn is_tag(line: &str) -> bool {
    let mut words = line.split(' ');
    let is_command = matches!(
        words.next(),
        Some("COPY" | "SELECT" | "INSERT" | "SET" | "BEGIN" | "COMMIT" | "ROLLBACK" | "START" | "RESET" | "DO")
    );
    is_command && words.all(|word| word == "TRANSACTION" || word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a line is drawn: `---+---`, `+----+`, `|---|`, or of the characters for boxes.
pub(super) fn is_rule(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line.strip_prefix(BOM).unwrap_or(line)) else { return false };
    let is_drawn = |c: char| matches!(c, '-' | '+' | '|' | '=' | ':' | ' ' | '\r' | '\u{2500}'..='\u{257f}');
    let is_line = |c: char| matches!(c, '-' | '=' | '\u{2500}' | '\u{2501}' | '\u{2550}');
    line.chars().all(is_drawn) && line.chars().filter(|c| is_line(*c)).count() >= 2 && {
        // A row of unknown values may be `-|-` or `--`.
        let longest = line.split(|c| !is_line(c)).map(|part| part.chars().count()).max();
        longest.unwrap_or_default() >= 3
    }
}

/// Whether a line says which setting of psql was changed.
pub(super) fn is_setting(line: &[u8]) -> bool {
    [
        &b"Timing is o"[..],
        b"Output format is ",
        b"Pager ",
        b"Null display is ",
        b"Tuples only is ",
        b"Expanded display is ",
        b"Border style is ",
        b"Field separator is ",
        b"Default footer is ",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// What separates the columns, if a line says so to Excel: `sep=;`.
pub(super) fn directive(line: &[u8]) -> Option<Option<Delimiter>> {
    let line = line.trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let told = line.strip_prefix(b"sep=").or_else(|| line.strip_prefix(b"SEP="))?;
    match told {
        // What was trimmed is a tab.
        [] => Some(Some(Delimiter::Tab)),
        [byte] => Some(Delimiter::ALL.into_iter().find(|delimiter| delimiter.byte() == *byte)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_print_around_a_table_is_known_in_any_language() {
        for (stray, lines) in [
            (
                StrayLine::Footer,
                &[
                    "(10 rows)",
                    "(1 row)",
                    "(10 Zeilen)",
                    "(1 ligne)",
                    "(3 filas)",
                    "(2 строки)",
                    "(4개 행)",
                    "(10 rows) \r",
                ][..],
            ),
            (
                StrayLine::Timing,
                &[
                    "Time: 3.126 ms",
                    "Zeit: 3,126 ms",
                    "Temps : 3,126 ms",
                    "Time: 61234.567 ms (01:01.235)",
                    "Время: 3,126 мс",
                ],
            ),
            (StrayLine::Tag, &["COPY 10", "SET", "SELECT 12", "START TRANSACTION"]),
            (StrayLine::Rule, &["---+---", "-----", "+----+----+", "|---|:--:|", "────┼────", "====  ===="]),
        ] {
            for line in lines {
                assert_eq!(StrayLine::of_line(line), Some(stray), "{line:?}");
            }
        }
        for line in [
            "",
            "-",
            "--",
            "-|-",
            "- -",
            "()",
            "(rows)",
            "(10)",
            "(10, rows)",
            "10 rows",
            "Time: soon",
            "12:30 ms",
            "t: 3 s",
            "SET x",
            "a---b",
            "COPYING",
        ] {
            assert_eq!(StrayLine::of_line(line), None, "{line:?}");
        }
    }
}
