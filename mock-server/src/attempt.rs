//! One attempt on its way through the mock: counted when it arrives, settled exactly once, also
//! when the client walks away and everything is dropped.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::batches::Batches;
use crate::bucket::{Bucket, Flow};
use crate::cache::PromptCache;
use crate::endpoints::Endpoint;
use crate::error::ApiError;
use crate::fault::Identity;
use crate::headers::{self, Head};
use crate::ids;
use crate::lateness::Lateness;
use crate::ledger::{Book, Ending, Entry, Ledger};
use crate::limits::{Buckets, Limiter, Refusal};
use crate::live::Live;
use crate::options::OutputAccounting;
use crate::prices::{PICO_PER_USD, Usage};
use crate::proof::Key;
use crate::timeline::Timeline;

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
    pub(crate) lateness: Lateness,
    state: Mutex<State>,
    /// Held while settings are read, changed and replaced, so that no change is lost.
    pub(crate) changing: Mutex<()>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) live: Arc<Live>,
    pub(crate) book: Book,
    pub(crate) cache: PromptCache,
    pub(crate) batches: Batches,
    seen: HashMap<u64, u32, BuildHasherDefault<Digest>>,
    /// How often each `x-mock-fault-key` was used.
    forced: HashMap<u64, u32>,
    pool_of: HashMap<(usize, u64), usize, BuildHasherDefault<Digest>>,
    pools: Vec<Pool>,
    /// Limits of each customer on the endpoints beside Messages.
    others: HashMap<(Endpoint, u64), Bucket>,
    /// Headers of answers without limits.
    head: Head,
    /// Input and output tokens charged where there are no limits.
    unlimited: (u64, u64),
}

/// The limits of a customer on a class of models, and the headers that tell of them.
#[derive(Debug)]
struct Pool {
    /// The model that was asked for first; the class has its limits.
    model: usize,
    buckets: Buckets,
    head: Head,
}

/// Bodies are hashed already; hashing the hash again would cost more than the rest of the lookup.
#[derive(Debug, Default)]
struct Digest(u64);

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= crate::mix::digest(bytes);
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 ^= digest;
    }

    fn write_usize(&mut self, number: usize) {
        self.0 ^= crate::mix::mix(&[number as u64]);
    }
}

/// Keys, customers and bodies remembered at most; beyond that the mock begins to forget, so that
/// a client that makes them up cannot fill the memory.
const MAX_REMEMBERED: usize = 4_000_000;
const MAX_POOLS: usize = 10_000;

impl Shared {
    pub(crate) fn new(live: Live, timeline: Timeline) -> Self {
        let seed = live.config.seed;
        let key = Key::new(&live.config.secret);
        let (organization, workspace) = (ids::uuid(seed), ids::workspace(seed));
        let state = State {
            book: Book::new(live.config.max_rows),
            cache: PromptCache::default(),
            batches: Batches::default(),
            seen: HashMap::default(),
            forced: HashMap::new(),
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
            lateness: Lateness::default(),
            state: Mutex::new(state),
            changing: Mutex::new(()),
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
        state.book.resize(live.config.max_rows);
        state.live = Arc::new(live);
    }

    pub(crate) fn ledger(&self) -> Ledger {
        let state = self.state();
        let charged = state
            .pools
            .iter()
            .fold(state.unlimited, |(input, output), pool| {
                let Buckets {
                    input: more_input,
                    output: more_output,
                    ..
                } = &pool.buckets;
                (input + more_input.charged(), output + more_output.charged())
            });
        let profiles = &state.live.config.profiles;
        let models: Vec<&str> = profiles.iter().map(|p| p.model.as_str()).collect();
        state.book.snapshot(&models, charged)
    }

    /// Forgets everything that was counted; attempts still in flight are counted as they end.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.book.reset();
        state.cache = PromptCache::default();
        state.batches = Batches::default();
        state.seen.clear();
        state.forced.clear();
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
    fn buckets(&mut self, pool: usize) -> &mut Buckets {
        &mut self.pools[pool].buckets
    }
}

/// An attempt that has not ended. Dropping it means that the client gave up.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) shared: Arc<Shared>,
    pub(crate) live: Arc<Live>,
    pub(crate) entry: Entry,
    pub(crate) identity: Identity,
    /// Whom it is charged to: model, and customer.
    customer: Option<(usize, u64)>,
    /// Their buckets, once they were looked up.
    pool: Option<usize>,
    /// Output as it is produced.
    flow: Flow,
    /// Output tokens charged at admission.
    reserved: u64,
    /// Its place among the answers written at once.
    pub(crate) slot: Option<OwnedSemaphorePermit>,
    settled: bool,
}

