//! What a student reads: points, reasons, and what to try next.

use super::flaw::{self, Flaw};
use super::result::{Grade, Status};
use super::score::{Mark, Scored};
use crate::text::figures::points;
use crate::text::{COLUMNS, excerpt, width, wrapped};

/// Characters of a foreign text that a grade repeats.
const LONGEST: usize = 600;

/// A foreign text, harmless and not too long.
pub(super) fn said(text: &str) -> String {
    excerpt(text, LONGEST)
}

/// Plain text for a terminal of [`COLUMNS`], worst first within each rubric.
#[must_use]
pub fn text(grade: &Grade) -> String {
    let mut out = paragraph("", &said(&grade.target));
    if grade.status == Status::Ungradable {
        let no_zero = "Not graded, and this is no zero: the service could not be examined.";
        return out + &paragraph("  ", no_zero) + &paragraph("  ", &said(&grade.reason));
    }
    out += &paragraph(
        "  ",
        &format!(
            "{} points{}",
            of(grade.score, grade.max_score),
            open(grade.open)
        ),
    );
    if let Some(death) = grade.flaws.first().filter(|flaw| flaw.id == flaw::DEATH) {
        let died = format!("The service died: {}.", said(&death.seen));
        out += &format!("\n{}", paragraph("", &died));
    }
    for rubric in &grade.rubrics {
        let share = of(rubric.score, rubric.max_score);
        let capped = rubric.caps.iter();
        out.push('\n');
        out += &paragraph("", &format!("{} ({share})", rubric.title));
        out.extend(capped.map(|cap| paragraph("  ", &format!("capped: {cap}"))));
        out.extend(
            worst_first(rubric.criteria.iter())
                .into_iter()
                .map(criterion),
        );
    }
    out += &flaws(&grade.flaws);
    if grade.status == Status::Inconclusive {
        let open = format!("{}{}", not_final(grade), said(&grade.reason));
        out += &format!("\n{}", paragraph("", &open));
    }
    out += &advice(grade);
    let apart = grade.isolation.map_or_else(String::new, |isolation| {
        format!("Kept apart from the grader: {isolation}. ")
    });
    let again = "To be asked about the very same files again, add --salt";
    out + "\n" + &paragraph("", &format!("{apart}{again} {}", grade.salt))
}

/// That some points are open, if so.
pub(super) fn open(points_open: f64) -> String {
    if points_open > 0.0 {
        format!("; {} more are open", points(points_open))
    } else {
        String::new()
    }
}

/// What stands before the reason why somebody should look at a grade.
pub(super) fn not_final(grade: &Grade) -> &'static str {
    if grade.open > 0.0 {
        "Open points are neither given nor lost; "
    } else {
        "Not final: "
    }
}

/// `12.5 of 20`.
fn of(score: f64, most: f64) -> String {
    format!("{} of {}", points(score), points(most))
}

/// What to try, where most points are to be gained first. It comes last: what was seen is looked at
/// before anybody is told what to do about it.
fn advice(grade: &Grade) -> String {
    let advised = worst_first(grade.criteria().map(|(_, one)| one));
    let steps = advised.into_iter().filter_map(|one| {
        let gained = format!("  + {:<4} ", points(one.lost()));
        Some(titled(&gained, &one.title) + &paragraph(STEP, one.advice()?))
    });
    let steps: String = steps.collect();
    if steps.is_empty() {
        return steps;
    }
    format!("\nWhat to try\n{steps}")
}

fn criterion(one: &Scored) -> String {
    let (got, most) = (points(one.points), points(one.max_points));
    let score = format!("  {} {got:>4} of {most:<4} ", mark(one.mark));
    let mut out = titled(&score, &one.title);
    if one.mark == Mark::Passed {
        return out;
    }
    out += &paragraph(DETAIL, &format!("seen: {}", one.why));
    out += &paragraph(DETAIL, &format!("needed: {}", one.needed()));
    for evidence in one.evidence.iter().take(EVIDENCE) {
        out += &paragraph(DETAIL, &format!("{}: {}", one.case(), said(evidence)));
    }
    out
}

/// Pieces of evidence that are shown; the record has all.
const EVIDENCE: usize = 2;

fn flaws(flaws: &[Flaw]) -> String {
    if flaws.is_empty() {
        return String::new();
    }
    let mut out = "\nRecognised flaws\n".to_owned();
    for flaw in flaws {
        out += &titled(&format!("  {:<4} ", flaw.id), &flaw.title);
        out += &paragraph(DETAIL, &format!("seen: {}", said(&flaw.seen)));
        out += &paragraph(DETAIL, &format!("expected: {}", flaw.expected));
        for evidence in flaw.evidence.iter().take(EVIDENCE) {
            let evidence = format!("{}: {}", flaw.case.name(), said(evidence));
            out += &paragraph(DETAIL, &evidence);
        }
    }
    out
}

/// What stands before the details of a criterion or a flaw, and before those of a first step.
const DETAIL: &str = "       ";
const STEP: &str = "         ";

/// Text in lines that fit a terminal; the second and later ones stand two columns further in.
fn paragraph(indent: &str, text: &str) -> String {
    wrapped(text, indent, &format!("{indent}  "), COLUMNS)
}

/// A title behind what comes before it; further lines stand below the title.
fn titled(before: &str, title: &str) -> String {
    wrapped(title, before, &" ".repeat(width(before)), COLUMNS)
}

/// Who lost most first.
pub(super) fn worst_first<'g>(criteria: impl Iterator<Item = &'g Scored>) -> Vec<&'g Scored> {
    let mut criteria: Vec<&Scored> = criteria.collect();
    criteria.sort_by(|a, b| b.lost().total_cmp(&a.lost()));
    criteria
}

/// A word for each outcome, so that nothing depends on colour.
pub(super) fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Passed => "ok  ",
        Mark::Partial => "part",
        Mark::Failed => "no  ",
        Mark::Inconclusive => "open",
        Mark::Skipped => "skip",
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::{HOSTILE, graded};
    use super::*;

    #[test]
    fn feedback_fits_a_terminal_whatever_the_service_says() {
        let long = "很长的一句话 ".repeat(40);
        for said in [HOSTILE, &long, &"word ".repeat(200)] {
            for examined in [true, false] {
                let mut grade = graded(examined, said);
                grade.rubrics[0].title = said.to_owned();
                grade.rubrics[0].criteria[0].title = said.to_owned();
                for line in text(&grade).lines() {
                    assert!(width(line) <= COLUMNS, "{line}");
                    assert!(!line.trim_start().starts_with("::"), "{line}");
                }
            }
        }
    }
}
