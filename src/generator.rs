//! Turns a source file into documentation by asking Claude: naively, as the official SDK would, or hardened.
//!
//! The three modes are one path. Each protection is a file of its own and is on or off by the
//! [`Policy`]; nothing here reports about itself, the transport does.
//!
//! `examples/document_one_file.rs` documents a file with it.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use ground::limits::Limits;
use ground::timeline::Timeline;
use serde::{Deserialize, Serialize};

use crate::claude::{Ask, CallError, Claude, StopReason};
use crate::load::Stop;
use crate::record::Protection;

use assemble::Part;
use cache::{Cache, Key};
use chunk::Chunk;
use complete::{Stretch, View};
use flight::{Flights, Role};
use outline::Outline;
use pace::Pace;
use plan::Plan;
use retry::Rule;

pub use assemble::Gap;
pub use error::{GenerateError, SetupError};
pub use journal::{Earlier, Journal};
pub use outline::{Defined, Reading, defined};
pub use plan::CallEstimate;
pub use policy::{Policy, Settings, Streaming};
pub use prompt::VERSION as PROMPT_VERSION;

mod answer;
mod aside;
mod assemble;
mod cache;
mod call;
mod chunk;
mod complete;
mod definitions;
mod error;
mod flight;
mod grammar;
mod journal;
mod line;
mod outline;
mod pace;
mod plan;
mod policy;
mod prompt;
mod retry;
mod syntax;

/// A source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its path, as the client gave it.
    pub path: String,
    /// Its text.
    pub content: Arc<str>,
}

/// What was written about a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documentation {
    /// Path of the source file.
    pub path: String,
    /// Markdown, in the order of the source.
    pub text: String,
    /// What it lacks; empty when it is whole.
    pub missing: Vec<Gap>,
    /// True when no call was made for it.
    pub cached: bool,
}

impl Documentation {
    /// The text as people read it, on a page below its path as a heading: with links to its entries
    /// in front where there are many, and without anything that a terminal would obey.
    #[must_use]
    pub fn page(&self) -> String {
        assemble::page(&self.path, &self.text)
    }
}

/// The service's core. Copies share cache, queue and limits.
#[derive(Clone)]
pub struct Generator(Arc<Inner>);

struct Inner {
    policy: Policy,
    reading: Reading,
    model: Arc<str>,
    claude: Claude,
    timeline: Timeline,
    seed: u64,
    rule: Rule,
    cache: Option<Cache>,
    flights: Option<Flights<Key, Outcome>>,
    pace: Option<Pace>,
    bulk: Option<Bulk>,
}

/// What a bulk job has beyond a service.
#[derive(Clone)]
pub struct Bulk {
    /// What earlier runs did, and where this one writes down what it does.
    pub journal: Journal,
    /// Ends the job: calls in flight are waited for, no further one is made.
    pub stop: Stop,
    /// If there, calls are not made: their questions are put here instead, each once.
    pub questions: Option<Questions>,
    /// Why the job ended before its time, once an answer said that no other call can succeed.
    pub halted: Arc<OnceLock<CallError>>,
    /// Hears of every try that failed.
    pub on_failure: Arc<dyn Fn(&CallError) + Send + Sync>,
}

/// A question that was not asked yet.
#[derive(Debug, Clone)]
pub struct Question {
    /// How it is asked.
    pub ask: Ask,
    /// What that is expected to use.
    pub estimate: CallEstimate,
}

/// Questions by the name under which their answers are kept, [`Journal`]'s keys in hex.
pub type Questions = Arc<Mutex<BTreeMap<String, Question>>>;

/// Whether a question was answered before, but not well enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    First,
    Again,
}

impl Asking {
    /// What tells the answers to both apart.
    fn mark(self) -> &'static [u8] {
        match self {
            Self::First => b"",
            Self::Again => b"again",
        }
    }
}

type Outcome = Result<Vec<Part>, GenerateError>;

/// One document on its way.
struct Job<'a> {
    request: u64,
    document: &'a Document,
    outline: Option<Arc<Outline>>,
    next_call: AtomicU32,
    paid: AtomicU32,
}