impl Attempt {
    /// Counts the arrival of a body with this `digest`.
    pub(crate) fn arrive(shared: Arc<Shared>, digest: u64) -> Self {
        let now = shared.now_ns();
        let seed = shared.seed;
        let (seq, seen, live) = {
            let mut state = shared.state();
            if state.seen.len() >= MAX_REMEMBERED {
                state.seen.clear();
            }
            let count = state.seen.entry(digest).or_default();
            let seen = *count;
            *count += 1;
            (state.book.arrive(), seen, Arc::clone(&state.live))
        };
        let identity = Identity { seed, digest, seen };
        let entry = Entry {
            seq,
            bits: identity.bits(CALL),
            digest,
            seen,
            key: 0,
            model: None,
            arrived_ns: now,
            ended_ns: now,
            service_ns: 0,
            status: None,
            fault: None,
            usage: Usage::default(),
            cost_pico: 0,
            max_tokens: 0,
            retry_after_s: None,
        };
        let flow = Flow {
            start: now,
            end: now,
            tokens: 0,
        };
        Self {
            shared,
            live,
            entry,
            identity,
            customer: None,
            pool: None,
            flow,
            reserved: 0,
            slot: None,
            settled: false,
        }
    }

    /// The customer `key` asks for the model `model`.
    pub(crate) fn is_for(&mut self, model: usize, key: u64) {
        self.entry.key = key;
        self.customer = Some((model, key));
    }

    /// The buckets of its customer, if there are limits.
    fn find_pool(&self, state: &mut State) -> Option<usize> {
        if self.pool.is_some() {
            return self.pool;
        }
        let (model, key) = self.customer?;
        let limits = self.live.limits[model]?;
        let class = self.live.classes[model];
        let State { pool_of, pools, .. } = state;
        // Customers beyond the bound share the last buckets.
        let key = if pools.len() < MAX_POOLS { key } else { 0 };
        let pool = pool_of.entry((class, key)).or_insert_with(|| {
            pools.push(Pool {
                model,
                buckets: Buckets::full(limits, self.entry.arrived_ns),
                head: Head::limited(&self.shared.organization, &self.shared.workspace),
            });
            pools.len() - 1
        });
        Some(*pool)
    }

    /// Charges a request with this input, or refuses it and takes nothing.
    pub(crate) fn admit(&mut self, input: Usage) -> Result<(), Refusal> {
        let tokens = input.input_tokens + input.cache_write_5m_tokens + input.cache_write_1h_tokens;
        let reserved = match self.live.options.output_accounting {
            OutputAccounting::Reserved => self.entry.max_tokens,
            OutputAccounting::AsProduced | OutputAccounting::AtEnd => 0,
        };
        let mut state = self.shared.state();
        let pool = self.find_pool(&mut state);
        let options = &self.live.options;
        let cap = options.spend_cap_usd.map(|usd| (usd * PICO_PER_USD) as u64);
        if cap.is_some_and(|cap| state.book.cost_pico() >= cap) {
            return Err(Refusal::spent());
        }
        match pool {
            Some(pool) => {
                let buckets = state.buckets(pool);
                buckets.advance(self.entry.arrived_ns);
                let admitted = buckets.admit(tokens, reserved, options.ramp);
                if admitted.is_err() && options.refusals_use_quota {
                    buckets.charge_refusal();
                }
                admitted?;
            }
            None => {
                state.unlimited.0 += tokens;
                state.unlimited.1 += reserved;
            }
        }
        drop(state);
        self.pool = pool;
        self.reserved = reserved;
        self.entry.usage = input;
        Ok(())
    }

