//! Real-time figures: interleaved runs as the unit, and what that many of them can show. Pure.
//!
//! Requests of one run share its machine and its moment, so they are no independent samples; runs
//! are. Each pair gives one difference, and [`signed_rank`](crate::summary::signed_rank) says what they show.

use super::finding::Finding;
use super::judgement::Judgement;
use super::modes::Modes;
use super::obstacle::Obstacle;
use super::rules::{Check, Margin, Rule, RuleSet};
use super::verdict::Verdict;
use crate::record::Base;
use crate::summary::signed_rank::{
    ALPHA, MAX_PAIRS, MIN_PAIRS, Shift, differences, holm, shift, typical,
};
use crate::summary::{Metric, RunSummary, Summary};

/// The rules for pairs when none are given: hardened is no slower by 10 % and 20 ms, and no more
/// expensive by 1 %. Wall time needs a floor, money does not.
#[must_use]
pub fn builtin() -> RuleSet {
    let rule = |metric, relative, absolute| Rule {
        scenario: None,
        mode: Some(Modes::Based(Base::Hardened)),
        check: Check::Regression(metric, Margin { relative, absolute }),
        required: false,
    };
    RuleSet(vec![
        rule(Metric::P95Ms, 0.1, 20.0),
        rule(Metric::CostUsd, 0.01, 0.0),
        rule(Metric::FailureRate, 0.0, 0.02),
    ])
}

/// One metric of one run in every pair, by its rule.
struct Series {
    finding: Finding,
    shift: Result<Shift, String>,
}

/// Judges `b` against `a`, pair by pair. Only regression rules can be judged so.
#[must_use]
pub fn judge(rules: &RuleSet, a: &[Summary], b: &[Summary]) -> Judgement {
    let (Some(before), Some(after)) = (a.first(), b.first()) else {
        return Judgement::of(None, Vec::new(), Vec::new(), Vec::new());
    };
    if let Some(obstacle) = incomparable(before, a.iter().chain(b)) {
        return Judgement::obstructed(obstacle);
    }
    let mut findings: Vec<Finding> = gone(before, after).collect();
    let mut met = Vec::new();
    for rule in &rules.0 {
        let covered = |run: &&RunSummary| rule.covers(run);
        met.extend(after.runs.iter().filter(covered).map(|run| (rule, run)));
        let meets_none = !before
            .runs
            .iter()
            .chain(&after.runs)
            .any(|run| covered(&run));
        if rule.required && meets_none {
            findings.push(Finding::unmet(rule));
        }
    }
    let series: Vec<Series> = met
        .iter()
        .filter_map(|(rule, run)| one(rule, run, a, b, met.len()))
        .collect();
    let chances: Vec<f64> = series
        .iter()
        .map(|one| one.shift.as_ref().map_or(1.0, |shift| shift.p))
        .collect();
    let judged = series.into_iter().zip(holm(&chances));
    findings.extend(judged.map(|(one, significant)| one.decide(significant)));
    let notes = vec![format!(
        "{} pairs; all rules together raise a false alarm in at most {} % of comparisons",
        b.len(),
        ALPHA * 100.0
    )];
    Judgement::of(None, Vec::new(), findings, notes)
}

/// Why the runs are not of the same thing.
fn incomparable<'a>(first: &Summary, all: impl Iterator<Item = &'a Summary>) -> Option<Obstacle> {
    for other in all {
        let what = if (other.clock, other.speed) != (first.clock, first.speed) {
            "clocks"
        } else if other.seed != first.seed {
            "seeds"
        } else {
            continue;
        };
        let mend = "give both commands the same --clock, --speed and --seed";
        return Some(Obstacle::new(
            format!("the {what} of the runs differ"),
            mend,
        ));
    }
    None
}

/// Runs that only the commands of `a` make; a gate that shrinks must not stay green.
fn gone<'a>(before: &'a Summary, after: &'a Summary) -> impl Iterator<Item = Finding> + 'a {
    let is_gone = |run: &&RunSummary| after.find(&run.scenario, &run.subject).is_none();
    before.runs.iter().filter(is_gone).map(|run| {
        let why = "the command of --a runs it, that of --b does not";
        Finding::of_run("took place".to_owned(), run).cannot_tell(why.to_owned())
    })
}

fn one(
    rule: &Rule,
    run: &RunSummary,
    a: &[Summary],
    b: &[Summary],
    rules: usize,
) -> Option<Series> {
    let Check::Regression(metric, margin) = rule.check else {
        let why =
            "runs in pairs are judged by regression rules; give absolute ones to breaklab gate"
                .to_owned();
        return Some(Series {
            finding: Finding::of_run(rule.words(), run),
            shift: Err(why),
        });
    };
    let values = |summaries: &[Summary]| -> Option<Vec<f64>> {
        let fitting = |summary: &Summary| {
            let same = summary.find(&run.scenario, &run.subject)?;
            let valid =
                same.digest == run.digest && same.untrusted().is_none() && !summary.interrupted;
            same.value(metric).filter(|_| valid)
        };
        summaries.iter().map(fitting).collect()
    };
    let mut finding = Finding::of_run(rule.words(), run);
    finding.show(metric);
    let (Some(was), Some(is)) = (values(a), values(b)) else {
        let known = |summary: &Summary| {
            let same = summary.find(&run.scenario, &run.subject);
            same.is_some_and(|run| run.value(metric).is_some())
        };
        if !rule.required && !a.iter().chain(b).any(known) {
            return None;
        }
        let why = "not every run has this number, the same settings, balanced accounts and an unsaturated driver";
        return Some(Series {
            finding,
            shift: Err(why.to_owned()),
        });
    };
    let better = metric.better();
    let shift = typical(&was).and_then(|typical| {
        let allowed = margin.around(typical);
        finding.baseline = Some(typical);
        finding.bound = Some(better.worse(typical, allowed));
        let shift = shift(&differences(&was, &is, better), allowed, rules)?;
        finding.current = Some(better.worse(typical, shift.estimate));
        Some(shift)
    });
    let few = || {
        let pairs = was.len();
        format!("{pairs} pairs are not enough; {MIN_PAIRS} to {MAX_PAIRS} are possible")
    };
    Some(Series {
        finding,
        shift: shift.ok_or_else(few),
    })
}

impl Series {
    fn decide(self, significant: bool) -> Finding {
        let mut finding = self.finding;
        match self.shift {
            Err(why) => finding.why = why,
            Ok(shift) => {
                finding.verdict = match (significant, shift.detectable.is_finite()) {
                    (true, _) => Verdict::Failed,
                    (false, true) => Verdict::Passed,
                    (false, false) => Verdict::CannotTell,
                };
                finding.why = words(&shift, finding.unit);
            }
        }
        finding
    }
}

/// `worse by 12 ms (95 % interval 3 to 21), p 0.008; a shift of 35 ms would have been seen`.
fn words(shift: &Shift, unit: &str) -> String {
    let seen = if shift.detectable.is_finite() {
        format!(
            "a shift of {:.4} {unit} would have been seen",
            shift.detectable
        )
    } else {
        "too few pairs for this many rules: no shift at all would have been seen; raise --pairs"
            .to_owned()
    };
    format!(
        "worse by {:.4} {unit} (95 % interval {:.4} to {:.4}), p {:.4}; {seen}",
        shift.estimate, shift.low, shift.high, shift.p
    )
}
