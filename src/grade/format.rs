//! The grade as other programs want it: one writer a format, each a pure function.
//!
//! Sources of the shapes: Gradescope's autograder specification, the Classroom 50 wiki (Advanced
//! Autograding), the classroom-resources/autograding-* actions, PrairieLearn's and Autolab's
//! documentation, CodeRunner's template graders, the de-facto JUnit guide, and TAP 14.

use base64::Engine;
use serde_json::{Value, json};

use super::feedback::{self, said};
use super::result::{Grade, Status};
use super::rubric::Visibility;
use super::score::{Mark, Scored};
use crate::record::UnknownName;
use crate::text::figures::points;

mod junit;
mod text;

/// Most bytes of a PrairieLearn result and of a step summary; both are refused whole if longer.
const PRAIRIELEARN_LIMIT: usize = 1_000_000;
const SUMMARY_LIMIT: usize = 900_000;

/// A format.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownName, parse_err_fn = no_format)]
pub enum Format {
    /// Gradescope's `results.json`.
    Gradescope,
    /// Classroom 50's `result.json`.
    Classroom50,
    /// The `result` output of GitHub Classroom's grading actions, base64.
    Github,
    /// PrairieLearn's `results.json`.
    Prairielearn,
    /// Autolab's last line of output.
    Autolab,
    /// The answer of a CodeRunner template grader.
    Coderunner,
    /// JUnit XML.
    Junit,
    /// Test Anything Protocol, version 14.
    Tap,
    /// Markdown for a step summary.
    Markdown,
    /// One line for a table of many.
    Csv,
}

/// What only the surroundings know, e.g. Classroom 50's environment variables.
pub type Surroundings<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Format {
    /// The file that holds it.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Gradescope => "gradescope.json",
            Self::Classroom50 => "result.json",
            Self::Github => "github.base64",
            Self::Prairielearn => "prairielearn.json",
            Self::Autolab => "autolab.txt",
            Self::Coderunner => "coderunner.json",
            Self::Junit => "junit.xml",
            Self::Tap => "grade.tap",
            Self::Markdown => "summary.md",
            Self::Csv => "grade.csv",
        }
    }

    /// Writes `grade` in this format.
    #[must_use]
    pub fn write(self, grade: &Grade, around: Surroundings<'_>) -> String {
        match self {
            Self::Gradescope => gradescope(grade).to_string(),
            Self::Classroom50 => classroom50(grade, around).to_string(),
            Self::Github => github(grade),
            Self::Prairielearn => prairielearn(grade),
            Self::Autolab => format!("{}\n", autolab(grade)),
            Self::Coderunner => coderunner(grade).to_string(),
            Self::Junit => junit::junit(grade),
            Self::Tap => text::tap(grade),
            Self::Markdown => bounded(text::markdown(grade), SUMMARY_LIMIT),
            Self::Csv => text::csv(grade),
        }
    }
}

fn no_format(name: &str) -> UnknownName {
    UnknownName::among::<Format>(name, "format")
}

fn bounded(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
    }
    text
}

/// What a student reads about one criterion.
fn message(one: &Scored) -> String {
    match one.mark {
        Mark::Passed => String::new(),
        Mark::Skipped => "not examined".to_owned(),
        _ => {
            let mut lines = vec![format!("Seen: {}", one.why)];
            lines.push(format!("Needed: {}", one.needed()));
            lines.extend(one.evidence.iter().map(|shown| said(shown)));
            lines.extend(one.advice().map(|help| format!("\nTry: {help}")));
            lines.join("\n")
        }
    }
}

fn ungradable(grade: &Grade) -> bool {
    grade.status == Status::Ungradable
}

fn passed(one: &Scored) -> bool {
    one.mark == Mark::Passed
}

fn gradescope(grade: &Grade) -> Value {
    let visibility = |visibility| match visibility {
        Visibility::Visible => "visible",
        Visibility::AfterDueDate => "after_due_date",
        Visibility::Hidden => "hidden",
    };
    let tests: Vec<Value> = grade
        .criteria()
        .map(|(rubric, one)| {
            json!({
                "name": format!("{rubric}: {}", one.title),
                "score": one.points,
                "max_score": one.max_points,
                "status": if passed(one) { "passed" } else { "failed" },
                "output": message(one),
                "output_format": "text",
                "tags": [rubric],
                "visibility": visibility(one.visibility),
                "extra_data": { "measure": one.measure, "value": one.value },
            })
        })
        .collect();
    // A zero that is none must not look like one: without a score Gradescope reports a failed
    // autograder to staff and student.
    let mut results = json!({
        "output": feedback::text(grade),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "extra_data": { "salt": grade.salt, "flaws": flaws(grade) },
    });
    if !ungradable(grade) {
        let scores = grade.rubrics.iter().map(|rubric| rubric.of_total());
        results["score"] = scores.sum::<f64>().into();
        results["tests"] = tests.into();
    }
    results
}

fn flaws(grade: &Grade) -> Vec<&str> {
    grade.flaws.iter().map(|flaw| flaw.id.as_str()).collect()
}

/// Whole points for each criterion that sum up to the rounded total: the largest remainders are
/// rounded up.
fn whole_points(points: &[f64]) -> Vec<i64> {
    let mut whole: Vec<i64> = points.iter().map(|points| points.floor() as i64).collect();
    let total = points.iter().sum::<f64>().round() as i64;
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        points[b]
            .fract()
            .total_cmp(&points[a].fract())
            .then(a.cmp(&b))
    });
    let lacking = (total - whole.iter().sum::<i64>()).max(0) as usize;
    for &index in order.iter().take(lacking) {
        whole[index] += 1;
    }
    whole
}

