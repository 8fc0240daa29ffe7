//! A table for people, within 80 columns.

use std::fmt::Write;

use super::counts;
use crate::gate::{Finding, Judgement};
use crate::text::figures::measured;
use crate::text::{COLUMNS, width, wrapped};

/// What stands before everything that is said about a rule: as much as its verdict takes.
const INDENT: &str = "               ";

/// What is wrong, worst first, or all findings in the order of the rules; then notes and counts.
#[must_use]
pub fn table(judgement: &Judgement, all: bool) -> String {
    let mut text = String::new();
    for obstacle in &judgement.obstacles {
        text += &wrapped(&obstacle.why, "cannot tell: ", "  ", COLUMNS);
        text += &wrapped(&format!("mend: {}", obstacle.mend), "  ", "    ", COLUMNS);
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
            text += &wrapped(&format!("{} {}", run.0, run.1), "", "  ", COLUMNS);
        }
        text += &row(finding);
    }
    for note in &judgement.notes {
        text += &wrapped(note, "note: ", "  ", COLUMNS);
    }
    let _ = writeln!(text, "{}", counts(judgement));
    text
}

fn row(finding: &Finding) -> String {
    let verdict = finding.verdict.word();
    let first = format!("  {verdict:<11}  ");
    let mut text = wrapped(&finding.rule, &first, INDENT, COLUMNS);
    let is = measured(finding.current, finding.unit);
    let numbers = match (finding.baseline, finding.bound) {
        _ if finding.current.is_none() && finding.baseline.is_none() => String::new(),
        (Some(was), _) => format!(
            "{} in the baseline, {is} now",
            measured(Some(was), finding.unit)
        ),
        (None, _) => format!("{is} now"),
    };
    let free = COLUMNS.saturating_sub(width(text.trim_end()) + 2);
    if width(&numbers) <= free && text.lines().count() == 1 {
        text = format!("{}  {numbers}\n", text.trim_end());
    } else if !numbers.is_empty() {
        text += &wrapped(&numbers, INDENT, INDENT, COLUMNS);
    }
    if !finding.why.is_empty() {
        text += &wrapped(&finding.why, INDENT, INDENT, COLUMNS);
    }
    text
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
        assert!(text.lines().all(|line| width(line) <= COLUMNS), "{text}");
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
}
