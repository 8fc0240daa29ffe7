//! Who goes next: the calls that wait, those in flight, and what is believed about the API. Pure:
//! every decision is a function of this state and the moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ground::timeline::Timeline;
use ground::usage::Usage;

use super::Cost;
use super::bucket::Bucket;
use super::end::{End, correction, counted, is_outage};
use super::health::Health;
use super::mirror::Mirror;
use crate::claude::CallError;

/// Places from here on are taken in the order of arrival; those below belong to calls that were
/// refused and go before all others.
pub(super) const FIRST_PLACE: u64 = 1 << 32;
/// How often the oldest call may be passed over by calls that fit better.
const MAX_PASSED_OVER: u32 = 64;
/// Calls in flight while nothing is known about the limits.
const UNKNOWN_IN_FLIGHT: usize = 10;
/// The pause after a refusal that names none.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);
/// Retries that each answered call allows, besides one a second: more would be a storm.
const RETRIES_PER_ANSWER: f64 = 0.2;
const RETRIES_PER_MINUTE: u64 = 60;
/// Tokens per estimated token while no answer has told: too many are given back, too few are refused.
const CAUTIOUS_RATIO: f64 = 1.3;
/// Answers after which it is known how slow a normal call can be.
const ANSWERS_TO_LEARN: u32 = 5;
/// Tokens whose writing takes as long as everything else in a call, very roughly.
const BASE_TOKENS: f64 = 200.0;

/// How often the credit of the last calls is looked at.
const CREDIT_LOOK: Duration = Duration::from_millis(200);
/// Resolution of the timers.
const TICK: Duration = Duration::from_millis(1);

/// A call that wants to go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) cost: Cost,
    pub(super) is_retry: bool,
}

pub(super) struct Queue<Grant> {
    bound: usize,
    /// None when only the bound matters.
    watch: Option<Watch>,
    in_flight: BTreeMap<u64, Flight>,
    last_flight: u64,
    /// By place: who came first stands first.
    waiting: BTreeMap<u64, (Call, Grant)>,
    /// Places by the shape of their cost, for the best fit.
    shapes: BTreeMap<i32, BTreeSet<u64>>,
    passed_over: u32,
}

struct Watch {
    mirror: Mirror,
    health: Health,
    retries: Bucket,
    paused_until: Duration,
    answers: u32,
    /// Refusals by the rate limits since the last answer.
    refused_in_a_row: u32,
    /// Seconds per expected token of the slowest answer so far, and of a typical one.
    slowest: f64,
    typical: f64,
    /// Tokens used per token estimated, of a typical answer.
    input_ratio: f64,
    output_ratio: f64,
}

struct Flight {
    estimate: Cost,
    /// What was taken from the mirror for it.
    cost: Cost,
    since: Duration,
    is_probe: bool,
    /// The API itself has told what was left after this call's input was charged.
    is_input_known: bool,
}

