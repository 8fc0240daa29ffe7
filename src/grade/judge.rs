//! From an examination and rubrics to a grade.

use super::behaviour;
use super::flaw;
use super::result::{Grade, SCHEMA, Status};
use super::rubric::Rubric;
use super::score::{self, Mark, Score};
use crate::record::exam::{Check, Exam, UPSTREAM};

/// Grades `exam` by `rubrics`.
#[must_use]
pub fn grade(exam: &Exam, rubrics: &[Rubric]) -> Grade {
    let flaws = flaw::find(exam);
    let failed = exam.preflight.iter().find(|check| !check.passed);
    let canned = failed.filter(|check| is_canned(exam, check));
    let rubrics: Vec<Score> = rubrics
        .iter()
        .map(|rubric| score::score(exam, rubric, failed.is_some()))
        .collect();
    let open = rubrics
        .iter()
        .flat_map(|rubric| &rubric.criteria)
        .filter(|one| one.mark == Mark::Inconclusive);
    let open: Vec<&str> = open.map(|one| one.id.as_str()).collect();
    let (status, reason) = match failed {
        Some(check) if canned.is_some() => {
            (Status::Graded, format!("{}: {}", check.id, check.said))
        }
        Some(check) => (Status::Ungradable, format!("{}: {}", check.id, check.said)),
        None if exam.preflight.is_empty() => {
            (Status::Ungradable, "nothing was examined".to_owned())
        }
        // Somebody should look whether the service was slow, or this machine.
        None if !exam.unplayed.is_empty() => {
            let names: Vec<&str> = exam.unplayed.iter().map(String::as_str).collect();
            let reason = format!("the time was over before {}", names.join(", "));
            (Status::Inconclusive, reason)
        }
        None if !open.is_empty() => (
            Status::Inconclusive,
            format!("could not be measured: {}", open.join(", ")),
        ),
        None => (Status::Graded, String::new()),
    };
    Grade {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: exam.target.clone(),
        salt: exam.salt.clone(),
        isolation: exam.isolation,
        status,
        reason,
        score: score::round(rubrics.iter().map(|rubric| rubric.score).sum()),
        max_score: score::round(rubrics.iter().map(|rubric| rubric.max_score).sum()),
        open: score::round(rubrics.iter().map(|rubric| rubric.open).sum()),
        rubrics,
        flaws,
        behaviour: behaviour::of(exam),
    }
}

/// Whether a service that was started for the examination documented without a single call: those are
/// no points, and not no grade. One that ran already may ask another API than ours.
fn is_canned(exam: &Exam, failed: &Check) -> bool {
    let runs_already = exam.target.starts_with("http://");
    failed.id == UPSTREAM && !runs_already
}
