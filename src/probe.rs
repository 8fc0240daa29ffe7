//! Examines a documentation service that somebody else wrote: asks it what a rubric needs, with
//! our mock as its upstream, and records what could be observed. It judges nothing.

use std::sync::Arc;
use std::time::Duration;

use ground::profile::{Latency, Reply};
use ground::timeline::Timeline;
use ground::{presets, proof};
use mock_claude::{Config, ConfigError, MockClaude};
use tokio::net::TcpListener;

use crate::record::exam::{Check, Exam, Fate, Play, Played, SCHEMA};

pub use process::{Service, StartError};
pub use reference::reference;

use client::Client;
use papers::SMALL;
use scene::Scene;
use upstream::{Setting, Upstream};

mod client;
mod papers;
mod plays;
mod process;
mod reference;
mod scene;
mod upstream;

/// The API key that an examined service is given; it must never show.
pub const API_KEY: &str = "sk-ant-api03-examination-0d4f8a1c7e";
/// Time that a plain request may take after a play before the service counts as dead.
const ALIVE_WITHIN: Duration = Duration::from_secs(15);

/// How an examination is carried out.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is examined, for the record.
    pub target: String,
    /// URL of the service or of its `/document`.
    pub endpoint: String,
    /// Goes into every name in the documents.
    pub salt: String,
    /// The plays.
    pub plays: Vec<Play>,
    /// Longest wait for one answer.
    pub deadline: Duration,
}

/// Why an examination could not take place.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The endpoint is no URL.
    #[error("{0}")]
    Endpoint(String),
    /// The mock refused its settings.
    #[error("the mock server cannot start")]
    Mock(#[from] ConfigError),
}

/// The upstream of one examination: to be put on a port before the service starts.
#[derive(Clone)]
pub struct Bench {
    upstream: Upstream,
    key: proof::Key,
}

struct Session {
    bench: Bench,
    client: Client,
    salt: String,
    deadline: Duration,
}

impl Bench {
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
            profile.reply = Reply {
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

/// Tokens of the longest prompt: the long file does not fit.
const CONTEXT_WINDOW: u64 = 20_000;

/// Eight hexadecimal digits that nobody can foresee.
#[must_use]
pub fn random_salt() -> String {
    use std::hash::{BuildHasher, Hasher};
    let bits = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    format!("{:08x}", bits as u32)
}

/// Carries `plan` out. `done` hears of each play that has ended.
///
/// # Errors
/// When it cannot begin; a service that misbehaves is a fact and no error.
pub async fn examine(
    bench: &Bench,
    plan: &Plan,
    done: &(dyn Fn(Play) + Sync),
) -> Result<Exam, ProbeError> {
    let client = Client::new(&plan.endpoint).map_err(ProbeError::Endpoint)?;
    let session = Session {
        bench: bench.clone(),
        client,
        salt: plan.salt.clone(),
        deadline: plan.deadline,
    };
    let (preflight, single) = session.preflight().await;
    let mut exam = Exam {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: plan.target.clone(),
        salt: plan.salt.clone(),
        preflight,
        plays: [(Play::Single, single)].into(),
        prying: Vec::new(),
    };
    if exam.preflight.iter().all(|check| check.passed) {
        for &play in &plan.plays {
            if play != Play::Single {
                let mut played = session.play(play).await;
                played.alive_after = session.alive(play).await;
                exam.plays.insert(play, played);
            }
            done(play);
        }
    }
    exam.prying = bench.upstream.prying();
    Ok(exam)
}

impl Session {
    fn scene(&self, texts: Vec<papers::Text>, setting: Setting) -> Arc<Scene> {
        Arc::new(Scene::new(
            self.client.clone(),
            self.bench.key.clone(),
            self.bench.upstream.stage(&texts, setting),
            texts,
        ))
    }

    /// The checks stop at the first that fails.
    async fn preflight(&self) -> (Vec<Check>, Played) {
        let mut checks = Vec::new();
        let mut check = |id: &str, passed: bool, said: String| {
            checks.push(Check {
                id: id.to_owned(),
                passed,
                said,
            });
            passed
        };
        let reachable = self.client.reachable(Duration::from_secs(5)).await;
        let said = "an HTTP server must answer at the endpoint within 5 s".to_owned();
        if !check("reachable", reachable, said) {
            return (checks, Played::default());
        }
        let text = papers::text(&self.salt, "single", 0, SMALL);
        let scene = self.scene(vec![text], Setting::default());
        let asked = scene.ask(0, self.deadline).await;
        scene.quiet(Duration::from_millis(200)).await;
        let played = scene.played();
        let said = match asked.fate {
            Fate::Whole | Fate::Partial => "POST /document answers documentation".to_owned(),
            _ => format!(
                "POST /document with a small Python file must answer 200 and JSON with a `documentation` text; \
                 it answered status {} ({:?}): {}",
                asked
                    .status
                    .map_or_else(|| "none".to_owned(), |status| status.to_string()),
                asked.fate,
                asked.said,
            ),
        };
        let answered = matches!(asked.fate, Fate::Whole | Fate::Partial);
        if check("contract", answered, said) {
            let called = !played.calls.is_empty() || self.bench.upstream.arrived() > 0;
            let said = match called {
                true => "it calls the upstream that it was given",
                false => {
                    "it answered, but no call reached our API: use the environment variable ANTHROPIC_BASE_URL as \
                     the address of the API, and really ask it"
                }
            };
            check("upstream", called, said.to_owned());
        }
        (checks, played)
    }

    /// Whether the service still answers an ordinary request.
    async fn alive(&self, play: Play) -> bool {
        let text = papers::text(&self.salt, &format!("alive{}", play as u8), 0, SMALL);
        let scene = self.scene(vec![text], Setting::default());
        let asked = scene.ask(0, ALIVE_WITHIN).await;
        !matches!(asked.fate, Fate::Closed | Fate::TimedOut)
    }
}
