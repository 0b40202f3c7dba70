use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::Exit;
use super::failure::Failure;
pub(super) use super::text::{Text, TextLine, Tone, table};
use crate::store::{Shown, is_hidden, visible_json};

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
    pub(super) fn data<T: Into<Text>>(&self, json: &impl Serialize, text: impl FnOnce() -> T) {
        if self.json {
            let mut json = serde_json::to_string_pretty(json).expect("outputs have string keys");
            json.push('\n');
            print(&visible_json(&json));
        } else {
            print(text().into().as_str());
        }
    }

    /// A script that we write ourselves, in which nothing from outside is.
    pub(super) fn script(&self, text: &str) {
        print(text);
    }

    /// A message to people.
    pub(super) fn note(&self, message: impl Into<TextLine>) {
        if !self.quiet {
            print_line(&message.into());
        }
    }

    /// The same while a bar moves.
    pub(super) fn note_above(&self, bar: &ProgressBar, message: impl Into<TextLine>) {
        if bar.is_hidden() {
            self.note(message);
        } else {
            bar.println(message.into().as_str());
        }
    }

    /// An error that does not end the command.
    pub(super) fn error(&self, failure: &Failure) {
        print_line(&self.paint(Tone::Bad, "error:").then(" ").then(failure.message()));
    }

    /// An error of one of several things that the command works on.
    pub(super) fn error_of(&self, name: &str, failure: &Failure) {
        print_line(&self.paint(Tone::Bad, "error:").then(format!(" {}: ", Shown::plain(name))).then(failure.message()));
    }

    /// The error that ends the command.
    pub(super) fn fail(&self, failure: &Failure) {
        if self.json {
            print_failure_as_json(failure);
        }
        self.error(failure);
    }

    pub(super) fn paint(&self, tone: Tone, text: &str) -> TextLine {
        if self.color { TextLine::painted(tone, text) } else { text.into() }
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
}

/// `{"error": …}` in place of a command's data.
pub(super) fn print_failure_as_json(failure: &Failure) {
    let json = serde_json::json!({ "error": failure.json() });
    print(&visible_json(&format!("{json:#}\n")));
}

/// What the parser of arguments says, which repeats them.
pub(super) fn print_usage(error: &clap::Error) -> std::io::Result<()> {
    let raw = error.render().to_string();
    let mut text = raw.clone();
    // A name with a line end in it must not look like a line of ours.
    for argument in std::env::args().filter(|argument| argument.contains(['\n', '\r'])) {
        text = text.replace(&argument, &Shown::line(&argument).to_string());
    }
    if text != raw || text.lines().any(|line| line.chars().any(is_hidden)) {
        text.lines().for_each(|line| print_line(&line.into()));
        return Ok(());
    }
    error.print()?;
    std::io::stdout().flush()
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
    print_line(&format!("error: cannot write to stdout: {error}").into());
    Exit::Internal
}

/// A line to stderr; if that is closed, nobody is listening.
fn print_line(line: &TextLine) {
    let _ = writeln!(std::io::stderr(), "{}", line.as_str());
}
