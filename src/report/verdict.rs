//! Verdicts in words, from numbers alone; what is bad about either side is said as plainly as what is good.

use crate::record::{Base, Ending};
use crate::summary::{Contrast, RunSummary, Summary};

use super::agreement;
use super::judgement::{Judgement, NEAR, SAME, broke};
use super::scenarios::{Scenario, scenarios};
use crate::text::figures::{count, percent, rupees, seconds, times};

/// One sentence for the whole summary.
pub(super) fn overall(summary: &Summary) -> String {
    if !summary.agreement.is_empty() {
        return agreement::verdict(&summary.agreement);
    }
    let scenarios = scenarios(summary);
    let pairs: Vec<(&RunSummary, &RunSummary)> = scenarios
        .iter()
        .filter_map(|scenario| Some((scenario.baseline(), scenario.compared()?)))
        .collect();
    let Some(&(baseline, compared)) = pairs.first() else {
        let held = summary.runs.iter().filter(|run| run.holds()).count();
        if let [run] = summary.runs.as_slice() {
            if run.subject.is_outside() {
                return format!("{}: {}.", run.title, alone(run));
            }
            let done = if run.holds() { "did" } else { "did not do" };
            return format!(
                "{} {done} all that was asked in {}.",
                run.mode, run.scenario
            );
        }
        return format!(
            "{held} of {} runs did all that was asked.",
            summary.runs.len()
        );
    };
    let whole = pairs.len();
    if !baseline.subject.is(Base::Naive) {
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
    let (named, every) = match whole {
        1 => ("the scenario".to_owned(), "it"),
        2 => ("both scenarios".to_owned(), "both"),
        _ => (format!("all {whole} scenarios"), "every one of them"),
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
        part(held, every),
    )
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
    if !run.upstream_seen() {
        parts.push(format!("the last after {}", seconds(run.makespan_s)));
    } else if run.requests.answered() > 0 {
        parts.push(format!("{} and {money}", seconds(run.makespan_s)));
    } else {
        parts.push(format!("{money} spent"));
    }
    if let Some(share) = run.wasted_share().filter(|share| *share > 0.0) {
        let share = if share >= 1.0 {
            "all".to_owned()
        } else {
            percent(Some(share))
        };
        parts.push(format!("{share} of it for answers that nobody got"));
    }
    parts.join(", ")
}

/// What `run` did, against `baseline`.
fn beside(baseline: &RunSummary, run: &RunSummary) -> String {
    let lost = |run: &RunSummary| run.requests.lost();
    let mut parts = vec![];
    if lost(baseline) > 0 && lost(run) == 0 && run.requests.degraded == 0 {
        let one = run.requests.offered == 1;
        parts.push(if one { "answered" } else { "none lost" }.to_owned());
    } else {
        parts.push(outcome(run));
    }
    parts.extend(flaws(run));
    let contrast = Contrast::between(baseline, run);
    if baseline.requests.ok == 0 {
        // A run that was killed has no time to be faster or slower than.
        parts.push(format!("in {}", seconds(run.makespan_s)));
    } else {
        parts.extend(contrast.time.map(|ratio| pace(ratio, baseline.holds())));
    }
    parts.extend(contrast.cost.map(|ratio| price(ratio, run)));
    parts.join(", ")
}

fn pace(ratio: f64, everything_done: bool) -> String {
    match ratio {
        _ if (ratio - 1.0).abs() < SAME => "in the same time".to_owned(),
        _ if 1.0 / ratio < NEAR && ratio < 1.0 => format!("{} faster", percent(Some(1.0 - ratio))),
        _ if ratio < 1.0 => format!("{} as fast", times(1.0 / ratio)),
        _ if ratio < NEAR => format!("{} longer", percent(Some(ratio - 1.0))),
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
        _ if ratio < NEAR => format!(
            "{} dearer ({})",
            percent(Some(ratio - 1.0)),
            rupees(run.cost.inr)
        ),
        _ => format!("{} the cost ({})", times(ratio), rupees(run.cost.inr)),
    }
}

/// How the requests of a run ended, as a clause.
pub(super) fn outcome(run: &RunSummary) -> String {
    let requests = run.requests;
    let lost = requests.lost();
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
    match run.main_loss() {
        Some(Ending::RateLimited) => "failed with 429".to_owned(),
        Some(Ending::TimeLimit) => {
            let at = run
                .failed_latency_ms
                .max
                .map_or_else(String::new, |ms| format!(" after {}", seconds(ms / 1000.0)));
            format!("{were}killed by the time limit{at}")
        }
        Some(Ending::GatewayTimeout) => format!("{were}given up by the gateway"),
        Some(Ending::Throttled) => "found no instance".to_owned(),
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
    if docs.documented < docs.symbols && run.requests.lost() == 0 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Subject;
    use crate::report::fixture;

    #[test]
    fn a_pace_that_is_little_better_is_no_factor_of_one() {
        assert_eq!(pace(0.95, true), "5 % faster");
        assert_eq!(pace(0.5, true), "2× as fast");
    }

    #[test]
    fn what_was_only_seen_from_outside_has_no_money_in_its_verdict() {
        let mut summary = fixture::summary(&fixture::record());
        summary.runs.truncate(1);
        let run = &mut summary.runs[0];
        run.subject = Subject::Outside;
        run.title = "A load on http://127.0.0.1:1/".to_owned();
        let verdict = overall(&summary);
        assert!(
            verdict.starts_with("A load on http://127.0.0.1:1/: "),
            "{verdict}"
        );
        assert!(verdict.contains("the last after"), "{verdict}");
        assert!(!verdict.contains('₹'), "{verdict}");
    }

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
             hardened: none lost, 2.6× as long for the last one, same cost."
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
             hardened: answered, in 96 s, 2× the cost (₹800)."
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
}
