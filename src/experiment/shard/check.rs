//! What a plan has to be before anything is done with it. Its digest keeps nobody from writing another one.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path};

use serde::Deserialize;

use super::plan::{LARGEST_PLAN, build};
use super::problem::{PlanProblem, ShardProblem, UnitProblem};
use super::{CONTRACT, Shard, ShardError, ShardPlan, ShardUnit, Work};
use crate::diagnostics::Place;
use crate::residual::Class;
use crate::store::StoreError;

/// Bytes of the longest name: that of most file systems.
const LONGEST_NAME: usize = 255;

impl ShardPlan {
    /// Reads a plan, and checks that this program may run it.
    ///
    /// # Errors
    /// When it cannot be read, is not a plan, or is for another build of telltape.
    pub fn read(path: &Path) -> Result<Self, ShardError> {
        let bad = |problem: PlanProblem| ShardError::Plan { place: Place::file(path), problem };
        let text = read_bounded(path)?.ok_or_else(|| bad(PlanProblem::TooLarge { mib: LARGEST_PLAN >> 20 }))?;
        let plan: Self = serde_json::from_slice(&text).map_err(|error| bad(not_a_plan(&text, error)))?;
        if plan.contract != CONTRACT {
            return Err(bad(PlanProblem::Contract { contract: plan.contract }));
        }
        let here = program_name(env!("CARGO_PKG_VERSION"), &build()?);
        let there = program_name(&plan.program, &plan.build);
        if here != there {
            return Err(ShardError::OtherProgram { place: Place::file(path), here, there });
        }
        if plan.digest != plan.own_digest() {
            return Err(bad(PlanProblem::Changed));
        }
        plan.check().map_err(bad)?;
        Ok(plan)
    }

    /// That the plan is one which this program could have made. All that follows from its units is made again.
    pub(super) fn check(&self) -> Result<(), PlanProblem> {
        if self.shards.is_empty() {
            return Err(PlanProblem::NoShards);
        }
        for (ordinal, shard) in self.shards.iter().enumerate() {
            let wrong = |problem| PlanProblem::Shard { ordinal, problem };
            if shard.units.is_empty() {
                return Err(wrong(ShardProblem::NoUnits));
            }
            let made = Shard::new(&self.work, ordinal, shard.units.clone());
            let differs = [
                ("id", made.id != shard.id),
                ("bytes", made.bytes != shard.bytes),
                ("gives", made.gives != shard.gives),
            ];
            if let Some((key, _)) = differs.into_iter().find(|(_, differs)| *differs) {
                return Err(wrong(ShardProblem::Key { key }));
            }
            for (ordinal, unit) in shard.units.iter().enumerate() {
                check_unit(&self.work, unit).map_err(|problem| wrong(ShardProblem::Unit { ordinal, problem }))?;
            }
        }
        self.check_names()
    }

    /// Each name once, in order; or once a class, of the same tape.
    fn check_names(&self) -> Result<(), PlanProblem> {
        let units: Vec<&ShardUnit> = self.shards.iter().flat_map(|shard| &shard.units).collect();
        let of_names: Vec<&[&ShardUnit]> = units.chunk_by(|a, b| a.name == b.name).collect();
        if of_names.windows(2).any(|pair| pair[0][0].name >= pair[1][0].name) {
            return Err(PlanProblem::Order);
        }
        let is_whole = |units: &[&ShardUnit]| match units {
            [unit] => unit.class.is_none(),
            units => {
                let same = |unit: &&ShardUnit| {
                    (&unit.input, &unit.sha256, unit.bytes) == (&units[0].input, &units[0].sha256, units[0].bytes)
                };
                units.iter().map(|unit| unit.class).eq(Class::ALL.map(Some)) && units.iter().all(same)
            }
        };
        match of_names.iter().position(|units| !is_whole(units)) {
            None => Ok(()),
            Some(ordinal) => Err(PlanProblem::NotWhole { ordinal }),
        }
    }
}

fn check_unit(work: &Work, unit: &ShardUnit) -> Result<(), UnitProblem> {
    if !is_plain(&unit.name) {
        return Err(UnitProblem::Name);
    }
    if unit.sha256.len() != 64 || !unit.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(UnitProblem::Digest);
    }
    let has_experiment = unit.experiment.is_some() && unit.file.is_some() && !unit.digests.is_empty();
    let fits = match work {
        Work::Replay(_) => {
            unit.input.is_some() && unit.file.is_none() && unit.experiment.is_none() && unit.digests.is_empty()
        }
        Work::Run => has_experiment && unit.class.is_none(),
    };
    if !fits {
        return Err(UnitProblem::Keys);
    }
    let is_outside = |input: &Path| {
        let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        !input.components().all(stays) || input.as_os_str().is_empty() || input.to_string_lossy().contains('\0')
    };
    match &unit.input {
        // The input of an experiment is what its text names.
        Some(input) if matches!(work, Work::Replay(_)) && is_outside(input) => {
            Err(UnitProblem::Outside { path: input.clone() })
        }
        _ => Ok(()),
    }
}

/// Whether a name can become a part of a path, and stays in its folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains(['/', '\\', '\0']) && !name.starts_with('.')
}

/// How a program is called in messages: two builds of one version are told apart by their digests.
pub(super) fn program_name(version: &str, build: &str) -> String {
    format!("telltape {version} (build {})", build.get(..12).unwrap_or(build))
}

/// Why a text is not a plan; one of another contract is.
fn not_a_plan(text: &[u8], error: serde_json::Error) -> PlanProblem {
    #[derive(Deserialize)]
    struct Head {
        contract: u32,
    }
    match serde_json::from_slice::<Head>(text) {
        Ok(Head { contract }) if contract != CONTRACT => PlanProblem::Contract { contract },
        _ => PlanProblem::NotAPlan(error),
    }
}

/// A text that may be a plan; `None` if it has too many bytes. What is not there, or is not a file, is not a plan, now or later.
fn read_bounded(path: &Path) -> Result<Option<Vec<u8>>, ShardError> {
    let read = || {
        let mut text = Vec::new();
        File::open(path)?.take(LARGEST_PLAN + 1).read_to_end(&mut text)?;
        Ok::<_, io::Error>(text)
    };
    match read() {
        Ok(text) => Ok(Some(text).filter(|text| text.len() as u64 <= LARGEST_PLAN)),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            Err(ShardError::Plan { place: Place::file(path), problem: PlanProblem::Folder })
        }
        Err(error) => Err(StoreError::read(path)(error).into()),
    }
}
