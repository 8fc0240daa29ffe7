//! The server without a socket: from a request to an answer that brings itself.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use bytes::Bytes;
use ground::chance::digest;
use ground::ledger::{Ending, Ledger};
use ground::proof::Key;
use ground::timeline::Timeline;
use http::{Request, Response, header};

use crate::fault::Hangup;
use crate::request::ApiError;
use crate::settings::{Config, ConfigError, Options};
use crate::state::verdict::{self, Verdict};
use crate::state::{Attempt, Called, Lateness, Live, Shared, Snapshot, Spent};

use super::answer::{answer, info, refusal};
use super::body::ReplyBody;
use super::browser;
use super::dialect::Dialect;
use super::plan::Decision;
use super::route::route;

/// A mock of the Claude Messages API. Clones share everything.
#[derive(Debug, Clone)]
pub struct MockClaude {
    pub(crate) shared: Arc<Shared>,
}

impl MockClaude {
    /// A mock that lives on `timeline`.
    ///
    /// # Errors
    /// When the settings contradict themselves or leave a model without a price.
    pub fn new(config: Config, timeline: Timeline) -> Result<Self, ConfigError> {
        Self::with_options(config, Options::default(), timeline)
    }

    /// A mock whose behaviour differs from the default.
    ///
    /// # Errors
    /// As [`MockClaude::new`].
    pub fn with_options(
        config: Config,
        options: Options,
        timeline: Timeline,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            shared: Arc::new(Shared::new(Live::new(config, options)?, timeline)),
        })
    }

    /// Puts other settings in force for all requests from now on, as a whole or not at all. Seed
    /// and secret stay what they were, and the models served must stay the same.
    ///
    /// # Errors
    /// When the settings contradict themselves or name other models.
    pub fn reconfigure(&self, mut config: Config, options: Options) -> Result<(), ConfigError> {
        let live = self.shared.live();
        let names = |config: &Config| -> Vec<String> {
            config
                .profiles
                .iter()
                .map(|profile| profile.model.clone())
                .collect()
        };
        if names(&config) != names(&live.config) {
            return Err(ConfigError::ModelsChanged);
        }
        config.seed = live.config.seed;
        config.secret.clone_from(&live.config.secret);
        self.shared.replace(Live::new(config, options)?);
        Ok(())
    }

    /// Answers one request: the same code in process and behind TCP. The future ends when the head
    /// of the answer is due. Dropping it, or the body before its end, means that the client gave up.
    ///
    /// # Errors
    /// When the connection dies without a head.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<ReplyBody>, Hangup> {
        let arrived = Attempt::arrive(Arc::clone(&self.shared), digest(request.body()));
        // Passed on many times, and large.
        let mut attempt = Box::new(arrived);
        let bits = attempt
            .live
            .options
            .edge_headers
            .then_some(attempt.row.bits);
        let from_browser = request.headers().contains_key(header::ORIGIN);
        let dialect = Dialect::of(request.uri().path());
        attempt.row.has_uuid = dialect.has_uuids();
        let decision = route(dialect, &request, &mut attempt);
        drop(request);
        let mut response = match decision {
            Ok(Decision::Answer(plan)) => answer(plan, attempt).await,
            Ok(Decision::Info(bytes)) => info(dialect, bytes, attempt).await?,
            Ok(Decision::Hang) => std::future::pending().await,
            Ok(Decision::Reset) => {
                attempt.settle(Ending::Reset);
                return Err(Hangup::Reset);
            }
            Err(error) => refusal(dialect, error, attempt),
        };
        if from_browser {
            browser::allow(response.headers_mut());
        }
        if let Some(bits) = bits {
            browser::add_edge(response.headers_mut(), bits);
        }
        Ok(response)
    }

    /// Refuses a body sent to `path` that was too large to be read.
    pub(crate) fn too_large(&self, path: &str) -> Response<ReplyBody> {
        let dialect = Dialect::of(path);
        let mut attempt = Attempt::arrive(Arc::clone(&self.shared), 0);
        attempt.row.has_uuid = dialect.has_uuids();
        refusal(dialect, ApiError::too_large(), Box::new(attempt))
    }

    /// The ledger as it stands now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger()
    }

    /// What is going on now, with the `count` calls that ended last.
    #[must_use]
    pub fn snapshot(&self, count: usize) -> Snapshot {
        self.shared.snapshot(count)
    }

    /// What the client did wrong, judged from the kept attempts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict::judge(&self.shared.state().ledger.rows())
    }

    /// What the batches that have ended so far cost.
    #[must_use]
    pub fn spent_on_batches(&self) -> Spent {
        let now = self.shared.timeline().now();
        self.shared.state().batches.spent(now)
    }

    /// How late events of streams were, compared with their plan.
    #[must_use]
    pub fn lateness(&self) -> Lateness {
        self.shared.delays.summary()
    }

    /// Tells `listener` of each call that ends from now on; one that is too slow misses some.
    pub fn tell(&self, listener: SyncSender<Called>) {
        self.shared.state().listener = Some(listener);
    }

    /// Forgets everything that was counted; attempts still in flight are counted as they end.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// The clock.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.shared.timeline()
    }

    /// Lets simulated time run at `speed` from now on: simulated seconds per second of the runtime.
    ///
    /// # Panics
    /// When `speed` is not a positive finite number.
    pub fn set_speed(&self, speed: f64) {
        self.shared.set_speed(speed);
    }

    /// The key that verifies the proof tokens in replies.
    #[must_use]
    pub fn proofs(&self) -> Key {
        self.shared.key.clone()
    }

    /// The settings in force.
    #[must_use]
    pub fn config(&self) -> Config {
        self.shared.live().config.clone()
    }

    /// The behaviour in force.
    #[must_use]
    pub fn options(&self) -> Options {
        self.shared.live().options.clone()
    }
}
