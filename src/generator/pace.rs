//! The queue before the API: calls leave it when the mirrored rate limits and the bound on calls
//! in flight allow, so that nothing is sent to be refused.
//!
//! All three limits are taken at once or not at all. What an answer reports corrects the mirror.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use mock_claude::prices::Usage;
use mock_claude::profile::Limits;
use mock_claude::timeline::Timeline;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use self::bucket::Bucket;
use crate::claude::{CallError, Message, RateLimits, Window};

mod bucket;

/// How often the oldest call may be passed over by calls that fit better.
const MAX_PASSED_OVER: u32 = 64;
/// Calls in flight while nothing is known about the limits.
const UNKNOWN_IN_FLIGHT: usize = 10;
/// The pause after a refusal that names none.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// What a call takes from the limits, in tokens; it always takes one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) input: u64,
    pub(super) output: u64,
}

/// The queue of one generator. Copies share it.
#[derive(Clone)]
pub(super) struct Pace(Arc<Shared>);

struct Shared {
    timeline: Timeline,
    state: Mutex<State>,
    earlier: Notify,
}

struct State {
    in_flight: usize,
    bound: usize,
    /// None when the limits are not watched.
    mirror: Option<Mirror>,
    paused_until: Duration,
    next_place: u64,
    /// By place: who came first stands first.
    queue: BTreeMap<u64, Waiter>,
    /// Places by the shape of their cost, for the best fit.
    shapes: BTreeMap<i32, BTreeSet<u64>>,
    passed_over: u32,
    /// When the timer task will look again; none while there is no such task.
    timer: Option<Duration>,
}

struct Waiter {
    cost: Cost,
    grant: oneshot::Sender<Permit>,
}

/// The mirrored limits; each is none until it is known.
#[derive(Default)]
struct Mirror {
    headroom: Duration,
    requests: Option<Bucket>,
    input: Option<Bucket>,
    output: Option<Bucket>,
    /// Reserved for answers in flight.
    reserved_output: u64,
    heard: bool,
}

/// The right to have one call in flight.
pub(super) struct Permit {
    pace: Pace,
    cost: Cost,
    used: bool,
    settled: bool,
}

/// A place in the queue that is given up when dropped.
struct Place<'a> {
    pace: &'a Pace,
    place: u64,
}

impl Pace {
    /// A queue that lets `bound` calls be in flight; it watches the limits if `watch`, starting
    /// from `known` and learning the rest from answers.
    pub(super) fn new(
        timeline: Timeline,
        bound: usize,
        watch: bool,
        known: Option<Limits>,
        headroom: Duration,
    ) -> Self {
        let now = timeline.now();
        let bucket = |per_minute| Some(Bucket::new(per_minute, headroom, now));
        let mirror = watch.then(|| match known {
            None => Mirror {
                headroom,
                ..Mirror::default()
            },
            Some(limits) => Mirror {
                headroom,
                requests: bucket(limits.requests_per_minute),
                input: bucket(limits.input_tokens_per_minute),
                output: bucket(limits.output_tokens_per_minute),
                reserved_output: 0,
                heard: true,
            },
        });
        let state = State {
            in_flight: 0,
            bound: bound.max(1),
            mirror,
            paused_until: Duration::ZERO,
            next_place: 0,
            queue: BTreeMap::new(),
            shapes: BTreeMap::new(),
            passed_over: 0,
            timer: None,
        };
        Self(Arc::new(Shared {
            timeline,
            state: Mutex::new(state),
            earlier: Notify::new(),
        }))
    }

    /// A place in the order of arrival, kept while a call is refused and comes back.
    pub(super) fn place(&self) -> u64 {
        let mut state = self.lock();
        state.next_place += 1;
        state.next_place
    }

    /// The input tokens that no single call may exceed, if known.
    pub(super) fn input_limit(&self) -> Option<u64> {
        Some(self.lock().mirror.as_ref()?.input?.per_minute())
    }

    /// Waits until a call of `cost` may be sent.
    pub(super) async fn admit(&self, place: u64, cost: Cost) -> Permit {
        let receiver = {
            let now = self.0.timeline.now();
            let mut state = self.lock();
            if state.queue.is_empty() && state.is_open(now) && state.fits(cost, now) {
                state.take(cost, now);
                return self.permit(cost);
            }
            let (grant, receiver) = oneshot::channel();
            state.enqueue(place, Waiter { cost, grant });
            receiver
        };
        let _place = Place { pace: self, place };
        self.pump();
        receiver
            .await
            .expect("a waiter stays in the queue until it is granted or gives up")
    }

    fn permit(&self, cost: Cost) -> Permit {
        Permit {
            pace: self.clone(),
            cost,
            used: false,
            settled: false,
        }
    }