impl Job<'_> {
    fn view(&self) -> View<'_> {
        View {
            path: &self.document.path,
            source: &self.document.content,
            outline: self.outline.as_deref(),
        }
    }
}

impl Generator {
    /// A generator that asks `claude` for `model` as `policy` says. `known_limits` are the rate
    /// limits to keep; what is not known is learnt from the answers. `seed` decides the jitter.
    ///
    /// # Errors
    /// [`SetupError`] when the cache file cannot be used.
    pub fn new(
        policy: Policy,
        model: &str,
        claude: Claude,
        known_limits: Option<Limits>,
        timeline: Timeline,
        seed: u64,
    ) -> Result<Self, SetupError> {
        let inner = Inner::new(policy, model, claude, known_limits, timeline, seed)?;
        Ok(Self(Arc::new(inner)))
    }

    /// The same for files that people wrote, see [`Reading::Grammar`].
    ///
    /// # Errors
    /// [`SetupError`] when the cache file cannot be used.
    pub fn for_files(
        policy: Policy,
        model: &str,
        claude: Claude,
        known_limits: Option<Limits>,
        timeline: Timeline,
        seed: u64,
    ) -> Result<Self, SetupError> {
        let mut inner = Inner::new(policy, model, claude, known_limits, timeline, seed)?;
        inner.reading = Reading::Grammar;
        Ok(Self(Arc::new(inner)))
    }

    /// A generator for a bulk job on files that people wrote, which learns the limits and outlives
    /// its own end.
    ///
    /// # Errors
    /// [`SetupError`] when the cache file cannot be used.
    pub fn for_bulk(
        policy: Policy,
        model: &str,
        claude: Claude,
        timeline: Timeline,
        bulk: Bulk,
    ) -> Result<Self, SetupError> {
        let mut inner = Inner::new(policy, model, claude, None, timeline, 1)?;
        inner.reading = Reading::Grammar;
        inner.bulk = Some(bulk);
        Ok(Self(Arc::new(inner)))
    }

    /// Documents one file. `request` names the client's request in the attempt log. Dropping the
    /// future drops all calls that are in flight for it.
    ///
    /// # Errors
    /// [`GenerateError`] when there is nothing worth delivering.
    pub async fn document(
        &self,
        request: u64,
        document: &Document,
    ) -> Result<Documentation, GenerateError> {
        let Plan { chunks, outline } = self.0.plan(document).await;
        let job = Job {
            request,
            document,
            outline,
            next_call: AtomicU32::new(0),
            paid: AtomicU32::new(0),
        };
        let parts = self.0.parts(&job, chunks).await?;
        let (text, missing) = assemble::join(parts);
        let cached = job.paid.into_inner() == 0;
        Ok(Documentation {
            path: document.path.clone(),
            text,
            missing,
            cached,
        })
    }
}

impl Inner {
    fn new(
        policy: Policy,
        model: &str,
        claude: Claude,
        known_limits: Option<Limits>,
        timeline: Timeline,
        seed: u64,
    ) -> Result<Self, SetupError> {
        let settings = &policy.settings;
        let cache = if policy.has(Protection::Cache) {
            let bytes = usize::try_from(settings.cache_mb << 20).unwrap_or(usize::MAX);
            Some(Cache::open(bytes, settings.cache_path.as_deref())?)
        } else {
            None
        };
        let watch = policy.has(Protection::Pacing);
        let bound = policy.calls_at_once();
        let headroom = Duration::from_millis(settings.headroom_ms);
        let pace = (watch || bound.is_some()).then(|| {
            Pace::new(
                timeline,
                bound.unwrap_or(usize::MAX),
                watch,
                known_limits,
                headroom,
            )
        });
        let flights = policy.has(Protection::SingleFlight).then(Flights::new);
        let timeout = Duration::from_secs_f64(settings.call_timeout_s.clamp(0.001, 1e9));
        let claude = claude.with_timeout(timeline, timeout);
        let rule = Rule::of(&policy);
        Ok(Self {
            model: model.into(),
            claude,
            timeline,
            seed,
            rule,
            cache,
            flights,
            pace,
            bulk: None,
            reading: Reading::Lines,
            policy,
        })
    }

