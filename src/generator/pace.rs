//! The queue before the API: calls leave it when the mirrored rate limits and the bound on calls
//! in flight allow, so that nothing is sent to be refused.
//!
//! [`queue`] decides; this file waits and wakes.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ground::limits::Limits;
use ground::timeline::Timeline;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use self::end::End;
use self::mirror::Mirror;
use self::queue::{Call, FIRST_PLACE, Queue};
use crate::claude::{CallError, Message};

mod bucket;
mod end;
mod health;
mod mirror;
mod queue;

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
    /// Wakes the timer task when something is due before it would look.
    earlier: Notify,
}

struct State {
    queue: Queue<oneshot::Sender<Permit>>,
    last_place: u64,
    first_place: u64,
    timer: Timer,
}

/// The task that looks at the queue when time alone lets a call go.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Timer {
    None,
    Sleeping(Duration),
    Looking,
}

/// The right to have one call in flight.
pub(super) struct Permit {
    pace: Pace,
    flight: u64,
    sent: bool,
    settled: bool,
}

/// A place in the queue that is given up when dropped.
struct Place<'a> {
    pace: &'a Pace,
    place: u64,
}

impl Pace {
    /// A queue that lets `bound` calls be in flight. If `watch`, it keeps the rate limits, starting
    /// from `known` and learning the rest from answers, and goes easy on an API that fails.
    pub(super) fn new(
        timeline: Timeline,
        bound: usize,
        watch: bool,
        known: Option<Limits>,
        headroom: Duration,
    ) -> Self {
        let now = timeline.now();
        let mirror = watch.then(|| Mirror::new(known, headroom, now));
        let queue = Queue::new(bound, mirror, now);
        let state = State {
            queue,
            last_place: FIRST_PLACE,
            first_place: FIRST_PLACE,
            timer: Timer::None,
        };
        Self(Arc::new(Shared {
            timeline,
            state: Mutex::new(state),
            earlier: Notify::new(),
        }))
    }

    /// A place in the order of arrival, kept while a call fails and comes back.
    pub(super) fn place(&self) -> u64 {
        let mut state = self.lock();
        state.last_place += 1;
        state.last_place
    }

    /// A place before all others, for a call that the rate limits refused.
    pub(super) fn place_at_head(&self) -> u64 {
        let mut state = self.lock();
        state.first_place -= 1;
        state.first_place
    }

    /// The input tokens that a minute allows, if known.
    pub(super) fn input_limit(&self) -> Option<u64> {
        self.lock().queue.input_limit()
    }

    /// Waits until a call of `cost` may be sent.
    pub(super) async fn admit(&self, place: u64, cost: Cost, is_retry: bool) -> Permit {
        let call = Call { cost, is_retry };
        let receiver = {
            let now = self.0.timeline.now();
            let mut state = self.lock();
            if let Some(flight) = state.queue.go(call, now) {
                return self.permit(flight);
            }
            let (grant, receiver) = oneshot::channel();
            state.queue.wait(place, call, grant);
            receiver
        };
        let _place = Place { pace: self, place };
        self.pump(false);
        receiver
            .await
            .expect("a waiter stays in the queue until it is granted or gives up")
    }

    /// The right to ask the same a second time, if nobody else loses by it.
    pub(super) fn admit_extra(&self, cost: Cost) -> Option<Permit> {
        let now = self.0.timeline.now();
        let flight = self.lock().queue.go_extra(cost, now)?;
        Some(self.permit(flight))
    }

    /// How often the rate limits have refused, whatever was asked, since anything else was heard.
    pub(super) fn refused_in_a_row(&self) -> u32 {
        self.lock().queue.refused_in_a_row()
    }

    /// How long an answer of `cost` takes when it takes as long as the slowest so far.
    pub(super) fn slowest(&self, cost: Cost) -> Option<Duration> {
        self.lock().queue.slowest(cost)
    }

    fn permit(&self, flight: u64) -> Permit {
        Permit {
            pace: self.clone(),
            flight,
            sent: false,
            settled: false,
        }
    }

    /// Grants all that may go now, and sees to it that somebody looks again when more may.
    fn pump(&self, is_timer: bool) {
        let now = self.0.timeline.now();
        let mut granted = Vec::new();
        let mut state = self.lock();
        if is_timer {
            state.timer = Timer::Looking;
        }
        while let Some(next) = state.queue.next(now) {
            granted.push(next);
        }
        let due = state.queue.due(now);
        let before = state.timer;
        match (before, due) {
            (Timer::Sleeping(until), due) if due.is_none_or(|due| due >= until) => {}
            (_, Some(due)) => state.timer = Timer::Sleeping(due),
            (_, None) => state.timer = Timer::None,
        }
        let after = state.timer;
        drop(state);
        // Outside the lock: a permit that nobody takes any more goes back through it.
        for (grant, flight) in granted {
            let _ = grant.send(self.permit(flight));
        }
        match (before, after) {
            (Timer::None, Timer::Sleeping(_)) => self.start_timer(),
            (Timer::Sleeping(old), Timer::Sleeping(new)) if new < old => {
                self.0.earlier.notify_one()
            }
            _ => {}
        }
    }

    fn start_timer(&self) {
        // There is no runtime when the last owner is dropped after it; then nobody waits either.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.clone().watch_time());
        }
    }

    /// Looks again whenever something is due; ends when nothing is.
    async fn watch_time(self) {
        loop {
            let Timer::Sleeping(until) = self.lock().timer else {
                return;
            };
            tokio::select! {
                biased;
                () = self.0.earlier.notified() => continue,
                () = self.0.timeline.sleep_until(until) => {}
            }
            self.pump(true);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .state
            .lock()
            .expect("nothing panics while it holds the queue")
    }
}

impl Permit {
    /// From here on the call counts as sent.
    pub(super) fn send(&mut self) {
        self.sent = true;
    }

    /// Ends the call, learns from what came of it, and lets the next one go. False if a failure
    /// should not count against the call: it only found out that the API is still down.
    pub(super) fn settle(mut self, outcome: &Result<Message, CallError>) -> bool {
        self.end(&End::Ended(outcome))
    }

    fn end(&mut self, end: &End<'_>) -> bool {
        self.settled = true;
        let timeline = self.pace.0.timeline;
        let mut state = self.pace.lock();
        let counts = state.queue.end(self.flight, end, &timeline, timeline.now());
        let waiting = !state.queue.is_empty();
        drop(state);
        if waiting {
            self.pace.pump(false);
        }
        counts
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.settled {
            self.end(if self.sent {
                &End::Abandoned
            } else {
                &End::Unsent
            });
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let left = self.pace.lock().queue.leave(self.place);
        if left {
            self.pace.pump(false);
        }
    }
}

#[cfg(test)]
mod tests;
