//! The grade of one service.

use serde::{Deserialize, Serialize};

use super::behaviour::Behaviour;
use super::flaw::Flaw;
use super::score::{Score, Scored};
use crate::record::exam::Isolation;

/// Version of the layout below.
pub const SCHEMA: &str = "breaklab/grade/v2";

/// What became of a grading.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// There are points.
    Graded,
    /// Something could not be told; its points are open.
    Inconclusive,
    /// The service could not be examined at all: no points, and no zero either.
    Ungradable,
}

impl Status {
    /// As it is spelt in JSON and CSV.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
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
    /// How the service was kept apart from the grader; absent for one that ran already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Whether there are points.
    pub status: Status,
    /// Why not, in words; empty when graded.
    pub reason: String,
    /// Points.
    pub score: f64,
    /// Points that could be had: those of all rubrics without what is open.
    pub max_score: f64,
    /// Points of what could not be told, which are neither given nor lost.
    #[serde(default)]
    pub open: f64,
    /// One entry a rubric.
    pub rubrics: Vec<Score>,
    /// Flaws by id, with their evidence.
    pub flaws: Vec<Flaw>,
    /// What is the author's own in how it behaves; never a part of the points.
    #[serde(default)]
    pub behaviour: Behaviour,
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