    /// The parts of all `chunks`, in order. One failure fails all, unless partial results are
    /// allowed and something else came through.
    async fn parts(&self, job: &Job<'_>, chunks: Vec<Chunk>) -> Outcome {
        let outcomes = match <[Chunk; 1]>::try_from(chunks) {
            Ok([chunk]) => {
                let outcome = self.chunk(job, &chunk).await;
                vec![(chunk, outcome)]
            }
            Err(chunks) => {
                join_all(chunks.into_iter().map(async |chunk| {
                    let outcome = self.chunk(job, &chunk).await;
                    (chunk, outcome)
                }))
                .await
            }
        };
        let something = outcomes.iter().any(|(_, outcome)| outcome.is_ok());
        let partial = self.policy.has(Protection::PartialResults) && something;
        let mut parts = Vec::with_capacity(outcomes.len());
        for (chunk, outcome) in outcomes {
            match outcome {
                Ok(more) => parts.extend(more),
                Err(error) if partial => parts.push(Part::Missing(gap(&chunk, &error))),
                Err(error) => return Err(error),
            }
        }
        Ok(parts)
    }

    /// The parts of one chunk: from the cache, from somebody who is asking already, or by asking.
    async fn chunk(&self, job: &Job<'_>, chunk: &Chunk) -> Outcome {
        if self.cache.is_none() && self.flights.is_none() {
            return self.ask(job, chunk).await;
        }
        let key = self.key(job, chunk, Asking::First);
        if let Some(text) = self.cache.as_ref().and_then(|cache| cache.find(&key)) {
            return Ok(vec![Part::Text(text)]);
        }
        let Some(flights) = &self.flights else {
            return self.ask_and_keep(job, chunk, key).await;
        };
        let seat = flights.seat(&key);
        match seat.role().await {
            Role::Follow(outcome) => outcome,
            Role::Lead(lead) => {
                let outcome = self.ask_and_keep(job, chunk, key).await;
                lead.hand_in(outcome.clone());
                outcome
            }
        }
    }

    /// The limit of input tokens a minute by which `document` is cut. In a bulk job it stays what it
    /// was in the run that cut it first.
    fn input_limit(&self, document: &Document) -> Option<u64> {
        let known = self.pace.as_ref().and_then(Pace::input_limit);
        match &self.bulk {
            Some(bulk) => {
                let key = cache::key(&[document.path.as_bytes(), document.content.as_bytes()]);
                bulk.journal.plan(&key, known)
            }
            None => known,
        }
    }

    /// Everything that the answer depends on, except the path: one content is paid for once.
    fn key(&self, job: &Job<'_>, chunk: &Chunk, asking: Asking) -> Key {
        let extension = job
            .document
            .path
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        cache::key(&[
            &prompt::VERSION.to_le_bytes(),
            self.model.as_bytes(),
            &self.policy.settings.max_tokens.to_le_bytes(),
            extension.as_bytes(),
            chunk.context.as_bytes(),
            &job.document.content.as_bytes()[chunk.range.clone()],
            chunk.names.join("\n").as_bytes(),
            asking.mark(),
        ])
    }

    async fn ask_and_keep(&self, job: &Job<'_>, chunk: &Chunk, key: Key) -> Outcome {
        let parts = self.ask(job, chunk).await?;
        if let Some(cache) = &self.cache
            && let Some(whole) = whole(&parts)
        {
            cache.keep(key, &whole);
        }
        Ok(parts)
    }

    /// Asks about one chunk. With chunking, what the answer leaves out is asked for again, alone.
    async fn ask(&self, job: &Job<'_>, chunk: &Chunk) -> Outcome {
        let message = self.call(job, chunk, Asking::First).await?;
        if message.stop_reason == StopReason::Refusal {
            return Err(GenerateError::Declined);
        }
        let cut_off = matches!(
            message.stop_reason,
            StopReason::MaxTokens | StopReason::ContextWindow
        );
        if !self.policy.has(Protection::Chunking) {
            return Ok(self.unchecked(chunk, message.text, cut_off));
        }
        let view = job.view();
        match complete::check(view, chunk, &message.text, cut_off) {
            Some(stretches) => {
                let stretches = complete::named(stretches, view);
                Box::pin(self.complete(job, stretches, cut_off)).await
            }
            None if !cut_off => Ok(vec![Part::Text(message.text.into())]),
            None => match chunk::halve(view.path, view.source, view.outline, chunk) {
                Some(halves) => Box::pin(self.parts(job, halves)).await,
                None if self.policy.has(Protection::PartialResults) => {
                    Ok(self.unchecked(chunk, message.text, cut_off))
                }
                None => Err(self.truncated()),
            },
        }
    }

