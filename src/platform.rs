//! Where the service runs: the gateway before it, cold starts, instances and the time limit that
//! kills work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ground::timeline::Timeline;
use serde::{Deserialize, Serialize};

use crate::generator::{Document, Documentation, GenerateError, Generator};

pub use fleet::{Admission, Fleet};
pub use http::serve;

mod fleet;
pub mod http;
mod jobs;
pub mod journal;
mod meter;

/// The `[platform]` table of a scenario: a preset, and what differs from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the service runs.
    pub preset: Preset,
    /// Overhead of the gateway on each request, in milliseconds.
    pub gateway_ms: Option<u64>,
    /// Start of an instance, in milliseconds.
    pub cold_start_ms: Option<u64>,
    /// Work is killed after this many seconds.
    pub time_limit_s: Option<f64>,
    /// An idle instance is kept this many seconds.
    pub keep_warm_s: Option<f64>,
    /// Instances that never go away.
    pub provisioned: Option<u64>,
    /// Instances at the most.
    pub max_instances: Option<u64>,
    /// Reading and checking the source before the call, in milliseconds.
    pub analysis_ms: u64,
    /// Putting the answer together after the call, in milliseconds.
    pub response_ms: u64,
}

/// Platforms that the chapter names.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// AWS Lambda behind API Gateway with the chapter's five-minute limit.
    #[default]
    Lambda,
    /// The same with ten instances kept warm.
    LambdaProvisioned,
    /// A container service: always warm, no time limit.
    Ecs,
    /// A process on this machine.
    Local,
}

impl Preset {
    /// The name in TOML and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::LambdaProvisioned => "lambda-provisioned",
            Self::Ecs => "ecs",
            Self::Local => "local",
        }
    }
}

/// A platform with every figure settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// Overhead of the gateway.
    pub gateway: Duration,
    /// Start of an instance.
    pub cold_start: Duration,
    /// Work is killed after this.
    pub time_limit: Option<Duration>,
    /// An idle instance is kept for this long.
    pub keep_warm: Duration,
    /// Instances that never go away.
    pub provisioned: u64,
    /// Instances at the most.
    pub max_instances: u64,
    /// Work before the call.
    pub analysis: Duration,
    /// Work after the call.
    pub response: Duration,
}

impl Settings {
    /// The preset's figures with the overrides applied. Sources of the presets: the chapter's
    /// breakdown (gateway 0.2 s, cold start 1 s, limit 300 s); Lambda's default account limit of
    /// 1,000 instances; about ten idle minutes before an instance is reclaimed, as commonly seen.
    #[must_use]
    pub fn resolve(&self) -> Platform {
        let ms = Duration::from_millis;
        let lambda = Platform {
            gateway: ms(200),
            cold_start: ms(1000),
            time_limit: Some(ms(300_000)),
            keep_warm: ms(600_000),
            provisioned: 0,
            max_instances: 1000,
            analysis: ms(self.analysis_ms),
            response: ms(self.response_ms),
        };
        let always = Platform {
            provisioned: u64::MAX,
            max_instances: u64::MAX,
            time_limit: None,
            ..lambda
        };
        let preset = match self.preset {
            Preset::Lambda => lambda,
            Preset::LambdaProvisioned => Platform {
                provisioned: 10,
                ..lambda
            },
            Preset::Ecs => Platform {
                gateway: ms(20),
                ..always
            },
            Preset::Local => Platform {
                gateway: ms(0),
                ..always
            },
        };
        let seconds = |seconds: f64| Duration::from_secs_f64(seconds.max(0.0));
        Platform {
            gateway: self.gateway_ms.map_or(preset.gateway, ms),
            cold_start: self.cold_start_ms.map_or(preset.cold_start, ms),
            time_limit: self.time_limit_s.map(seconds).or(preset.time_limit),
            keep_warm: self.keep_warm_s.map_or(preset.keep_warm, seconds),
            provisioned: self.provisioned.unwrap_or(preset.provisioned),
            max_instances: self.max_instances.unwrap_or(preset.max_instances),
            ..preset
        }
    }
}

/// Why a client gets no documentation.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The platform killed the work, in the words of Lambda's own log line.
    #[error("Task timed out after {:.2} seconds", limit.as_secs_f64())]
    TimeLimit {
        /// The limit.
        limit: Duration,
    },
    /// No instance was to be had, in the words of Lambda.
    #[error("Rate Exceeded.")]
    Throttled,
    /// The generator gave up.
    #[error(transparent)]
    Generate(GenerateError),
}

impl Failure {
    /// HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::TimeLimit { .. } => 504,
            Self::Throttled => 429,
            Self::Generate(error) => error.status(),
        }
    }

    /// Machine-readable type of the answer.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TimeLimit { .. } => "time_limit",
            Self::Throttled => "throttled",
            Self::Generate(error) => error.kind(),
        }
    }
}

/// The documentation service: a generator on a platform.
#[derive(Clone)]
pub struct Service {
    platform: Platform,
    generator: Generator,
    fleet: Arc<Mutex<Fleet>>,
    timeline: Timeline,
}

impl Service {
    /// Puts `generator` on `platform`.
    #[must_use]
    pub fn new(platform: Platform, generator: Generator, timeline: Timeline) -> Self {
        let fleet = Fleet::new(
            platform.provisioned,
            platform.max_instances,
            platform.keep_warm,
        );
        Self {
            platform,
            generator,
            fleet: Arc::new(Mutex::new(fleet)),
            timeline,
        }
    }

    /// The clock that the service lives on.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.timeline
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
        self.pause(self.platform.gateway).await;
        let admission = self.fleet().admit(self.timeline.now());
        let _instance = match admission {
            Admission::Refused => return Err(Failure::Throttled),
            Admission::Warm => Instance(self),
            Admission::Cold => {
                let instance = Instance(self);
                self.pause(self.platform.cold_start).await;
                instance
            }
        };
        // Boxed: the work's state is large, and it would be copied with every future around it.
        let work = Box::pin(self.work(request, document));
        match self.platform.time_limit {
            None => work.await,
            Some(limit) => {
                let done = self.timeline.timeout(limit, work).await;
                done.unwrap_or(Err(Failure::TimeLimit { limit }))
            }
        }
    }

    async fn work(&self, request: u64, document: &Document) -> Result<Documentation, Failure> {
        self.pause(self.platform.analysis).await;
        let documentation = self
            .generator
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

    fn fleet(&self) -> std::sync::MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance at work; it becomes idle when this is dropped, also when the work is killed.
struct Instance<'a>(&'a Service);

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        let now = self.0.timeline.now();
        self.0.fleet().release(now);
    }
}
