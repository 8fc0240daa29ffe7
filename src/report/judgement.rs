//! Good or bad: one word on how a mode did beside another, from numbers alone.

use crate::record::Base;
use crate::summary::{Contrast, RunSummary};

use super::scenarios::Scenario;

/// Ratios nearer to 1 than this are called the same.
pub(super) const SAME: f64 = 0.02;

/// Ratios below this are said in percent: as a factor they would round to 1.
pub(super) const NEAR: f64 = 1.1;

/// A mode this much faster or cheaper shows that the other one is broken.
pub(super) const BREAKING: f64 = 1.5;

/// How the compared mode of a scenario did beside the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It does all that was asked, and naive did not, or only much slower or dearer.
    Held,
    /// Both do all that was asked at about the same time and cost: the scenario shows nothing.
    NoDifference,
    /// It fails too.
    Broke,
    /// Against another baseline than naive: fewer failures, or faster or cheaper and neither worse.
    Better,
    /// The reverse.
    Worse,
    /// One is faster, the other cheaper.
    Mixed,
    /// Nothing to compare with.
    Alone,
    /// The run breaks a conservation law, so its numbers mean nothing.
    Invalid,
}

impl Judgement {
    /// Judges one scenario.
    pub(super) fn of(scenario: &Scenario<'_>) -> Self {
        if scenario.runs.iter().any(|run| !run.violations.is_empty()) {
            return Self::Invalid;
        }
        let (baseline, Some(last)) = (scenario.baseline(), scenario.compared()) else {
            return Self::Alone;
        };
        if !baseline.subject.is(Base::Naive) {
            return Self::between(baseline, last);
        }
        match (broke(baseline, last), last.holds()) {
            (_, false) => Self::Broke,
            (true, true) => Self::Held,
            (false, true) => Self::NoDifference,
        }
    }

    fn between(baseline: &RunSummary, other: &RunSummary) -> Self {
        let contrast = Contrast::between(baseline, other);
        let (before, after) = (baseline.shortfall(), other.shortfall());
        if before != after {
            return if after < before {
                Self::Better
            } else {
                Self::Worse
            };
        }
        let ratios = [contrast.time, contrast.cost];
        let any = |wanted: fn(f64) -> bool| ratios.iter().flatten().any(|ratio| wanted(*ratio));
        match (
            any(|ratio| ratio < 1.0 - SAME),
            any(|ratio| ratio > 1.0 + SAME),
        ) {
            (true, false) => Self::Better,
            (false, true) => Self::Worse,
            (true, true) => Self::Mixed,
            (false, false) => Self::NoDifference,
        }
    }

    /// The mark that stands beside the words, for those who see no colour.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Held | Self::Better => "✓",
            Self::NoDifference => "=",
            Self::Mixed => "±",
            Self::Broke | Self::Worse | Self::Invalid => "✗",
            Self::Alone => "·",
        }
    }

    /// In a word or two.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::NoDifference => "no difference",
            Self::Broke => "broke",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Mixed => "mixed",
            Self::Alone => "not compared",
            Self::Invalid => "invalid",
        }
    }

    /// Good news, bad news, or neither.
    pub(super) fn tone(self) -> Tone {
        match self {
            Self::Held | Self::Better => Tone::Good,
            Self::Broke | Self::Worse | Self::Invalid => Tone::Bad,
            Self::NoDifference | Self::Mixed | Self::Alone => Tone::Open,
        }
    }
}

/// How a judgement is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Open,
}

/// True when the baseline did not do all that was asked, or only much slower or dearer.
pub(super) fn broke(baseline: &RunSummary, other: &RunSummary) -> bool {
    let contrast = Contrast::between(baseline, other);
    let far_below = |ratio: Option<f64>| ratio.is_some_and(|ratio| ratio * BREAKING <= 1.0);
    !baseline.holds() || far_below(contrast.time) || far_below(contrast.cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_mode_that_breaks_a_law_is_invalid_not_held() {
        let naive = fixture::run_summary("naive", 10, &[], 50.0, 200.0);
        let mut hardened = fixture::run_summary("hardened", 10, &[], 45.0, 20.0);
        hardened
            .violations
            .push("attempts sent (3) and attempts ended (2) differ".to_owned());
        let runs = [naive, hardened];
        let scenario = Scenario {
            id: "s",
            title: "",
            runs: runs.iter().collect(),
        };
        assert_eq!(Judgement::of(&scenario), Judgement::Invalid);
    }

    fn judged(naive: RunSummary, other: RunSummary) -> Judgement {
        let runs = [naive, other];
        Judgement::of(&Scenario {
            id: "s",
            title: "",
            runs: runs.iter().collect(),
        })
    }

    #[test]
    fn a_scenario_in_which_both_do_the_same_shows_nothing() {
        let run = |mode| fixture::run_summary(mode, 10, &[], 50.0, 200.0);
        assert_eq!(
            judged(run("naive"), run("hardened")),
            Judgement::NoDifference
        );
    }

    #[test]
    fn against_another_baseline_more_failures_are_worse_whatever_they_save() {
        let before = fixture::run_summary("hardened", 10, &[], 50.0, 200.0);
        let after = fixture::run_summary(
            "today",
            9,
            &[(crate::record::Ending::Rejected, 1)],
            5.0,
            20.0,
        );
        assert_eq!(judged(before.clone(), after), Judgement::Worse);
        let dearer = fixture::run_summary("today", 10, &[], 25.0, 300.0);
        assert_eq!(judged(before, dearer), Judgement::Mixed);
    }
}
