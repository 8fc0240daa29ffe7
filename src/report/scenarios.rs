//! The runs of a summary, gathered by scenario in the order in which they were asked for.

use crate::summary::{RunSummary, Summary};

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

    /// The mode that the verdict is about: `hardened` where it ran, else the last one.
    pub(super) fn compared(&self) -> Option<&'a RunSummary> {
        let others = &self.runs[1..];
        others
            .iter()
            .find(|run| run.mode == "hardened")
            .or(others.last())
            .copied()
    }
}

/// Gathers the runs of `summary`.
pub(super) fn scenarios(summary: &Summary) -> Vec<Scenario<'_>> {
    let mut scenarios: Vec<Scenario<'_>> = vec![];
    for run in &summary.runs {
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
