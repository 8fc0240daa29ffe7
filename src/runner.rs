//! Scenario × mode × clock → the facts of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ground::proof;
use ground::timeline::Timeline;
use mock_claude::{Config, MockClaude};

use crate::claude::Claude;
use crate::clock::{Clock, ClockError};
use crate::corpus::{Corpus, examine};
use crate::generator::{Generator, Policy};
use crate::load::{self, Slot, Stop};
use crate::platform::{Platform, Service};
use crate::record::{Attempts, Ending, Run, Setting};
use crate::scenario::Loaded;
use crate::transport::{AttemptLog, Transport};

pub use endpoint::Endpoint;
use tally::{Outcome, SharedTally, Tally};
use target::Target;

mod client;
mod dial;
mod endpoint;
mod pool;
mod tally;
mod target;

/// Rows of each kind that a record keeps; counts and histograms cover everything.
pub const MAX_ROWS: usize = 10_000;

/// The API key of simulated runs; the mock takes any.
const API_KEY: &str = "sk-ant-simulated";

/// One scenario in one mode.
#[derive(Debug, Clone)]
pub struct Job {
    /// The story.
    pub loaded: Loaded,
    /// How the generator behaves.
    pub policy: Policy,
    /// Real files instead of synthetic ones.
    pub corpus: Option<Corpus>,
    /// Seed of everything.
    pub seed: u64,
}

