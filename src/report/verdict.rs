//! Verdicts in words, from numbers alone; what is bad about either side is said as plainly as what is good.

use crate::record::Ending;
use crate::summary::{Contrast, RunSummary, Summary};

use super::figures::{count, percent, rupees, seconds, times};
use super::scenarios::{Scenario, scenarios};

/// Ratios nearer to 1 than this are called the same.
const SAME: f64 = 0.02;

/// The mode that is there to break.
const NAIVE: &str = "naive";

/// A mode this much faster or cheaper shows that the other one is broken.
const BREAKING: f64 = 1.5;

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
        if baseline.mode != NAIVE {
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
        let undone =
            |run: &RunSummary| 1.0 - run.requests.ok as f64 / run.requests.offered.max(1) as f64;
        let missing = |run: &RunSummary| 1.0 - run.docs.coverage.unwrap_or(1.0);
        let (before, after) = (
            undone(baseline) + missing(baseline),
            undone(other) + missing(other),
        );
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
            Self::Alone => "one mode only",
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

/// One sentence for the whole summary.
pub(super) fn overall(summary: &Summary) -> String {
    let scenarios = scenarios(summary);
    let pairs: Vec<(&RunSummary, &RunSummary)> = scenarios
        .iter()
        .filter_map(|scenario| Some((scenario.baseline(), scenario.compared()?)))
        .collect();
    let Some(&(baseline, compared)) = pairs.first() else {
        let held = summary.runs.iter().filter(|run| run.holds()).count();
        return format!(
            "{held} of {} runs did all that was asked.",
            summary.runs.len()
        );
    };
    let whole = pairs.len();
    if baseline.mode != NAIVE {
        let total = |wanted| {
            scenarios
                .iter()
                .filter(|scenario| Judgement::of(scenario) == wanted)
                .count()
        };
        return format!(
            "{} beside {}: {} better, {} worse, {} mixed, {} without a difference.",
            compared.mode,
            baseline.mode,
            total(Judgement::Better),
            total(Judgement::Worse),
            total(Judgement::Mixed),
            total(Judgement::NoDifference)
        );
    }
    let broken = pairs
        .iter()
        .filter(|(baseline, compared)| broke(baseline, compared))
        .count();
    let held = pairs
        .iter()
        .filter(|(_, compared)| compared.holds())
        .count();
    let named = if whole == 1 {
        "the scenario".to_owned()
    } else {
        format!("all {whole} scenarios")
    };
    let part = |part: usize, all: &str| match part {
        0 => "none".to_owned(),
        _ if part == whole => all.to_owned(),
        _ => format!("{part} of {whole}"),
    };
    format!(
        "The naive service broke in {}; the {} one held in {}.",
        part(broken, &named),
        compared.mode,
        part(
            held,
            if whole == 1 {
                "it"
            } else {
                "every one of them"
            }
        ),
    )
}

/// True when the baseline did not do all that was asked, or only much slower or dearer.
fn broke(baseline: &RunSummary, other: &RunSummary) -> bool {
    let contrast = Contrast::between(baseline, other);
    let far_below = |ratio: Option<f64>| ratio.is_some_and(|ratio| ratio * BREAKING <= 1.0);
    !baseline.holds() || far_below(contrast.time) || far_below(contrast.cost)
}

/// One sentence for a scenario: each mode, the later ones as compared with the first.
pub(super) fn sentence(scenario: &Scenario<'_>) -> String {
    let baseline = scenario.baseline();
    let mut clauses = vec![format!("{}: {}", baseline.mode, alone(baseline))];
    for run in scenario.told() {
        clauses.push(format!("{}: {}", run.mode, beside(baseline, run)));
    }
    format!("{}.", clauses.join("; "))
}

/// What one run did, by itself.
fn alone(run: &RunSummary) -> String {
    let mut parts = vec![outcome(run)];
    parts.extend(flaws(run));
    let money = rupees(run.cost.inr);
    if run.requests.ok + run.requests.degraded > 0 {
        parts.push(format!("{} and {money}", seconds(run.makespan_s)));
    } else {
        parts.push(format!("{money} spent"));
    }
    if run.cost.wasted_usd > 0.0 && run.cost.usd > 0.0 {
        let share = match run.cost.wasted_usd / run.cost.usd {
            all if all >= 1.0 => "all".to_owned(),
            share => percent(Some(share)),
        };
        parts.push(format!("{share} of it for answers that nobody got"));
    }
    parts.join(", ")
}

/// What `run` did, against `baseline`.
fn beside(baseline: &RunSummary, run: &RunSummary) -> String {
    let lost = |run: &RunSummary| run.requests.failed + run.requests.dropped;
    let mut parts = vec![];
    if lost(baseline) > 0 && lost(run) == 0 && run.requests.degraded == 0 {
        parts.push("none".to_owned());
    } else {
        parts.push(outcome(run));
    }
    parts.extend(flaws(run));
    let contrast = Contrast::between(baseline, run);
    if baseline.requests.ok == 0 {
        // A run that was killed has no time to be faster or slower than.
        parts.push(format!("done in {}", seconds(run.makespan_s)));
    } else {
        parts.extend(contrast.time.map(|ratio| pace(ratio, baseline.holds())));
    }
    parts.extend(contrast.cost.map(|ratio| price(ratio, run)));
    parts.join(", ")
}

fn pace(ratio: f64, everything_done: bool) -> String {
    match ratio {
        _ if (ratio - 1.0).abs() < SAME => "in the same time".to_owned(),
        _ if ratio < 1.0 => format!("{} as fast", times(1.0 / ratio)),
        _ if everything_done => format!("{} as long", times(ratio)),
        _ => format!("{} as long for the last one", times(ratio)),
    }
}

fn price(ratio: f64, run: &RunSummary) -> String {
    match ratio {
        _ if (ratio - 1.0).abs() < SAME => "same cost".to_owned(),
        0.0 => "at no cost".to_owned(),
        _ if ratio <= 0.5 => format!("{} cheaper ({})", times(1.0 / ratio), rupees(run.cost.inr)),
        _ if ratio < 1.0 => format!(
            "{} cheaper ({})",
            percent(Some(1.0 - ratio)),
            rupees(run.cost.inr)
        ),
        _ => format!("{} the cost ({})", times(ratio), rupees(run.cost.inr)),
    }
}

/// How the requests of a run ended, as a clause.
pub(super) fn outcome(run: &RunSummary) -> String {
    let requests = run.requests;
    let lost = requests.failed + requests.dropped;
    let failures = match (lost, requests.offered) {
        (_, 0) => return "no request was sent".to_owned(),
        (0, 1) if requests.degraded == 0 => "the request was answered".to_owned(),
        (0, offered) if requests.degraded == 0 => {
            format!("all {} requests answered", count(offered))
        }
        (0, _) => String::new(),
        (1, 1) => format!("the request {}", cause(run, "was ")),
        (lost, offered) if lost == offered => {
            format!("all {} requests {}", count(offered), cause(run, "were "))
        }
        (lost, offered) => format!(
            "{} of {} requests {}",
            count(lost),
            count(offered),
            cause(run, "were ")
        ),
    };
    if requests.degraded == 0 {
        return failures;
    }
    let gaps = format!(
        "{} of {} answers with named gaps",
        count(requests.degraded),
        count(requests.offered)
    );
    if failures.is_empty() {
        gaps
    } else {
        format!("{failures}, {gaps}")
    }
}

/// Why most of the lost requests were lost.
fn cause(run: &RunSummary, were: &str) -> String {
    let lost = run
        .endings
        .iter()
        .filter(|(ending, _)| !matches!(ending, Ending::Ok | Ending::Degraded))
        .max_by_key(|&(ending, &count)| (count, std::cmp::Reverse(ending)));
    match lost.map(|(ending, _)| *ending) {
        Some(Ending::RateLimited) => "failed with 429".to_owned(),
        Some(Ending::TimeLimit) => {
            let at = run
                .failed_latency_ms
                .max
                .map_or_else(String::new, |ms| format!(" after {}", seconds(ms / 1000.0)));
            format!("{were}killed by the time limit{at}")
        }
        Some(Ending::UpstreamFailed) => "failed because the provider did".to_owned(),
        Some(Ending::Rejected) => format!("{were}refused as invalid"),
        Some(Ending::Unreachable) => "got no answer".to_owned(),
        Some(Ending::Dropped) => format!("{were}never sent"),
        Some(Ending::Ok | Ending::Degraded) | None => "failed".to_owned(),
    }
}

/// What is wrong with the documentation that did arrive.
fn flaws(run: &RunSummary) -> Vec<String> {
    let docs = run.docs;
    let mut flaws = vec![];
    // Failed requests explain missing symbols well enough.
    if docs.documented < docs.symbols && run.requests.failed + run.requests.dropped == 0 {
        flaws.push(format!(
            "{} of {} symbols documented",
            count(docs.documented),
            count(docs.symbols)
        ));
    }
    let kinds = [
        (docs.duplicates, "documented twice"),
        (docs.out_of_order, "out of order"),
        (docs.foreign, "not from this source"),
    ];
    flaws.extend(
        kinds
            .iter()
            .filter(|(entries, _)| *entries > 0)
            .map(|(entries, what)| format!("{} {what}", count(*entries))),
    );
    flaws
}

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

/// Failures first, then the greater of the ratios of cost and time.
pub(super) fn headline(baseline: &RunSummary, other: &RunSummary) -> Headline {
    let contrast = Contrast::between(baseline, other);
    let lost = |run: &RunSummary| run.requests.failed + run.requests.dropped;
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
        let change = match (run_rate(baseline), run_rate(other)) {
            (_, 0.0) => "none fails any more".to_owned(),
            (before, after) if before > 0.0 && after < before => {
                format!("{} fewer failures", percent(Some(1.0 - after / before)))
            }
            (before, after) if after == before => "as many failures".to_owned(),
            _ => "more failures".to_owned(),
        };
        let times = (baseline.requests.ok > 0).then(|| {
            from_to(
                "same time",
                seconds(baseline.makespan_s),
                seconds(other.makespan_s),
            )
        });
        let costs = from_to(
            "same cost",
            rupees(baseline.cost.inr),
            rupees(other.cost.inr),
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
    if size(contrast.cost) >= size(contrast.time) {
        return Headline {
            also: from_to(
                "same time",
                seconds(baseline.makespan_s),
                seconds(other.makespan_s),
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
            rupees(baseline.cost.inr),
            rupees(other.cost.inr),
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
            rupees(baseline.cost.inr),
            rupees(other.cost.inr),
        ),
    }
}

fn from_to(same: &str, before: String, after: String) -> String {
    if before == after {
        same.to_owned()
    } else {
        format!("{before} → {after}")
    }
}

fn run_rate(run: &RunSummary) -> f64 {
    run.failure_rate.unwrap_or(0.0)
}

/// A ratio as a change: `9.8× faster`, `same`.
pub(super) fn factor(ratio: f64, less: &str, more: &str) -> String {
    match ratio {
        _ if (ratio - 1.0).abs() < SAME => "same".to_owned(),
        0.0 => "nothing".to_owned(),
        _ if ratio < 1.0 => format!("{} {less}", times(1.0 / ratio)),
        _ => format!("{} {more}", times(ratio)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn said(naive: RunSummary, hardened: RunSummary) -> String {
        let runs = [naive, hardened];
        sentence(&Scenario {
            id: "s",
            title: "",
            runs: runs.iter().collect(),
        })
    }

    #[test]
    fn a_rate_limited_baseline_and_a_slower_but_whole_hardened_mode() {
        let naive = fixture::run_summary("naive", 57, &[(Ending::RateLimited, 43)], 60.0, 100.0);
        let hardened = fixture::run_summary("hardened", 100, &[], 156.0, 100.0);
        assert_eq!(
            said(naive, hardened),
            "naive: 43 of 100 requests failed with 429, 60 s and ₹100; \
             hardened: none, 2.6× as long for the last one, same cost."
        );
    }

    #[test]
    fn a_hardened_mode_that_fails_is_not_spared() {
        let naive = fixture::run_summary("naive", 100, &[], 60.0, 100.0);
        let hardened = fixture::run_summary(
            "hardened",
            90,
            &[(Ending::UpstreamFailed, 10)],
            120.0,
            150.0,
        );
        assert_eq!(
            said(naive, hardened),
            "naive: all 100 requests answered, 60 s and ₹100; hardened: 10 of 100 requests failed \
             because the provider did, 2× as long, 1.5× the cost (₹150)."
        );
    }

    #[test]
    fn killed_work_has_no_pace_to_compare_with() {
        let mut naive = fixture::run_summary("naive", 0, &[(Ending::TimeLimit, 1)], 300.0, 400.0);
        naive.failed_latency_ms.max = Some(300_000.0);
        let hardened = fixture::run_summary("hardened", 1, &[], 96.0, 800.0);
        assert_eq!(
            said(naive, hardened),
            "naive: the request was killed by the time limit after 300 s, ₹400 spent; \
             hardened: none, done in 96 s, 2× the cost (₹800)."
        );
    }

    #[test]
    fn wrong_documentation_is_named_even_where_nothing_failed() {
        let naive = fixture::run_summary("naive", 1, &[], 10.0, 10.0);
        let mut hardened = fixture::run_summary("hardened", 1, &[], 5.0, 10.0);
        hardened.docs.documented = hardened.docs.symbols - 1;
        hardened.docs.duplicates = 3;
        let sentence = said(naive, hardened);
        assert!(
            sentence.contains("9 of 10 symbols documented, 3 documented twice"),
            "{sentence}"
        );
    }

    #[test]
    fn the_headline_is_the_figure_that_differs_most() {
        let naive = fixture::run_summary("naive", 10, &[], 50.0, 200.0);
        let cheap = fixture::run_summary("hardened", 10, &[], 45.0, 20.0);
        let quick = fixture::run_summary("hardened", 10, &[], 5.0, 190.0);
        assert_eq!(headline(&naive, &cheap).change, "10× cheaper");
        assert_eq!(headline(&naive, &quick).change, "10× faster");
    }

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
}
