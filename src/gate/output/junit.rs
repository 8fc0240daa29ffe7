//! JUnit XML: one test case per rule and run.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::gate::{Finding, Judgement, Verdict};
use crate::text::figures::measured;
use crate::text::{self, line};

/// The judgement as JUnit XML. *Cannot tell* is an error, so that no viewer shows it as green.
#[must_use]
pub fn junit(judgement: &Judgement) -> String {
    let mut suite = TestSuite::new("breaklab gate");
    for obstacle in &judgement.obstacles {
        let status = unlike(NonSuccessKind::Error, &obstacle.why, &obstacle.mend);
        let mut case = TestCase::new("the two runs can be compared", status);
        case.set_classname("comparison");
        suite.add_test_case(case);
    }
    for finding in &judgement.findings {
        let mut case = TestCase::new(line(&finding.rule), status(finding));
        case.set_classname(line(&format!("{}.{}", finding.scenario, finding.mode)));
        suite.add_test_case(case);
    }
    let mut report = Report::new("breaklab gate");
    report.add_test_suite(suite);
    text::junit(&report)
}

fn status(finding: &Finding) -> TestCaseStatus {
    let numbers = format!(
        "baseline {}, current {}, bound {}",
        measured(finding.baseline, finding.unit),
        measured(finding.current, finding.unit),
        measured(finding.bound, finding.unit)
    );
    match finding.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => unlike(NonSuccessKind::Failure, &numbers, &finding.why),
        Verdict::CannotTell => unlike(NonSuccessKind::Error, &finding.why, &numbers),
        Verdict::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(line(&finding.why));
            status
        }
    }
}

/// A case that did not succeed: in a sentence, and what else there is to say.
fn unlike(kind: NonSuccessKind, message: &str, more: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_message(line(message))
        .set_description(line(more));
    status
}
