//! What `log_line_prefix` puts before the lines of a log.

use super::{LogEntry, Moment};
use crate::trace::option::{OptionKind, OptionSpec};

/// The prefix as the server has it.
pub(crate) const LOG_LINE_PREFIX: OptionSpec = OptionSpec {
    flag: "log-line-prefix",
    key: "log_line_prefix",
    help: "What log_line_prefix is set to, of a log in the format stderr [default: time, [pid] and `name=value` are found]",
    kind: OptionKind::Text { value_name: "PREFIX", check: |text| Prefix::parse(text).map(|_| ()) },
};

/// How prefixes are read.
#[derive(Clone, Debug)]
pub(crate) enum Prefix {
    /// A time at the start, and whatever is labelled behind it.
    Found,
    /// As it was told.
    Told(Vec<PrefixPart>),
}

/// A part of a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrefixPart {
    /// A text.
    Text(String),
    /// What stands for an escape, by its letter.
    Field(char),
    /// From here on, background processes have nothing.
    Stop,
}

/// Every escape that servers know.
const ESCAPES: &str = "abdhipPtmnecluLvxsqQr";

impl Prefix {
    /// Reads a setting such as `%m [%p] %q%u@%d `.
    ///
    /// # Errors
    /// What would be right.
    pub(crate) fn parse(setting: &str) -> Result<Self, String> {
        let mut parts: Vec<PrefixPart> = Vec::new();
        let mut letters = setting.chars().peekable();
        while let Some(letter) = letters.next() {
            let text = match letter {
                '%' => {
                    // `%-10u` pads.
                    while letters.next_if(|next| *next == '-' || next.is_ascii_digit()).is_some() {}
                    match letters.next() {
                        Some('%') => '%',
                        Some('q') => {
                            parts.push(PrefixPart::Stop);
                            continue;
                        }
                        Some(escape) if ESCAPES.contains(escape) => {
                            parts.push(PrefixPart::Field(escape));
                            continue;
                        }
                        other => {
                            let escape = other.map(String::from).unwrap_or_default();
                            return Err(format!("a log_line_prefix: `%{escape}` is no escape of it"));
                        }
                    }
                }
                text => text,
            };
            match parts.last_mut() {
                Some(PrefixPart::Text(last)) => last.push(text),
                _ => parts.push(PrefixPart::Text(text.to_string())),
            }
        }
        let has_time = parts.iter().any(|part| matches!(part, PrefixPart::Field('t' | 'm' | 'n')));
        if !has_time {
            return Err(
                "a log_line_prefix with a time (%m, %t or %n); without one, nothing says when a plan was".to_owned()
            );
        }
        Ok(Self::Told(parts))
    }

    /// What a prefix says; none if it is another one, or has no time.
    pub(super) fn read(&self, text: &str) -> Option<LogEntry> {
        let entry = match self {
            Self::Found => labelled(text)?,
            Self::Told(parts) => {
                let mut fields = Vec::new();
                matched(parts, text, &mut fields).then_some(())?;
                told(&fields)
            }
        };
        Moment::parse(&entry.time).is_some().then_some(entry)
    }
}

/// Whether the parts make up the text; what stands for each escape then.
fn matched<'t>(parts: &[PrefixPart], text: &'t str, fields: &mut Vec<(char, &'t str)>) -> bool {
    let Some((part, rest)) = parts.split_first() else { return text.trim().is_empty() };
    match part {
        PrefixPart::Stop => text.is_empty() || matched(rest, text, fields),
        PrefixPart::Text(part) => text.strip_prefix(part.as_str()).is_some_and(|text| matched(rest, text, fields)),
        PrefixPart::Field(escape) => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for end in ends.filter(|end| fits(*escape, &text[..*end])) {
                fields.push((*escape, &text[..end]));
                if matched(rest, &text[end..], fields) {
                    return true;
                }
                fields.pop();
            }
            false
        }
    }
}

/// Whether a text can stand for an escape.
fn fits(escape: char, text: &str) -> bool {
    let bare = text.trim();
    match escape {
        't' | 'm' | 'n' => Moment::parse(text).is_some_and(|moment| moment.zone.as_deref() != Some("")),
        'p' | 'P' | 'l' | 'x' => bare.bytes().all(|byte| byte.is_ascii_digit()),
        'Q' => bare.parse::<i64>().is_ok(),
        _ => true,
    }
}

fn told(fields: &[(char, &str)]) -> LogEntry {
    let field = |escape: char| fields.iter().find(|(found, _)| *found == escape).map(|(_, text)| text.trim());
    let known = |text: Option<&str>| text.filter(|text| !text.is_empty() && *text != "[unknown]").map(str::to_owned);
    let time = ['m', 't', 'n'].into_iter().find_map(field).unwrap_or_default();
    LogEntry {
        time: time.to_owned(),
        query_id: field('Q').and_then(|text| text.parse().ok()),
        user: known(field('u')),
        database: known(field('d')),
        application_name: known(field('a')),
        hides_ps: field('i').is_none(),
        ps: known(field('i')),
        session_id: known(field('c')),
        line_num: field('l').and_then(|text| text.parse().ok()),
        ..LogEntry::default()
    }
}

/// What labels of values are called in prefixes.
const DATABASES: [&str; 4] = ["db", "database", "dbname", "d"];
const USERS: [&str; 4] = ["user", "usr", "username", "u"];
const APPLICATIONS: [&str; 5] = ["app", "application", "application_name", "appname", "a"];
const QUERIES: [&str; 5] = ["qid", "query_id", "queryid", "query", "q"];
const TAGS: [&str; 6] = ["tag", "cmd", "command", "command_tag", "ps", "i"];

/// A time at the start, and behind it `name=value` and `user@database`. What has no label is not looked at.
fn labelled(text: &str) -> Option<LogEntry> {
    // The longest start that is a time: `2026-11-28 03:14:13.323 UTC`.
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]).take_while(|at| *at <= 40);
    let ends = starts.filter(|at| text[*at..].chars().next().is_none_or(|next| !next.is_alphanumeric()));
    let end = ends.filter(|at| Moment::parse(&text[..*at]).is_some()).last()?;
    let mut entry = LogEntry { time: text[..end].trim().to_owned(), hides_ps: true, ..LogEntry::default() };
    let rest = &text[end..];
    for word in
        rest.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '[' | ']' | '(' | ')' | ';' | '|'))
    {
        if let Some((label, value)) = word.split_once('=') {
            let value =
                Some(value.trim_matches(['"', '\'', ':'])).filter(|value| !value.is_empty() && *value != "unknown");
            let Some(value) = value else { continue };
            let is = |known: &[&str]| known.contains(&label.to_ascii_lowercase().as_str());
            if is(&DATABASES) {
                entry.database = Some(value.to_owned());
            } else if is(&USERS) {
                entry.user = Some(value.to_owned());
            } else if is(&APPLICATIONS) {
                entry.application_name = Some(value.to_owned());
            } else if is(&QUERIES) {
                entry.query_id = value.parse().ok();
            } else if is(&TAGS) {
                entry.hides_ps = false;
                entry.ps = Some(value.to_owned());
            }
        } else if let Some((user, database)) = word.trim_matches(':').rsplit_once('@')
            && !user.is_empty()
            && !database.is_empty()
            && entry.database.is_none()
        {
            // RDS writes host(port):user@database:[pid].
            entry.user = Some(user.rsplit(':').next().unwrap_or(user).to_owned());
            entry.database = Some(database.split(':').next().unwrap_or(database).to_owned());
        }
    }
    Some(entry)
}
