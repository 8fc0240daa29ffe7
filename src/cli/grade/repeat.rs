//! `breaklab grade --repeat N`: whether a service gets the same points each time.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::folder::{write, write_out};
use super::rubrics::Rubrics;
use super::side_by_side::{default_jobs, side_by_side};
use super::{Args, Exit, apart, stop_when_told};
use crate::grade::class::Student;
use crate::grade::format::Format;
use crate::grade::{self, Grade, Status};
use crate::load::Stop;
use crate::text::figures::points;
use crate::text::{COLUMNS, wrapped};

/// What several examinations of one service gave; `repeat.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Repeats {
    /// `breaklab/repeat/v1`.
    schema: String,
    /// Points of each examination, in order.
    scores: Vec<f64>,
    /// Points that could be had.
    max_score: f64,
    /// Criteria whose points were not the same each time.
    moved: Vec<Moved>,
}

/// A criterion whose points moved.
#[derive(Debug, Serialize, Deserialize)]
struct Moved {
    /// RUBRIC/CRITERION.
    criterion: String,
    /// Its points in each examination.
    points: Vec<f64>,
}

/// Examines the service of `--start` or `--lambda` as often as `--repeat` says, each time with files of its own.
pub(super) fn run(args: &Args, rubrics: &Rubrics, formats: &[Format]) -> anyhow::Result<Exit> {
    let count = usize::from(args.repeat.map_or(1, std::num::NonZeroU8::get));
    let stop = Stop::default();
    stop_when_told(stop.clone())?;
    let student = Student {
        command: args.start.clone().unwrap_or_default(),
        lambda: args.lambda.clone().unwrap_or_default(),
        directory: args
            .dir
            .as_ref()
            .map_or_else(String::new, |dir| dir.display().to_string()),
        ..Student::default()
    };
    let examine = |at: usize| -> anyhow::Result<Option<Grade>> {
        let folder = args.out.join("repeats").join((at + 1).to_string());
        std::fs::create_dir_all(&folder)?;
        let Some(exam) = apart::examine(args, &student, &folder, &stop)? else {
            return Ok(None);
        };
        let grade = grade::grade(&exam, &rubrics.all);
        write_out(&folder, &exam, &grade, formats)?;
        Ok(Some(grade))
    };
    let jobs = args
        .jobs
        .map_or_else(default_jobs, |jobs| usize::from(jobs.get()));
    let mut grades: Vec<Option<Grade>> = vec![None; count];
    side_by_side(count, jobs, &stop, examine, |at, grade, _| {
        if let Some(grade) = grade? {
            let _gone = writeln!(
                std::io::stderr(),
                "examination {}: {}",
                at + 1,
                told(&grade)
            );
            grades[at] = Some(grade);
        }
        Ok(())
    })?;
    if stop.is_stopped() {
        return Ok(Exit::Interrupted);
    }
    let grades: Vec<Grade> = grades.into_iter().flatten().collect();
    let repeats = compared(&grades);
    write(
        &args.out.join("repeat.json"),
        &serde_json::to_vec_pretty(&repeats)?,
    )?;
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&repeats)?)?;
    } else {
        write!(out, "{}", text(&repeats))?;
        writeln!(out, "each: {}", args.out.join("repeats").display())?;
    }
    let failed = args
        .fail_under
        .is_some_and(|least| !grades.iter().all(|grade| super::reaches(grade, least)));
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn told(grade: &Grade) -> String {
    match grade.status {
        Status::Ungradable => format!("not graded: {}", grade.reason),
        _ => format!("{} of {}", points(grade.score), points(grade.max_score)),
    }
}

fn compared(grades: &[Grade]) -> Repeats {
    let criteria = grades.first().map_or(0, |grade| grade.criteria().count());
    let moved = (0..criteria).filter_map(|at| {
        let all = || grades.iter().filter_map(|grade| grade.criteria().nth(at));
        let (rubric, first) = all().next()?;
        let points: Vec<f64> = all().map(|(_, one)| one.points).collect();
        let is_same = points
            .iter()
            .all(|other| other.to_bits() == first.points.to_bits());
        (!is_same).then(|| Moved {
            criterion: format!("{rubric}/{}", first.id),
            points,
        })
    });
    Repeats {
        schema: "breaklab/repeat/v1".to_owned(),
        scores: grades.iter().map(|grade| grade.score).collect(),
        max_score: grades.first().map_or(0.0, |grade| grade.max_score),
        moved: moved.collect(),
    }
}

fn text(repeats: &Repeats) -> String {
    let of = |pick: fn(f64, f64) -> f64| repeats.scores.iter().copied().reduce(pick);
    let (Some(least), Some(most)) = (of(f64::min), of(f64::max)) else {
        return "Nothing was examined.\n".to_owned();
    };
    let (count, all) = (repeats.scores.len(), points(repeats.max_score));
    if repeats.moved.is_empty() {
        return format!(
            "{count} of {count} examinations gave equal points: {} of {all}\n",
            points(least)
        );
    }
    let mut out = format!(
        "{count} examinations gave {} to {} of {all} points. What moved:\n",
        points(least),
        points(most)
    );
    for one in &repeats.moved {
        let each: Vec<String> = one.points.iter().map(|score| points(*score)).collect();
        out += &wrapped(
            &format!("{}: {}", one.criterion, each.join(", ")),
            "  ",
            "    ",
            COLUMNS,
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::{Rubric, builtin};

    #[test]
    fn what_moved_between_examinations_is_named_with_its_points() {
        let rubric = Rubric::parse(builtin("caching").unwrap(), "caching").unwrap();
        let exam = |salt: &str| super::super::exam::not_started("x", salt, "it did not listen");
        let grade = |points: f64| {
            let mut grade = grade::grade(&exam("a"), std::slice::from_ref(&rubric));
            grade.rubrics[0].criteria[0].points = points;
            grade.score = points;
            grade
        };
        let steady = compared(&[grade(2.0), grade(2.0)]);
        assert!(text(&steady).starts_with("2 of 2 examinations gave equal points: 2 of"));
        let moving = text(&compared(&[grade(2.0), grade(1.5)]));
        assert!(
            moving.contains("1.5 to 2") && moving.contains("caching/"),
            "{moving}"
        );
    }
}
