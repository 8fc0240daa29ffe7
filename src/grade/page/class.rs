//! The page of a class: whom to look at, points and flaws by student, and where the class as a whole stands.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::class::{Row, Student, flaw_ids};
use super::super::feedback::said;
use super::super::similar::{Alike, similar};
use super::super::{Grade, Status, known_flaws};
use super::{Frame, Section, bar, page, table};
use crate::text::figures::{percent_reached, points};
use crate::text::file_name;

/// The class on one page. Who has no grade stands in it with the reason.
#[must_use]
pub fn class(rows: &[Row]) -> String {
    let graded: Vec<(&Student, &Grade)> = rows
        .iter()
        .filter_map(|row| Some((&row.student, row.result.as_ref().ok()?)))
        .filter(|(_, grade)| grade.status != Status::Ungradable)
        .collect();
    let frame = Frame {
        kicker: "breaklab class",
        title: format!("{} of {} services graded", graded.len(), rows.len()),
        lede: lede(&graded),
        footer: format!(
            "Kept apart from the grader: {}. Made by breaklab {}",
            kept_apart(&graded),
            env!("CARGO_PKG_VERSION")
        ),
    };
    let mut sections = vec![
        Section::new("look", "To look at by hand", by_hand(rows)),
        Section::new("students", "Students", students(&graded)),
        Section::new("distribution", "Distribution", distribution(&graded)),
        Section::new("criteria", "Criteria", criteria(&graded)),
        Section::new("flaws", "Flaws", flaws(&graded)),
    ];
    let alike = similar(&graded);
    if !alike.is_empty() {
        sections.push(Section::new(
            "similar",
            "Similar behaviour",
            similar_behaviour(&alike),
        ));
    }
    page(&frame, &sections)
}

fn lede(graded: &[(&Student, &Grade)]) -> Markup {
    let mut shares: Vec<f64> = graded.iter().map(|(_, grade)| grade.fraction()).collect();
    shares.sort_by(f64::total_cmp);
    let Some(median) = shares.get(shares.len() / 2) else {
        return html! {};
    };
    let passed = graded
        .iter()
        .filter(|(_, grade)| grade.rubrics.iter().all(|rubric| rubric.passed));
    html! {
        p.lede {
            "Half of them have at least " (percent_reached(*median)) " of the points; " (passed.count())
            " pass every rubric."
        }
    }
}

/// How the services were kept apart from the grader, and how many each way.
fn kept_apart(graded: &[(&Student, &Grade)]) -> String {
    let mut ways: BTreeMap<String, usize> = BTreeMap::new();
    for (_, grade) in graded {
        let way = grade.isolation.map_or_else(
            || "not started by the grader".to_owned(),
            |isolation| isolation.to_string(),
        );
        *ways.entry(way).or_default() += 1;
    }
    let ways = ways
        .into_iter()
        .map(|(way, count)| format!("{way} ({count})"));
    ways.collect::<Vec<_>>().join(", ")
}

fn by_hand(rows: &[Row]) -> Markup {
    let why = |row: &Row| match &row.result {
        Ok(grade) if grade.status == Status::Graded => None,
        Ok(grade) => Some((grade.status.name(), said(&grade.reason))),
        Err(why) => Some(("error", said(why))),
    };
    let open: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row, why(row)?)))
        .collect();
    if open.is_empty() {
        return html! { p { "None: every service was graded." } };
    }
    let body = html! { tbody { @for (row, (status, why)) in open {
        tr { th scope="row" { (said(&row.student.id)) } td { (status) } td { (why) } }
    } } };
    let head = [("student", false), ("status", false), ("why", false)];
    table("Services without a final grade", &head, &body)
}