/// Why a run could not take place.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The clock.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The mock refused its settings.
    #[error("the mock server cannot start")]
    Mock(#[from] mock_claude::ConfigError),
    /// The generator refused its settings.
    #[error("the generator cannot start: {0}")]
    Generator(String),
    /// A loopback socket could not be opened.
    #[error("cannot listen on a loopback port")]
    Listen(#[source] std::io::Error),
    /// The HTTP client could not be made.
    #[error("cannot make an HTTP client: {0}")]
    Client(String),
}

/// Told of what happens while jobs run, by the threads that run them.
pub trait Watch: Send + Sync {
    /// A request ended in this way.
    fn ended(&self, ending: Ending);
    /// A job ended with these facts.
    fn finished(&self, run: &Run);
}

/// For runs that nobody watches.
#[must_use]
pub fn nobody() -> Arc<dyn Watch> {
    Arc::new(())
}

impl Watch for () {
    fn ended(&self, _: Ending) {}
    fn finished(&self, _: &Run) {}
}

impl Job {
    fn corpus(&self) -> Corpus {
        let scenario = &self.loaded.scenario;
        self.corpus.clone().unwrap_or_else(|| {
            Corpus::synthetic(
                scenario.documents.clone(),
                self.seed,
                scenario.load.requests,
            )
        })
    }

    fn mock_config(&self) -> Config {
        Config {
            seed: self.seed,
            secret: format!("proof-{}", self.seed),
            profiles: vec![self.loaded.profile.clone()],
            limits: self.loaded.limits,
            prices: self.loaded.prices.clone(),
            faults: self.loaded.scenario.fault.clone(),
            max_rows: MAX_ROWS,
        }
    }

    /// Carries the job out on `clock`. Returns the facts and the wall time that it took.
    ///
    /// # Errors
    /// When something could not start; a service that fails is a fact and no error.
    pub fn run(&self, clock: Clock, stop: &Stop) -> Result<(Run, Duration), RunError> {
        self.watched(clock, stop, &nobody())
    }

    fn watched(
        &self,
        clock: Clock,
        stop: &Stop,
        watch: &Arc<dyn Watch>,
    ) -> Result<(Run, Duration), RunError> {
        let (run, wall) = clock.run(|timeline| self.play(clock, timeline, stop, watch))?;
        let run = run?;
        watch.finished(&run);
        Ok((run, wall))
    }

    async fn play(
        &self,
        clock: Clock,
        timeline: Timeline,
        stop: &Stop,
        watch: &Arc<dyn Watch>,
    ) -> Result<Run, RunError> {
        let mock = MockClaude::new(self.mock_config(), timeline)?;
        let log = AttemptLog::new(timeline, MAX_ROWS);
        let policy = self.policy.clone();
        let (files_at_once, platform) = (
            policy.files_at_once(),
            self.loaded.scenario.platform.resolve(),
        );
        let world = World {
            mock: mock.clone(),
            log: log.clone(),
            timeline,
            platform,
        };
        let target = match clock {
            Clock::Virtual => Target::InProcess(self.service(
                &world,
                policy,
                Transport::in_process(mock.clone(), log.clone()),
            )?),
            Clock::Real { .. } => target::over_tcp(self, &world, policy).await?,
        };
        let (tally, offered) = self
            .load(
                &target,
                (files_at_once, timeline),
                mock.proofs(),
                (stop, watch),
            )
            .await;
        target.close(&mock, &log).await;
        Ok(self.facts((tally, offered), log.snapshot(), &mock))
    }

    fn service(
        &self,
        world: &World,
        policy: Policy,
        transport: Transport,
    ) -> Result<Service, RunError> {
        let claude = Claude::new(transport, API_KEY);
        let model = &self.loaded.profile.model;
        let generator = Generator::new(
            policy,
            model,
            claude,
            self.loaded.limits,
            world.timeline,
            self.seed,
        )
        .map_err(|error| RunError::Generator(error.to_string()))?;
        Ok(Service::new(world.platform, generator, world.timeline))
    }

    async fn load(
        &self,
        target: &Target,
        (files_at_once, timeline): (usize, Timeline),
        key: proof::Key,
        (stop, watch): (&Stop, &Arc<dyn Watch>),
    ) -> (Tally, u64) {
        let (corpus, target, key) = (self.corpus(), target.clone(), Arc::new(key));
        let tally = SharedTally::new(MAX_ROWS);
        let (sink, give_up, watch) = (tally.clone(), stop.clone(), Arc::clone(watch));
        let send = move |slot: Slot| {
            let (source, target, key) =
                (corpus.source(slot.index), target.clone(), Arc::clone(&key));
            let (sink, give_up, watch) = (sink.clone(), give_up.clone(), Arc::clone(&watch));
            async move {
                let started = timeline.now();
                let answer = tokio::select! {
                    biased;
                    answer = target.document(slot.index, &source) => answer,
                    () = give_up.stopped() => target::Answer::dropped(),
                };
                let ended = timeline.now();
                let findings = match &answer.documentation {
                    Some(text) => examine(&key, &source.content, text),
                    None => examine(&key, &source.content, ""),
                };
                watch.ended(answer.ending);
                sink.add(Outcome {
                    slot,
                    started,
                    ended,
                    path: source.path,
                    answer,
                    findings,
                });
            }
        };
        let load = self.loaded.scenario.load.clone().seeded(self.seed);
        let here = tokio::runtime::Handle::current();
        let sent = load::drive(&load, files_at_once, timeline, stop, &here, send).await;
        let offered = load.offered_after(sent);
        (tally.finish(offered - sent), offered)
    }

    fn facts(&self, (tally, offered): (Tally, u64), attempts: Attempts, mock: &MockClaude) -> Run {
        let policy = self.policy.clone();
        let scenario = &self.loaded.scenario;
        Run {
            scenario: scenario.id.clone(),
            title: scenario.title.clone(),
            digest: self.loaded.digest(),
            mode: policy.name(),
            protections: policy
                .protections()
                .iter()
                .map(ToString::to_string)
                .collect(),
            setting: self.setting(),
            offered,
            endings: tally.endings,
            statuses: tally.statuses,
            latency: tally.latency,
            lag: tally.lag,
            makespan_ms: (tally.last.saturating_sub(tally.first.unwrap_or_default())).as_millis()
                as u64,
            errors: tally.errors,
            docs: tally.docs,
            requests: tally.rows.into_values().collect(),
            attempts,
            ledger: mock.ledger(),
        }
    }

    fn setting(&self) -> Setting {
        let scenario = &self.loaded.scenario;
        Setting {
            model: self.loaded.profile.model.clone(),
            tier: scenario.tier.clone(),
            limits: self.loaded.limits,
            platform: scenario.platform.preset.name().to_owned(),
            time_limit_ms: scenario
                .platform
                .resolve()
                .time_limit
                .map(|limit| limit.as_millis() as u64),
            prices: self.loaded.prices.name.clone(),
            prices_as_of: self.loaded.prices.as_of.clone(),
            inr_per_usd: self.loaded.prices.inr_per_usd,
            price: self
                .loaded
                .prices
                .models
                .get(&self.loaded.profile.model)
                .copied(),
            documents: self.corpus().describe(),
            arrivals: scenario.load.describe(),
        }
    }
}

/// What all rooms of a run share.
struct World {
    mock: MockClaude,
    log: AttemptLog,
    timeline: Timeline,
    platform: Platform,
}

/// Runs `jobs` and tells `watch` of them. Virtual runs go
/// side by side on all cores (each is alone on its clock, so the facts are the same); real ones
/// one after the other, because they would share the machine. Stops early when told to.
///
/// # Errors
/// The first job that could not take place.
pub fn run_all(
    jobs: &[Job],
    clock: Clock,
    stop: &Stop,
    watch: &Arc<dyn Watch>,
) -> Result<Vec<(Run, Duration)>, RunError> {
    let width = match clock {
        Clock::Virtual => std::thread::available_parallelism().map_or(1, usize::from),
        Clock::Real { .. } => 1,
    };
    let next = std::sync::atomic::AtomicUsize::new(0);
    let results = std::sync::Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..width.min(jobs.len()) {
            scope.spawn(|| {
                while !stop.is_stopped() {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let Some(job) = jobs.get(index) else { break };
                    let result = job.watched(clock, stop, watch);
                    results
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .insert(index, result);
                }
            });
        }
    });
    results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .into_values()
        .collect()
}
