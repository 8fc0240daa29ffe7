//! Proof that the gate can go red: puts regressions into real runs and counts what it finds.
//!
//! A mutation changes what a run does, or one fact of it, but not what the run claims to be: its
//! scenario, digest and mode stay, as they do when code gets worse between two commits.

use std::path::PathBuf;

use ground::ledger::Ending as MockEnding;
use serde::Serialize;
use strum::VariantArray;

use crate::clock::Clock;
use crate::gate::{self, Evidence, Judgement, RuleSet, Verdict};
use crate::generator::Policy;
use crate::load::Stop;
use crate::record::{AttemptEnding, Base, Ending, Mode, Protection, Record, Run};
use crate::runner::{self, RunError, Setup};
use crate::scenario::{Loaded, ScenarioError};
use crate::summary::{self, ClaimList};

/// The stories that are run: one per kind of breakage, and short.
const STORIES: [&str; 3] = ["rate-limits", "cost-explosion", "flaky-provider"];

/// Comparisons of equal runs.
const NO_CHANGES: u64 = 5;

/// A regression that is put into a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Mutation {
    /// Answers are written 20 % slower.
    SlowDecode,
    /// A chunk of one document is lost in silence.
    LostChunk,
    /// The cache is off.
    NoCache,
    /// Nothing is asked again.
    NoRetry,
    /// One call more than needed.
    ExtraCall,
    /// 1 % more requests fail.
    MoreFailures,
    /// Calls cost 10 % more.
    Dearer,
    /// A scenario is no longer run.
    DroppedScenario,
    /// A run in which nothing was offered.
    EmptyRun,
    /// Naive no longer breaks, so the story proves nothing.
    NaiveMended,
}

impl Mutation {
    /// What it is, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SlowDecode => "answers written 20 % slower",
            Self::LostChunk => "one chunk lost in silence",
            Self::NoCache => "cache off",
            Self::NoRetry => "retry off",
            Self::ExtraCall => "one extra call",
            Self::MoreFailures => "1 % more failures",
            Self::Dearer => "10 % more cost",
            Self::DroppedScenario => "a scenario dropped",
            Self::EmptyRun => "an empty run",
            Self::NaiveMended => "naive no longer breaks",
        }
    }

    /// Changes how hardened (or naive) works.
    fn change(self, setup: &mut Setup) {
        let settings = &setup.loaded.scenario.generator;
        let without = |one| Policy::new(Mode::hardened_without(one), settings);
        let hardened = *setup.policy.mode() == Base::Hardened.into();
        match self {
            Self::SlowDecode => setup.loaded.profile.latency.decode_tokens_per_s *= 0.8,
            Self::NoCache if hardened => setup.policy = without(Protection::Cache),
            Self::NoRetry if hardened => setup.policy = without(Protection::Retry),
            Self::NaiveMended if !hardened => {
                setup.policy = Policy::new(Base::Hardened, settings);
            }
            _ => {}
        }
    }

    /// Changes what was observed, so that the accounts still balance.
    fn spoil(self, runs: &mut Vec<Run>) {
        if self == Self::DroppedScenario {
            let last = runs.last().map(|run| run.scenario.clone());
            runs.retain(|run| Some(&run.scenario) != last.as_ref());
        }
        let Some(run) = runs.iter_mut().find(|run| run.subject.is(Base::Hardened)) else {
            return;
        };
        let totals = &mut run.ledger.totals;
        match self {
            Self::LostChunk => run.docs.documented -= run.docs.documented.min(20),
            Self::ExtraCall => {
                run.attempts.sent += 1;
                *run.attempts
                    .by_ending
                    .entry(AttemptEnding::Answered)
                    .or_default() += 1;
                *run.attempts.by_status.entry(200).or_default() += 1;
                totals.attempts += 1;
                *totals.by_ending.entry(MockEnding::Complete).or_default() += 1;
            }
            Self::MoreFailures => {
                let ok = run.endings.entry(Ending::Ok).or_default();
                let lost = run.offered.div_ceil(100).min(*ok);
                *ok -= lost;
                *run.endings.entry(Ending::UpstreamFailed).or_default() += lost;
            }
            Self::Dearer => totals.cost_pico += totals.cost_pico / 10,
            Self::EmptyRun => {
                run.offered = 0;
                run.endings.clear();
                run.latency.clear();
            }
            _ => {}
        }
    }
}

