//! The runs of a summary, gathered by scenario in the order in which they were asked for.

use crate::record::{Base, Subject};
use crate::summary::{RunSummary, Summary};

/// Styles (colour, dash, marker) that modes can be told apart by.
pub(super) const STYLES: usize = 4;

/// One scenario and its modes; there is at least one.
pub(super) struct Scenario<'a> {
    /// Scenario id.
    pub(super) id: &'a str,
    /// Scenario title.
    pub(super) title: &'a str,
    /// One run a mode; the first is what the others are compared with.
    pub(super) runs: Vec<&'a RunSummary>,
}

impl<'a> Scenario<'a> {
    /// What the other modes are compared with.
    pub(super) fn baseline(&self) -> &'a RunSummary {
        self.runs[0]
    }

    /// The style of each mode, see [`slots`].
    pub(super) fn slots(&self) -> Vec<usize> {
        let subjects: Vec<&Subject> = self.runs.iter().map(|run| &run.subject).collect();
        slots(&subjects)
    }

    /// True when it is known what a mode asked upstream.
    pub(super) fn upstream_seen(&self) -> bool {
        self.runs.iter().any(|run| run.upstream_seen())
    }

    /// The modes that a sentence compares with the baseline: all of a few, of many only
    /// [`Scenario::compared`].
    pub(super) fn told(&self) -> Vec<&'a RunSummary> {
        const FEW: usize = 2;
        if self.runs.len() <= 1 + FEW {
            self.runs[1..].to_vec()
        } else {
            self.compared().into_iter().collect()
        }
    }

    /// The mode that the verdict is about: `hardened` where it ran, else the last one.
    pub(super) fn compared(&self) -> Option<&'a RunSummary> {
        let others = &self.runs[1..];
        others
            .iter()
            .find(|run| run.subject.is(Base::Hardened))
            .or(others.last())
            .copied()
    }
}

/// Gathers the runs of `summary`, without those that only serve the matrix of protections.
pub(super) fn scenarios(summary: &Summary) -> Vec<Scenario<'_>> {
    let mut scenarios: Vec<Scenario<'_>> = vec![];
    for run in summary.runs.iter().filter(|run| !summary.is_trial(run)) {
        match scenarios
            .iter_mut()
            .find(|scenario| scenario.id == run.scenario)
        {
            Some(scenario) => scenario.runs.push(run),
            None => scenarios.push(Scenario {
                id: &run.scenario,
                title: &run.title,
                runs: vec![run],
            }),
        }
    }
    scenarios
}

/// The style of each mode: a mode looks the same wherever it stands. Naive and hardened have styles
/// of their own; others take those that are left, in turn.
pub(super) fn slots(subjects: &[&Subject]) -> Vec<usize> {
    let own = |subject: &Subject| {
        let bases = [Base::Naive, Base::Hardened, Base::Sdk];
        bases.iter().position(|base| subject.is(*base))
    };
    let mut free = (0..STYLES)
        .filter(|slot| !subjects.iter().any(|subject| own(subject) == Some(*slot)))
        .collect::<Vec<_>>();
    if free.is_empty() {
        free.push(STYLES - 1);
    }
    let mut next = free.iter().cycle();
    subjects
        .iter()
        .map(|subject| {
            own(subject)
                .or_else(|| next.next().copied())
                .unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn slots(names: &[&str]) -> Vec<usize> {
        let subjects: Vec<Subject> = names.iter().map(|name| fixture::subject(name)).collect();
        super::slots(&subjects.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_mode_keeps_its_style_wherever_it_stands() {
        assert_eq!(slots(&["naive", "hardened"]), [0, 1]);
        assert_eq!(
            slots(&["sdk", "hardened", "hardened-without-cache"]),
            [2, 1, 0]
        );
        assert_eq!(slots(&["last week", "today"]), [0, 1]);
        assert_eq!(
            slots(&["naive", "sdk", "hardened", "a", "b"]),
            [0, 2, 1, 3, 3]
        );
    }
}
