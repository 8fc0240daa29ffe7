//! One attempt on its way through the mock: counted when it arrives, settled exactly once, also
//! when the client walks away and everything is dropped.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use ground::ledger::Ending;
use ground::prices::PICO_PER_USD;
use ground::usage::Usage;
use http::{HeaderMap, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use crate::fault::{Fault, Identity};
use crate::limits::{Bucket, Buckets, Endpoint, Flow, Limiter, Refusal};
use crate::request::ApiError;
use crate::settings::OutputAccounting;

use super::headers::{self, Head, Shown};
use super::ledger::{Called, CompactRow, readable};
use super::live::Live;
use super::shared::{MAX_POOLS, MAX_REMEMBERED, Pool, Shared, State};

/// An attempt that has not ended. Dropping it means that the client gave up.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) shared: Arc<Shared>,
    pub(crate) live: Arc<Live>,
    pub(crate) row: CompactRow,
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
    /// What was left of the limits when it was admitted or refused.
    shown: Option<Shown>,
    /// A fault that its headers force on a request beside Messages.
    pub(crate) forced: Option<Fault>,
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
            (state.ledger.arrive(), seen, Arc::clone(&state.live))
        };
        let identity = Identity { seed, digest, seen };
        let row = CompactRow {
            seq,
            bits: identity.bits(CALL),
            digest,
            seen,
            has_uuid: false,
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
            retries: None,
        };
        let flow = Flow {
            start: now,
            end: now,
            tokens: 0,
        };
        Self {
            shared,
            live,
            row,
            identity,
            customer: None,
            pool: None,
            flow,
            reserved: 0,
            slot: None,
            shown: None,
            forced: None,
            settled: false,
        }
    }

    /// The customer `key` asks for the model `model`.
    pub(crate) fn is_for(&mut self, model: usize, key: u64) {
        self.row.key = key;
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
                buckets: Buckets::full(limits, self.row.arrived_ns),
                head: Head::limited(&self.shared.organization, &self.shared.workspace),
            });
            pools.len() - 1
        });
        Some(*pool)
    }

    /// Charges a request with this input, or refuses it and takes nothing.
    pub(crate) fn admit(&mut self, input: Usage) -> Result<(), Refusal> {
        let tokens = input.unread_tokens();
        let reserved = match self.live.options.output_accounting {
            OutputAccounting::Reserved => self.row.max_tokens,
            OutputAccounting::AsProduced | OutputAccounting::AtEnd => 0,
        };
        let mut state = self.shared.state();
        let pool = self.find_pool(&mut state);
        let options = &self.live.options;
        let cap = options.spend_cap_usd.map(|usd| (usd * PICO_PER_USD) as u64);
        if cap.is_some_and(|cap| state.ledger.cost_pico() >= cap) {
            return Err(Refusal::spent());
        }
        match pool {
            Some(pool) => {
                let buckets = state.buckets(pool);
                buckets.advance(self.row.arrived_ns);
                let admitted = buckets.admit(tokens, reserved, options.ramp);
                if admitted.is_err() && options.refusals_use_quota {
                    buckets.charge_refusal();
                }
                self.shown = Some(headers::shown(buckets, &self.shared.timeline()));
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
        self.row.usage = input;
        Ok(())
    }

    /// Charges a request to an endpoint beside Messages to the customer `key`.
    pub(crate) fn admit_to(&mut self, endpoint: Endpoint, key: u64) -> Result<(), ApiError> {
        let Some(limits) = self.live.endpoints else {
            return Ok(());
        };
        let now = self.row.arrived_ns;
        let mut state = self.shared.state();
        if state.others.len() >= MAX_POOLS {
            state.others.clear();
        }
        let bucket = state
            .others
            .entry((endpoint, key))
            .or_insert_with(|| Bucket::full(endpoint.per_minute(limits), now));
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
        self.row.retry_after_s = refusal.retry_after_s;
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
            output.drain(self.row.seq, flow);
        }
    }

    /// Shows the limit of requests as used up, for a refusal that is forced.
    pub(crate) fn show_no_requests(&mut self) {
        let timeline = self.shared.timeline();
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        if let Some(pool) = self.find_pool(&mut state) {
            let buckets = state.buckets(pool);
            buckets.advance(self.row.arrived_ns);
            let mut shown = headers::shown(buckets, &timeline);
            shown[headers::REQUESTS_REMAINING] = 0;
            self.shown = Some(shown);
        }
    }

    /// Attempts under way, this one included.
    pub(crate) fn waiting(&self) -> u64 {
        self.shared.state().ledger.in_flight()
    }

    /// Gives back what the admission took, for a refusal after it.
    pub(crate) fn undo_admission(&mut self) {
        let usage = std::mem::take(&mut self.row.usage);
        let tokens = usage.unread_tokens();
        let mut state = self.shared.state();
        match self.pool {
            Some(pool) => state.buckets(pool).give_back(tokens),
            None => state.unlimited.0 -= tokens,
        }
    }

    /// Counts the head of its answer, and makes the headers that every answer carries.
    pub(crate) fn head(&mut self, status: StatusCode) -> HeaderMap {
        let id = headers::text(self.row.request_id());
        let timeline = self.shared.timeline();
        let now = timeline.now().as_nanos() as u64;
        let status = status.as_u16();
        self.row.status = Some(status);
        let mut state = self.shared.state();
        state.ledger.head_sent(status);
        let mut map = match self.find_pool(&mut state) {
            Some(pool) => {
                let Pool { buckets, head, .. } = &mut state.pools[pool];
                let shown = self.shown.unwrap_or_else(|| {
                    buckets.advance(now);
                    headers::shown(buckets, &timeline)
                });
                head.with(shown)
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
        self.row.ended_ns = now;
        self.row.usage.output_tokens = produced;
        if let Some(model) = self.row.model {
            self.row.cost_pico = self.live.prices[model].cost_pico(self.row.usage);
        }
        let mut state = self.shared.state();
        match self.pool {
            Some(pool) => {
                let output = &mut state.buckets(pool).output;
                output.advance(moment);
                match self.live.options.output_accounting {
                    OutputAccounting::AsProduced => output.stop(self.row.seq, self.flow),
                    OutputAccounting::Reserved => output.settle(self.reserved, produced),
                    OutputAccounting::AtEnd => output.charge(produced),
                }
            }
            None => state.unlimited.1 = state.unlimited.1 + produced - self.reserved,
        }
        state.ledger.settle(self.row, ending);
        let listener = state.listener.clone();
        let (number, total_pico) = (state.ledger.ended(), state.ledger.cost_pico());
        drop(state);
        self.slot = None;
        if let Some(listener) = listener {
            self.tell(&listener, ending, number, total_pico);
        }
    }

    /// Tells `listener` what became of this attempt; one that is too slow misses it.
    fn tell(&self, listener: &SyncSender<Called>, ending: Ending, number: u64, total_pico: u64) {
        let profiles = &self.live.config.profiles;
        let models: Vec<&str> = profiles.iter().map(|p| p.model.as_str()).collect();
        let ended = Duration::from_nanos(self.row.ended_ns);
        let _ = listener.try_send(Called {
            number,
            row: readable(&self.row, ending, &models),
            total_pico,
            ended_unix_s: self.shared.timeline().unix_s(ended),
        });
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.settle(Ending::Abandoned);
    }
}

const CALL: u64 = 0xCA11;
