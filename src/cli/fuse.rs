use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::output::{Output, Text};
use super::{Exit, Outcome};
use crate::evaluate::{Grouping, fuse, group_episodes_csv, read_spans};
use crate::store::{Durability, OutputKind, write_over};

/// Fuse the episodes of channels to those of their groups, such as servers
#[derive(clap::Args)]
#[command(after_help = "\
A group has an episode while at least K of its channels have one; it is detected when K were. The table has motif (of the
channel that was detected first), channel (the group), t_start, t_end, t_detected and channels, with ` & ` between.

Example: telltape fuse out/db/episodes.csv --group-by '#' --at-least 2 --out servers.csv")]
pub(super) struct FuseCommand {
    /// Episodes; an episodes.csv, or the table of any detector
    #[arg(value_name = "FILE")]
    episodes: PathBuf,
    /// What stands between the name of a group and the rest of the name of a channel; without it all are one group
    #[arg(long, value_name = "SEPARATOR")]
    group_by: Option<String>,
    /// Channels of a group that must have an episode at a time
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    at_least: u32,
    /// The table to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct FusedJson {
    table: String,
    groups: usize,
    episodes: usize,
}

impl FuseCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let spans = read_spans(&self.episodes)?;
        let episodes = fuse(&spans, &Grouping { separator: self.group_by }, self.at_least as usize);
        let bytes = group_episodes_csv(&episodes);
        let kind = OutputKind::marked(&bytes, "motif,channel,t_start,t_end,t_detected,channels");
        write_over(&self.out, &bytes, Durability::Atomic, kind)?;
        let mut groups: Vec<&str> = episodes.iter().map(|episode| episode.group.as_str()).collect();
        groups.dedup();
        let json = FusedJson { table: self.out.display().to_string(), groups: groups.len(), episodes: episodes.len() };
        output.data(&json, || {
            [format!("{}: {} episodes of {} groups", json.table, json.episodes, json.groups)].iter().collect::<Text>()
        });
        Ok(Exit::Ok)
    }
}
