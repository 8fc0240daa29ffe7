//! What changed from one grade to the next.

use std::collections::{BTreeMap, BTreeSet};

use super::result::{Grade, Status};
use crate::text::figures::points as shown;
use crate::text::{COLUMNS, wrapped};

/// The changes in words, criterion by criterion; says so when there are none.
#[must_use]
pub fn text(old: &Grade, new: &Grade) -> String {
    let (was, is) = (shown(old.score), shown(new.score));
    let mut out = format!("{was} -> {is} of {} points\n", shown(new.max_score));
    let changes = [
        changed_points(old, new),
        changed_flaws(old, new),
        changed_rubrics(old, new),
    ];
    for change in changes.iter().flatten() {
        out += &wrapped(change, "  ", "    ", COLUMNS);
    }
    out
}

/// What got worse, in words: criteria that lost points, flaws that came, and a service that could be
/// graded and no longer can.
#[must_use]
pub fn worse(old: &Grade, new: &Grade) -> Vec<String> {
    let after = points(new);
    let lost = points(old).into_iter().filter_map(|(id, was)| {
        let is = *after.get(&id)?;
        (is < was).then(|| format!("{id}: {} -> {}", shown(was), shown(is)))
    });
    let had = |id: &str| old.flaws.iter().any(|flaw| flaw.id == id);
    let come = new.flaws.iter().filter(|flaw| !had(&flaw.id));
    let come = come.map(|flaw| format!("new: {} {}", flaw.id, flaw.title));
    let gone = (new.status == Status::Ungradable && old.status != Status::Ungradable)
        .then(|| "it could be graded, and no longer can".to_owned());
    gone.into_iter().chain(lost).chain(come).collect()
}

fn changed_points(old: &Grade, new: &Grade) -> Vec<String> {
    let (before, after) = (points(old), points(new));
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |id: &&String| match (before.get(*id), after.get(*id)) {
        (Some(was), Some(is)) if was != is => {
            Some(format!("{id}: {} -> {}", shown(*was), shown(*is)))
        }
        (Some(was), None) => Some(format!("{id}: {} -> no longer in the rubric", shown(*was))),
        (None, Some(is)) => Some(format!("{id}: new in the rubric, {}", shown(*is))),
        _ => None,
    };
    ids.iter().filter_map(change).collect()
}

fn changed_flaws(old: &Grade, new: &Grade) -> Vec<String> {
    let flaws = |grade: &Grade| {
        let flaws = grade.flaws.iter();
        flaws
            .map(|flaw| format!("{} {}", flaw.id, flaw.title))
            .collect::<BTreeSet<_>>()
    };
    let (before, after) = (flaws(old), flaws(new));
    let gone = before
        .difference(&after)
        .map(|flaw| format!("mended: {flaw}"));
    let come = after.difference(&before).map(|flaw| format!("new: {flaw}"));
    gone.chain(come).collect()
}

fn changed_rubrics(old: &Grade, new: &Grade) -> Vec<String> {
    let old: BTreeMap<_, _> = old
        .rubrics
        .iter()
        .map(|one| (&one.rubric, &one.sha256))
        .collect();
    let changed = new
        .rubrics
        .iter()
        .filter(|one| old.get(&one.rubric).is_some_and(|sha| **sha != one.sha256));
    changed
        .map(|rubric| format!("rubric `{}` itself has changed", rubric.rubric))
        .collect()
}

fn points(grade: &Grade) -> BTreeMap<String, f64> {
    grade
        .criteria()
        .map(|(rubric, one)| (format!("{rubric}/{}", one.id), one.points))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::graded;
    use super::*;

    #[test]
    fn fewer_points_a_new_flaw_and_no_grade_are_worse_and_more_points_are_not() {
        let grade = |points: f64| {
            let mut grade = graded(true, "x");
            grade.rubrics[0].criteria[0].points = points;
            grade
        };
        assert_eq!(worse(&grade(3.0), &grade(7.0)), [""; 0]);
        assert_eq!(worse(&grade(7.0), &grade(3.0)).len(), 1);
        assert!(worse(&grade(7.0), &graded(false, "x"))[0].contains("no longer"));
    }
}
