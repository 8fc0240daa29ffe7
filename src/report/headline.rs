//! The two figures that a scenario's card shows, and what their difference means.

use crate::record::Ending;
use crate::summary::{Contrast, RunSummary};

use super::judgement::{BREAKING, NEAR, SAME};
use crate::text::figures::{count, percent, rupees, seconds, times};

/// The pair of figures in which the modes of a scenario differ most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Headline {
    /// What the figures count.
    pub(super) what: &'static str,
    /// Of the baseline.
    pub(super) before: String,
    /// Of the compared mode.
    pub(super) after: String,
    /// The difference in words.
    pub(super) change: String,
    /// What the difference costs or saves besides, from baseline to compared mode.
    pub(super) also: String,
}

/// Failures first, then a cost that differs much, then the greater of the ratios of cost and time.
pub(super) fn headline(baseline: &RunSummary, other: &RunSummary) -> Headline {
    let contrast = Contrast::between(baseline, other);
    let lost = |run: &RunSummary| run.requests.lost();
    let size = |ratio: Option<f64>| {
        ratio
            .filter(|ratio| *ratio > 0.0)
            .map_or(0.0, |ratio| ratio.ln().abs())
    };
    if lost(baseline) == 1 && baseline.requests.offered == 1 && lost(other) == 0 {
        return rescued(baseline, other);
    }
    if lost(baseline) + lost(other) > 0 {
        let of =
            |run: &RunSummary| format!("{} of {}", count(lost(run)), count(run.requests.offered));
        let change = match contrast.fewer_failures {
            _ if lost(other) == 0 => "none fails any more".to_owned(),
            Some(fewer) => format!("{} fewer failures", percent(Some(fewer))),
            None if baseline.failure_rate == other.failure_rate => "as many failures".to_owned(),
            None => "more failures".to_owned(),
        };
        let times = (baseline.requests.ok > 0).then(|| {
            from_to(
                "same time",
                &seconds(baseline.makespan_s),
                &seconds(other.makespan_s),
            )
        });
        let costs = from_to(
            "same cost",
            &rupees(baseline.cost.inr),
            &rupees(other.cost.inr),
        );
        return Headline {
            also: times
                .into_iter()
                .chain([costs])
                .collect::<Vec<_>>()
                .join(", "),
            what: "requests failed",
            before: of(baseline),
            after: of(other),
            change,
        };
    }
    // Money is the harder currency: a cost that differs much comes before any gain of time.
    if size(contrast.cost) >= BREAKING.ln() || size(contrast.cost) >= size(contrast.time) {
        return Headline {
            also: from_to(
                "same time",
                &seconds(baseline.makespan_s),
                &seconds(other.makespan_s),
            ),
            what: "cost",
            before: rupees(baseline.cost.inr),
            after: rupees(other.cost.inr),
            change: contrast
                .cost
                .map_or_else(String::new, |ratio| factor(ratio, "cheaper", "dearer")),
        };
    }
    Headline {
        also: from_to(
            "same cost",
            &rupees(baseline.cost.inr),
            &rupees(other.cost.inr),
        ),
        what: "until the last answer",
        before: seconds(baseline.makespan_s),
        after: seconds(other.makespan_s),
        change: contrast
            .time
            .map_or_else(String::new, |ratio| factor(ratio, "faster", "slower")),
    }
}

/// One request that is lost in the one mode and answered in the other.
fn rescued(baseline: &RunSummary, other: &RunSummary) -> Headline {
    let word = if baseline.endings.contains_key(&Ending::TimeLimit) {
        "killed"
    } else {
        "failed"
    };
    Headline {
        what: "the one request",
        before: format!("{word}, {}", seconds(baseline.makespan_s)),
        after: seconds(other.makespan_s),
        change: match other.docs.coverage {
            Some(share) => format!("{} documented", percent(Some(share))),
            None => "answered".to_owned(),
        },
        also: from_to(
            "same cost",
            &rupees(baseline.cost.inr),
            &rupees(other.cost.inr),
        ),
    }
}

fn from_to(same: &str, before: &str, after: &str) -> String {
    if before == after {
        same.to_owned()
    } else {
        format!("{before} → {after}")
    }
}

/// A ratio as a change: `9.8× faster`, `same`.
pub(super) fn factor(ratio: f64, less: &str, more: &str) -> String {
    match ratio {
        _ if (ratio - 1.0).abs() < SAME => "same".to_owned(),
        0.0 => "nothing".to_owned(),
        _ if (1.0 / NEAR..1.0).contains(&ratio) => format!("{} {less}", percent(Some(1.0 - ratio))),
        _ if (1.0..NEAR).contains(&ratio) => format!("{} {more}", percent(Some(ratio - 1.0))),
        _ if ratio < 1.0 => format!("{} {less}", times(1.0 / ratio)),
        _ => format!("{} {more}", times(ratio)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_headline_is_the_figure_that_differs_most() {
        let naive = fixture::run_summary("naive", 10, &[], 50.0, 200.0);
        let cheap = fixture::run_summary("hardened", 10, &[], 45.0, 20.0);
        let quick = fixture::run_summary("hardened", 10, &[], 5.0, 190.0);
        assert_eq!(headline(&naive, &cheap).change, "10× cheaper");
        assert_eq!(headline(&naive, &quick).change, "10× faster");
    }

    #[test]
    fn a_small_difference_is_said_in_percent() {
        assert_eq!(factor(1.048, "faster", "slower"), "4.8 % slower");
        assert_eq!(factor(0.95, "faster", "slower"), "5 % faster");
        assert_eq!(factor(1.5, "faster", "slower"), "1.5× slower");
    }

    #[test]
    fn a_cost_that_differs_much_comes_before_a_greater_gain_of_time() {
        let naive = fixture::run_summary("naive", 10, &[], 1000.0, 200.0);
        let hardened = fixture::run_summary("hardened", 10, &[], 10.0, 40.0);
        assert_eq!(headline(&naive, &hardened).change, "5× cheaper");
        assert_eq!(headline(&naive, &hardened).also, "16.7 min → 10 s");
    }
}
