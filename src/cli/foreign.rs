use std::path::PathBuf;

use super::Exit;
use super::failure::Failure;
use super::output::Output;
use crate::diagnostics::FailureKind;

/// Reports files under `results/` that no expected result lists. A table among them would pass for one that was compared,
/// and is an error; all others are noted.
pub(super) fn report_files(files: &[PathBuf], output: &Output) -> Exit {
    let (tables, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
        files.iter().partition(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")));
    note_files(others, output);
    for path in &tables {
        let text = format!(
            "`{}` is a table that no expected result lists, and is compared with nothing; move it out of `results/`",
            path.display()
        );
        output.error(&Failure::new(FailureKind::Orphan, text));
    }
    if tables.is_empty() { Exit::Ok } else { Exit::NoExpected }
}

/// Notes files that no expected result lists.
pub(super) fn note_files<'a>(files: impl IntoIterator<Item = &'a PathBuf>, output: &Output) {
    for path in files {
        output.note(format!("`{}` is listed by no expected result, and is kept", path.display()));
    }
}
