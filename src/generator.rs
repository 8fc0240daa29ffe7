//! Turns a source file into documentation by asking Claude: naively, as the official SDK would, or hardened.
//!
//! The three modes are one path. Each protection is a file of its own and is on or off by the
//! [`Policy`]; nothing here reports about itself, the transport does.
//!
//! `examples/document_one_file.rs` documents a file with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use futures_util::future::join_all;
use ground::limits::Limits;
use ground::timeline::Timeline;

use crate::claude::Claude;
use crate::record::Protection;

use ask::{Asking, gap};
use assemble::Part;
use cache::{Cache, Key};
use chunk::Chunk;
use complete::View;
use flight::{Flights, Role};
use outline::Outline;
use pace::Pace;
use plan::Plan;
use retry::Rule;

pub use assemble::Gap;
pub use bulk::{Bulk, Question, Questions};
pub use cache::{CachePlace, Store, StoreStats, create_table};
pub use document::{Document, Documentation};
pub use error::{GenerateError, SetupError};
pub use journal::{Earlier, Journal};
pub use outline::{Defined, Reading, defined};
pub use page::{Page, PageEntry};
pub use plan::CallEstimate;
pub use policy::{MIN_CHUNK_TOKENS, Policy, Settings, Streaming, Style};
pub use prompt::VERSION as PROMPT_VERSION;

mod answer;
mod aside;
mod ask;
mod assemble;
mod bulk;
mod cache;
mod call;
mod chunk;
mod complete;
mod definitions;
mod document;
mod entries;
mod error;
mod flight;
mod grammar;
mod journal;
mod line;
mod outline;
mod pace;
mod page;
mod plan;
mod policy;
mod prompt;
mod retry;
mod syntax;

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
    flights: Option<Flights<Key, Written>>,
    pace: Option<Pace>,
    bulk: Option<Bulk>,
}

type Written = Result<Vec<Part>, GenerateError>;

/// One document on its way.
struct Task<'a> {
    request: u64,
    document: &'a Document,
    outline: Option<Arc<Outline>>,
    next_call: AtomicU32,
    paid: AtomicU32,
    cost_pico: AtomicU64,
}