    /// Grants all that may go now, and sees to it that somebody looks again when more may.
    fn pump(&self) {
        let now = self.0.timeline.now();
        let mut granted = Vec::new();
        let mut state = self.lock();
        while let Some(waiter) = state.next(now) {
            state.take(waiter.cost, now);
            granted.push(waiter);
        }
        let due = state.due(now);
        let start_timer = match (due, state.timer) {
            (Some(due), None) => {
                state.timer = Some(due);
                true
            }
            (Some(due), Some(timer)) if due < timer => {
                state.timer = Some(due);
                self.0.earlier.notify_one();
                false
            }
            _ => false,
        };
        drop(state);
        // Outside the lock: a permit that nobody takes any more goes back through it.
        for waiter in granted {
            let _ = waiter.grant.send(self.permit(waiter.cost));
        }
        if start_timer && let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.clone().tick());
        }
    }

    /// Looks again whenever something is due; ends when nothing is.
    async fn tick(self) {
        loop {
            let Some(due) = self.lock().timer else { return };
            tokio::select! {
                biased;
                () = self.0.earlier.notified() => continue,
                () = self.0.timeline.sleep_until(due) => {}
            }
            self.lock().timer = Some(Duration::MAX);
            self.pump();
            let mut state = self.lock();
            if state.timer == Some(Duration::MAX) {
                state.timer = None;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .state
            .lock()
            .expect("nothing panics while it holds the queue")
    }
}

impl State {
    fn is_open(&self, now: Duration) -> bool {
        let bound = match &self.mirror {
            Some(mirror) if !mirror.heard => self.bound.min(UNKNOWN_IN_FLIGHT),
            _ => self.bound,
        };
        self.in_flight < bound && now >= self.paused_until
    }

    fn fits(&self, cost: Cost, now: Duration) -> bool {
        self.mirror
            .as_ref()
            .is_none_or(|mirror| mirror.has(cost, now))
    }

    fn take(&mut self, cost: Cost, now: Duration) {
        self.in_flight += 1;
        if let Some(mirror) = &mut self.mirror {
            mirror.take(cost, now);
        }
    }

    fn enqueue(&mut self, place: u64, waiter: Waiter) {
        self.shapes
            .entry(shape(waiter.cost))
            .or_default()
            .insert(place);
        self.queue.insert(place, waiter);
    }

    fn remove(&mut self, place: u64) -> Option<Waiter> {
        let waiter = self.queue.remove(&place)?;
        let shape = shape(waiter.cost);
        if let Some(places) = self.shapes.get_mut(&shape) {
            places.remove(&place);
            if places.is_empty() {
                self.shapes.remove(&shape);
            }
        }
        Some(waiter)
    }

    /// Takes the call that goes next out of the queue.
    fn next(&mut self, now: Duration) -> Option<Waiter> {
        if !self.is_open(now) {
            return None;
        }
        let oldest = *self.queue.first_key_value()?.0;
        let place = self
            .candidates()
            .filter(|(_, cost)| self.fits(*cost, now))
            .map(|(place, cost)| (place, self.worth(cost, now)))
            // The older of equals.
            .reduce(|best, other| if other.1 > best.1 { other } else { best })?
            .0;
        self.passed_over = if place == oldest {
            0
        } else {
            self.passed_over + 1
        };
        self.remove(place)
    }

    /// The oldest call of each shape, or only the oldest of all when it has waited for too many.
    fn candidates(&self) -> impl Iterator<Item = (u64, Cost)> {
        let oldest = self.queue.first_key_value().map(|(place, _)| *place);
        let alone = self.mirror.is_none() || self.passed_over >= MAX_PASSED_OVER;
        let heads = self
            .shapes
            .values()
            .filter_map(|places| places.first().copied());
        let only = alone.then_some(oldest).flatten();
        only.into_iter()
            .chain(heads.filter(move |_| !alone))
            .filter_map(|place| Some((place, self.queue.get(&place)?.cost)))
    }

    /// High for a call that takes much of what there is much of.
    fn worth(&self, cost: Cost, now: Duration) -> f64 {
        self.mirror
            .as_ref()
            .map_or(0.0, |mirror| mirror.worth(cost, now))
    }

    /// When something may go that may not now, other than by a call that ends.
    fn due(&self, now: Duration) -> Option<Duration> {
        let mirror = self.mirror.as_ref()?;
        if self.queue.is_empty() || !self.is_open(self.paused_until.max(now)) {
            return None;
        }
        let first = self
            .candidates()
            .map(|(_, cost)| mirror.due(cost, now))
            .min()?;
        Some(first.max(self.paused_until))
    }
}

/// Quarter-octaves of output per input: calls of one shape stand in for each other.
fn shape(cost: Cost) -> i32 {
    (((cost.output + 1) as f64 / (cost.input + 1) as f64).log2() * 2.0).round() as i32
}

impl Mirror {
    fn has(&self, cost: Cost, now: Duration) -> bool {
        let has = |bucket: &Option<Bucket>, tokens| bucket.is_none_or(|b| b.has(tokens, now));
        has(&self.requests, 1) && has(&self.input, cost.input) && has(&self.output, cost.output)
    }

    fn take(&mut self, cost: Cost, now: Duration) {
        self.change(1, cost.input as i64, cost.output as i64, now);
        self.reserved_output += cost.output;
    }

    fn change(&mut self, requests: i64, input: i64, output: i64, now: Duration) {
        let buckets = [&mut self.requests, &mut self.input, &mut self.output];
        for (bucket, tokens) in buckets.into_iter().zip([requests, input, output]) {
            if let Some(bucket) = bucket {
                bucket.take(tokens, now);
            }
        }
    }

    fn worth(&self, cost: Cost, now: Duration) -> f64 {
        let part = |bucket: &Option<Bucket>, tokens: u64| {
            bucket.map_or(0.0, |b| {
                tokens as f64 / b.per_minute().max(1) as f64 * b.fullness(now)
            })
        };
        part(&self.input, cost.input) + part(&self.output, cost.output)
    }

    fn due(&self, cost: Cost, now: Duration) -> Duration {
        let due = |bucket: &Option<Bucket>, tokens| bucket.map_or(now, |b| b.due(tokens, now));
        due(&self.requests, 1)
            .max(due(&self.input, cost.input))
            .max(due(&self.output, cost.output))
    }

    /// Takes over what an answer says about the limits. `fresh` headers also lower the levels:
    /// a refusal says what is there now, a long answer may say what was there when it began.
    fn learn(&mut self, limits: &RateLimits, fresh: bool, now: Duration) {
        let headroom = self.headroom;
        let rounding = |limit: u64| if limit >= 1000 { 500 } else { 0 };
        let correct = |bucket: &mut Option<Bucket>, window: Option<Window>, reserved: u64| {
            let Some(window) = window else { return };
            let known = bucket.is_some_and(|bucket| bucket.per_minute() == window.limit);
            let level = window.remaining as i64 - reserved as i64;
            if !known {
                let mut learnt = Bucket::new(window.limit, headroom, now);
                learnt.lower_to(level, now);
                *bucket = Some(learnt);
            } else if fresh && let Some(bucket) = bucket {
                bucket.lower_to(level + rounding(window.limit), now);
            }
        };
        correct(&mut self.requests, limits.requests, 0);
        correct(&mut self.input, limits.input_tokens, 0);
        correct(&mut self.output, limits.output_tokens, self.reserved_output);
    }
}

impl Permit {
    /// From here on the call counts as sent.
    pub(super) fn send(&mut self) {
        self.used = true;
    }

    /// Ends the call: corrects the mirror by what came of it, and lets the next one go.
    pub(super) fn settle(mut self, outcome: &Result<Message, CallError>) {
        let now = self.pace.0.timeline.now();
        let mut state = self.pace.lock();
        if let Err(error) = outcome
            && error.is_rate_limit()
        {
            let pause = now + error.retry_after().unwrap_or(DEFAULT_PAUSE);
            if state.mirror.is_some() {
                state.paused_until = state.paused_until.max(pause);
            }
        }
        if let Some(mirror) = &mut state.mirror {
            mirror.reserved_output = mirror.reserved_output.saturating_sub(self.cost.output);
            let (requests, input, output) = correction(self.cost, outcome);
            mirror.change(requests, input, output, now);
            mirror.heard = true;
            match outcome {
                Ok(message) => {
                    if let Some(limits) = &message.limits {
                        mirror.learn(limits, false, now);
                    }
                }
                Err(error) => {
                    if let Some(limits) = error.limits() {
                        mirror.learn(limits, error.is_rate_limit(), now);
                    }
                }
            }
        }
        state.in_flight -= 1;
        self.settled = true;
        let waiting = !state.queue.is_empty();
        drop(state);
        if waiting {
            self.pace.pump();
        }
    }
}

/// What to take from the mirror beyond the estimate (less than zero gives back).
fn correction(cost: Cost, outcome: &Result<Message, CallError>) -> (i64, i64, i64) {
    let (input, output) = (cost.input as i64, cost.output as i64);
    match outcome {
        Ok(message) => {
            let (used_input, used_output) = counted(message.usage);
            (0, used_input - input, used_output - output)
        }
        // Refused at the door, or never there: nothing was charged.
        Err(CallError::Api { status: 201.., .. } | CallError::Unreachable) => (-1, -input, -output),
        // It died before a word was written.
        Err(CallError::Reset) => (0, 0, -output),
        Err(_) => (0, 0, 0),
    }
}

/// Tokens that count towards the limits: reads from the prompt cache do not.
fn counted(usage: Usage) -> (i64, i64) {
    let input = usage.input_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
    (input as i64, usage.output_tokens as i64)
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let now = self.pace.0.timeline.now();
        let mut state = self.pace.lock();
        state.in_flight -= 1;
        if let Some(mirror) = &mut state.mirror {
            mirror.reserved_output = mirror.reserved_output.saturating_sub(self.cost.output);
            if !self.used {
                mirror.change(
                    -1,
                    -(self.cost.input as i64),
                    -(self.cost.output as i64),
                    now,
                );
            }
        }
        let waiting = !state.queue.is_empty();
        drop(state);
        if waiting {
            self.pace.pump();
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let left = self.pace.lock().remove(self.place).is_some();
        if left {
            self.pace.pump();
        }
    }
}

#[cfg(test)]
mod tests;
