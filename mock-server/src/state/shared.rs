//! What all attempts share: the clock, the settings in force, and everything that is counted.

use super::batches::Batches;
use super::files::Files;
use super::headers::Head;
use super::lateness::Delays;
use super::ledger::{Called, LedgerWriter};
use super::live::Live;
use super::prompt_cache::PromptCache;
use super::snapshot::{Level, LimitLevels, Snapshot};
use crate::limits::{Bucket, Buckets, Endpoint};
use crate::reply::ids;
use ground::ledger::Ledger;
use ground::proof::Key;
use ground::timeline::Timeline;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What all attempts share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The clock. All that waits for a moment listens for another speed.
    timeline: watch::Sender<Timeline>,
    pub(crate) seed: u64,
    pub(crate) key: Key,
    pub(crate) organization: String,
    pub(crate) workspace: String,
    /// How late events were, compared with their plan.
    pub(crate) delays: Delays,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) live: Arc<Live>,
    pub(crate) ledger: LedgerWriter,
    /// Who is told of each call that ends.
    pub(crate) listener: Option<SyncSender<Called>>,
    pub(crate) cache: PromptCache,
    pub(crate) batches: Batches,
    pub(crate) files: Files,
    pub(crate) seen: HashMap<u64, u32, BuildHasherDefault<Digest>>,
    /// How often each `x-mock-fault-key` was used.
    forced: HashMap<u64, u32>,
    /// How often the conditions of each scripted answer held.
    pub(crate) scripted: Vec<u64>,
    pub(crate) pool_of: HashMap<(usize, u64), usize, BuildHasherDefault<Digest>>,
    pub(crate) pools: Vec<Pool>,
    /// Limits of each customer on the endpoints beside Messages.
    pub(crate) others: HashMap<(Endpoint, u64), Bucket>,
    /// Headers of answers without limits.
    pub(crate) head: Head,
    /// Input and output tokens charged where there are no limits.
    pub(crate) unlimited: (u64, u64),
}

/// The limits of a customer on a class of models, and the headers that tell of them.
#[derive(Debug)]
pub(crate) struct Pool {
    /// The model that was asked for first; the class has its limits.
    pub(crate) model: usize,
    pub(crate) buckets: Buckets,
    pub(crate) head: Head,
}

/// Bodies are hashed already; hashing the hash again would cost more than the rest of the lookup.
#[derive(Debug, Default)]
pub(crate) struct Digest(u64);

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= ground::chance::digest(bytes);
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 ^= digest;
    }

    fn write_usize(&mut self, number: usize) {
        self.0 ^= ground::chance::mix(&[number as u64]);
    }
}

/// Keys, customers and bodies remembered at most; beyond that the mock begins to forget, so that
/// a client that makes them up cannot fill the memory.
pub(crate) const MAX_REMEMBERED: usize = 4_000_000;
/// Customers with limits of their own.
pub(crate) const MAX_POOLS: usize = 10_000;