    /// Charges a request to an endpoint beside Messages to the customer `key`.
    pub(crate) fn admit_to(&mut self, endpoint: Endpoint, key: u64) -> Result<(), ApiError> {
        let Some(limits) = self.live.endpoints else {
            return Ok(());
        };
        let now = self.entry.arrived_ns;
        let mut state = self.shared.state();
        if state.others.len() >= MAX_POOLS {
            state.others.clear();
        }
        let bucket = state
            .others
            .entry((endpoint, key))
            .or_insert_with(|| Bucket::full(limits.per_minute(endpoint), now));
        bucket.advance(now);
        if bucket.has(1) {
            bucket.charge(1);
            return Ok(());
        }
        let refusal = Refusal {
            limiter: Limiter::Requests,
            per_minute: bucket.limit(),
            retry_after_s: bucket.seconds_until(1),
        };
        drop(state);
        self.entry.retry_after_s = refusal.retry_after_s;
        Err(ApiError::rate_limited(
            refusal,
            &self.shared.organization,
            "all",
        ))
    }

    /// From here on output is produced, charged and billed as `flow` says.
    pub(crate) fn produce(&mut self, flow: Flow, now: u64) {
        self.flow = flow;
        if let Some(pool) = self.pool
            && self.live.options.output_accounting == OutputAccounting::AsProduced
        {
            let mut state = self.shared.state();
            let output = &mut state.buckets(pool).output;
            output.advance(flow.start.min(now));
            output.drain(self.entry.seq, flow);
        }
    }

    /// Attempts under way, this one included.
    pub(crate) fn waiting(&self) -> u64 {
        self.shared.state().book.in_flight()
    }

    /// Gives back what the admission took, for a refusal after it.
    pub(crate) fn undo_admission(&mut self) {
        let usage = std::mem::take(&mut self.entry.usage);
        let tokens = usage.input_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
        let mut state = self.shared.state();
        match self.pool {
            Some(pool) => state.buckets(pool).give_back(tokens),
            None => state.unlimited.0 -= tokens,
        }
    }

    /// Counts the head of its answer, and makes the headers that every answer carries.
    pub(crate) fn head(&mut self, status: StatusCode) -> HeaderMap {
        let id = headers::text(ids::request(self.entry.bits));
        let timeline = self.shared.timeline();
        let now = timeline.now().as_nanos() as u64;
        let status = status.as_u16();
        self.entry.status = Some(status);
        let mut state = self.shared.state();
        state.book.head_sent(status);
        let mut map = match self.find_pool(&mut state) {
            Some(pool) => {
                let Pool { buckets, head, .. } = &mut state.pools[pool];
                buckets.advance(now);
                head.with(buckets, &timeline)
            }
            None => state.head.plain(),
        };
        drop(state);
        map.insert(headers::REQUEST_ID, id);
        map
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
            self.entry.cost_pico = self.live.prices[model].cost_pico(self.entry.usage);
        }
        let mut state = self.shared.state();
        match self.pool {
            Some(pool) => {
                let output = &mut state.buckets(pool).output;
                output.advance(moment);
                match self.live.options.output_accounting {
                    OutputAccounting::AsProduced => output.stop(self.entry.seq, self.flow),
                    OutputAccounting::Reserved => output.settle(self.reserved, produced),
                    OutputAccounting::AtEnd => output.charge(produced),
                }
            }
            None => state.unlimited.1 = state.unlimited.1 + produced - self.reserved,
        }
        state.book.settle(self.entry, ending);
        drop(state);
        self.slot = None;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.settle(Ending::Abandoned);
    }
}

const CALL: u64 = 0xCA11;
