//! What changed from one grade to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::feedback::number;
use super::result::Grade;

/// The changes in words, criterion by criterion; says so when there are none.
#[must_use]
pub fn text(old: &Grade, new: &Grade) -> String {
    let mut out = String::new();
    write(&mut out, old, new).expect("writing to a string cannot fail");
    out
}

fn write(out: &mut String, old: &Grade, new: &Grade) -> std::fmt::Result {
    writeln!(
        out,
        "{} -> {} of {} points",
        number(old.score),
        number(new.score),
        number(new.max_score)
    )?;
    let (before, after) = (points(old), points(new));
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for id in ids {
        match (before.get(id), after.get(id)) {
            (Some(was), Some(is)) if was != is => {
                writeln!(out, "  {id}: {} -> {}", number(*was), number(*is))?;
            }
            (Some(was), None) => {
                writeln!(out, "  {id}: {} -> no longer in the rubric", number(*was))?
            }
            (None, Some(is)) => writeln!(out, "  {id}: new in the rubric, {}", number(*is))?,
            _ => {}
        }
    }
    let flaws = |grade: &Grade| {
        grade
            .flaws
            .iter()
            .map(|flaw| format!("{} {}", flaw.id, flaw.title))
            .collect::<BTreeSet<_>>()
    };
    let (before, after) = (flaws(old), flaws(new));
    for gone in before.difference(&after) {
        writeln!(out, "  mended: {gone}")?;
    }
    for come in after.difference(&before) {
        writeln!(out, "  new: {come}")?;
    }
    let old: BTreeMap<_, _> = old
        .rubrics
        .iter()
        .map(|one| (&one.rubric, &one.sha256))
        .collect();
    for rubric in new
        .rubrics
        .iter()
        .filter(|one| old.get(&one.rubric).is_some_and(|sha| **sha != one.sha256))
    {
        writeln!(out, "  rubric `{}` itself has changed", rubric.rubric)?;
    }
    Ok(())
}

fn points(grade: &Grade) -> BTreeMap<String, f64> {
    grade
        .criteria()
        .map(|(rubric, one)| (format!("{rubric}/{}", one.id), one.points))
        .collect()
}
