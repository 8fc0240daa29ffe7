//! What a student reads: points, reasons, and what to try next.

use std::fmt::Write;

use super::score::{Outcome, Scored};
use super::{Grade, Status};

/// A number without noise: integers as such, others to three places.
#[must_use]
pub fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Plain text for a terminal, worst first within each rubric.
#[must_use]
pub fn text(grade: &Grade) -> String {
    let mut text = String::new();
    write(&mut text, grade).expect("writing to a string cannot fail");
    text
}

fn write(out: &mut String, grade: &Grade) -> std::fmt::Result {
    writeln!(out, "{}", clean(&grade.target))?;
    if grade.status == Status::Ungradable {
        return writeln!(
            out,
            "  ungradable (this is no zero): {}",
            clean(&grade.reason)
        );
    }
    writeln!(
        out,
        "  {} of {} points",
        number(grade.score),
        number(grade.max_score)
    )?;
    for rubric in &grade.rubrics {
        writeln!(
            out,
            "\n{} ({} of {})",
            rubric.title,
            number(rubric.score),
            number(rubric.max_score)
        )?;
        for cap in &rubric.caps {
            writeln!(out, "  capped: {cap}")?;
        }
        let mut criteria: Vec<&Scored> = rubric.criteria.iter().collect();
        criteria.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
        for one in criteria {
            criterion(out, one)?;
        }
    }
    if !grade.flaws.is_empty() {
        writeln!(out, "\nRecognised flaws")?;
    }
    for flaw in &grade.flaws {
        writeln!(out, "  {:<4} {}", flaw.id, flaw.title)?;
        writeln!(out, "       seen: {}", clean(&flaw.seen))?;
        writeln!(out, "       expected: {}", flaw.expected)?;
    }
    if grade.status == Status::Inconclusive {
        writeln!(out, "\nSome points are open; {}", clean(&grade.reason))?;
    }
    writeln!(
        out,
        "\nSalt {}: the same files again with --salt {}",
        grade.salt, grade.salt
    )
}

fn criterion(out: &mut String, one: &Scored) -> std::fmt::Result {
    writeln!(
        out,
        "  {} {:>4} of {:<4} {}",
        mark(one.outcome),
        number(one.points),
        number(one.max_points),
        one.title
    )?;
    if one.outcome != Outcome::Passed {
        writeln!(out, "       {}", one.why)?;
        if one.gate < 1.0 {
            writeln!(
                out,
                "       (times {}, the share of correct answers)",
                number(one.gate)
            )?;
        }
        writeln!(out, "       try: {}", one.help)?;
    }
    Ok(())
}

fn lost(one: &Scored) -> f64 {
    one.max_points - one.points
}

/// A word for each outcome, so that nothing depends on colour.
pub(super) fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "ok  ",
        Outcome::Partial => "part",
        Outcome::Failed => "no  ",
        Outcome::Inconclusive => "open",
        Outcome::Skipped => "skip",
    }
}

/// Foreign text on its way to a terminal or a report: no control characters, not too long.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .take(600)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_noise_and_foreign_text_no_commands() {
        assert_eq!(
            [1.0, 0.25, 1.0 / 3.0, -0.0].map(number),
            ["1", "0.25", "0.333", "0"]
        );
        assert_eq!(clean("a\u{1b}[31mb\r\n::error::c"), "a [31mb  ::error::c");
    }
}
