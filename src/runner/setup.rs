//! One scenario in one mode: its mock, its service and its load put together, and the facts of the run.

use std::sync::Arc;
use std::time::Duration;

use ground::timeline::Timeline;
use mock_claude::{Config, MockClaude};

use super::error::RunError;
use super::tally::{Ended, MAX_ROWS, SharedTally, Tally};
use super::target::{self, Target};
use super::watch::{Watch, nobody};
use crate::claude::Claude;
use crate::clock::Clock;
use crate::corpus::{Corpus, examine};
use crate::generator::{Generator, Policy};
use crate::load::{self, Slot, Stop};
use crate::platform::cloudwatch::FunctionLog;
use crate::platform::{Platform, Service};
use crate::record::{Attempts, Run, ServiceSetting, Setting};
use crate::scenario::Loaded;
use crate::transport::{AttemptLog, Transport};

/// The API key of simulated runs; the mock takes any.
const API_KEY: &str = "sk-ant-simulated";

/// One scenario in one mode, ready to run.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The story.
    pub loaded: Loaded,
    /// How the generator behaves.
    pub policy: Policy,
    /// Real files instead of synthetic ones.
    pub corpus: Option<Corpus>,
    /// Seed of everything.
    pub seed: u64,
}

impl Setup {
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
            answers: vec![],
            max_rows: MAX_ROWS,
        }
    }

    /// Runs it on `clock`. Returns the facts and the wall time that it took.
    ///
    /// # Errors
    /// When something could not start; a service that fails is a fact and no error.
    pub fn run(&self, clock: Clock, stop: &Stop) -> Result<(Run, Duration), RunError> {
        self.watched(clock, stop, &nobody())
    }

    pub(super) fn watched(
        &self,
        clock: Clock,
        stop: &Stop,
        watch: &Arc<dyn Watch>,
    ) -> Result<(Run, Duration), RunError> {
        let (run, wall) = clock.run(|timeline| self.carry_out(clock, timeline, stop, watch))?;
        let run = run?;
        watch.finished(&run);
        Ok((run, wall))
    }

    async fn carry_out(
        &self,
        clock: Clock,
        timeline: Timeline,
        stop: &Stop,
        watch: &Arc<dyn Watch>,
    ) -> Result<Run, RunError> {
        let mock = MockClaude::new(self.mock_config(), timeline)?;
        let platform = self.loaded.scenario.platform.resolve();
        let function_log = self.function_log(&platform, timeline, watch);
        let mut log = AttemptLog::new(timeline, MAX_ROWS);
        if let Some(function_log) = function_log.clone() {
            log = log.told(move |request, usage| function_log.called(request, usage));
        }
        let world = World {
            mock: mock.clone(),
            log: log.clone(),
            timeline,
            platform,
            function_log,
        };
        let target = match clock {
            Clock::Virtual => Target::InProcess(
                self.service(&world, Transport::in_process(mock.clone(), log.clone()))?,
            ),
            Clock::Real { .. } => {
                let service = |transport| self.service(&world, transport);
                target::over_tcp(&world.mock, &world.log, service).await?
            }
        };
        let tally = self.load(&target, &world, stop, watch).await;
        let service = target.service().clone();
        target.close(&mock, &log, stop).await;
        let run = self.facts(tally, log.snapshot(), &mock);
        Ok(Run {
            invocations: service.invocations(),
            ..run
        })
    }

    fn service(&self, world: &World, transport: Transport) -> Result<Service, RunError> {
        let claude = Claude::new(transport, API_KEY);
        let model = &self.loaded.profile.model;
        let generator = Generator::new(
            self.policy.clone(),
            model,
            claude,
            self.loaded.limits,
            world.timeline,
            self.seed,
        );
        let service = Service::new(world.platform, generator, world.timeline, self.seed);
        Ok(match &world.function_log {
            Some(log) => service.with_log(log.clone()),
            None => service,
        })
    }

    fn function_log(
        &self,
        platform: &Platform,
        timeline: Timeline,
        watch: &Arc<dyn Watch>,
    ) -> Option<FunctionLog> {
        let mode = self.policy.mode().to_string();
        let group = watch.log_group(&self.loaded.scenario.id, &mode)?;
        let prices = self.loaded.prices.of(&self.loaded.profile.model)?;
        FunctionLog::new(group, platform, prices, timeline, self.seed)
    }

    async fn load(
        &self,
        target: &Target,
        world: &World,
        stop: &Stop,
        watch: &Arc<dyn Watch>,
    ) -> Tally {
        let (corpus, target, timeline) = (self.corpus(), target.clone(), world.timeline);
        let key = Arc::new(world.mock.proofs());
        let tally = SharedTally::new(MAX_ROWS);
        let (sink, give_up, watch) = (tally.clone(), stop.clone(), Arc::clone(watch));
        let retries = self.loaded.scenario.load.retries;
        let send = move |slot: Slot| {
            let (source, target, key) =
                (corpus.source(slot.index), target.clone(), Arc::clone(&key));
            let (sink, give_up, watch) = (sink.clone(), give_up.clone(), Arc::clone(&watch));
            async move {
                let started = timeline.now();
                let result = tokio::select! {
                    biased;
                    answer = target.asked(slot.index, &source, retries) => answer,
                    () = give_up.stopped() => target::RequestResult::dropped(),
                };
                let ended = timeline.now();
                let findings = match &result.documentation {
                    Some(text) => examine(&key, &source.content, text),
                    None => examine(&key, &source.content, ""),
                };
                watch.ended(result.ending);
                sink.add(Ended {
                    slot,
                    started,
                    ended,
                    path: source.path,
                    result,
                    findings,
                });
            }
        };
        let load = self.loaded.scenario.load.clone().seeded(self.seed);
        let here = tokio::runtime::Handle::current();
        let width = self.policy.files_at_once();
        let sent = load::drive(&load, width, timeline, stop, &here, send).await;
        tally.finish(sent, load.offered_after(sent))
    }

    fn facts(&self, tally: Tally, attempts: Attempts, mock: &MockClaude) -> Run {
        let (scenario, makespan) = (&self.loaded.scenario, tally.makespan());
        Run {
            scenario: scenario.id.clone(),
            title: scenario.title.clone(),
            digest: self.loaded.digest(),
            subject: self.policy.mode().clone().into(),
            setting: self.setting(),
            offered: tally.offered,
            endings: tally.endings,
            statuses: tally.statuses,
            latency: tally.latency,
            lag: tally.lag,
            makespan_ms: makespan.as_millis() as u64,
            errors: tally.errors,
            docs: tally.docs,
            requests: tally.rows.into_values().collect(),
            attempts,
            ledger: mock.ledger(),
            invocations: None,
        }
    }

    fn setting(&self) -> Setting {
        let scenario = &self.loaded.scenario;
        let (model, prices) = (&self.loaded.profile.model, &self.loaded.prices);
        let platform = scenario.platform.resolve();
        Setting {
            service: Some(ServiceSetting {
                model: model.clone(),
                tier: scenario.tier.clone(),
                limits: self.loaded.limits,
                platform: scenario.platform.preset.name().to_owned(),
                prices: prices.name.clone(),
                prices_as_of: prices.as_of.clone(),
                inr_per_usd: prices.inr_per_usd,
                price: prices.models.get(model).copied(),
                functions: platform.functions(),
            }),
            time_limit_ms: platform.time_limit.map(|limit| limit.as_millis() as u64),
            documents: self.corpus().describe(),
            real_files: self.corpus().is_real(),
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
    function_log: Option<FunctionLog>,
}
