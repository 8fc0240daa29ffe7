//! The judgement in the formats that people and CI systems read. Pure.
//!
//! Names of scenarios and reasons may come from hostile files, so every format escapes its own way.

use std::fmt::Write;

use serde_json::json;

use super::{Finding, Judgement, Verdict};
use crate::gate::Evidence;

pub use junit::junit;

mod junit;

/// A step summary may hold 1 MiB; half of it leaves room for other steps' text.
const MAX_MARKDOWN: usize = 512 * 1024;

/// A step shows ten annotations of each kind and drops the others without a word.
const MAX_ANNOTATIONS: usize = 10;

/// The judgement as JSON of layout [`super::SCHEMA`].
#[must_use]
pub fn json(judgement: &Judgement) -> String {
    let mut text = serde_json::to_string_pretty(judgement)
        .expect("the judgement has only string keys and finite numbers or null");
    text.push('\n');
    text
}

/// A table for people: what is wrong first, then the counts.
#[must_use]
pub fn table(judgement: &Judgement, all: bool) -> String {
    let mut text = String::new();
    for obstacle in &judgement.obstacles {
        let _ = writeln!(
            text,
            "cannot tell: {}\n  mend: {}",
            clean(&obstacle.why),
            clean(&obstacle.mend)
        );
    }
    let findings: Vec<&Finding> = if all {
        judgement.findings.iter().collect()
    } else {
        judgement.worst_first()
    };
    let rows: Vec<[String; 5]> = findings.iter().map(|finding| row(finding)).collect();
    if !rows.is_empty() {
        let head = ["verdict", "scenario / mode", "rule", "baseline", "current"].map(str::to_owned);
        let widths: [usize; 5] = std::array::from_fn(|column| {
            let cells = rows.iter().chain([&head]);
            cells
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        });
        for (row, why) in [(&head, "")].into_iter().chain(
            rows.iter()
                .zip(findings.iter().map(|finding| finding.why.as_str())),
        ) {
            let cells: Vec<String> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            let _ = writeln!(text, "{}", cells.join("  ").trim_end());
            if !why.is_empty() {
                let _ = writeln!(text, "    {}", clean(why));
            }
        }
    }
    for note in &judgement.notes {
        let _ = writeln!(text, "note: {}", clean(note));
    }
    let _ = writeln!(text, "{}", counts(judgement));
    text
}

/// `gate: passed; 120 passed, 0 failed, 0 cannot tell, 14 not applicable`.
#[must_use]
pub fn counts(judgement: &Judgement) -> String {
    let count = |verdict| judgement.count(verdict);
    format!(
        "gate: {}; {} passed, {} failed, {} cannot tell, {} not applicable",
        judgement.verdict.word(),
        count(Verdict::Passed),
        count(Verdict::Failed),
        count(Verdict::CannotTell) + judgement.obstacles.len(),
        count(Verdict::NotApplicable)
    )
}

fn row(finding: &Finding) -> [String; 5] {
    [
        finding.verdict.word().to_owned(),
        clean(&format!("{} {}", finding.scenario, finding.mode)),
        clean(&finding.rule),
        number(finding.baseline, finding.unit),
        number(finding.current, finding.unit),
    ]
}

fn number(value: Option<f64>, unit: &str) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    let text = if value.fract() == 0.0 {
        format!("{value}")
    } else {
        format!("{value:.4}")
    };
    format!("{text} {unit}").trim_end().to_owned()
}

/// Control characters could move a terminal's cursor or forge a line of a log.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Markdown for a step summary, cut at a whole row when it would be too long.
#[must_use]
pub fn markdown(judgement: &Judgement) -> String {
    let mut text = format!("## breaklab {}\n\n", counts(judgement));
    for obstacle in &judgement.obstacles {
        let _ = writeln!(
            text,
            "- **cannot tell:** {} Mend: {}",
            cell(&obstacle.why),
            cell(&obstacle.mend)
        );
    }
    let bad = judgement.worst_first();
    if !bad.is_empty() {
        text += "\n| verdict | scenario | rule | baseline | current | why |\n|---|---|---|--:|--:|---|\n";
    }
    for (index, finding) in bad.iter().enumerate() {
        let cells = row(finding).map(|value| cell(&value));
        let line = format!("| {} | {} |\n", cells.join(" | "), cell(&finding.why));
        if text.len() + line.len() > MAX_MARKDOWN {
            let _ = writeln!(text, "\n{} more are in gate.json.", bad.len() - index);
            break;
        }
        text += &line;
    }
    for note in &judgement.notes {
        let _ = writeln!(text, "\nNote: {}", cell(note));
    }
    text
}

