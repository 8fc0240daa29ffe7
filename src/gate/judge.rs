//! Rules over two summaries → findings. Pure.

use std::collections::BTreeSet;

use super::evidence::{self, Evidence};
use super::finding::Finding;
use super::judgement::Judgement;
use super::rules::{Check, Margin, Rule, RuleSet};
use super::verdict::Verdict;
use crate::record::{Base, ClockKind};
use crate::summary::{Metric, RunSummary, Summary};

/// By how much naive must cost or last more than hardened for that to be a weakness.
const WEAKNESS: f64 = 1.05;

/// Judges `current` by `rules`, against `baseline`.
#[must_use]
pub fn judge(rules: &RuleSet, baseline: &Evidence, current: &Evidence) -> Judgement {
    let obstacles = evidence::obstacles(baseline, current);
    if !obstacles.is_empty() {
        return Judgement::of(Some(current), obstacles, Vec::new(), Vec::new());
    }
    let pair = Pair {
        old: &baseline.summary,
        new: &current.summary,
    };
    let mut findings = pair.vanished();
    for rule in &rules.0 {
        findings.extend(pair.apply(rule));
    }
    Judgement::of(Some(current), Vec::new(), findings, pair.notes())
}

struct Pair<'a> {
    old: &'a Summary,
    new: &'a Summary,
}

impl Pair<'_> {
    /// Runs of the baseline that are gone; a gate that shrinks must not stay green.
    fn vanished(&self) -> Vec<Finding> {
        let gone = self
            .old
            .runs
            .iter()
            .filter(|run| self.new.find(&run.scenario, &run.subject).is_none());
        gone.map(|run| {
            let why = format!(
                "the baseline has it, the current run has not; run it: breaklab run {} --mode {}",
                run.scenario, run.mode
            );
            Finding::of_run("took place".to_owned(), run).cannot_tell(why)
        })
        .collect()
    }

    fn notes(&self) -> Vec<String> {
        let added = self
            .new
            .runs
            .iter()
            .filter(|run| self.old.find(&run.scenario, &run.subject).is_none());
        added
            .map(|run| {
                format!(
                    "{} {} has no baseline yet; only absolute rules judge it",
                    run.scenario, run.mode
                )
            })
            .collect()
    }

    fn apply(&self, rule: &Rule) -> Vec<Finding> {
        let covered = |run: &&RunSummary| rule.covers(run);
        let found: Vec<Finding> = self
            .new
            .runs
            .iter()
            .filter(covered)
            .map(|run| self.finding(rule, run))
            .collect();
        if found.is_empty() && rule.required && !self.old.runs.iter().any(|run| covered(&run)) {
            return vec![Finding::unmet(rule)];
        }
        found
    }

    fn finding(&self, rule: &Rule, run: &RunSummary) -> Finding {
        let finding = Finding::of_run(rule.words(), run);
        if let Some(why) = run.untrusted() {
            return finding.cannot_tell(why);
        }
        match rule.check {
            Check::AtMost(metric, bound) => absolute(finding, run, metric, bound, |v| v <= bound),
            Check::AtLeast(metric, bound) => absolute(finding, run, metric, bound, |v| v >= bound),
            Check::Regression(metric, margin) => match self.comparable(run) {
                Ok(old) => {
                    let mut finding = finding;
                    finding.show(metric);
                    (finding.baseline, finding.current) = (old.value(metric), run.value(metric));
                    self.regression(finding, rule, metric, margin)
                }
                Err((verdict, why)) => finding.with(verdict, why),
            },
            Check::StillBreaks => match self.comparable(run) {
                Ok(old) => self.still_breaks(finding, old, run),
                Err((verdict, why)) => finding.with(verdict, why),
            },
        }
    }

    /// The baseline's run of the same story, if the two can be held against each other.
    fn comparable(&self, run: &RunSummary) -> Result<&RunSummary, (Verdict, String)> {
        let Some(old) = self.old.find(&run.scenario, &run.subject) else {
            return Err((Verdict::NotApplicable, "it has no baseline yet".to_owned()));
        };
        if old.digest != run.digest {
            let why = "the scenario's settings are not those of the baseline; if that is meant, renew it: breaklab gate accept";
            return Err((Verdict::CannotTell, why.to_owned()));
        }
        if let Some(why) = old.untrusted() {
            return Err((Verdict::CannotTell, format!("in the baseline, {why}")));
        }
        Ok(old)
    }

    fn regression(
        &self,
        mut finding: Finding,
        rule: &Rule,
        metric: Metric,
        margin: Margin,
    ) -> Finding {
        if self.new.clock == ClockKind::Real {
            let why = "one real-time run is no sample; compare interleaved runs: breaklab gate run --pairs 7 --a CMD --b CMD";
            return finding.cannot_tell(why.to_owned());
        }
        match (finding.baseline, finding.current) {
            (None, None) if !rule.required => finding.with(
                Verdict::NotApplicable,
                "neither run has this number".to_owned(),
            ),
            (Some(was), Some(is)) => {
                let allowed = margin.around(was);
                let better = metric.better();
                let bound = better.worse(was, allowed);
                finding.bound = Some(bound);
                finding.decided(better.worse_by(bound, is) <= 0.0)
            }
            // Latency of documentation where the baseline had none: that is better, not unknown.
            (None, Some(_)) if !rule.required => finding.with(
                Verdict::NotApplicable,
                "the baseline has no such number".to_owned(),
            ),
            _ => finding.cannot_tell("the number was not measured in both runs".to_owned()),
        }
    }

    fn still_breaks(&self, finding: Finding, old: &RunSummary, new: &RunSummary) -> Finding {
        let (was, is) = (weaknesses(self.old, old), weaknesses(self.new, new));
        if was.is_empty() {
            return finding.with(
                Verdict::NotApplicable,
                "it showed no weakness in the baseline".to_owned(),
            );
        }
        let lost: Vec<&str> = was.difference(&is).copied().collect();
        if lost.is_empty() {
            return finding.with(Verdict::Passed, joined(&was));
        }
        let why = format!(
            "it no longer {}, so the story proves nothing",
            lost.join(", ")
        );
        finding.with(Verdict::Failed, why)
    }
}

fn joined(words: &BTreeSet<&str>) -> String {
    format!(
        "it {}",
        words.iter().copied().collect::<Vec<_>>().join(", ")
    )
}

/// How `naive` falls behind hardened in the same summary.
fn weaknesses(summary: &Summary, naive: &RunSummary) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    if !naive.holds() {
        found.insert("fails");
    }
    if let Some(hardened) = summary.find(&naive.scenario, &Base::Hardened.into()) {
        if naive.cost.usd > hardened.cost.usd * WEAKNESS {
            found.insert("costs more");
        }
        if naive.makespan_s > hardened.makespan_s * WEAKNESS {
            found.insert("takes longer");
        }
    }
    found
}

fn absolute(
    mut finding: Finding,
    run: &RunSummary,
    metric: Metric,
    bound: f64,
    holds: impl Fn(f64) -> bool,
) -> Finding {
    finding.show(metric);
    finding.bound = Some(bound);
    finding.current = run.value(metric);
    match finding.current {
        Some(value) => finding.decided(holds(value)),
        None => finding.cannot_tell("the number was not measured".to_owned()),
    }
}
