//! Markdown for the summary of a workflow step.

use std::fmt::Write;

use super::counts;
use crate::gate::{Finding, Judgement};
use crate::text::figures::measured;
use crate::text::markdown::inline;

/// A step summary may hold 1 MiB; half of it leaves room for other steps' text.
const MAX_MARKDOWN: usize = 512 * 1024;

/// Markdown for a step summary, cut at a whole row when it would be too long.
#[must_use]
pub fn markdown(judgement: &Judgement) -> String {
    let mut text = format!("## breaklab {}\n\n", counts(judgement));
    for obstacle in &judgement.obstacles {
        let _ = writeln!(
            text,
            "- **cannot tell:** {} Mend: {}",
            inline(&obstacle.why),
            inline(&obstacle.mend)
        );
    }
    let bad = judgement.worst_first();
    if !bad.is_empty() {
        text += "\n| verdict | scenario | rule | baseline | current | why |\n|---|---|---|--:|--:|---|\n";
    }
    for (index, finding) in bad.iter().enumerate() {
        let cells = row(finding).map(|value| inline(&value));
        let line = format!("| {} | {} |\n", cells.join(" | "), inline(&finding.why));
        if text.len() + line.len() > MAX_MARKDOWN {
            let _ = writeln!(text, "\n{} more are in gate.json.", bad.len() - index);
            break;
        }
        text += &line;
    }
    for note in &judgement.notes {
        let _ = writeln!(text, "\nNote: {}", inline(note));
    }
    text
}

fn row(finding: &Finding) -> [String; 5] {
    [
        finding.verdict.word().to_owned(),
        format!("{} {}", finding.scenario, finding.mode),
        finding.rule.clone(),
        measured(finding.baseline, finding.unit),
        measured(finding.current, finding.unit),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::finding;
    use super::*;
    use crate::gate::Verdict;

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
}
