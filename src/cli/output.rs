use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::Exit;
use super::failure::Failure;

/// When to colour text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a text says of what it colours.
#[derive(Clone, Copy)]
pub(super) enum Tone {
    Good,
    Bad,
    Note,
}

/// Where text, data and progress go: data to stdout, everything else to stderr.
pub(super) struct Output {
    pub(super) json: bool,
    quiet: bool,
    color: bool,
}

impl Output {
    pub(super) fn new(json: bool, quiet: bool, color: Color) -> Self {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                !refused && std::io::stdout().is_terminal()
            }
        };
        Self { json, quiet, color }
    }

    /// Data: JSON where that was asked for, otherwise text.
    pub(super) fn data(&self, json: &impl Serialize, text: impl FnOnce() -> String) {
        if self.json {
            let mut json = serde_json::to_string_pretty(json).expect("outputs have string keys");
            json.push('\n');
            print(&json);
        } else {
            print(&text());
        }
    }

    /// Data that is text in any case, such as a script.
    pub(super) fn text(&self, text: &str) {
        print(text);
    }

    /// A message to people.
    pub(super) fn note(&self, message: &str) {
        if !self.quiet {
            say(message);
        }
    }

    /// An error that does not end the command.
    pub(super) fn error(&self, failure: &Failure) {
        say(&format!("{} {}", self.paint(Tone::Bad, "error:"), printable(failure.message())));
    }

    /// An error of one of several things that the command works on.
    pub(super) fn error_of(&self, name: &str, failure: &Failure) {
        say(&format!("{} {name}: {}", self.paint(Tone::Bad, "error:"), printable(failure.message())));
    }

    /// The error that ends the command.
    pub(super) fn fail(&self, failure: &Failure) {
        if self.json {
            print_failure_as_json(failure);
        }
        self.error(failure);
    }

    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
            Tone::Note => 33,
        };
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A bar on a terminal, nothing elsewhere.
    pub(super) fn bar(&self, total: Option<u64>, template: &str) -> ProgressBar {
        let hidden = self.quiet || !std::io::stderr().is_terminal();
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(total, target);
        bar.set_style(ProgressStyle::with_template(template).expect("templates are constants"));
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// Whether progress is told in plain lines.
    pub(super) fn plain_lines(&self) -> bool {
        !self.quiet && !std::io::stderr().is_terminal()
    }
}

/// `{"error": …}` in place of a command's data.
pub(super) fn print_failure_as_json(failure: &Failure) {
    let json = serde_json::json!({ "error": failure.json() });
    print(&format!("{json:#}\n"));
}

/// To stdout. A reader that has gone away is not an error of ours; data that is lost otherwise is.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        let exit = stdout_failed(&error);
        if exit != Exit::Ok {
            std::process::exit(i32::from(exit.code()));
        }
    }
}

/// What the exit code is when stdout cannot be written to.
pub(super) fn stdout_failed(error: &std::io::Error) -> Exit {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Exit::Ok;
    }
    say(&format!("error: cannot write to stdout: {error}"));
    Exit::Internal
}

/// A line to stderr; if that is closed, nobody is listening.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// One line that a terminal can be shown: names and values in messages come from files.
pub(super) fn printable(text: &str) -> String {
    let escape = |letter: char| -> String {
        if letter.is_control() { letter.escape_default().collect() } else { letter.to_string() }
    };
    text.chars().map(escape).collect()
}

/// Rows under headers, padded to columns; numbers to the right.
pub(super) fn table(headers: &[&str], numeric: &[bool], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| visible_width(&row[column]));
        cells.chain([headers[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headers.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let padding = " ".repeat(widths[column] - visible_width(cell));
            let separator = if column == 0 { "" } else { "  " };
            let padded = if numeric[column] { format!("{padding}{cell}") } else { format!("{cell}{padding}") };
            text.push_str(separator);
            text.push_str(&padded);
        }
        format!("{}\n", text.trim_end())
    };
    let header = line(headers.to_vec());
    rows.iter().fold(header, |text, row| text + &line(row.iter().map(String::as_str).collect()))
}

/// Characters of a cell without its colour codes.
fn visible_width(cell: &str) -> usize {
    let mut width = 0;
    let mut in_code = false;
    for letter in cell.chars() {
        match (in_code, letter) {
            (false, '\x1b') => in_code = true,
            (true, 'm') => in_code = false,
            (true, _) => {}
            (false, _) => width += 1,
        }
    }
    width
}
