//! Annotations of a GitHub workflow, worst first and bounded.

use crate::gate::{Judgement, Verdict};
use crate::text::figures::measured;
use crate::text::workflow::{Level, annotation};

/// A step shows ten annotations of each kind and drops the others without a word.
const MAX_ANNOTATIONS: usize = 10;

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
            measured(finding.baseline, finding.unit),
            measured(finding.current, finding.unit),
            finding.why
        );
        let list = match finding.verdict {
            Verdict::Failed => &mut errors,
            _ => &mut warnings,
        };
        list.push((title, numbers.trim_end().to_owned()));
    }
    bounded(Level::Error, &errors) + &bounded(Level::Warning, &warnings)
}

fn bounded(level: Level, list: &[(String, String)]) -> String {
    let shown = if list.len() > MAX_ANNOTATIONS {
        MAX_ANNOTATIONS - 1
    } else {
        list.len()
    };
    let mut text: String = list[..shown]
        .iter()
        .map(|(title, message)| annotation(level, title, message))
        .collect();
    if shown < list.len() {
        let more = format!("{} more of these are in gate.json", list.len() - shown);
        text += &annotation(level, "breaklab gate", &more);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::many;
    use super::*;

    #[test]
    fn annotations_are_bounded_and_the_worst_comes_first() {
        let text = annotations(&many());
        assert_eq!(text.lines().count(), 10);
        assert!(text.starts_with("::error title=s29 "), "{text}");
        assert!(text.contains("21 more"));
        assert!(text.lines().all(|line| line.starts_with("::error title=")));
    }
}