impl<Grant> Queue<Grant> {
    pub(super) fn new(bound: usize, mirror: Option<Mirror>, now: Duration) -> Self {
        let bound = bound.max(1);
        let watch = mirror.map(|mirror| Watch {
            mirror,
            health: Health::new(bound),
            retries: Bucket::new(RETRIES_PER_MINUTE, Duration::ZERO, now),
            paused_until: Duration::ZERO,
            answers: 0,
            refused_in_a_row: 0,
            slowest: 0.0,
            typical: 0.0,
            input_ratio: CAUTIOUS_RATIO,
            output_ratio: 1.0,
        });
        Self {
            bound,
            watch,
            in_flight: BTreeMap::new(),
            last_flight: 0,
            waiting: BTreeMap::new(),
            shapes: BTreeMap::new(),
            passed_over: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn input_limit(&self) -> Option<u64> {
        self.watch.as_ref()?.mirror.input_limit()
    }

    /// Lets `call` go at once if nobody waits and everything allows it.
    pub(super) fn go(&mut self, call: Call, now: Duration) -> Option<u64> {
        let may = self.waiting.is_empty() && self.is_open(now) && self.fits(call, 0, now);
        may.then(|| self.launch(call, now))
    }

    /// Lets an extra call go that nobody waits for in the queue, if it takes nothing from others.
    pub(super) fn go_extra(&mut self, cost: Cost, now: Duration) -> Option<u64> {
        let call = Call {
            cost,
            is_retry: true,
        };
        let slack = self.watch.as_ref()?.mirror.has_slack(now);
        if slack { self.go(call, now) } else { None }
    }

    pub(super) fn wait(&mut self, place: u64, call: Call, grant: Grant) {
        self.shapes
            .entry(shape(call.cost))
            .or_default()
            .insert(place);
        self.waiting.insert(place, (call, grant));
    }

    /// Gives up a place; false if it was not waiting any more.
    pub(super) fn leave(&mut self, place: u64) -> bool {
        self.remove(place).is_some()
    }

    /// Takes the call that goes next out of the queue and launches it.
    pub(super) fn next(&mut self, now: Duration) -> Option<(Grant, u64)> {
        if self.waiting.is_empty() || !self.is_open(now) {
            return None;
        }
        let oldest = *self.waiting.first_key_value()?.0;
        let credit = self.credit(now);
        let (place, _) = self
            .candidates()
            .filter(|(_, call)| self.fits(*call, credit, now))
            .map(|(place, call)| (place, self.worth(call, now)))
            // The older of equals.
            .reduce(|best, other| if other.1 > best.1 { other } else { best })?;
        self.passed_over = if place == oldest {
            0
        } else {
            self.passed_over + 1
        };
        let (call, grant) = self.remove(place)?;
        let flight = self.launch(call, now);
        Some((grant, flight))
    }

    /// When something may go that may not now, other than because a call ends.
    pub(super) fn due(&self, now: Duration) -> Option<Duration> {
        let watch = self.watch.as_ref()?;
        if !self.is_open(watch.paused_until.max(now)) {
            return None;
        }
        let due = |call: Call| {
            let due = watch.mirror.due(watch.expected(call.cost), now);
            if call.is_retry {
                due.max(watch.retries.due(1, now))
            } else {
                due
            }
        };
        let first = self.candidates().map(|(_, call)| due(call)).min()?;
        // Credit comes and goes as answers are written, at no moment known before.
        let look = if self.credit(now) > 0 {
            now + CREDIT_LOOK
        } else {
            first
        };
        Some(first.min(look).max(watch.paused_until).max(now + TICK))
    }

    /// Ends a flight and learns from it. False if the failure says nothing about the call itself,
    /// so that it should not count against it.
    pub(super) fn end(
        &mut self,
        flight: u64,
        end: &End<'_>,
        timeline: &Timeline,
        now: Duration,
    ) -> bool {
        let Some(flight) = self.in_flight.remove(&flight) else {
            return true;
        };
        let Some(watch) = &mut self.watch else {
            return true;
        };
        watch
            .mirror
            .end(flight.cost, correction(flight.cost, end), now);
        let End::Ended(outcome) = end else {
            return true;
        };
        let limits = match outcome {
            Ok(message) => message.limits.as_ref(),
            Err(error) => error.limits(),
        };
        let is_refusal = outcome.as_ref().is_err_and(CallError::is_rate_limit);
        let sent = flight.since;
        if watch.mirror.hear(limits, is_refusal, sent, timeline, now) {
            self.in_flight
                .values_mut()
                .for_each(|flight| flight.is_input_known = true);
        }
        watch.refused_in_a_row = if is_refusal {
            watch.refused_in_a_row.saturating_add(1)
        } else {
            0
        };
        match outcome {
            Ok(message) => watch.learn(&flight, message.usage, now),
            Err(error) if error.is_rate_limit() => {
                let pause = now + error.retry_after().unwrap_or(DEFAULT_PAUSE);
                watch.paused_until = watch.paused_until.max(pause);
            }
            Err(error) if is_outage(error) => {
                if let Some(pause) = watch.health.failed(flight.is_probe) {
                    watch.paused_until = watch.paused_until.max(now + pause);
                }
                return !flight.is_probe;
            }
            Err(_) => {}
        }
        watch.health.succeeded();
        watch.retries.put(RETRIES_PER_ANSWER, now);
        true
    }

    /// How long an answer of `cost` takes when it takes as long as the slowest so far; none while
    /// that is not known.
    pub(super) fn slowest(&self, cost: Cost) -> Option<Duration> {
        let watch = self.watch.as_ref()?;
        let seconds = watch.slowest * weight(cost);
        (watch.answers >= ANSWERS_TO_LEARN).then(|| Duration::from_secs_f64(seconds))
    }

    /// How often the rate limits have refused since anything else was heard.
    pub(super) fn refused_in_a_row(&self) -> u32 {
        self.watch
            .as_ref()
            .map_or(0, |watch| watch.refused_in_a_row)
    }

    fn is_open(&self, now: Duration) -> bool {
        let Some(watch) = &self.watch else {
            return self.in_flight.len() < self.bound;
        };
        let unknown = if watch.mirror.heard() {
            usize::MAX
        } else {
            UNKNOWN_IN_FLIGHT
        };
        let at_once = self.bound.min(watch.health.at_once()).min(unknown);
        self.in_flight.len() < at_once && now >= watch.paused_until
    }

    fn fits(&self, call: Call, credit: u64, now: Duration) -> bool {
        self.watch.as_ref().is_none_or(|watch| {
            watch.mirror.has(call.cost, credit, now)
                && (!call.is_retry || watch.retries.has(1, now))
        })
    }

    fn worth(&self, call: Call, now: Duration) -> f64 {
        self.watch.as_ref().map_or(0.0, |watch| {
            watch.mirror.worth(watch.expected(call.cost), now)
        })
    }

    fn launch(&mut self, call: Call, now: Duration) -> u64 {
        let mut is_probe = false;
        let mut cost = call.cost;
        if let Some(watch) = &mut self.watch {
            cost = watch.expected(cost);
            watch.mirror.take(cost, now);
            is_probe = watch.health.is_down();
            if call.is_retry {
                watch.retries.take(1, now);
            }
        }
        self.last_flight += 1;
        let flight = Flight {
            estimate: call.cost,
            cost,
            since: now,
            is_probe,
            is_input_known: false,
        };
        self.in_flight.insert(self.last_flight, flight);
        self.last_flight
    }

    fn remove(&mut self, place: u64) -> Option<(Call, Grant)> {
        let removed = self.waiting.remove(&place)?;
        let shape = shape(removed.0.cost);
        if let Some(places) = self.shapes.get_mut(&shape) {
            places.remove(&place);
            if places.is_empty() {
                self.shapes.remove(&shape);
            }
        }
        Some(removed)
    }

    /// The oldest call of each shape, or only the oldest of all when it was refused or has waited
    /// for too many.
    fn candidates(&self) -> impl Iterator<Item = (u64, Call)> {
        let oldest = self.waiting.first_key_value().map(|(place, _)| *place);
        let is_refused = oldest.is_some_and(|place| place < FIRST_PLACE);
        let alone = self.watch.is_none() || is_refused || self.passed_over >= MAX_PASSED_OVER;
        let heads = self
            .shapes
            .values()
            .filter_map(|places| places.first().copied());
        let only = alone.then_some(oldest).flatten();
        only.into_iter()
            .chain(heads.filter(move |_| !alone))
            .filter_map(|place| Some((place, self.waiting.get(&place)?.0)))
    }

    /// Output that calls in flight have reserved and surely not written yet. It counts only when
    /// all that wait could be in flight at once: until then it would only make the same room twice.
    fn credit(&self, now: Duration) -> u64 {
        let Some(watch) = &self.watch else { return 0 };
        if watch.answers < ANSWERS_TO_LEARN
            || self.waiting.len() + self.in_flight.len() > self.bound
        {
            return 0;
        }
        let unwritten = |flight: &Flight| {
            let elapsed = now.saturating_sub(flight.since).as_secs_f64();
            let written = elapsed / (watch.typical * weight(flight.estimate)).max(1e-9);
            (flight.cost.output as f64 * (1.0 - written).max(0.0)) as u64
        };
        self.in_flight.values().map(unwritten).sum()
    }
}

impl Watch {
    /// What a call of `estimate` is expected to use, by what others used.
    fn expected(&self, estimate: Cost) -> Cost {
        let scaled = |tokens: u64, ratio: f64| (tokens as f64 * ratio).ceil() as u64;
        Cost {
            input: scaled(estimate.input, self.input_ratio),
            output: scaled(estimate.output, self.output_ratio),
        }
    }

    fn learn(&mut self, flight: &Flight, usage: Usage, now: Duration) {
        let share = if self.answers == 0 { 1.0 } else { 0.1 };
        let pace = now.saturating_sub(flight.since).as_secs_f64() / weight(flight.estimate);
        self.slowest = self.slowest.max(pace);
        self.typical += share * (pace - self.typical);
        let (input, output) = counted(usage);
        let ratio =
            |used: i64, estimated: u64| (used as f64 / estimated.max(1) as f64).clamp(0.05, 20.0);
        self.input_ratio += share * (ratio(input, flight.estimate.input) - self.input_ratio);
        self.output_ratio += share * (ratio(output, flight.estimate.output) - self.output_ratio);
        self.answers = self.answers.saturating_add(1);
    }
}

fn weight(cost: Cost) -> f64 {
    cost.output as f64 + BASE_TOKENS
}

/// Half-octaves of output per input: calls of one shape stand in for each other.
fn shape(cost: Cost) -> i32 {
    let ratio = (cost.output + 1) as f64 / (cost.input + 1) as f64;
    (ratio.log2() * 2.0).round() as i32
}