impl Shared {
    pub(crate) fn new(live: Live, timeline: Timeline) -> Self {
        let seed = live.config.seed;
        let key = Key::new(&live.config.secret);
        let (organization, workspace) = (ids::uuid(seed), ids::workspace(seed));
        let state = State {
            ledger: LedgerWriter::new(live.config.max_rows),
            listener: None,
            cache: PromptCache::default(),
            batches: Batches::default(),
            files: Files::default(),
            seen: HashMap::default(),
            forced: HashMap::new(),
            scripted: vec![],
            pool_of: HashMap::default(),
            pools: Vec::new(),
            others: HashMap::new(),
            head: Head::unlimited(&organization, &workspace),
            unlimited: (0, 0),
            live: Arc::new(live),
        };
        Self {
            timeline: watch::Sender::new(timeline),
            seed,
            key,
            organization,
            workspace,
            delays: Delays::default(),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn timeline(&self) -> Timeline {
        *self.timeline.borrow()
    }

    pub(crate) fn now_ns(&self) -> u64 {
        self.timeline().now().as_nanos() as u64
    }

    /// Lets simulated time run at another speed from now on.
    pub(crate) fn set_speed(&self, speed: f64) {
        self.timeline
            .send_modify(|timeline| *timeline = timeline.at_speed(speed));
    }

    /// Waits until the simulated moment `at`, at whatever speed time runs meanwhile.
    pub(crate) async fn sleep_until(&self, at: u64) {
        let mut speeds = self.timeline.subscribe();
        loop {
            let timeline = *speeds.borrow_and_update();
            tokio::select! {
                biased;
                () = timeline.sleep_until(Duration::from_nanos(at)) => return,
                changed = speeds.changed() => changed.expect("`self` holds the sender"),
            }
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // No step between two fields can panic, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.state().live)
    }

    /// Puts `live` in force for all attempts that arrive from now on.
    pub(crate) fn replace(&self, live: Live) {
        let now = self.now_ns();
        let mut state = self.state();
        for pool in &mut state.pools {
            if let Some(limits) = live.limits[pool.model] {
                pool.buckets.set_limits(limits, now);
            }
        }
        if live.limits.contains(&None) {
            state.pool_of.clear();
        }
        state.others.clear();
        state.scripted.clear();
        state.ledger.resize(live.config.max_rows);
        state.live = Arc::new(live);
    }

    pub(crate) fn ledger(&self) -> Ledger {
        let state = self.state();
        state.ledger.snapshot(&state.models(), state.charged())
    }

    /// What is going on now, with the `count` calls that ended last.
    pub(crate) fn snapshot(&self, count: usize) -> Snapshot {
        let now = self.timeline().now();
        let mut state = self.state();
        let limits = state.limit_levels(now.as_nanos() as u64);
        Snapshot {
            simulated_s: now.as_secs_f64(),
            totals: state.ledger.totals(state.charged()),
            limits,
            last: state.ledger.last(count, &state.models()),
        }
    }

    /// Forgets everything that was counted; attempts still in flight are counted as they end.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.ledger.reset();
        state.cache = PromptCache::default();
        state.batches = Batches::default();
        state.seen.clear();
        state.forced.clear();
        state.scripted.clear();
        state.pool_of.clear();
        state.others.clear();
        state
            .pools
            .iter_mut()
            .for_each(|pool| pool.buckets.forget_charges());
        state.unlimited = (0, 0);
    }

    /// Counts a use of a client's fault key and says how often it was used before.
    pub(crate) fn count_forced(&self, key: u64) -> u32 {
        let mut state = self.state();
        if state.forced.len() >= MAX_REMEMBERED {
            state.forced.clear();
        }
        let count = state.forced.entry(key).or_default();
        *count += 1;
        *count - 1
    }
}

impl State {
    /// The ids of all models, in the order of the profiles.
    fn models(&self) -> Vec<&str> {
        let profiles = self.live.config.profiles.iter();
        profiles.map(|profile| profile.model.as_str()).collect()
    }

    /// Input and output tokens charged so far.
    fn charged(&self) -> (u64, u64) {
        let all = self.pools.iter().map(|pool| &pool.buckets);
        all.fold(self.unlimited, |(input, output), buckets| {
            (
                input + buckets.input.charged(),
                output + buckets.output.charged(),
            )
        })
    }

    /// What is left at `now` of all limits in use, in the order in which they were first met.
    fn limit_levels(&mut self, now: u64) -> Vec<LimitLevels> {
        let level = |bucket: &Bucket| Level {
            limit: bucket.limit(),
            remaining: bucket.remaining(),
        };
        let mut in_use: Vec<(usize, u64)> = self
            .pool_of
            .iter()
            .map(|((_, key), pool)| (*pool, *key))
            .collect();
        in_use.sort_unstable();
        let mut customers: Vec<u64> = Vec::new();
        let mut levels = Vec::with_capacity(in_use.len());
        for (pool, key) in in_use {
            let known = customers.iter().position(|customer| *customer == key);
            let customer = known.unwrap_or(customers.len());
            if known.is_none() {
                customers.push(key);
            }
            let pool = &mut self.pools[pool];
            pool.buckets.advance(now);
            levels.push(LimitLevels {
                model: self.live.config.profiles[pool.model].model.clone(),
                customer,
                requests: level(&pool.buckets.requests),
                input_tokens: level(&pool.buckets.input),
                output_tokens: level(&pool.buckets.output),
            });
        }
        levels
    }

    /// The buckets with this index.
    pub(crate) fn buckets(&mut self, pool: usize) -> &mut Buckets {
        &mut self.pools[pool].buckets
    }
}