fn cell(text: &str) -> String {
    let mut escaped = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '!' | '@' | '#' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Workflow commands, worst first: at most ten errors and ten warnings, the last of which then
/// tells how many are not shown.
#[must_use]
pub fn annotations(judgement: &Judgement) -> String {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for obstacle in &judgement.obstacles {
        warnings.push((
            "breaklab cannot tell".to_owned(),
            format!("{} (mend: {})", obstacle.why, obstacle.mend),
        ));
    }
    for finding in judgement.worst_first() {
        let title = format!("{} {}: {}", finding.scenario, finding.mode, finding.rule);
        let numbers = format!(
            "baseline {}, current {} {}",
            number(finding.baseline, finding.unit),
            number(finding.current, finding.unit),
            finding.why
        );
        let list = match finding.verdict {
            Verdict::Failed => &mut errors,
            _ => &mut warnings,
        };
        list.push((title, numbers.trim_end().to_owned()));
    }
    bounded("error", &errors) + &bounded("warning", &warnings)
}

fn bounded(kind: &str, list: &[(String, String)]) -> String {
    let shown = if list.len() > MAX_ANNOTATIONS {
        MAX_ANNOTATIONS - 1
    } else {
        list.len()
    };
    let mut text = String::new();
    for (title, message) in &list[..shown] {
        let _ = writeln!(
            text,
            "::{kind} title={}::{}",
            property(title),
            data(message)
        );
    }
    if shown < list.len() {
        let _ = writeln!(
            text,
            "::{kind} title=breaklab gate::{} more of these are in gate.json",
            list.len() - shown
        );
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The current numbers for `github-action-benchmark` (`customSmallerIsBetter`): makespan, p95, cost and
/// failures of every run.
#[must_use]
pub fn benchmark(current: &Evidence) -> String {
    use crate::summary::Metric::{Attempts, CostUsd, FailureRate, MakespanS, P95Ms};
    let mut entries = Vec::new();
    for run in &current.summary.runs {
        for metric in [FailureRate, P95Ms, MakespanS, CostUsd, Attempts] {
            if let Some(value) = run.value(metric) {
                let unit = match metric.unit() {
                    "" => "share",
                    unit => unit,
                };
                entries.push(json!({
                    "name": format!("{} {} {}", run.scenario, run.mode, metric.name()),
                    "unit": unit,
                    "value": value,
                }));
            }
        }
    }
    serde_json::Value::from(entries).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::Obstacle;
    use super::*;

    fn finding(index: usize, verdict: Verdict) -> Finding {
        Finding {
            rule: "p95_ms at most 1".to_owned(),
            scenario: format!("s{index}"),
            mode: "naive|<b>\n::error::".to_owned(),
            metric: Some(crate::summary::Metric::P95Ms),
            unit: "ms",
            baseline: None,
            current: Some(index as f64),
            bound: Some(1.0),
            verdict,
            why: String::new(),
        }
    }

    fn many() -> Judgement {
        let findings = (0..30)
            .map(|index| finding(index, Verdict::Failed))
            .collect();
        Judgement::of(None, Vec::new(), findings, Vec::new())
    }

    #[test]
    fn annotations_are_bounded_and_the_worst_comes_first() {
        let text = annotations(&many());
        assert_eq!(text.lines().count(), 10);
        assert!(text.starts_with("::error title=s29 "), "{text}");
        assert!(text.contains("21 more"));
        assert!(text.lines().all(|line| line.starts_with("::error title=")));
    }

    #[test]
    fn markdown_stays_within_the_size_of_a_step_summary() {
        let findings = (0..20_000)
            .map(|index| finding(index, Verdict::Failed))
            .collect();
        let text = markdown(&Judgement::of(None, Vec::new(), findings, Vec::new()));
        assert!(text.len() < 1024 * 1024);
        assert!(text.contains("more are in gate.json"));
        assert!(!text.contains("<b>"));
    }

    #[test]
    fn a_junit_case_that_cannot_be_told_is_an_error_and_not_a_skip() {
        let findings = vec![
            finding(1, Verdict::Passed),
            finding(2, Verdict::Failed),
            finding(3, Verdict::CannotTell),
            finding(4, Verdict::NotApplicable),
        ];
        let obstacle = Obstacle::new("no baseline", "make one");
        let text = junit(&Judgement::of(None, vec![obstacle], findings, Vec::new()));
        assert!(
            text.contains("tests=\"5\" failures=\"1\" errors=\"2\" skipped=\"1\""),
            "{text}"
        );
        assert!(!text.contains("<b>") && !text.contains("naive|<"));
    }

    #[test]
    fn nothing_shown_to_hold_is_not_a_pass() {
        assert_eq!(
            Judgement::of(None, Vec::new(), Vec::new(), Vec::new()).verdict,
            Verdict::CannotTell
        );
    }
}
