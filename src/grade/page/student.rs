//! The page of one service: points, figures beside ours, what was seen and needed, and advice last.

use maud::{Markup, html};

use super::super::feedback::{not_final, open, said, worst_first};
use super::super::flaw::{DEATH, Flaw};
use super::super::score::{Mark, Scored};
use super::super::{Grade, Status};
use super::figures::figures;
use super::timeline::timeline;
use super::{Frame, Section, page};
use crate::record::exam::Exam;
use crate::text::figures::points;

/// The page of one service. `exam` is the record from which `grade` was made.
#[must_use]
pub fn student(grade: &Grade, exam: &Exam) -> String {
    let title = match grade.status {
        Status::Ungradable => "Not graded, and this is no zero".to_owned(),
        _ => format!(
            "{} of {} points{}",
            points(grade.score),
            points(grade.max_score),
            open(grade.open)
        ),
    };
    let isolation = grade.isolation.map_or_else(String::new, |isolation| {
        format!("Kept apart from the grader: {isolation}. ")
    });
    let frame = Frame {
        kicker: "breaklab grade",
        title,
        lede: lede(grade),
        footer: format!(
            "{isolation}Made by breaklab {} from exam.json. To be asked about the very same files again, add --salt {}",
            grade.version, grade.salt
        ),
    };
    page(&frame, &sections(grade, exam))
}

fn lede(grade: &Grade) -> Markup {
    let death = grade.flaws.first().filter(|flaw| flaw.id == DEATH);
    html! {
        p.lede { code { (said(&grade.target)) } }
        @if let Some(death) = death { p.invalid { strong { "The service died: " } (said(&death.seen)) "." } }
        @match grade.status {
            Status::Graded if grade.reason.is_empty() => {}
            Status::Inconclusive => p.note { (not_final(grade)) (said(&grade.reason)) "." },
            _ => p.invalid { (said(&grade.reason)) },
        }
    }
}

fn sections(grade: &Grade, exam: &Exam) -> Vec<Section> {
    if grade.status == Status::Ungradable {
        return Vec::new();
    }
    let lost = worst_first(grade.criteria().map(|(_, one)| one));
    let lost: Vec<&Scored> = lost
        .into_iter()
        .filter(|one| one.mark != Mark::Passed)
        .collect();
    let mut sections = vec![Section::new("figures", "Figures", figures(grade))];
    if !lost.is_empty() {
        let content = html! { @for one in &lost { (seen(one)) } };
        sections.push(Section::new("seen", "Seen and needed", content));
    }
    if let Some(dearest) = dearest(&lost)
        && let Some(record) = dearest.record(exam)
        && !record.exchanges.is_empty()
    {
        let title = format!("The case that cost most: {}", dearest.case());
        sections.push(Section::new("timeline", &title, timeline(record)));
    }
    if !grade.flaws.is_empty() {
        let content = html! { @for one in &grade.flaws { (flaw(one)) } };
        sections.push(Section::new("flaws", "Recognised flaws", content));
    }
    let advised: Vec<_> = lost
        .iter()
        .filter_map(|one| Some((*one, one.advice()?)))
        .collect();
    if !advised.is_empty() {
        sections.push(Section::new("next", "What to try", advice(&advised)));
    }
    sections
}

/// A criterion of the case in which most points were lost.
fn dearest<'g>(lost: &[&'g Scored]) -> Option<&'g Scored> {
    let cost = |case: &str| -> f64 {
        let of_case = lost.iter().filter(|other| other.case() == case);
        of_case.map(|one| one.lost()).sum()
    };
    // The first of those that cost as much.
    let all = lost.iter().rev();
    all.max_by(|a, b| cost(a.case()).total_cmp(&cost(b.case())))
        .copied()
}

fn seen(one: &Scored) -> Markup {
    html! {
        h3 { (said(&one.title)) " · " (points(one.points)) " of " (points(one.max_points)) }
        dl.told {
            dt { "seen" } dd { (said(&one.why)) }
            dt { "needed" } dd { (one.needed()) }
            @if !one.evidence.is_empty() { (evidence(one.case(), &one.evidence)) }
        }
    }
}

fn evidence(case: &str, all: &[String]) -> Markup {
    html! {
        dt.shown { "in " (case) }
        dd.shown { @for one in all { div { samp { (said(one)) } } } }
    }
}

fn flaw(flaw: &Flaw) -> Markup {
    html! {
        h3 { (flaw.id) ": " (said(&flaw.title)) }
        dl.told {
            dt { "seen" } dd { (said(&flaw.seen)) }
            dt { "expected" } dd { (flaw.expected) }
            @if !flaw.evidence.is_empty() { (evidence(flaw.case.name(), &flaw.evidence)) }
        }
    }
}

fn advice(advised: &[(&Scored, &str)]) -> Markup {
    html! {
        details {
            summary { "Most points first; look at what was seen before you open this" }
            ol.next {
                @for (one, help) in advised {
                    li { b { (said(&one.title)) } " (+ " (points(one.lost())) "): " (said(help)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::format::tests::{HOSTILE, exam, graded};
    use super::*;

    #[test]
    fn what_a_service_says_stays_text_and_advice_comes_folded_after_what_was_seen() {
        let mut grade = graded(true, HOSTILE);
        let lost = &mut grade.rubrics[0].criteria[0];
        (lost.mark, lost.points, lost.value, lost.gate) = (Mark::Failed, 0.0, Some(9.0), 1.0);
        lost.evidence = vec![HOSTILE.to_owned()];
        let page = student(&grade, &exam(true, HOSTILE));
        assert!(
            !page.contains("<script>") && !page.contains('\u{1b}'),
            "{page}"
        );
        let at = |what: &str| {
            page.find(what)
                .unwrap_or_else(|| panic!("no {what}: {page}"))
        };
        assert!(at("id=\"seen\"") < at("id=\"next\""));
        assert!(at("id=\"next\"") < at("<details>"));
    }

    #[test]
    fn who_could_not_be_examined_reads_why_and_no_points() {
        let page = student(&graded(false, "down"), &exam(false, "down"));
        assert!(
            page.contains("this is no zero") && page.contains("down"),
            "{page}"
        );
        assert!(!page.contains("id=\"figures\""), "{page}");
    }
}
