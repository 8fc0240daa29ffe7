//! One attempt on its way through the mock: counted when it arrives, settled exactly once, also
//! when the client walks away and everything is dropped.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bucket::Flow;
use crate::config::Config;
use crate::fault::Identity;
use crate::ledger::{Book, Ending, Entry, Ledger};
use crate::limits::{Buckets, Refusal};
use crate::prices::{ModelPrice, Usage};
use crate::proof::Key;
use crate::timeline::Timeline;

/// What all attempts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) timeline: Timeline,
    pub(crate) key: Key,
    /// Profile index by model id and alias.
    pub(crate) models: HashMap<String, usize>,
    /// Prices in the order of the profiles.
    pub(crate) prices: Vec<ModelPrice>,
    pub(crate) organization: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    book: Book,
    seen: HashMap<u64, u32, BuildHasherDefault<Digest>>,
    pool_of: HashMap<(usize, u64), usize>,
    pools: Vec<Buckets>,
    /// Input and output tokens charged where there are no limits.
    unlimited: (u64, u64),
}

/// Bodies are hashed already; hashing the hash again would cost more than the rest of the lookup.
#[derive(Debug, Default)]
struct Digest(u64);

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::mix::digest(bytes);
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }
}

impl Shared {
    pub(crate) fn new(config: Config, timeline: Timeline, organization: String) -> Self {
        let ids = config.profiles.iter().enumerate().flat_map(|(i, profile)| {
            std::iter::once(&profile.model)
                .chain(&profile.aliases)
                .map(move |id| (id.clone(), i))
        });
        let models = ids.collect();
        let prices = config
            .profiles
            .iter()
            .map(|p| config.prices.models[&p.model])
            .collect();
        let state = State {
            book: Book::new(config.max_rows),
            seen: HashMap::default(),
            pool_of: HashMap::new(),
            pools: Vec::new(),
            unlimited: (0, 0),
        };
        let key = Key::new(&config.secret);
        Self {
            config,
            timeline,
            key,
            models,
            prices,
            organization,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn now_ns(&self) -> u64 {
        self.timeline.now().as_nanos() as u64
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step between two fields can panic, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ledger(&self) -> Ledger {
        let state = self.state();
        let charged = state
            .pools
            .iter()
            .fold(state.unlimited, |(input, output), pool| {
                (input + pool.input.charged(), output + pool.output.charged())
            });
        let models: Vec<&str> = self
            .config
            .profiles
            .iter()
            .map(|p| p.model.as_str())
            .collect();
        state.book.snapshot(&models, charged)
    }

    /// Looks at the buckets `pool` as they stand at `now`.
    pub(crate) fn with_buckets<T>(
        &self,
        pool: usize,
        now: u64,
        look: impl FnOnce(&Buckets) -> T,
    ) -> T {
        let mut state = self.state();
        let buckets = &mut state.pools[pool];
        buckets.advance(now);
        look(buckets)
    }
}

/// An attempt that has not ended. Dropping it means that the client gave up.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) shared: Arc<Shared>,
    pub(crate) entry: Entry,
    pub(crate) identity: Identity,
    /// The buckets it is charged to.
    pub(crate) pool: Option<usize>,
    /// Output as it is produced.
    flow: Flow,
    settled: bool,
}

impl Attempt {
    /// Counts the arrival of a body with this `digest`.
    pub(crate) fn arrive(shared: Arc<Shared>, digest: u64) -> Self {
        let now = shared.now_ns();
        let seed = shared.config.seed;
        let (seq, seen) = {
            let mut state = shared.state();
            let count = state.seen.entry(digest).or_default();
            let seen = *count;
            *count += 1;
            (state.book.arrive(), seen)
        };
        let identity = Identity { seed, digest, seen };
        let entry = Entry {
            seq,
            bits: identity.bits(CALL),
            digest,
            seen,
            model: None,
            arrived_ns: now,
            ended_ns: now,
            service_ns: 0,
            status: None,
            fault: None,
            usage: Usage::default(),
            cost_pico: 0,
            max_tokens: 0,
        };
        let flow = Flow {
            start: now,
            end: now,
            tokens: 0,
        };
        Self {
            shared,
            entry,
            identity,
            pool: None,
            flow,
            settled: false,
        }
    }

    /// Finds the buckets of the customer `key` and the model `model`.
    pub(crate) fn choose_pool(&mut self, model: usize, key: u64) {
        let Some(limits) = self.shared.config.limits else {
            return;
        };
        let mut state = self.shared.state();
        let State { pool_of, pools, .. } = &mut *state;
        let pool = pool_of.entry((model, key)).or_insert_with(|| {
            pools.push(Buckets::full(limits, self.entry.arrived_ns));
            pools.len() - 1
        });
        self.pool = Some(*pool);
    }

    /// Charges a request with this input, or refuses it and takes nothing.
    pub(crate) fn admit(&mut self, input: Usage) -> Result<(), Refusal> {
        let tokens = input.input_tokens + input.cache_write_5m_tokens + input.cache_write_1h_tokens;
        let mut state = self.shared.state();
        match self.pool {
            Some(pool) => {
                state.pools[pool].advance(self.entry.arrived_ns);
                state.pools[pool].admit(tokens)?;
            }
            None => state.unlimited.0 += tokens,
        }
        drop(state);
        self.entry.usage = input;
        Ok(())
    }

    /// From here on output is produced, charged and billed as `flow` says.
    pub(crate) fn produce(&mut self, flow: Flow) {
        self.flow = flow;
        if let Some(pool) = self.pool {
            self.shared.state().pools[pool].begin_output(self.entry.seq, flow);
        }
    }

    pub(crate) fn head_sent(&mut self, status: u16) {
        self.entry.status = Some(status);
        self.shared.state().book.head_sent(status);
    }

    /// Books the end.
    pub(crate) fn settle(&mut self, ending: Ending) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let now = self.shared.now_ns();
        // An answer that ran its course has produced all of it, even if a sped-up clock rounds.
        let ran_its_course = matches!(ending, Ending::Complete | Ending::Truncated);
        let moment = if ran_its_course {
            now.max(self.flow.end)
        } else {
            now
        };
        let produced = self.flow.until(moment);
        self.entry.ended_ns = now;
        self.entry.usage.output_tokens = produced;
        if let Some(model) = self.entry.model {
            self.entry.cost_pico = self.shared.prices[model].cost_pico(self.entry.usage);
        }
        let mut state = self.shared.state();
        match self.pool {
            Some(pool) => {
                state.pools[pool].advance(moment);
                state.pools[pool].end_output(self.entry.seq, self.flow);
            }
            None => state.unlimited.1 += produced,
        }
        state.book.settle(self.entry, ending);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.settle(Ending::Abandoned);
    }
}

const CALL: u64 = 0xCA11;
