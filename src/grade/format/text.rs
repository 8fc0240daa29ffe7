//! Formats that are text: TAP, Markdown and CSV. Foreign text is made harmless in each.

use std::fmt::Write;

use super::super::feedback::{mark, said};
use super::super::score::{Mark, Scored};
use super::super::{Grade, Status};
use crate::text::cell;
use crate::text::figures::points;
use crate::text::markdown::inline;

pub(super) fn tap(grade: &Grade) -> String {
    let mut out = String::from("TAP version 14\n");
    if grade.status == Status::Ungradable {
        let _infallible = writeln!(out, "1..0\nBail out! {}", line(&grade.reason));
        return out;
    }
    let all: Vec<(&str, &Scored)> = grade.criteria().collect();
    let _infallible = writeln!(out, "1..{}", all.len());
    for (number_of, (rubric, one)) in all.iter().enumerate() {
        let word = if one.mark == Mark::Passed {
            "ok"
        } else {
            "not ok"
        };
        let skip = match one.mark {
            Mark::Inconclusive => " # SKIP could not be measured",
            _ => "",
        };
        // A `#` would begin a directive.
        let title = line(&one.title).replace('#', " ");
        let _infallible = writeln!(out, "{word} {} - {rubric}: {title}{skip}", number_of + 1);
        if one.mark != Mark::Passed {
            let quoted = |text: &str| serde_json::Value::from(line(text)).to_string();
            let _infallible = writeln!(
                out,
                "  ---\n  score: {}\n  max_score: {}\n  message: {}\n  needed: {}\n  try: {}\n  ...",
                points(one.points),
                points(one.max_points),
                quoted(&one.why),
                quoted(&one.needed()),
                quoted(&one.help)
            );
        }
    }
    out
}

fn line(text: &str) -> String {
    said(text).trim().to_owned()
}

fn md(text: &str) -> String {
    inline(&said(text))
}

pub(super) fn markdown(grade: &Grade) -> String {
    let mut out = String::new();
    if grade.status == Status::Ungradable {
        let _infallible = writeln!(
            out,
            "## Ungradable (this is no zero)\n\n{}",
            md(&grade.reason)
        );
        return out;
    }
    let _infallible = writeln!(
        out,
        "## {} of {} points\n",
        points(grade.score),
        points(grade.max_score)
    );
    for rubric in &grade.rubrics {
        let _infallible = writeln!(
            out,
            "### {} ({} of {})\n",
            md(&rubric.title),
            points(rubric.score),
            points(rubric.max_score)
        );
        for cap in &rubric.caps {
            let _infallible = writeln!(out, "Capped: {}\n", md(cap));
        }
        out.push_str(
            "| | points | criterion | seen | needed | try |\n|---|---:|---|---|---|---|\n",
        );
        for one in &rubric.criteria {
            let [why, needed, help] = match one.mark {
                Mark::Passed => [String::new(), String::new(), String::new()],
                _ => [&one.why, &one.needed(), &one.help].map(|text| md(text)),
            };
            let _infallible = writeln!(
                out,
                "| {} | {} of {} | {} | {why} | {needed} | {help} |",
                mark(one.mark).trim(),
                points(one.points),
                points(one.max_points),
                md(&one.title)
            );
        }
        out.push('\n');
    }
    out.push_str("All of it with a timeline: [feedback.html](feedback.html)\n\n");
    if !grade.flaws.is_empty() {
        out.push_str("### Recognised flaws\n\n");
    }
    for flaw in &grade.flaws {
        let _infallible = writeln!(
            out,
            "- **{} {}**: {} (expected: {})",
            flaw.id,
            md(&flaw.title),
            md(&flaw.seen),
            md(&flaw.expected)
        );
    }
    out
}

pub(super) fn csv(grade: &Grade) -> String {
    let head = [
        "target",
        "status",
        "score",
        "max_score",
        "percent",
        "flaws",
        "salt",
    ]
    .map(str::to_owned);
    let flaws: Vec<&str> = grade.flaws.iter().map(|flaw| flaw.id.as_str()).collect();
    let cells = [
        cell(&grade.target),
        grade.status.name().to_owned(),
        blank_if(grade, points(grade.score)),
        points(grade.max_score),
        blank_if(grade, points(grade.fraction() * 100.0)),
        flaws.join(" "),
        cell(&grade.salt),
    ];
    let criteria = || {
        grade.criteria().map(|(rubric, one)| {
            (
                format!("{rubric}/{}", one.id),
                blank_if(grade, points(one.points)),
            )
        })
    };
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let rows = [
        head.into_iter()
            .chain(criteria().map(|(name, _)| name))
            .collect::<Vec<_>>(),
        cells
            .into_iter()
            .chain(criteria().map(|(_, points)| points))
            .collect(),
    ];
    for row in rows {
        writer.write_record(row).expect("a vector takes all bytes");
    }
    let bytes = writer.into_inner().expect("a vector takes all bytes");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A service that could not be examined has no points: not zero, none.
fn blank_if(grade: &Grade, shown: String) -> String {
    if grade.status == Status::Ungradable {
        String::new()
    } else {
        shown
    }
}
