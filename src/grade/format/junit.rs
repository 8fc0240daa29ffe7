//! JUnit XML: a suite a rubric, a case a criterion.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::super::feedback::said;
use super::super::score::{Mark, Scored};
use super::super::{Grade, Status};
use super::message;
use crate::text::figures::points;
use crate::text::{self, block, line};

/// The grade as JUnit XML. The strict schema allows neither properties nor files, so points and the page
/// stand in `system-out`.
pub(super) fn junit(grade: &Grade) -> String {
    let mut report = Report::new("breaklab");
    for rubric in &grade.rubrics {
        let mut suite = TestSuite::new(line(&rubric.rubric));
        suite.set_time(Duration::ZERO);
        for one in &rubric.criteria {
            let mut case = TestCase::new(line(&one.title), status(grade, one));
            let score = format!("{}/{}", points(one.points), points(one.max_points));
            case.set_classname(line(&rubric.rubric))
                .set_time(Duration::ZERO)
                .set_system_out(format!(
                    "[[PROPERTY|score={score}]]\n[[ATTACHMENT|feedback.html]]"
                ));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    text::junit(&report)
}

fn status(grade: &Grade, one: &Scored) -> TestCaseStatus {
    // What the harness could not tell is its error and not the student's failure.
    let untold = one.mark == Mark::Skipped && grade.status == Status::Ungradable;
    match one.mark {
        Mark::Passed => TestCaseStatus::success(),
        Mark::Skipped if !untold => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("not examined");
            status
        }
        Mark::Inconclusive | Mark::Skipped => {
            let why = match grade.reason.as_str() {
                "" => block(&message(one)),
                reason => said(reason),
            };
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status
                .set_message("could not be measured")
                .set_type("harness")
                .set_description(why);
            status
        }
        Mark::Partial | Mark::Failed => {
            let (got, most) = (points(one.points), points(one.max_points));
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(format!("{got} of {most} points"))
                .set_type("criterion")
                .set_description(block(&message(one)));
            status
        }
    }
}