    /// The answer as it came. Without partial results nobody looks whether it was cut off: it
    /// passes as whole, which is what breaks the naive service.
    fn unchecked(&self, chunk: &Chunk, text: String, cut_off: bool) -> Vec<Part> {
        if !cut_off {
            return vec![Part::Text(text.into())];
        }
        let mut parts = vec![Part::Unfinished(text.into())];
        if self.policy.has(Protection::PartialResults) {
            parts.push(Part::Missing(gap(chunk, &self.truncated())));
        }
        parts
    }

    fn truncated(&self) -> GenerateError {
        GenerateError::Truncated {
            max_tokens: self.policy.settings.max_tokens,
        }
    }

    /// Fills in what an answer left open. After a cut-off the rest is asked about like any chunk;
    /// what was left out or said twice for no reason is asked for once.
    async fn complete(&self, job: &Job<'_>, stretches: Vec<Stretch>, cut_off: bool) -> Outcome {
        let partial = self.policy.has(Protection::PartialResults);
        let filled = join_all(stretches.into_iter().map(async |stretch| {
            let (chunk, doubtful) = match stretch {
                Stretch::Done(text) => return Ok(vec![Part::Text(text.into())]),
                Stretch::Open(chunk, doubtful) => (chunk, doubtful),
            };
            let outcome = if cut_off && doubtful.is_none() {
                self.chunk(job, &chunk).await
            } else {
                self.ask_once_more(job, &chunk).await
            };
            match outcome {
                Err(error) if partial => {
                    let doubtful = doubtful.map(|text| Part::Unfinished(text.into()));
                    let missing = Part::Missing(gap(&chunk, &error));
                    Ok(doubtful.into_iter().chain([missing]).collect())
                }
                outcome => outcome,
            }
        }))
        .await;
        let parts: Result<Vec<Vec<Part>>, GenerateError> = filled.into_iter().collect();
        Ok(parts?.concat())
    }

    async fn ask_once_more(&self, job: &Job<'_>, chunk: &Chunk) -> Outcome {
        let message = self.call(job, chunk, Asking::Again).await?;
        let cut_off = message.stop_reason != StopReason::EndTurn;
        let stretches = complete::check(job.view(), chunk, &message.text, cut_off);
        let Some(stretches) = stretches.filter(|_| !cut_off) else {
            return Ok(if cut_off {
                self.unchecked(chunk, message.text, true)
            } else {
                vec![Part::Text(message.text.into())]
            });
        };
        // Asked twice, it says what it says: all of it is shown, and named for what it is.
        let parts = stretches.into_iter().flat_map(|stretch| match stretch {
            Stretch::Done(text) => vec![Part::Text(text.into())],
            Stretch::Open(open, text) => {
                let left_out = Part::Missing(gap(&open, &GenerateError::LeftOut));
                let text = text.map(|text| Part::Unfinished(text.into()));
                text.into_iter().chain([left_out]).collect()
            }
        });
        Ok(parts.collect())
    }
}

fn gap(chunk: &Chunk, error: &GenerateError) -> Gap {
    Gap {
        from_line: chunk.first_line,
        to_line: chunk.last_line,
        why: error.to_string(),
    }
}

/// The text of `parts` if nothing is missing.
fn whole(parts: &[Part]) -> Option<Arc<str>> {
    if let [Part::Text(text)] = parts {
        return Some(Arc::clone(text));
    }
    let all_whole = parts.iter().all(|part| matches!(part, Part::Text(_)));
    all_whole.then(|| assemble::join(parts.to_vec()).0.into())
}
