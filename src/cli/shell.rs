//! What shells and manual readers want of the command line.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::output_path;
use super::output::Output;
use super::{Arguments, Exit, Outcome};
use crate::store::{Durability, OutputKind, write_over};

/// Print the completions of a shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  telltape completions bash > ~/.local/share/bash-completion/completions/telltape
  telltape completions zsh > ~/.zfunc/_telltape")]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

/// Write the manual pages: telltape.1 and one a command
#[derive(clap::Args)]
#[command(after_help = "Example: telltape man ~/.local/share/man/man1; man telltape-run")]
pub(super) struct Man {
    /// The folder to write them to
    #[arg(value_parser = output_path())]
    folder: PathBuf,
}

impl Completions {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "telltape", &mut text);
        output.script(&String::from_utf8_lossy(&text));
        Ok(Exit::Ok)
    }
}

impl Man {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let mut command = Arguments::command();
        command.build();
        let mut pages = Vec::new();
        page(&command, &mut pages);
        for (name, text) in pages {
            let path = self.folder.join(format!("{name}.1"));
            write_over(&path, &text, Durability::Atomic, OutputKind::marked(&text, ".TH telltape"))?;
            output.note(path.display().to_string());
        }
        Ok(Exit::Ok)
    }
}

/// The page of a command and of those below it.
fn page(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) {
    let name = command.get_display_name().unwrap_or("telltape").to_owned();
    let mut text = Vec::new();
    // Into memory: it cannot fail.
    let written = clap_mangen::Man::new(command.clone()).render(&mut text);
    debug_assert!(written.is_ok());
    pages.push((name, text));
    command.get_subcommands().filter(|below| below.get_name() != "help").for_each(|below| page(below, pages));
}
