//! From what was observed of a service to points, each with its reason. Everything here is a pure
//! function of the examination and the rubric, so a regrade needs no run.

use serde::{Deserialize, Serialize};

use crate::record::exam::Exam;

pub use flaw::{Flaw, find as find_flaws, known as known_flaws, untold as untold_flaws};
pub use rubric::{Rubric, RubricError, builtin, builtin_names};
pub use score::{Outcome, Score, Scored};

pub mod class;
pub mod diff;
pub mod feedback;
mod flaw;
pub mod format;
pub mod lms;
mod measure;
mod rubric;
mod score;

/// Version of the layout below.
pub const SCHEMA: &str = "breaklab/grade/v1";

/// What became of a grading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// There are points.
    Graded,
    /// Something could not be measured; its points are open.
    Inconclusive,
    /// The service could not be examined at all: no points, and no zero either.
    Ungradable,
}

/// The grade of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grade {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of breaklab.
    pub version: String,
    /// What was examined.
    pub target: String,
    /// Salt of the examination.
    pub salt: String,
    /// Whether there are points.
    pub status: Status,
    /// Why not, in words; empty when graded.
    pub reason: String,
    /// Points.
    pub score: f64,
    /// Points that could be had.
    pub max_score: f64,
    /// One entry a rubric.
    pub rubrics: Vec<Score>,
    /// Flaws by id, with their evidence.
    pub flaws: Vec<Flaw>,
}

/// Grades `exam` by `rubrics`.
#[must_use]
pub fn grade(exam: &Exam, rubrics: &[Rubric]) -> Grade {
    let flaws = find_flaws(exam);
    let failed = exam.preflight.iter().find(|check| !check.passed);
    let rubrics: Vec<Score> = rubrics
        .iter()
        .map(|rubric| score::score(exam, rubric, failed.is_some()))
        .collect();
    let open = rubrics
        .iter()
        .flat_map(|rubric| &rubric.criteria)
        .filter(|one| one.outcome == Outcome::Inconclusive);
    let open: Vec<&str> = open.map(|one| one.id.as_str()).collect();
    let (status, reason) = match failed {
        Some(check) => (Status::Ungradable, format!("{}: {}", check.id, check.said)),
        None if exam.preflight.is_empty() => {
            (Status::Ungradable, "nothing was examined".to_owned())
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
        status,
        reason,
        score: round(rubrics.iter().map(|rubric| rubric.score).sum()),
        max_score: round(rubrics.iter().map(|rubric| rubric.max_score).sum()),
        rubrics,
        flaws,
    }
}

/// Points are told in hundredths; no points are 0 and not -0.
fn round(points: f64) -> f64 {
    (points * 100.0).round() / 100.0 + 0.0
}

impl Grade {
    /// Share of the points, 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        if self.max_score > 0.0 {
            self.score / self.max_score
        } else {
            0.0
        }
    }

    /// All criteria with the name of their rubric.
    pub fn criteria(&self) -> impl Iterator<Item = (&str, &Scored)> {
        self.rubrics.iter().flat_map(|rubric| {
            rubric
                .criteria
                .iter()
                .map(|one| (rubric.rubric.as_str(), one))
        })
    }
}