/// What became of one mutation.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// What was put in; nothing in a comparison of equal runs.
    pub mutation: Option<Mutation>,
    /// What the gate said.
    pub verdict: Verdict,
    /// The worst finding in words.
    pub because: String,
}

impl Trial {
    /// Whether the gate was right: red where something was put in, green where nothing was.
    #[must_use]
    pub fn right(&self) -> bool {
        (self.verdict == Verdict::Passed) != self.mutation.is_some()
    }
}

/// Why the self-test could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SelftestError {
    /// A story.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs every mutation and the comparisons of equal runs in virtual time, judged by `rules`.
///
/// # Errors
/// When a story could not be run.
pub fn selftest(rules: &RuleSet, seed: u64) -> Result<Vec<Trial>, SelftestError> {
    let mut trials = Vec::new();
    let baseline = carried_out(None, seed)?;
    for mutation in Mutation::VARIANTS {
        trials.push(tried(rules, &baseline, *mutation, seed)?);
    }
    for change in 0..NO_CHANGES {
        let (a, b) = (
            carried_out(None, seed + change)?,
            carried_out(None, seed + change)?,
        );
        trials.push(trial(None, &gate::judge(rules, &a, &b)));
    }
    Ok(trials)
}

/// Runs one mutation, judged by `rules`.
///
/// # Errors
/// When a story could not be run.
pub fn try_one(rules: &RuleSet, mutation: Mutation, seed: u64) -> Result<Trial, SelftestError> {
    tried(rules, &carried_out(None, seed)?, mutation, seed)
}

fn tried(
    rules: &RuleSet,
    baseline: &Evidence,
    mutation: Mutation,
    seed: u64,
) -> Result<Trial, SelftestError> {
    let mutated = carried_out(Some(mutation), seed)?;
    Ok(trial(
        Some(mutation),
        &gate::judge(rules, baseline, &mutated),
    ))
}

fn trial(mutation: Option<Mutation>, judgement: &Judgement) -> Trial {
    let worst = judgement.worst_first().first().map(|finding| {
        let why = match finding.why.as_str() {
            "" => String::new(),
            why => format!(" ({why})"),
        };
        format!(
            "{} {}: {}{why}",
            finding.scenario, finding.mode, finding.rule
        )
    });
    let because = judgement
        .obstacles
        .first()
        .map(|obstacle| obstacle.why.clone())
        .or(worst);
    Trial {
        mutation,
        verdict: judgement.verdict,
        because: because.unwrap_or_default(),
    }
}

fn carried_out(mutation: Option<Mutation>, seed: u64) -> Result<Evidence, SelftestError> {
    let (mut setups, mut claims) = (Vec::new(), Vec::new());
    for story in STORIES {
        for base in [Base::Naive, Base::Hardened] {
            let loaded = Loaded::find(story)?;
            let policy = Policy::new(base, &loaded.scenario.generator);
            claims.push((loaded.digest(), policy.mode().clone()));
            let mut setup = Setup {
                loaded,
                policy,
                corpus: None,
                seed,
            };
            if let Some(mutation) = mutation {
                mutation.change(&mut setup);
            }
            setups.push(setup);
        }
    }
    let ended = runner::run_all(&setups, Clock::Virtual, &Stop::default(), &runner::nobody())?;
    let mut runs: Vec<Run> = ended.into_iter().map(|(run, _)| run).collect();
    for (run, (digest, mode)) in runs.iter_mut().zip(claims) {
        (run.digest, run.subject) = (digest, mode.into());
    }
    if let Some(mutation) = mutation {
        mutation.spoil(&mut runs);
    }
    Ok(evidence(mutation, runs, seed))
}

fn evidence(mutation: Option<Mutation>, runs: Vec<Run>, seed: u64) -> Evidence {
    let record = Record::new(Clock::Virtual.describe(), seed, runs);
    Evidence {
        dir: PathBuf::from(format!("{mutation:?}")),
        summary: summary::summarize(&record, &ClaimList::default(), &[]),
        sha256: String::new(),
        accepted: None,
    }
}
