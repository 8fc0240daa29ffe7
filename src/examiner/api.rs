//! The API of an examination: our mock in a hurry, with a secret of its own.

use ground::profile::{Latency, ReplyLength};
use ground::timeline::Timeline;
use ground::{presets, proof};
use mock_claude::{Config, ConfigError, MockClaude};
use tokio::net::TcpListener;

use super::upstream::Upstream;
use crate::contract::limits::CONTEXT_WINDOW;

/// The API key that an examined service is given; it must never show.
pub const API_KEY: &str = "sk-ant-api03-examination-0d4f8a1c7e";

/// The upstream of one examination: to be put on a port before the service starts.
#[derive(Clone)]
pub struct ExamApi {
    pub(super) upstream: Upstream,
    pub(super) key: proof::Key,
}

impl ExamApi {
    /// A fresh mock whose proof tokens depend on `salt`.
    ///
    /// # Errors
    /// When the mock refuses its settings.
    pub fn new(salt: &str) -> Result<Self, ConfigError> {
        let timeline = Timeline::start(1.0, 0);
        let mut profiles = presets::profiles();
        for profile in &mut profiles {
            // A model in a hurry: what a service does counts, not how long the model takes.
            profile.latency = Latency {
                time_to_first_token_ms: 60.0,
                prefill_tokens_per_s: 400_000.0,
                decode_tokens_per_s: 40_000.0,
                sigma: 0.1,
            };
            profile.bytes_per_token = 4.0;
            profile.context_window = CONTEXT_WINDOW;
            profile.reply = ReplyLength {
                tokens_per_symbol: 30,
            };
        }
        let config = Config {
            seed: 1,
            secret: format!("examination-{salt}-{}", random_salt()),
            profiles,
            limits: None,
            prices: presets::prices(),
            faults: Vec::new(),
            answers: vec![],
            max_rows: 0,
        };
        let mock = MockClaude::new(config, timeline)?;
        let key = mock.proofs();
        Ok(Self {
            upstream: Upstream::new(mock, timeline),
            key,
        })
    }

    /// Serves the API on `listener` until the future is dropped.
    pub async fn serve(self, listener: TcpListener) {
        self.upstream.serve(listener).await;
    }
}

/// Eight hexadecimal digits that nobody can foresee.
#[must_use]
pub fn random_salt() -> String {
    use std::hash::{BuildHasher, Hasher};
    let bits = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    format!("{:08x}", bits as u32)
}