impl Task<'_> {
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
    pub fn new(
        policy: Policy,
        model: &str,
        claude: Claude,
        known_limits: Option<Limits>,
        timeline: Timeline,
        seed: u64,
    ) -> Self {
        Self(Arc::new(Inner::new(
            policy,
            model,
            claude,
            known_limits,
            timeline,
            seed,
        )))
    }

    /// The same for files that people wrote, see [`Reading::Grammar`].
    pub fn for_files(
        policy: Policy,
        model: &str,
        claude: Claude,
        known_limits: Option<Limits>,
        timeline: Timeline,
        seed: u64,
    ) -> Self {
        let mut inner = Inner::new(policy, model, claude, known_limits, timeline, seed);
        inner.reading = Reading::Grammar;
        Self(Arc::new(inner))
    }

    /// A generator for a bulk job on files that people wrote, which learns the limits and outlives
    /// its own end.
    pub fn for_bulk(
        policy: Policy,
        model: &str,
        claude: Claude,
        timeline: Timeline,
        bulk: Bulk,
    ) -> Self {
        let mut inner = Inner::new(policy, model, claude, None, timeline, 1);
        inner.reading = Reading::Grammar;
        inner.bulk = Some(bulk);
        Self(Arc::new(inner))
    }

    /// How it behaves.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The same with a cache of its own in which nothing is yet, as another instance has it that shares no
    /// memory with this one. Limits and queue stay shared.
    #[must_use]
    pub fn with_empty_cache(&self) -> Self {
        self.with_cache(Cache::in_other_memory)
    }

    /// The same with answers in `store`, which other processes share: what is there is not paid for again, and what
    /// another is asking is waited for. `origin` says who answers, e.g. the API's address; its answers are
    /// never handed out as another's. Nothing changes where the cache is off.
    #[must_use]
    pub fn with_store(&self, store: &Store, origin: &str) -> Self {
        self.with_cache(|cache| cache.over(store.clone(), origin))
    }

    fn with_cache(&self, cache: impl FnOnce(&Cache) -> Cache) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner {
            policy: inner.policy.clone(),
            reading: inner.reading,
            model: Arc::clone(&inner.model),
            claude: inner.claude.clone(),
            timeline: inner.timeline,
            seed: inner.seed,
            rule: inner.rule,
            cache: inner.cache.as_ref().map(cache),
            flights: inner.flights.as_ref().map(|_| Flights::new()),
            pace: inner.pace.clone(),
            bulk: inner.bulk.clone(),
        }))
    }

    /// Units of 4 KB read from the cache, and of 1 KB written to it, if it were a table in DynamoDB that all share;
    /// nothing of one that is not shared.
    #[must_use]
    pub fn cache_units(&self) -> (u64, u64) {
        let shared = self
            .0
            .cache
            .as_ref()
            .filter(|_| self.0.policy.has(Protection::SharedCache));
        shared.map_or((0, 0), Cache::units)
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
        let task = Task {
            request,
            document,
            outline,
            next_call: AtomicU32::new(0),
            paid: AtomicU32::new(0),
            cost_pico: AtomicU64::new(0),
        };
        let parts = self.0.parts(&task, chunks).await?;
        let (text, missing) = assemble::join(parts);
        let cached = task.paid.into_inner() == 0;
        Ok(Documentation {
            path: document.path.clone(),
            text,
            missing,
            cached,
            cost_pico: task.cost_pico.into_inner(),
            defined: task
                .outline
                .as_deref()
                .map(Outline::defined)
                .unwrap_or_default(),
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
    ) -> Self {
        let settings = &policy.settings;
        let cache_bytes = usize::try_from(settings.cache_mb << 20).unwrap_or(usize::MAX);
        let cache = policy
            .has(Protection::Cache)
            .then(|| Cache::new(cache_bytes));
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
        Self {
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
        }
    }

    /// The parts of all `chunks`, in order. One failure fails all, unless partial results are
    /// allowed and something else came through.
    async fn parts(&self, task: &Task<'_>, chunks: Vec<Chunk>) -> Written {
        let outcomes = match <[Chunk; 1]>::try_from(chunks) {
            Ok([chunk]) => {
                let outcome = self.chunk(task, &chunk).await;
                vec![(chunk, outcome)]
            }
            Err(chunks) => {
                join_all(chunks.into_iter().map(async |chunk| {
                    let outcome = self.chunk(task, &chunk).await;
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
    async fn chunk(&self, task: &Task<'_>, chunk: &Chunk) -> Written {
        if self.cache.is_none() && self.flights.is_none() {
            return self.ask(task, chunk).await;
        }
        let key = self.key(task, chunk, Asking::First);
        if let Some(text) = self.cache.as_ref().and_then(|cache| cache.find(&key)) {
            return Ok(vec![Part::Text(text)]);
        }
        let Some(flights) = &self.flights else {
            if let Some(cache) = &self.cache
                && let Some(text) = cache.find_in_store(&key).await
            {
                return Ok(vec![Part::Text(text)]);
            }
            return self.ask_and_keep(task, chunk, key).await;
        };
        let seat = flights.seat(&key);
        match seat.role().await {
            Role::Follow(outcome) => outcome,
            Role::Lead(lead) => {
                let outcome = self.ask_unless_others_do(task, chunk, key).await;
                lead.hand_in(outcome.clone());
                outcome
            }
        }
    }

    /// The same among instances that share a store: one of them asks, the others wait for its answer.
    async fn ask_unless_others_do(&self, task: &Task<'_>, chunk: &Chunk, key: Key) -> Written {
        let Some(cache) = &self.cache else {
            return self.ask(task, chunk).await;
        };
        let turn = cache.turn(&key, self.timeline);
        let turn = match &self.bulk {
            None => turn.await,
            Some(bulk) => tokio::select! {
                biased;
                turn = turn => turn,
                () = bulk.stop.stopped() => return Err(GenerateError::NotAsked),
            },
        };
        match turn {
            Err(text) => Ok(vec![Part::Text(text)]),
            Ok(None) => self.ask_and_keep(task, chunk, key).await,
            Ok(Some(lease)) => {
                // Boxed: only services with a store carry it.
                let asking = Box::pin(self.ask_and_keep(task, chunk, key));
                lease.hold(self.timeline, asking).await
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
    fn key(&self, task: &Task<'_>, chunk: &Chunk, asking: Asking) -> Key {
        let extension = task
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
            &task.document.content.as_bytes()[chunk.range.clone()],
            chunk.names.join("\n").as_bytes(),
            <&str>::from(self.policy.settings.style).as_bytes(),
            self.policy.settings.instructions.as_bytes(),
            asking.mark(),
        ])
    }

    async fn ask_and_keep(&self, task: &Task<'_>, chunk: &Chunk, key: Key) -> Written {
        let parts = self.ask(task, chunk).await?;
        if let Some(cache) = &self.cache
            && let Some(whole) = whole(&parts)
        {
            cache.keep(key, &whole).await;
        }
        Ok(parts)
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
