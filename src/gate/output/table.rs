//! A table for people, within 80 columns.

use std::fmt::Write;

use super::{clean, counts, number};
use crate::gate::{Finding, Judgement};

/// The width of the narrowest terminal that people still use.
const WIDTH: usize = 80;

/// Where the rule begins, behind the verdict.
const INDENT: usize = 15;

/// What is wrong, worst first, or all findings in the order of the rules; then notes and counts.
#[must_use]
pub fn table(judgement: &Judgement, all: bool) -> String {
    let mut text = String::new();
    for obstacle in &judgement.obstacles {
        text += &wrapped(&format!("cannot tell: {}", obstacle.why), 2);
        text += &wrapped(&format!("  mend: {}", obstacle.mend), 4);
    }
    let findings: Vec<&Finding> = if all {
        judgement.findings.iter().collect()
    } else {
        judgement.worst_first()
    };
    let mut group = None;
    for finding in findings {
        let run = (&finding.scenario, &finding.mode);
        if group != Some(run) {
            group = Some(run);
            text += &wrapped(&format!("{} {}", run.0, run.1), 2);
        }
        text += &row(finding);
    }
    for note in &judgement.notes {
        text += &wrapped(&format!("note: {note}"), 2);
    }
    let _ = writeln!(text, "{}", counts(judgement));
    text
}

fn row(finding: &Finding) -> String {
    let verdict = finding.verdict.word();
    let mut text = wrapped(&format!("  {verdict:<11}  {}", finding.rule), INDENT);
    let is = number(finding.current, finding.unit);
    let numbers = match (finding.baseline, finding.bound) {
        _ if finding.current.is_none() && finding.baseline.is_none() => String::new(),
        (Some(was), _) => format!(
            "{} in the baseline, {is} now",
            number(Some(was), finding.unit)
        ),
        (None, _) => format!("{is} now"),
    };
    let free = WIDTH.saturating_sub(text.trim_end().chars().count() + 2);
    if numbers.chars().count() <= free && text.lines().count() == 1 {
        text = format!("{}  {numbers}\n", text.trim_end());
    } else if !numbers.is_empty() {
        text += &wrapped(&format!("{:INDENT$}{numbers}", ""), INDENT);
    }
    if !finding.why.is_empty() {
        text += &wrapped(&format!("{:INDENT$}{}", "", finding.why), INDENT);
    }
    text
}

/// Breaks a line between words so that it fits 80 columns; further lines are indented. Longer words, such
/// as paths, stay whole, and so does a command at the end, which is there to be copied. What could
/// move a terminal's cursor is blanked, and no line can begin like a command to a workflow (`::error::…`).
#[must_use]
pub fn wrapped(line: &str, indent: usize) -> String {
    let line = clean(line);
    let prose = line
        .find(": breaklab ")
        .map_or(line.len(), |colon| colon + 2);
    let start = line.len() - line.trim_start().len();
    let (mut text, mut column) = (line[..start].to_owned(), start);
    let command = Some(&line[prose..]).filter(|command| !command.is_empty());
    for (index, word) in line[start..prose]
        .split_inclusive(' ')
        .chain(command)
        .enumerate()
    {
        let width = word.trim_end().chars().count();
        if index > 0 && column + width > WIDTH {
            text.truncate(text.trim_end().len());
            let _ = write!(text, "\n{:indent$}", "");
            column = indent;
        }
        text += &word.replacen("::", ": :", usize::from(word.starts_with("::")));
        column += word.chars().count();
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finding, many};
    use super::*;
    use crate::gate::Verdict;

    #[test]
    fn the_table_fits_eighty_columns_and_hides_nothing() {
        let mut judgement = many();
        let mut long = finding(7, Verdict::CannotTell);
        long.scenario = "slow-processing-breakdown".to_owned();
        long.rule =
            "makespan_over_limit not above the baseline's by more than 10 % and 20".to_owned();
        (long.baseline, long.why) = (Some(44_924.927), "a reason of many words ".repeat(9));
        judgement.findings.push(long);
        judgement.findings[0].scenario = "::error::forged".to_owned();
        let text = table(&judgement, false);
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert_eq!(text.matches("reason").count(), 9);
        assert!(
            text.contains("44924.9 ms in the baseline, 7 ms now"),
            "{text}"
        );
        assert!(
            text.lines().all(|line| !line.starts_with("::")),
            "a name must not begin a line of its own"
        );
    }

    #[test]
    fn a_command_stays_whole_to_be_copied() {
        let text = wrapped(
            &format!("{}: breaklab run --out a b c", "word ".repeat(14)),
            2,
        );
        assert!(text.ends_with(":\n  breaklab run --out a b c\n"), "{text}");
    }

    #[test]
    fn words_longer_than_a_line_stay_whole() {
        let path = "/long".repeat(40);
        assert_eq!(
            wrapped(&format!("see {path} now"), 2),
            format!("see\n  {path}\n  now\n")
        );
    }
}
