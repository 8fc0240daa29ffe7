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
        &format!("{} points", of(grade.score, grade.max_score)),
    );
    if let Some(death) = grade.flaws.first().filter(|flaw| flaw.id == flaw::DEATH) {
        let died = format!("The service died: {}.", said(&death.seen));
        out += &format!("\n{}", paragraph("", &died));
    }
    out += &first_steps(grade);
    for rubric in &grade.rubrics {
        let share = of(rubric.score, rubric.max_score);
        let capped = rubric.caps.iter();
        out.push('\n');
        out += &paragraph("", &format!("{} ({share})", rubric.title));
        out.extend(capped.map(|cap| paragraph("  ", &format!("capped: {cap}"))));
        out.extend(worst_first(&rubric.criteria).into_iter().map(criterion));
    }
    out += &flaws(&grade.flaws);
    if grade.status == Status::Inconclusive {
        let open = format!("Some points are open; {}", said(&grade.reason));
        out += &format!("\n{}", paragraph("", &open));
    }
    let apart = grade.isolation.map_or_else(String::new, |isolation| {
        format!("Kept apart from the grader: {isolation}. ")
    });
    let again = "To be asked about the very same files again, add --salt";
    out + "\n" + &paragraph("", &format!("{apart}{again} {}", grade.salt))
}

/// `12.5 of 20`.
fn of(score: f64, most: f64) -> String {
    format!("{} of {}", points(score), points(most))
}

/// How many pieces of advice stand at the top.
const FIRST_STEPS: usize = 3;

/// Where most points are to be gained, with what to try.
fn first_steps(grade: &Grade) -> String {
    let advised = grade.criteria().map(|(_, one)| one);
    let mut advised: Vec<&Scored> = advised.filter(|one| one.advice().is_some()).collect();
    advised.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
    if advised.is_empty() {
        return String::new();
    }
    let steps = advised.into_iter().take(FIRST_STEPS).map(|one| {
        let gained = format!("  + {:<4} ", points(lost(one)));
        titled(&gained, &one.title) + &paragraph(STEP, &one.help)
    });
    format!("\nMost is to be gained here\n{}", steps.collect::<String>())
}

fn criterion(one: &Scored) -> String {
    let (got, most) = (points(one.points), points(one.max_points));
    let score = format!("  {} {got:>4} of {most:<4} ", mark(one.mark));
    let mut out = titled(&score, &one.title);
    if one.mark != Mark::Passed {
        out += &paragraph(DETAIL, &one.why);
    }
    if let Some(help) = one.advice() {
        out += &paragraph(DETAIL, &format!("try: {help}"));
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

fn worst_first(criteria: &[Scored]) -> Vec<&Scored> {
    let mut criteria: Vec<&Scored> = criteria.iter().collect();
    criteria.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
    criteria
}

fn lost(one: &Scored) -> f64 {
    one.max_points - one.points
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
