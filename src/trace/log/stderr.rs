//! Lines with a prefix of the administrator's choice; those that go on begin with a tab.

use std::path::Path;

use super::{FoundEntry, LogEntry, LogProblem, Prefix};
use crate::diagnostics::Place;

/// What stands before a function that a statement is in, in the languages of the server's messages.
const CONTEXTS: [&str; 10] = [
    "CONTEXT:  ",
    "KONTEXT:  ",
    "CONTEXTE : ",
    "CONTEXTO:  ",
    "CONTESTO:  ",
    "KONTEKST:  ",
    "КОНТЕКСТ:  ",
    "コンテキスト:  ",
    "컨텍스트:  ",
    "上下文:  ",
];

/// What every plan of `auto_explain` begins with; its messages are in English everywhere.
const START: &str = "duration: ";
const END: &str = " ms  plan:";

pub(super) fn entries(text: &[u8], file: &Path, prefix: &Prefix) -> Vec<FoundEntry> {
    let text = String::from_utf8_lossy(text);
    let mut found: Vec<FoundEntry> = Vec::new();
    // Whether the last entry is a plan, whose lines go on.
    let mut is_open = false;
    for (number, line) in text.lines().enumerate() {
        let place = || Place::file(file).at_line(number as u64 + 1);
        if let Some(more) = line.strip_prefix('\t') {
            match found.last_mut() {
                Some((_, Ok(entry))) if is_open => {
                    entry.message.push('\n');
                    entry.message.push_str(more);
                }
                // The end of an entry that was cut off by a rotation.
                None => found.push((place(), Ok(LogEntry::default()))),
                Some(_) => {}
            }
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        if let Some((head, message)) = plan_of(line) {
            is_open = true;
            found.push((place(), entry(head, message, prefix)));
            continue;
        }
        // What belongs to the entry before comes right behind it.
        let context = CONTEXTS.iter().find_map(|start| line.split_once(start));
        if let (true, Some((_, context)), Some((_, Ok(entry)))) = (is_open, context, found.last_mut()) {
            entry.context = Some(context.to_owned());
        } else {
            found.push((place(), Ok(LogEntry { message: line.to_owned(), ..LogEntry::default() })));
        }
        is_open = false;
    }
    found
}

/// The prefix of a line, and its message from the duration on, if a plan begins there.
fn plan_of(line: &str) -> Option<(&str, &str)> {
    let message = line.trim_end().strip_suffix(END)?;
    let at = message.rfind(START)?;
    let milliseconds = &message[at + START.len()..];
    milliseconds.parse::<f64>().ok()?;
    // The severity ends the prefix: `LOG:  `.
    let head = line[..at].trim_end().trim_end_matches([':', '：']).trim_end();
    let severity = head
        .rfind(|letter: char| !letter.is_alphanumeric())
        .map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
    Some((&head[..severity], &line[at..]))
}

fn entry(head: &str, message: &str, prefix: &Prefix) -> Result<LogEntry, LogProblem> {
    let entry = prefix.read(head).ok_or_else(|| LogProblem::Prefix(crate::trace::read::shown(head)))?;
    Ok(LogEntry { message: message.trim_end().to_owned(), ..entry })
}
