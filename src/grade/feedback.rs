//! What a student reads: points, reasons, and what to try next.

use std::fmt::Write;

use super::flaw::{self, Flaw};
use super::result::{Grade, Status};
use super::score::{Mark, Scored};

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

/// A share in per cent with one decimal, rounded down: 100 % is all.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{} %", number((share * 1000.0 + 1e-9).floor() / 10.0))
}

/// Plain text for a terminal, worst first within each rubric.
#[must_use]
pub fn text(grade: &Grade) -> String {
    let mut text = String::new();
    write(&mut text, grade).expect("writing to a string cannot fail");
    text
}

fn write(out: &mut String, grade: &Grade) -> std::fmt::Result {
    paragraph(out, "", &clean(&grade.target))?;
    if grade.status == Status::Ungradable {
        paragraph(
            out,
            "  ",
            "Not graded, and this is no zero: the service could not be examined.",
        )?;
        paragraph(out, "  ", &clean(&grade.reason))?;
        return Ok(());
    }
    writeln!(
        out,
        "  {} of {} points",
        number(grade.score),
        number(grade.max_score)
    )?;
    if let Some(death) = grade.flaws.first().filter(|flaw| flaw.id == flaw::DEATH) {
        writeln!(out)?;
        paragraph(
            out,
            "",
            &format!("The service died: {}.", clean(&death.seen)),
        )?;
    }
    first_steps(out, grade)?;
    for rubric in &grade.rubrics {
        writeln!(
            out,
            "\n{} ({} of {})",
            rubric.title,
            number(rubric.score),
            number(rubric.max_score)
        )?;
        for cap in &rubric.caps {
            paragraph(out, "  ", &format!("capped: {cap}"))?;
        }
        for one in worst_first(&rubric.criteria) {
            criterion(out, one)?;
        }
    }
    flaws(out, &grade.flaws)?;
    if grade.status == Status::Inconclusive {
        writeln!(out)?;
        paragraph(
            out,
            "",
            &format!("Some points are open; {}", clean(&grade.reason)),
        )?;
    }
    writeln!(
        out,
        "\nTo be asked about the very same files again, add --salt {}",
        grade.salt
    )
}

/// How many pieces of advice stand at the top.
const FIRST_STEPS: usize = 3;

/// Where most points are to be gained, with what to try.
fn first_steps(out: &mut String, grade: &Grade) -> std::fmt::Result {
    let advised = grade.criteria().map(|(_, one)| one);
    let mut advised: Vec<&Scored> = advised.filter(|one| one.advice().is_some()).collect();
    advised.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
    if !advised.is_empty() {
        writeln!(out, "\nMost is to be gained here")?;
    }
    for one in advised.into_iter().take(FIRST_STEPS) {
        writeln!(out, "  + {:<4} {}", number(lost(one)), one.title)?;
        paragraph(out, "         ", &one.help)?;
    }
    Ok(())
}

fn criterion(out: &mut String, one: &Scored) -> std::fmt::Result {
    writeln!(
        out,
        "  {} {:>4} of {:<4} {}",
        mark(one.mark),
        number(one.points),
        number(one.max_points),
        one.title
    )?;
    if one.mark != Mark::Passed {
        paragraph(out, "       ", &one.why)?;
    }
    match one.advice() {
        Some(help) => paragraph(out, "       ", &format!("try: {help}")),
        None => Ok(()),
    }
}

/// Pieces of evidence that are shown; the record has all.
const EVIDENCE: usize = 2;

fn flaws(out: &mut String, flaws: &[Flaw]) -> std::fmt::Result {
    if !flaws.is_empty() {
        writeln!(out, "\nRecognised flaws")?;
    }
    for flaw in flaws {
        writeln!(out, "  {:<4} {}", flaw.id, flaw.title)?;
        paragraph(out, "       ", &format!("seen: {}", clean(&flaw.seen)))?;
        paragraph(out, "       ", &format!("expected: {}", flaw.expected))?;
        for evidence in flaw.evidence.iter().take(EVIDENCE) {
            let evidence = format!("{}: {}", flaw.case.name(), clean(evidence));
            paragraph(out, "       ", &evidence)?;
        }
    }
    Ok(())
}

/// Columns of a terminal, less two for a per cent sign, which stays with its number.
const WIDTH: usize = 78;

/// Text in lines that fit a terminal; the second and later ones stand two columns further in.
fn paragraph(out: &mut String, indent: &str, text: &str) -> std::fmt::Result {
    let (mut line, mut used) = (String::from(indent), 0);
    for word in text.split_whitespace() {
        let full = line.chars().count() + 1 + word.chars().count() > WIDTH;
        if used > 0 && full && word != "%" {
            writeln!(out, "{line}")?;
            line = format!("{indent}  ");
            used = 0;
        }
        if used > 0 {
            line.push(' ');
        }
        line.push_str(word);
        used += 1;
    }
    writeln!(out, "{line}")
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

/// Foreign text on its way to a terminal or a report: not too long, no characters that command or
/// deceive a terminal, and nothing that a CI runner takes for a workflow command.
#[must_use]
pub fn clean(text: &str) -> String {
    let text: String = text
        .chars()
        .take(600)
        .map(|letter| if commands(letter) { ' ' } else { letter })
        .collect();
    text.replace("::", ": :").replace("##[", "# #[")
}

/// Control characters, and those that are invisible or turn the direction of writing.
fn commands(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_terminal_and_lose_no_word() {
        let text = "word ".repeat(60) + &"x".repeat(100);
        let mut out = String::new();
        paragraph(&mut out, "    ", &text).unwrap();
        assert!(
            out.lines()
                .all(|line| line.len() <= WIDTH || line.trim().len() == 100)
        );
        assert_eq!(
            out.split_whitespace().collect::<Vec<_>>(),
            text.split_whitespace().collect::<Vec<_>>()
        );
    }

    #[test]
    fn numbers_have_no_noise_and_foreign_text_no_commands() {
        assert_eq!(
            [1.0, 0.25, 1.0 / 3.0, -0.0].map(number),
            ["1", "0.25", "0.333", "0"]
        );
        assert_eq!(
            clean("a\u{1b}[31mb\r\n::error::c\u{202e}d ##[error]"),
            "a [31mb  : :error: :c d # #[error]"
        );
    }
}
