use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};

use crate::experiment::chain::Stage;

/// The steps that can be skipped, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Step {
    /// Input to tape.
    Convert,
    /// Tape to episodes.
    Replay,
    /// Everything that `[evaluate]` asks for.
    Evaluate,
}

impl Step {
    /// All steps, in the order in which they run.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in JSON and in the cache.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The stages that it makes.
    #[must_use]
    pub const fn makes(self) -> &'static [Stage] {
        match self {
            Self::Convert => &[Stage::Tape],
            Self::Replay => &[Stage::Stream, Stage::Episodes],
            Self::Evaluate => &[Stage::Tables],
        }
    }

    /// The stages that it reads: of those that its own are made from the nearest that are there before it runs.
    #[must_use]
    pub fn reads(self) -> BTreeSet<Stage> {
        let mut reads = BTreeSet::new();
        let mut open = self.makes().to_vec();
        while let Some(stage) = open.pop() {
            let (kept, made_again): (Vec<Stage>, Vec<Stage>) =
                stage.made_from().iter().partition(|from| from.is_kept());
            reads.extend(kept);
            open.extend(made_again);
        }
        reads
    }
}
