//! The documentation service: a generator on a platform.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ground::timeline::Timeline;

use super::fleet::{Admission, Fleet};
use super::settings::Platform;
use crate::generator::{Document, Documentation, GenerateError, Generator};

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
