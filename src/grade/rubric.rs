//! A rubric as data: which measures give how many points, and what the student reads.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::measure::{Measure, Place};
use crate::record::exam::Case;

mod lint;

/// Rubrics that are built in, by name.
const BUILTIN: [(&str, &str); 4] = [
    (
        "caching",
        include_str!("../../scenarios/rubrics/caching.toml"),
    ),
    (
        "chunking",
        include_str!("../../scenarios/rubrics/chunking.toml"),
    ),
    ("retry", include_str!("../../scenarios/rubrics/retry.toml")),
    (
        "integration",
        include_str!("../../scenarios/rubrics/integration.toml"),
    ),
];

/// Text of a built-in rubric.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// Names of the built-in rubrics.
#[must_use]
pub fn builtin_names() -> Vec<&'static str> {
    BUILTIN.iter().map(|(name, _)| *name).collect()
}

/// A rubric file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// Name in all output.
    pub rubric: String,
    /// Raised when points change.
    pub version: u32,
    /// One line.
    pub title: String,
    /// Sum of all points; held against the criteria, so that none is forgotten.
    pub total: f64,
    /// Points from which a gate passes.
    pub pass_at: f64,
    /// What gives points.
    pub criterion: Vec<Criterion>,
    /// What takes them away.
    #[serde(default)]
    pub cap: Vec<Cap>,
    /// Cases of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub case: Vec<CaseTable>,
}

/// A case that a rubric defines: files, arrivals and faults, which the examiner reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseTable {
    /// Its name in measures.
    pub id: String,
    /// The rest of the table.
    #[serde(flatten)]
    pub settings: toml::Table,
}

/// One thing that gives points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Unique in the rubric.
    pub id: String,
    /// One line.
    pub title: String,
    /// CASE.METRIC.
    pub measure: String,
    /// Points at `full`.
    pub points: f64,
    /// Value from which all points are given.
    pub full: f64,
    /// Value from which none are given.
    pub zero: f64,
    /// How points fall between the two.
    #[serde(default)]
    pub scale: Scale,
    /// Measures between 0 and 1 that the points are multiplied with, so that only correct
    /// answers can be efficient ones.
    #[serde(default)]
    pub gate: Vec<String>,
    /// Who sees it, and when, where a format can tell.
    #[serde(default)]
    pub visibility: Visibility,
    /// Why it matters; `{value}` is replaced, a share by its percentage.
    pub why: String,
    /// What to try.
    pub help: String,
}

/// Points between `full` and `zero`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// In proportion.
    #[default]
    Linear,
    /// In proportion to the logarithm: 1, 2, 4, 8 calls lose equal points.
    Log,
}

/// Who sees a criterion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The student, at once.
    #[default]
    Visible,
    /// The student, after the due date.
    AfterDueDate,
    /// Only the staff.
    Hidden,
}

/// A lack of integrity, which small deductions would not do justice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// CASE.METRIC.
    pub measure: String,
    /// It strikes when the measure is above this.
    pub above: f64,
    /// Share of the rubric's points that can be had then.
    pub max_fraction: f64,
    /// What the student reads.
    pub why: String,
}

/// Why a rubric cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RubricError {
    /// It is no rubric; the reason has line and column.
    #[error("`{file}` is not a rubric: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, column, and what was expected.
        reason: String,
    },
    /// It contradicts itself.
    #[error("rubric `{file}`: {}", mistakes.join("; "))]
    Mistakes {
        /// The file.
        file: String,
        /// Each in words.
        mistakes: Vec<String>,
    },
}

