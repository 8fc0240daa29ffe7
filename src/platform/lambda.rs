//! Real Lambda handlers, unmodified: processes that ask for events by the Lambda Runtime API, one event at a time, behind
//! a gateway, with the limits of both.
//!
//! An instance is a process of its own with a Runtime API of its own (`runtime_api`), so that nobody has to tell them apart.
//! `front` is the gateway; `event` and `answer` are what it makes of requests and results.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ground::timeline::Timeline;

pub use command::{Command, Kind};
pub use front::serve;

use self::instance::{Ended, Instance};
use self::report::Report;
use self::runtime_api::Event;
use super::cloudwatch::{identity, lines, stream};
use super::gateway::Gateway;

mod answer;
mod command;
mod event;
mod front;
mod instance;
mod memory;
mod report;
mod runtime_api;

/// Takes the lines of the log, each with the name of its stream.
pub type Log = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// A function and what stands before it. Durations are simulated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What an instance runs.
    pub command: Command,
    /// Name of the function.
    pub name: String,
    /// What stands before it.
    pub gateway: Gateway,
    /// The gateway gives up after this.
    pub gateway_limit: Option<Duration>,
    /// Work is killed after this.
    pub time_limit: Duration,
    /// Memory of an instance in megabytes; more is killed.
    pub memory_mb: u64,
    /// Instances at the most.
    pub max_instances: usize,
    /// Instances that are started before the first request.
    pub provisioned: usize,
    /// An idle instance is kept for this long.
    pub keep_warm: Duration,
    /// Variables that the function is given besides those of Lambda.
    pub variables: Vec<(String, String)>,
}

/// A function with its instances. Copies share them.
#[derive(Clone)]
pub struct Lambda(Arc<Inner>);

struct Inner {
    settings: Settings,
    timeline: Timeline,
    log: Log,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Instance>,
    busy: usize,
    started: u64,
}

/// What an invocation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// The function's result, in its own bytes.
    Result(Bytes),
    /// It failed, was killed or broke down.
    Failed,
    /// No instance was to be had.
    Throttled,
}

impl Lambda {
    /// A function without instances yet.
    #[must_use]
    pub fn new(settings: Settings, timeline: Timeline, log: Log) -> Self {
        Self(Arc::new(Inner {
            settings,
            timeline,
            log,
            pool: Mutex::default(),
        }))
    }

    /// Starts the provisioned instances.
    ///
    /// # Errors
    /// In words, when one does not come up.
    pub async fn provision(&self) -> Result<(), String> {
        for _ in 0..self.0.settings.provisioned {
            self.0.pool().busy += 1;
            let mut instance = self
                .0
                .start()
                .await
                .ok_or("an instance did not come up; the log says why")?;
            instance.init = None;
            self.0.give_back(instance);
        }
        Ok(())
    }

    /// Ends all idle instances; those at work end with their invocation.
    pub fn close(&self) {
        self.0.pool().idle.clear();
    }

    async fn invoke(&self, event: Bytes) -> Outcome {
        let inner = &self.0;
        let Some(admitted) = inner.admit() else {
            return Outcome::Throttled;
        };
        let instance = match admitted {
            Some(instance) => Some(instance),
            None => inner.start().await,
        };
        match instance {
            Some(instance) => inner.run(instance, event).await,
            None => Outcome::Failed,
        }
    }
}

impl Inner {
    /// An idle instance, or leave to start one; none when there are too many.
    #[expect(
        clippy::option_option,
        reason = "an idle one, a new one, or none at all"
    )]
    fn admit(&self) -> Option<Option<Instance>> {
        let (now, keep_warm) = (self.timeline.now(), self.settings.keep_warm);
        let mut pool = self.pool();
        let provisioned = self.settings.provisioned;
        while pool.idle.len() > provisioned
            && pool
                .idle
                .first()
                .is_some_and(|oldest| now.saturating_sub(oldest.idle_since) >= keep_warm)
        {
            pool.idle.remove(0);
        }
        if pool.busy >= self.settings.max_instances {
            return None;
        }
        pool.busy += 1;
        Some(pool.idle.pop())
    }

    /// A new instance that has asked for its first event; none if it failed, which the log tells.
    async fn start(&self) -> Option<Instance> {
        let number = {
            let mut pool = self.pool();
            pool.started += 1;
            pool.started
        };
        let stream = stream(
            self.timeline.unix_ms(self.timeline.now()),
            &format!("{number:032x}"),
        );
        match Instance::start(&self.settings, &stream, self.timeline, &self.log).await {
            Ok(instance) => Some(instance),
            Err(why) => {
                (self.log)(&stream, &why);
                self.pool().busy -= 1;
                None
            }
        }
    }

    async fn run(&self, mut instance: Instance, body: Bytes) -> Outcome {
        let event = Event::new(body, self.settings.time_limit, self.timeline);
        let id = event.id.clone();
        (self.log)(&instance.stream, &lines::start(&id));
        let started = self.timeline.now();
        let ended = instance.handle(event, self.settings.time_limit).await;
        let took = self.timeline.now().saturating_sub(started);
        let report = Report {
            id: &id,
            took,
            init: instance.init.take(),
            memory_mb: self.settings.memory_mb,
            peak_mb: instance.peak_mb(),
            limit: self.settings.time_limit,
            speed: self.timeline.speed(),
        };
        // What it has printed is in the pipe: those who read it go first.
        tokio::task::yield_now().await;
        for line in report.lines(&ended) {
            (self.log)(&instance.stream, &line);
        }
        let is_whole = matches!(
            ended,
            Ended::Result(_) | Ended::Error(_) | Ended::TooLarge(_)
        );
        if is_whole && instance.is_ready().await {
            self.give_back(instance);
        } else {
            self.pool().busy -= 1;
        }
        match ended {
            Ended::Result(bytes) => Outcome::Result(bytes),
            _ => Outcome::Failed,
        }
    }

    fn give_back(&self, mut instance: Instance) {
        instance.freeze();
        instance.idle_since = self.timeline.now();
        let mut pool = self.pool();
        pool.busy -= 1;
        pool.idle.push(instance);
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new identity. Without chance all are the same, which harms only who looks for one.
fn uuid() -> String {
    let drawn = || getrandom::u64().unwrap_or_default();
    identity([drawn(), drawn()])
}
