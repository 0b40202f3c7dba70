//! Generators of streams whose faults are known: the perturbed TPC-DS stream and the exemplars.

mod exemplar;
mod perturbed;
mod random;

pub use exemplar::exemplar;
pub use perturbed::perturbed;

use crate::residual::Stream;
use crate::residual::{Class, Math, StreamBuilder, formula};
use crate::trace::Dataset;

/// What to generate; with the seed and the logarithms it decides every byte of the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Generator {
    /// Half an hour of TPC-DS with five planted faults of `scale` times their published size.
    Perturbed {
        /// 1 is the published size, 0 plants nothing but noise.
        scale: f64,
    },
    /// A stylised trace of one data set with one planted fault.
    Exemplar {
        /// One of [`Generator::EXEMPLARS`].
        dataset: Dataset,
    },
}

impl Generator {
    /// The data sets that have an exemplar.
    pub const EXEMPLARS: [Dataset; 6] =
        [Dataset::Snowset, Dataset::Sqlshare, Dataset::SqlshareText, Dataset::Ceb, Dataset::Job, Dataset::Tpcds];

    /// The stream for `seed`; `None` if the data set has no exemplar.
    #[must_use]
    pub fn stream(self, seed: u64, math: Math) -> Option<Stream> {
        match self {
            Self::Perturbed { scale } => Some(perturbed(seed, scale, math)),
            Self::Exemplar { dataset } => exemplar(dataset, seed, math),
        }
    }
}

/// Pushes residuals of known-finite generated numbers.
struct Emitter {
    math: Math,
    samples: StreamBuilder,
}

impl Emitter {
    fn new(math: Math) -> Self {
        Self { math, samples: StreamBuilder::default() }
    }

    fn push(&mut self, t: f64, class: Class, value: f64, channel: &str) {
        self.samples.push(t, class, value, channel).expect("generators make finite numbers from finite parameters");
    }

    fn latency(&mut self, t: f64, channel: &str, latency: f64, baseline: f64) {
        self.push(t, Class::PlanRegression, formula::latency(latency, baseline), channel);
    }

    fn cardinality(&mut self, t: f64, channel: &str, estimated: f64, actual: f64) {
        self.push(t, Class::Cardinality, formula::cardinality(self.math, estimated, actual), channel);
    }

    fn hit_ratio(&mut self, t: f64, channel: &str, expected: f64, observed: f64) {
        self.push(t, Class::CacheIo, formula::hit_ratio(expected, observed), channel);
    }

    fn phase(&mut self, t: f64, channel: &str, divergence: f64) {
        self.push(t, Class::WorkloadPhase, divergence, channel);
    }
}
