//! Formats that are text: JUnit XML, TAP, Markdown and CSV. Foreign text is made harmless in each.

use std::fmt::Write;

use super::super::feedback::{clean, mark, number};
use super::super::score::{Mark, Scored};
use super::super::{Grade, Status};
use super::message;

/// A suite a rubric, a case a criterion; the strict schema allows neither properties nor files,
/// so points stand in `system-out`.
pub(super) fn junit(grade: &Grade) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let cases: Vec<&Scored> = grade.criteria().map(|(_, one)| one).collect();
    let _infallible = writeln!(
        out,
        "<testsuites name=\"breaklab\" {}>",
        counts(grade, &cases)
    );
    for rubric in &grade.rubrics {
        let cases: Vec<&Scored> = rubric.criteria.iter().collect();
        let _infallible = writeln!(
            out,
            "  <testsuite name=\"{}\" {} skipped=\"{}\" time=\"0\">",
            xml(&rubric.rubric),
            counts(grade, &cases),
            cases
                .iter()
                .filter(|one| one.mark == Mark::Skipped && !is_error(grade, one))
                .count()
        );
        for one in cases {
            junit_case(&mut out, grade, &rubric.rubric, one);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(grade: &Grade, cases: &[&Scored]) -> String {
    let failures = cases
        .iter()
        .filter(|one| matches!(one.mark, Mark::Failed | Mark::Partial))
        .count();
    let errors = cases.iter().filter(|one| is_error(grade, one)).count();
    format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"",
        cases.len()
    )
}

/// What the harness could not tell is its error and not the student's failure.
fn is_error(grade: &Grade, one: &Scored) -> bool {
    one.mark == Mark::Inconclusive
        || (one.mark == Mark::Skipped && grade.status == Status::Ungradable)
}

fn junit_case(out: &mut String, grade: &Grade, rubric: &str, one: &Scored) {
    let _infallible = writeln!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"0\">",
        xml(&one.title),
        xml(rubric)
    );
    let body = xml(&message(one));
    let _infallible = match one.mark {
        Mark::Passed => Ok(()),
        _ if is_error(grade, one) => {
            let why = if grade.reason.is_empty() {
                body
            } else {
                xml(&clean(&grade.reason))
            };
            writeln!(
                out,
                "      <error message=\"could not be measured\" type=\"harness\">{why}</error>"
            )
        }
        Mark::Skipped => writeln!(out, "      <skipped message=\"not examined\"/>"),
        _ => writeln!(
            out,
            "      <failure message=\"{} of {} points\" type=\"criterion\">{body}</failure>",
            number(one.points),
            number(one.max_points)
        ),
    };
    let _infallible = writeln!(
        out,
        "      <system-out>[[PROPERTY|score={}/{}]]</system-out>\n    </testcase>",
        number(one.points),
        number(one.max_points)
    );
}

/// Escapes what XML means otherwise, and drops what XML 1.0 cannot hold.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                out.push(' ')
            }
            letter => out.push(letter),
        }
    }
    out
}

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
                "  ---\n  score: {}\n  max_score: {}\n  message: {}\n  try: {}\n  ...",
                number(one.points),
                number(one.max_points),
                quoted(&one.why),
                quoted(&one.help)
            );
        }
    }
    out
}

fn line(text: &str) -> String {
    clean(text).trim().to_owned()
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
        number(grade.score),
        number(grade.max_score)
    );
    for rubric in &grade.rubrics {
        let _infallible = writeln!(
            out,
            "### {} ({} of {})\n",
            md(&rubric.title),
            number(rubric.score),
            number(rubric.max_score)
        );
        for cap in &rubric.caps {
            let _infallible = writeln!(out, "Capped: {}\n", md(cap));
        }
        out.push_str("| | points | criterion | what was seen | try |\n|---|---:|---|---|---|\n");
        for one in &rubric.criteria {
            let (why, help) = match one.mark {
                Mark::Passed => (String::new(), String::new()),
                _ => (md(&one.why), md(&one.help)),
            };
            let _infallible = writeln!(
                out,
                "| {} | {} of {} | {} | {why} | {help} |",
                mark(one.mark).trim(),
                number(one.points),
                number(one.max_points),
                md(&one.title)
            );
        }
        out.push('\n');
    }
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

/// Foreign text in Markdown: no tags, no links, no cells, no workflow commands.
fn md(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in clean(text).chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            ':' => out.push_str("&#58;"),
            '@' => out.push_str("&#64;"),
            letter => out.push(letter),
        }
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
        serde_json::to_value(grade.status)
            .ok()
            .and_then(|status| status.as_str().map(str::to_owned))
            .unwrap_or_default(),
        blank_if(grade, number(grade.score)),
        number(grade.max_score),
        blank_if(grade, number(grade.fraction() * 100.0)),
        flaws.join(" "),
        cell(&grade.salt),
    ];
    let criteria = || {
        grade.criteria().map(|(rubric, one)| {
            (
                format!("{rubric}/{}", one.id),
                blank_if(grade, number(one.points)),
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
fn blank_if(grade: &Grade, points: String) -> String {
    if grade.status == Status::Ungradable {
        String::new()
    } else {
        points
    }
}

/// A cell that no spreadsheet takes for a formula.
pub(in crate::grade) fn cell(text: &str) -> String {
    let text = clean(text);
    match text.chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{text}"),
        _ => text,
    }
}
