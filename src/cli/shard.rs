use std::path::{Path, PathBuf};

use clap::Subcommand;
use schemars::JsonSchema;
use serde::Serialize;

use super::arguments::output_path;
use super::failure::Failure;
use super::output::{Output, Text};
use super::replay::EngineArguments;
use super::{Exit, Outcome, run, tapes};
use crate::diagnostics::counted;
use crate::experiment::Project;
use crate::experiment::shard::{
    MergedShards, ShardError, ShardPlan, Split, missing_shards, plan_experiments, plan_tapes, ready, run_shard,
};
use crate::motif::EngineKind;
use crate::store::{glob, is_glob};

/// Split work into shards that any cluster can run, and put the shards together again
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes of `run`: 0 done · 12 do not retry · 15 other bytes than before · 75 and 130 try again.
Of `merge`: those of `run` or `replay` · 14 refused. contrib/ has the glue for Dask, Spark, Slurm, Ray and Snakemake;
docs/cluster.md tells the rest.

Example, on one machine:
  telltape shard plan --root tapes '*.jsonl' --shards 8 --plan plan.json
  telltape shard plan --only done --plan plan.json |
    xargs -P 2 -I{} telltape shard run --plan plan.json --id {} --root tapes --out done
  telltape shard merge --plan plan.json --in done --out out")]
pub(super) struct ShardCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Plan(PlanArguments),
    Run(RunArguments),
    Merge(MergeArguments),
}

/// Write a plan of tapes or experiments, or name the shards of one that are still to be run
#[derive(clap::Args)]
struct PlanArguments {
    /// Tapes below the root, or globs of them; with --experiments names, paths or globs of experiments
    inputs: Vec<String>,
    /// Plan experiments instead of tapes; the root is that of the project
    #[arg(long)]
    experiments: bool,
    /// The plan to write; with --only the plan to read
    #[arg(long, value_name = "FILE", value_parser = output_path())]
    plan: PathBuf,
    /// The folder that inputs are relative to
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// How many shards, at most [default: one for each 128 MiB]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    shards: Option<u32>,
    /// Split tapes of so many bytes or more by class, such as 1G
    #[arg(long, value_name = "SIZE", value_parser = super::arguments::size)]
    by_class: Option<u64>,
    #[command(flatten)]
    engine: EngineArguments,
    /// Only print the identifiers of the shards that are not done in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["inputs", "experiments", "shards", "by_class"])]
    only: Option<PathBuf>,
}

/// Run one shard: verify its inputs, write its files, and last its marker ID.done.json
#[derive(clap::Args)]
struct RunArguments {
    /// The plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The shard
    #[arg(long, value_name = "ID")]
    id: String,
    /// The folder that inputs are relative to
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// The folder for the files of all shards
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Put all shards of a plan together: the files and the answer of a single `replay` or `run`
#[derive(clap::Args)]
struct MergeArguments {
    /// The plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The folder with the files of all shards
    #[arg(long = "in", value_name = "DIR")]
    shards: PathBuf,
    /// Formats of the episode tables; csv is always written
    #[arg(long, value_enum, value_delimiter = ',', default_value = "csv")]
    format: Vec<super::replay::EpisodeFormat>,
    #[command(flatten)]
    out: super::Out,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct PlannedShardsJson<'a> {
    plan: String,
    digest: &'a str,
    shards: Vec<&'a str>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ShardRunJson<'a> {
    id: &'a str,
    /// Whether it was done now; otherwise it had been done before.
    new: bool,
}

impl ShardCommand {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        match self.action {
            Action::Plan(arguments) => arguments.execute(output),
            Action::Run(arguments) => arguments.execute(output),
            Action::Merge(arguments) => arguments.execute(output),
        }
    }
}

impl PlanArguments {
    fn execute(self, output: &Output) -> Outcome {
        if let Some(folder) = &self.only {
            let plan = ShardPlan::read(&self.plan)?;
            let missing = missing_shards(&plan, folder)?;
            let shards = missing.iter().map(String::as_str).collect();
            let json = PlannedShardsJson { plan: self.plan.display().to_string(), digest: &plan.digest, shards };
            output.data(&json, || missing.iter().collect::<Text>());
            return Ok(Exit::Ok);
        }
        let shards = self.shards.map(|shards| shards as usize);
        let plan = if self.experiments {
            let project = Project::in_folder(&self.root, "out");
            let selection = project.select(&self.inputs)?;
            plan_experiments(&project, &selection.experiments, shards)?
        } else {
            let split = self.by_class.map_or(Split::Tape, |from_bytes| Split::Class { from_bytes });
            plan_tapes(&self.root, &below(&self.root, &self.inputs)?, self.engine.engine()?, split, shards)?
        };
        plan.write(&self.plan)?;
        let ids = plan.shards.iter().map(|shard| shard.id.as_str()).collect();
        let json = PlannedShardsJson { plan: self.plan.display().to_string(), digest: &plan.digest, shards: ids };
        output.data(&json, || {
            let units: usize = plan.shards.iter().map(|shard| shard.units.len()).sum();
            format!("{}: {} of {}", json.plan, counted(plan.shards.len(), "shard"), counted(units, "unit"))
        });
        Ok(Exit::Ok)
    }
}

/// The tapes that paths and globs below the root name, in order.
fn below(root: &Path, inputs: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for input in inputs {
        // A file may be called like a glob.
        if !is_glob(input) || root.join(input).is_file() {
            found.push(PathBuf::from(input));
            continue;
        }
        let matches = glob(root, input)?;
        if matches.is_empty() {
            return Err(Failure::usage(format!("`{input}` matches nothing below `{}`", root.display())));
        }
        found.extend(matches);
    }
    if found.is_empty() {
        return Err(Failure::usage("name the tapes to plan, or globs of them, below --root"));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

impl RunArguments {
    fn execute(self, output: &Output) -> Outcome {
        Project::in_folder(&self.root, &self.out).check_output()?;
        let run = || run_shard(&ShardPlan::read(&self.plan)?, &self.id, &self.root, &self.out);
        let new = run().map_err(|error: ShardError| Failure::from(&error).with_exit(error.exit_of_run()))?;
        let json = ShardRunJson { id: &self.id, new };
        output.data(&json, || format!("{}: {}", self.id, if new { "done" } else { "done before" }));
        Ok(Exit::Ok)
    }
}

impl MergeArguments {
    fn execute(self, output: &Output) -> Outcome {
        let plan =
            ShardPlan::read(&self.plan).map_err(|error| Failure::from(&error).with_exit(error.exit_of_merge()))?;
        let project = self.out.project()?;
        let engine = plan.engine().map_or_else(EngineKind::default, |engine| engine.kind());
        let ready = ready(&plan, &self.shards, &project)?;
        // Only now: a refused merge makes no folder.
        let _lock = project.lock()?;
        match ready.merge(&project)? {
            MergedShards::Results(reports) => run::report_results(&reports, &[], output),
            MergedShards::Tapes(merged) => {
                for tape in &merged {
                    self.format
                        .iter()
                        .try_for_each(|format| format.write(engine, &tape.episodes, &project.out(&tape.name)))?;
                }
                tapes::tell_merged(&merged, output)
            }
        }
    }
}
