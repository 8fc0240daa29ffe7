//! Proof that the gate can go red: plants regressions in real runs and counts what it finds.
//!
//! A plant changes what a run does, or one fact of it, but not what the run claims to be: its
//! scenario, digest and mode stay, as they do when code gets worse between two commits.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ground::ledger::Ending as MockEnding;
use serde::Serialize;

use crate::clock::Clock;
use crate::gate::{self, Evidence, Judgement, RuleBook, Verdict};
use crate::generator::{Mode, Policy, Protection};
use crate::load::Stop;
use crate::record::{self, AttemptEnding, ClockKind, Ending, Record, Run};
use crate::runner::{self, Job, RunError};
use crate::scenario::{Loaded, ScenarioError};
use crate::summary::{self, ClaimBook};

/// The stories that are played: one per kind of breakage, and short.
const STORIES: [&str; 3] = ["rate-limits", "cost-explosion", "flaky-provider"];

/// Comparisons of equal runs.
const NO_CHANGES: u64 = 5;

/// A regression that is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Plant {
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
    /// A scenario is no longer played.
    DroppedScenario,
    /// A run in which nothing was offered.
    EmptyRun,
    /// Naive no longer breaks, so the story proves nothing.
    NaiveMended,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::SlowDecode,
        Self::LostChunk,
        Self::NoCache,
        Self::NoRetry,
        Self::ExtraCall,
        Self::MoreFailures,
        Self::Dearer,
        Self::DroppedScenario,
        Self::EmptyRun,
        Self::NaiveMended,
    ];

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
    fn change(self, job: &mut Job) {
        let settings = &job.loaded.scenario.generator;
        let without = |one| Policy::new(Mode::Hardened, settings, &BTreeSet::from([one]));
        let hardened = job.policy.name() == "hardened";
        match self {
            Self::SlowDecode => job.loaded.profile.latency.decode_tokens_per_s *= 0.8,
            Self::NoCache if hardened => job.policy = without(Protection::Cache),
            Self::NoRetry if hardened => job.policy = without(Protection::Retry),
            Self::NaiveMended if !hardened => {
                job.policy = Policy::new(Mode::Hardened, settings, &BTreeSet::new());
            }
            _ => {}
        }
    }

    /// Changes what was observed, so that the books still balance.
    fn spoil(self, runs: &mut Vec<Run>) {
        if self == Self::DroppedScenario {
            let last = runs.last().map(|run| run.scenario.clone());
            runs.retain(|run| Some(&run.scenario) != last.as_ref());
        }
        let Some(run) = runs.iter_mut().find(|run| run.mode == "hardened") else {
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

/// What became of one plant.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// What was planted; nothing in a comparison of equal runs.
    pub plant: Option<Plant>,
    /// What the gate said.
    pub verdict: Verdict,
    /// The worst finding in words.
    pub because: String,
}

impl Trial {
    /// Whether the gate was right: red where something was planted, green where nothing was.
    #[must_use]
    pub fn right(&self) -> bool {
        (self.verdict == Verdict::Passed) != self.plant.is_some()
    }
}

/// Why the self-test could not be played.
#[derive(Debug, thiserror::Error)]
pub enum SelftestError {
    /// A story.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Plays every plant and the comparisons of equal runs in virtual time, judged by `rules`.
///
/// # Errors
/// When a story could not be played.
pub fn selftest(rules: &RuleBook, seed: u64) -> Result<Vec<Trial>, SelftestError> {
    let mut trials = Vec::new();
    let baseline = play(None, seed)?;
    for plant in Plant::ALL {
        trials.push(tried(rules, &baseline, plant, seed)?);
    }
    for change in 0..NO_CHANGES {
        let (a, b) = (play(None, seed + change)?, play(None, seed + change)?);
        trials.push(trial(None, &gate::judge(rules, &a, &b)));
    }
    Ok(trials)
}

/// Plays one plant, judged by `rules`.
///
/// # Errors
/// When a story could not be played.
pub fn plant(rules: &RuleBook, plant: Plant, seed: u64) -> Result<Trial, SelftestError> {
    tried(rules, &play(None, seed)?, plant, seed)
}

fn tried(
    rules: &RuleBook,
    baseline: &Evidence,
    plant: Plant,
    seed: u64,
) -> Result<Trial, SelftestError> {
    let planted = play(Some(plant), seed)?;
    Ok(trial(Some(plant), &gate::judge(rules, baseline, &planted)))
}

fn trial(plant: Option<Plant>, judgement: &Judgement) -> Trial {
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
        plant,
        verdict: judgement.verdict,
        because: because.unwrap_or_default(),
    }
}

fn play(plant: Option<Plant>, seed: u64) -> Result<Evidence, SelftestError> {
    let (mut jobs, mut names) = (Vec::new(), Vec::new());
    for story in STORIES {
        for mode in [Mode::Naive, Mode::Hardened] {
            let loaded = Loaded::find(story)?;
            let policy = Policy::new(mode, &loaded.scenario.generator, &BTreeSet::new());
            names.push((loaded.digest(), policy.name()));
            let mut job = Job {
                loaded,
                policy,
                corpus: None,
                seed,
            };
            if let Some(plant) = plant {
                plant.change(&mut job);
            }
            jobs.push(job);
        }
    }
    let played = runner::run_all(&jobs, Clock::Virtual, &Stop::default(), &runner::nobody())?;
    let mut runs: Vec<Run> = played.into_iter().map(|(run, _)| run).collect();
    for (run, (digest, mode)) in runs.iter_mut().zip(names) {
        (run.digest, run.mode) = (digest, mode);
    }
    if let Some(plant) = plant {
        plant.spoil(&mut runs);
    }
    Ok(evidence(plant, runs, seed))
}

fn evidence(plant: Option<Plant>, runs: Vec<Run>, seed: u64) -> Evidence {
    let record = Record {
        schema: record::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: ClockKind::Virtual,
        speed: 1.0,
        seed,
        host: None,
        interrupted: false,
        runs,
    };
    Evidence {
        dir: PathBuf::from(format!("{plant:?}")),
        summary: summary::summarize(&record, &ClaimBook::default(), &[]),
        sha256: String::new(),
        accepted: None,
    }
}
