//! Verdicts as JUnit XML, which CI systems show.

use std::path::Path;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::failure::Failure;
use crate::experiment::{ExperimentReport, Verdict};
use crate::store::{Durability, OutputKind, Shown, StoreError, write_over};

pub(super) fn write(path: &Path, reports: &[ExperimentReport]) -> Result<(), StoreError> {
    let mut suite = TestSuite::new("experiments");
    suite.add_test_cases(reports.iter().map(case));
    let mut junit = quick_junit::Report::new("telltape");
    junit.add_test_suite(suite);
    let text = junit.to_string().expect("texts are written as XML");
    let kind = OutputKind::marked(text.as_bytes(), "<testsuites name=\"telltape\"");
    write_over(path, text.as_bytes(), Durability::Atomic, kind).map(drop)
}

fn case(report: &ExperimentReport) -> TestCase {
    let bad = |kind: NonSuccessKind, message: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message);
        status
    };
    let status = match &report.verdict {
        Err(error) => bad(NonSuccessKind::Error, Shown::line(Failure::from(error).message()).to_string()),
        Ok(Verdict::Differs) => {
            let stage = report.stages.iter().find(|row| !row.is_same()).map_or("counts", |row| row.stage.name());
            let explain = format!("differs from stage `{stage}` on; telltape explain {}", Shown::plain(&report.name));
            bad(NonSuccessKind::Failure, explain)
        }
        Ok(Verdict::Missed { reason }) => bad(NonSuccessKind::Failure, Shown::line(reason).to_string()),
        Ok(Verdict::NoExpected) => bad(
            NonSuccessKind::Failure,
            format!("nothing to compare with; telltape accept {}", Shown::plain(&report.name)),
        ),
        Ok(Verdict::Skipped { reason }) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(Shown::line(reason).to_string());
            status
        }
        _ => TestCaseStatus::success(),
    };
    TestCase::new(Shown::plain(&report.name).to_string(), status)
}
