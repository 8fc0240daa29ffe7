//! The documentation service: a generator on a platform.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ground::timeline::Timeline;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::cloudwatch::{FunctionLog, Outcome};
use super::failure::Failure;
use super::fleet::{Admission, Fleet};
use super::gateway::Gateway;
use super::settings::{ColdStart, Platform};
use crate::generator::{Document, Documentation, Generator};
use crate::record::{Invocations, Protection};

/// The part of a gateway's limit after which an answer becomes a job: the rest is for the way back.
const PATIENCE: f64 = 0.8;
/// Waits between tries of an invocation that nobody waits for: from 1 s, doubled each time, up to 5 minutes.
/// Source: "How Lambda handles errors and retries with asynchronous invocation", AWS Lambda Developer Guide.
const QUEUE_WAIT: Duration = Duration::from_secs(1);
const MAX_QUEUE_WAIT: Duration = Duration::from_secs(300);

/// The documentation service: a generator on a platform. Copies share everything.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    platform: Platform,
    generator: Generator,
    timeline: Timeline,
    seed: u64,
    state: Mutex<State>,
    /// Bounds the instances that work through jobs; none where answers never become jobs.
    workers: Option<Semaphore>,
    /// Work that its gateway may give up.
    unwatched: Mutex<JoinSet<()>>,
    log: OnceLock<FunctionLog>,
}

struct State {
    fleet: Fleet<Memory>,
    facts: Invocations,
    /// Instances that have had a first request.
    instances: u64,
}

/// What an instance keeps from one request to the next.
#[derive(Clone)]
struct Memory {
    instance: u64,
    /// With the cache of its own, if it has one.
    generator: Generator,
}

impl Service {
    /// Puts `generator` on `platform`; `seed` draws the cold starts.
    #[must_use]
    pub fn new(platform: Platform, generator: Generator, timeline: Timeline, seed: u64) -> Self {
        let policy = generator.policy();
        let has_jobs = policy.has(Protection::Jobs) && platform.gateway_limit.is_some();
        let workers = has_jobs.then(|| Semaphore::new(policy.files_at_once()));
        let state = State {
            fleet: Fleet::new(&platform),
            facts: Invocations::default(),
            instances: 0,
        };
        Self(Arc::new(Inner {
            platform,
            generator,
            timeline,
            seed,
            state: Mutex::new(state),
            workers,
            unwatched: Mutex::default(),
            log: OnceLock::new(),
        }))
    }

    /// The same service, which writes what it does to `log`. The first log stays.
    #[must_use]
    pub fn with_log(self, log: FunctionLog) -> Self {
        let _first_stays = self.0.log.set(log);
        self
    }

    /// The clock that the service lives on.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.0.timeline
    }

    /// Where it runs.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.0.platform
    }

    /// How long a client waits for an answer before it is handed a job's number; none where it never is.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        self.0.workers.as_ref()?;
        let limit = self.0.platform.gateway_limit?;
        Some(limit.mul_f64(PATIENCE))
    }

    /// What the platform has done so far; none where it does not bill by the invocation.
    #[must_use]
    pub fn invocations(&self) -> Option<Invocations> {
        self.0.platform.memory_mb?;
        let (cache_read_units, cache_write_units) = self.0.generator.cache_units();
        Some(Invocations {
            cache_read_units,
            cache_write_units,
            ..self.0.state().facts
        })
    }

    /// Documents one file, as a client of the platform sees it. `request` numbers the request.
    ///
    /// # Errors
    /// What the client is told instead of documentation.
    pub async fn document(
        &self,
        request: u64,
        document: &Document,
    ) -> Result<Documentation, Failure> {
        self.asked(1);
        let platform = &self.0.platform;
        self.0.pause(platform.gateway_overhead).await;
        if platform.gateway.is_too_large(document.content.len()) {
            return Err(Failure::TooLarge(platform.gateway));
        }
        let Some(limit) = platform.gateway_limit else {
            return self.0.invoke(request, document, platform.gateway).await;
        };
        if let Some(workers) = &self.0.workers {
            return self.0.queued(workers, request, document).await;
        }
        let work = self.unwatched(request, document.clone());
        match self.0.timeline.timeout(limit, work).await {
            Some(Ok(done)) => done,
            // Work that broke down, or was ended with the service, has no answer any more.
            Some(Err(_)) | None => {
                self.0.state().facts.gateway_timeouts += 1;
                Err(Failure::GatewayTimeout(platform.gateway))
            }
        }
    }

    /// Counts `times` that a client has asked the gateway.
    pub fn asked(&self, times: u64) {
        self.0.state().facts.gateway_requests += times;
    }

    /// Waits until all work has ended that no gateway waits for any more.
    pub async fn unwatched_ended(&self) {
        let mut rest = std::mem::take(&mut *self.0.unwatched());
        while rest.join_next().await.is_some() {}
    }

    /// Begins work that goes on when nobody waits for it.
    fn unwatched(
        &self,
        request: u64,
        document: Document,
    ) -> oneshot::Receiver<Result<Documentation, Failure>> {
        let (done, waiting) = oneshot::channel();
        let inner = Arc::clone(&self.0);
        let mut all = self.0.unwatched();
        while all.try_join_next().is_some() {}
        all.spawn(async move {
            let gateway = inner.platform.gateway;
            let _nobody_waits = done.send(inner.invoke(request, &document, gateway).await);
        });
        waiting
    }
}

