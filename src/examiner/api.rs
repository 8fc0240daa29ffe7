//! The API of an examination: our mock in a hurry, with a secret of its own.

use ground::profile::{Latency, ReplyLength};
use ground::timeline::Timeline;
use ground::{presets, proof};
use mock_claude::Config;
use tokio::net::TcpListener;

use super::error::ExaminerError;
use super::upstream::{Mocks, Upstream};
use crate::contract::limits::CONTEXT_WINDOW;

/// The upstream of one examination: to be put on a port before the service starts.
#[derive(Clone)]
pub struct ExamApi {
    pub(super) upstream: Upstream,
    pub(super) proofs: proof::Key,
    api_key: String,
}

impl ExamApi {
    /// A fresh mock with a secret of 256 bits that nobody else knows, and a fresh API key.
    ///
    /// # Errors
    /// When the mock refuses its settings, or the system has no chance to give.
    pub fn new() -> Result<Self, ExaminerError> {
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
            secret: random_hex::<32>()?,
            profiles,
            limits: None,
            prices: presets::prices(),
            faults: Vec::new(),
            answers: vec![],
            max_rows: 0,
        };
        let api_key = format!("sk-ant-api03-{}AA", random_hex::<46>()?);
        let proofs = proof::Key::new(&config.secret);
        let mocks = Mocks::new(&config, timeline)?;
        Ok(Self {
            upstream: Upstream::new(mocks, timeline, &api_key),
            proofs,
            api_key,
        })
    }

    /// The API key that an examined service is given; it must never show.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// Serves the API on `listener` until the future is dropped.
    pub async fn serve(self, listener: TcpListener) {
        self.upstream.serve(listener).await;
    }
}

/// A salt that nobody can foresee.
///
/// # Errors
/// When the system has no chance to give.
pub fn random_salt() -> Result<String, ExaminerError> {
    random_hex::<8>()
}

/// As many bytes of the system's chance, as hexadecimal digits.
pub(super) fn random_hex<const BYTES: usize>() -> Result<String, ExaminerError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| ExaminerError::Chance(error.to_string()))?;
    Ok(hex::encode(bytes))
}