fn students(graded: &[(&Student, &Grade)]) -> Markup {
    let body = html! { tbody { @for (student, grade) in graded {
        tr {
            th scope="row" { a href=(format!("students/{}/feedback.html", file_name(&student.id))) { (said(&student.id)) } }
            td.figure { (points(grade.score)) " of " (points(grade.max_score)) }
            td.scale { (bar::amount(&format!("{} of the points", percent_reached(grade.fraction())), grade.fraction())) }
            td { (flaw_ids(grade).join(" ")) }
        }
    } } };
    let head = [
        ("student", false),
        ("points", true),
        ("share", false),
        ("flaws", false),
    ];
    table(
        "Points and flaws of each student; the name leads to the student's page",
        &head,
        &body,
    )
}

fn distribution(graded: &[(&Student, &Grade)]) -> Markup {
    let mut bins = [0_usize; 10];
    for (_, grade) in graded {
        bins[((grade.fraction() * 10.0) as usize).min(9)] += 1;
    }
    let most = bins.iter().copied().max().unwrap_or(0).max(1);
    let body = html! { tbody { @for (bin, count) in bins.iter().enumerate() {
        tr {
            th.figure scope="row" { (bin * 10) "–" (bin * 10 + 10) " %" }
            td.figure { (count) }
            td.scale { (bar::amount(&format!("{count} of {} students", graded.len()), *count as f64 / most as f64)) }
        }
    } } };
    let head = [
        ("share of the points", true),
        ("students", true),
        ("as a bar", false),
    ];
    table("Students by share of the points", &head, &body)
}

fn criteria(graded: &[(&Student, &Grade)]) -> Markup {
    let Some((_, first)) = graded.first() else {
        return html! { p { "Nobody was graded." } };
    };
    let body = html! { tbody { @for (at, (rubric, one)) in first.criteria().enumerate() {
        @let all: Vec<_> = graded.iter().filter_map(|(_, grade)| grade.criteria().nth(at)).map(|(_, one)| one).collect();
        @let mean = all.iter().map(|one| one.points / one.max_points).sum::<f64>() / all.len() as f64;
        @let full = all.iter().filter(|one| one.points >= one.max_points).count();
        tr {
            th scope="row" { (rubric) ": " (said(&one.title)) }
            td.figure { (percent_reached(mean)) }
            td.figure { (full) " of " (all.len()) }
            td.scale { (bar::amount(&format!("a mean of {} of its points", percent_reached(mean)), mean)) }
        }
    } } };
    let head = [
        ("criterion", false),
        ("mean", true),
        ("full points", true),
        ("as a bar", false),
    ];
    table("What the class can do already, and what not", &head, &body)
}

fn flaws(graded: &[(&Student, &Grade)]) -> Markup {
    let who = |id: &str| {
        let with = graded
            .iter()
            .filter(|(_, grade)| flaw_ids(grade).contains(&id));
        with.map(|(student, _)| said(&student.id))
            .collect::<Vec<_>>()
    };
    let mut found: Vec<_> = known_flaws()
        .map(|(id, title)| (id, title, who(id)))
        .filter(|(_, _, who)| !who.is_empty())
        .collect();
    if found.is_empty() {
        return html! { p { "None was recognised." } };
    }
    found.sort_by_key(|(_, _, who)| std::cmp::Reverse(who.len()));
    let body = html! { tbody { @for (id, title, who) in &found {
        tr { th scope="row" { (id) ": " (title) } td.figure { (who.len()) } td { (who.join(", ")) } }
    } } };
    let head = [("flaw", false), ("students", true), ("who", false)];
    table("Recognised flaws, the most frequent first", &head, &body)
}

fn similar_behaviour(alike: &[Alike]) -> Markup {
    let body = html! { tbody { @for one in alike {
        tr { th scope="row" { (one.sign.words()) } td { (one.students.iter().map(|id| said(id)).collect::<Vec<_>>().join(", ")) } }
    } } };
    html! {
        p.quiet {
            "For people to look at: services may be alike because they were written together, or because both follow the same \
             example. It has no part in any points."
        }
        (table("Services that behave alike where most others differ", &[("alike in", false), ("students", false)], &body))
    }
}