impl Inner {
    /// Work for a job: it waits for one of the instances that work through jobs, and asks again when Lambda
    /// has none, as Lambda itself does with invocations that nobody waits for.
    async fn queued(
        &self,
        workers: &Semaphore,
        request: u64,
        document: &Document,
    ) -> Result<Documentation, Failure> {
        let _worker = workers.acquire().await;
        let mut wait = QUEUE_WAIT;
        loop {
            // No gateway waits for a job, so it ends in the function's own words.
            match self.invoke(request, document, Gateway::Unlimited).await {
                Err(Failure::Throttled(_)) => self.pause(wait).await,
                ended => return ended,
            }
            wait = (wait * 2).min(MAX_QUEUE_WAIT);
        }
    }

    async fn invoke(
        &self,
        request: u64,
        document: &Document,
        gateway: Gateway,
    ) -> Result<Documentation, Failure> {
        let instance = self.instance().ok_or(Failure::Throttled(gateway))?;
        self.pause(instance.start).await;
        let mut logged = self.log.get().map(|log| {
            let took = self.timeline.now().saturating_sub(instance.since);
            let init = (!instance.start.is_zero()).then_some(took);
            log.begin(request, instance.memory.instance, init)
        });
        // Boxed: the work's state is large, and it would be copied with every future around it.
        let work = Box::pin(self.work(&instance.memory.generator, request, document));
        let done = match self.platform.time_limit {
            None => work.await,
            Some(limit) => {
                let done = self.timeline.timeout(limit, work).await;
                done.unwrap_or(Err(Failure::TimeLimit { limit, gateway }))
            }
        };
        self.state().facts.errors += u64::from(done.is_err());
        if let Some(logged) = &mut logged {
            logged.outcome = Some(match &done {
                Ok(_) => Outcome::Result,
                Err(Failure::TimeLimit { limit, .. }) => Outcome::TimedOut(*limit),
                Err(failure) => Outcome::Error(failure.to_string()),
            });
        }
        done
    }

    /// An instance for a request that has arrived, if there is one.
    fn instance(&self) -> Option<Instance<'_>> {
        let now = self.timeline.now();
        let mut state = self.state();
        let admission = state.fleet.admit(now);
        let facts = &mut state.facts;
        let (memory, start) = match admission {
            Admission::Refused => {
                facts.throttled += 1;
                drop(state);
                if let Some(log) = self.log.get() {
                    log.throttled();
                }
                return None;
            }
            Admission::Warm(memory) => (memory, Duration::ZERO),
            Admission::Cold => {
                facts.cold_starts += 1;
                let start = self.cold_start(facts.cold_starts);
                facts.init_ms += start.as_millis() as u64;
                (None, start)
            }
        };
        facts.invocations += 1;
        let memory = memory.unwrap_or_else(|| {
            state.instances += 1;
            Memory {
                instance: state.instances,
                generator: self.first_generator(),
            }
        });
        Some(Instance {
            of: self,
            memory,
            start,
            since: now,
        })
    }

    fn cold_start(&self, number: u64) -> Duration {
        match self.platform.cold_start {
            ColdStart::Constant(start) => start,
            ColdStart::Measured { runtime, imports } => {
                runtime.cold_start(self.seed, number) + imports
            }
        }
    }

    /// What a new instance knows: on Lambda nothing of what others have cached, unless that is in a table.
    fn first_generator(&self) -> Generator {
        let is_alone = self.platform.memory_mb.is_some();
        if is_alone && !self.generator.policy().has(Protection::SharedCache) {
            self.generator.with_empty_cache()
        } else {
            self.generator.clone()
        }
    }

    async fn work(
        &self,
        generator: &Generator,
        request: u64,
        document: &Document,
    ) -> Result<Documentation, Failure> {
        self.pause(self.platform.analysis).await;
        let documentation = generator
            .document(request, document)
            .await
            .map_err(Failure::Generate)?;
        self.pause(self.platform.response).await;
        Ok(documentation)
    }

    /// A pause of nothing must not cost a timer: a million requests pass here.
    async fn pause(&self, duration: Duration) {
        if !duration.is_zero() {
            self.timeline.sleep(duration).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unwatched(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.unwatched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance at work; it becomes idle when this is dropped, also when the work is killed.
struct Instance<'a> {
    of: &'a Inner,
    memory: Memory,
    /// How long it takes to start.
    start: Duration,
    since: Duration,
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        let now = self.of.timeline.now();
        let mut state = self.of.state();
        let took = now.saturating_sub(self.since);
        state.facts.billed_ms += took.as_nanos().div_ceil(1_000_000) as u64;
        state.fleet.release(now, self.memory.clone());
    }
}
