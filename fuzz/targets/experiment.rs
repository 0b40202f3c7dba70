//! An experiment file, and one as a result of another program would be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape::experiment::{Experiment, ExperimentOutcome, Project};
use telltape_fuzz::{file, folder};

fuzz_target!(|bytes: &[u8]| {
    let path = file("experiment.toml", bytes);
    let _ = Experiment::read(&path, folder());
    // A live one, too.
    let _ = Project::here(folder()).select_all(&[path.display().to_string()]);
    let _ = ExperimentOutcome::read(&path);
});
