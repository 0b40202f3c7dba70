use clap::Subcommand;

use super::output::{Output, Text};
use super::{Exit, Out, Outcome};
use crate::diagnostics::counted;
use crate::experiment;

/// Clean up the outputs that later runs are spared work by
#[derive(clap::Args)]
pub(super) struct CacheCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Remove the outputs of experiments that there are no more
    Gc {
        #[command(flatten)]
        out: Out,
    },
}

impl CacheCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let Action::Gc { out } = self.action;
        let project = out.project()?;
        let selection = project.select(&[])?;
        let _lock = project.lock()?;
        let collected = experiment::collect(&project, &selection.experiments)?;
        output.data(&collected, || {
            let lines = collected.removed.iter().map(|path| format!("removed {}", path.display()));
            let kept = collected.kept.iter().map(|path| {
                format!("kept {}: not as the last result lists it, or not listed; remove it yourself", path.display())
            });
            let total = format!("{}, {} KiB", counted(collected.removed.len(), "folder"), collected.bytes / 1024);
            lines.chain(kept).chain([total]).collect::<Text>()
        });
        Ok(Exit::Ok)
    }
}
