//! JUnit XML: one test case per rule and run.

use maud::{Markup, PreEscaped, html};

use super::{clean, number};
use crate::gate::{Finding, Judgement, Verdict};

/// The judgement as JUnit XML. *Cannot tell* is an error, so that no viewer shows it as green.
#[must_use]
pub fn junit(judgement: &Judgement) -> String {
    let tests = judgement.findings.len() + judgement.obstacles.len();
    let errors = judgement.count(Verdict::CannotTell) + judgement.obstacles.len();
    let failures = judgement.count(Verdict::Failed);
    let skipped = judgement.count(Verdict::NotApplicable);
    let suite = html! {
        testsuites name="breaklab gate" tests=(tests) failures=(failures) errors=(errors) {
            testsuite name="breaklab gate" tests=(tests) failures=(failures) errors=(errors) skipped=(skipped) {
                @for obstacle in &judgement.obstacles {
                    testcase classname="comparison" name="the two runs can be compared" {
                        error message=(clean(&obstacle.why)) { (clean(&obstacle.mend)) }
                    }
                }
                @for finding in &judgement.findings {
                    testcase classname=(clean(&format!("{}.{}", finding.scenario, finding.mode))) name=(clean(&finding.rule)) {
                        (outcome(finding))
                    }
                }
            }
        }
    };
    // maud names no XML elements of its own, so the declaration is put before them.
    html! { (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")) (suite) (PreEscaped("\n")) }
        .into_string()
}

fn outcome(finding: &Finding) -> Markup {
    let numbers = format!(
        "baseline {}, current {}, bound {}",
        number(finding.baseline, finding.unit),
        number(finding.current, finding.unit),
        number(finding.bound, finding.unit)
    );
    let why = clean(&finding.why);
    match finding.verdict {
        Verdict::Passed => html! {},
        Verdict::Failed => html! { failure message=(numbers) { (why) } },
        Verdict::CannotTell => html! { error message=(why) { (numbers) } },
        Verdict::NotApplicable => html! { skipped message=(why) {} },
    }
}