impl Rubric {
    /// Reads and checks a rubric. `file` is its name in messages.
    ///
    /// # Errors
    /// When it is no rubric, or [`Rubric::lint`] finds anything.
    pub fn parse(text: &str, file: &str) -> Result<Self, RubricError> {
        let rubric: Self = toml::from_str(text).map_err(|error| RubricError::Syntax {
            file: file.to_owned(),
            reason: error.to_string().trim().to_owned(),
        })?;
        match rubric.lint() {
            mistakes if mistakes.is_empty() => Ok(rubric),
            mistakes => Err(RubricError::Mistakes {
                file: file.to_owned(),
                mistakes,
            }),
        }
    }

    /// SHA-256 of its settings, so that two grades can be known to follow the same rubric.
    #[must_use]
    pub fn digest(&self) -> String {
        let json = serde_json::to_vec(self).expect("a rubric has only string keys");
        hex::encode(Sha256::digest(json))
    }

    /// Plays that its measures need.
    #[must_use]
    pub fn cases(&self) -> BTreeSet<Case> {
        let criteria = self
            .criterion
            .iter()
            .flat_map(|one| one.gate.iter().chain([&one.measure]));
        let names = criteria.chain(self.cap.iter().map(|cap| &cap.measure));
        names
            .filter_map(|name| match Measure::named(name).ok()?.place {
                Place::BuiltIn(case) => Some(case),
                Place::Own(_) => None,
            })
            .collect()
    }

    /// Whether it holds times against ours, which then have to be taken.
    #[must_use]
    pub fn needs_reference(&self) -> bool {
        self.criterion
            .iter()
            .any(|one| one.measure.ends_with(".makespan_ratio"))
    }
}

impl Criterion {
    /// Share of the points for `value`, 0 to 1.
    #[must_use]
    pub fn curve(&self, value: f64) -> f64 {
        let place = |x: f64| match self.scale {
            Scale::Linear => x,
            // A measure of 0 must not become minus infinity.
            Scale::Log => x.max(1e-9).ln(),
        };
        let share = (place(value) - place(self.zero)) / (place(self.full) - place(self.zero));
        if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn criterion(full: f64, zero: f64, scale: Scale) -> Criterion {
        Criterion {
            id: "x".into(),
            title: "x".into(),
            measure: "repeat.calls_per_content".into(),
            points: 4.0,
            full,
            zero,
            scale,
            gate: Vec::new(),
            visibility: Visibility::Visible,
            why: "x".into(),
            help: "x".into(),
        }
    }

    #[test]
    fn the_built_in_rubrics_are_sound() {
        for (name, text) in BUILTIN {
            let rubric = Rubric::parse(text, name).unwrap();
            assert_eq!(rubric.rubric, name);
        }
    }

    #[test]
    fn sums_unknown_measures_and_unreachable_thresholds_are_found() {
        let mut rubric = Rubric::parse(builtin("caching").unwrap(), "caching").unwrap();
        rubric.total += 1.0;
        rubric.criterion[0].measure = "repeat.karma".into();
        rubric.criterion[1].full = -3.0;
        rubric.cap[1].above = 1.0;
        let mistakes = rubric.lint().join("\n");
        for expected in [
            "sum up to",
            "repeat.karma",
            "cannot be reached",
            "never strikes",
        ] {
            assert!(mistakes.contains(expected), "{expected}: {mistakes}");
        }
    }

    #[test]
    fn ten_calls_on_a_log_scale_lose_what_two_calls_do_not() {
        let one = criterion(1.0, 4.0, Scale::Log);
        assert_eq!(
            [1.0, 2.0, 4.0].map(|attempts| one.curve(attempts)),
            [1.0, 0.5, 0.0]
        );
        assert_eq!(one.curve(0.0), 1.0);
    }

    proptest! {
        #[test]
        fn a_better_measure_never_gives_fewer_points(a in 0.0..20.0f64, b in 0.0..20.0f64, log: bool) {
            let scale = if log { Scale::Log } else { Scale::Linear };
            let one = criterion(1.0, 10.0, scale);
            let (better, worse) = (a.min(b), a.max(b));
            prop_assert!(one.curve(better) >= one.curve(worse));
        }
    }
}
