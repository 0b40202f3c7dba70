//! How a property is run: a printed seed, a number of cases, scratch space, and a check that the cases say something.

use std::cell::Cell;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use tempfile::TempDir;

/// One property about generated inputs.
pub(crate) struct Property {
    /// `file!()` of the caller: the file that failing seeds are kept beside.
    pub(crate) source: &'static str,
    /// What is printed with the seed.
    pub(crate) name: &'static str,
    /// How many inputs.
    pub(crate) cases: u32,
}

impl Property {
    /// Holds every generated input against `test`, which also gets a folder to write to and returns how much it found
    /// (episodes, accepted lines ...). Returns the sum, so that the caller can tell that the inputs are not vacuous.
    pub(crate) fn holds<S: Strategy>(
        &self,
        inputs: &S,
        test: impl Fn(S::Value, &Path) -> Result<usize, String>,
    ) -> usize
    where
        S::Value: std::fmt::Debug,
    {
        let folder = scratch();
        let seed = match Config::default().rng_seed {
            RngSeed::Fixed(seed) => seed,
            RngSeed::Random => rand_seed(),
        };
        let cases = self.cases * factor();
        println!("{}: {cases} cases, PROPTEST_RNG_SEED={seed}", self.name);
        let config = Config { cases, rng_seed: RngSeed::Fixed(seed), ..Config::with_source_file(self.source) };
        let found = Cell::new(0);
        let outcome = TestRunner::new(config).run(inputs, |input| {
            found.set(found.get() + test(input, folder.path()).map_err(TestCaseError::fail)?);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{} (PROPTEST_RNG_SEED={seed}): {error}", self.name);
        }
        println!("{}: {} found", self.name, found.get());
        found.get()
    }
}

/// A temporary folder, in memory where there is one: sealing a tape syncs it, thousands of times here.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}

fn rand_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("seed")
}

fn factor() -> u32 {
    std::env::var("CONFORMANCE_FACTOR").map_or(1, |text| text.parse().expect("CONFORMANCE_FACTOR is a whole number"))
}