/// Points of the criteria with caps applied, so that they sum up to the score.
fn capped(grade: &Grade) -> Vec<f64> {
    let rubrics = grade.rubrics.iter().flat_map(|rubric| {
        let sum: f64 = rubric.criteria.iter().map(|one| one.points).sum();
        let share = if sum > 0.0 { rubric.score / sum } else { 0.0 };
        rubric.criteria.iter().map(move |one| one.points * share)
    });
    rubrics.collect()
}

fn classroom50(grade: &Grade, around: Surroundings<'_>) -> Value {
    let var = |name: &str| around(name).unwrap_or_default();
    let most = grade.criteria().map(|(_, one)| one.max_points - one.open);
    let most = whole_points(&most.collect::<Vec<_>>());
    // Rounding up must not give more than there is to be had.
    let scores = whole_points(&capped(grade)).into_iter().zip(&most);
    let scores: Vec<i64> = scores.map(|(score, most)| score.min(*most)).collect();
    let tests: Vec<Value> = grade
        .criteria()
        .zip(scores.iter().zip(&most))
        .map(|((rubric, one), (score, most))| {
            json!({
                "test-name": format!("{rubric}: {}", one.title),
                "passed": passed(one),
                "score": score,
                "max-score": most,
                "message": message(one),
            })
        })
        .collect();
    // No tests and a maximum of 0 are an error that is not the student's; points would be a zero.
    let tests = if ungradable(grade) { Vec::new() } else { tests };
    let sum = |points: &[i64]| {
        if ungradable(grade) {
            0
        } else {
            points.iter().sum::<i64>()
        }
    };
    let commit = var("COMMIT_URL");
    json!({
        "schema": "classroom50/result/v1",
        "classroom": var("CLASSROOM"),
        "assignment": var("ASSIGNMENT"),
        "submission": var("SUBMISSION_TAG"),
        "commit": commit,
        "release": var("RELEASE_URL"),
        "review": around("REVIEW_URL").unwrap_or(commit),
        "score": sum(&scores),
        "max-score": sum(&most),
        "tests": tests,
    })
}

/// The reporter shows `passed / tests`, but the notice sums the scores. The two agree only when
/// every test weighs the same and is passed or not, so that is what is written.
fn github(grade: &Grade) -> String {
    let all: Vec<(&str, &Scored)> = grade.criteria().collect();
    let each = if all.is_empty() {
        0.0
    } else {
        grade.max_score / all.len() as f64
    };
    let tests: Vec<Value> = all
        .iter()
        .map(|(rubric, one)| {
            json!({
                "name": format!("{rubric}: {}", one.title),
                "status": if passed(one) { "pass" } else { "fail" },
                "score": if passed(one) { each } else { 0.0 },
                "message": bounded(message(one), 500),
                "test_code": format!("breaklab grade --rubric {rubric}"),
                "filename": "",
                "line_no": 0,
                "duration": 0,
            })
        })
        .collect();
    let status = match grade.status {
        Status::Ungradable => "error",
        _ if all.iter().all(|(_, one)| passed(one)) => "pass",
        _ => "fail",
    };
    let json =
        json!({ "version": 1, "status": status, "max_score": grade.max_score, "tests": tests });
    base64::engine::general_purpose::STANDARD.encode(json.to_string())
}

fn prairielearn(grade: &Grade) -> String {
    if ungradable(grade) {
        return json!({ "gradable": false, "score": 0.0, "format_errors": [said(&grade.reason)] })
            .to_string();
    }
    let result = |output: &str| {
        let tests: Vec<Value> = grade
            .criteria()
            .map(|(rubric, one)| {
                json!({
                    "name": format!("{rubric}: {}", one.title),
                    "description": one.what,
                    "points": one.points,
                    "max_points": one.max_points,
                    "message": message(one),
                })
            })
            .collect();
        json!({ "gradable": true, "score": grade.fraction(), "output": output, "tests": tests })
            .to_string()
    };
    let whole = result(&feedback::text(grade));
    if whole.len() <= PRAIRIELEARN_LIMIT {
        whole
    } else {
        result("")
    }
}

/// The problems' names must match those of the site: they are the rubrics' names.
fn autolab(grade: &Grade) -> Value {
    if ungradable(grade) {
        return json!({ "scores": {} });
    }
    let scores: serde_json::Map<String, Value> = grade
        .rubrics
        .iter()
        .map(|rubric| (rubric.rubric.clone(), rubric.of_total().into()))
        .collect();
    let board: Vec<f64> = std::iter::once(grade.score)
        .chain(grade.rubrics.iter().map(|rubric| rubric.score))
        .collect();
    json!({ "scores": scores, "scoreboard": board })
}

fn coderunner(grade: &Grade) -> Value {
    if ungradable(grade) {
        return json!({ "fraction": 0.0, "got": said(&grade.reason), "abort": true });
    }
    json!({ "fraction": grade.fraction(), "got": format!("{} of {}", points(grade.score), points(grade.max_score)) })
}

#[cfg(test)]
mod shapes;
#[cfg(test)]
pub(super) mod tests;
