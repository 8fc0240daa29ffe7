//! The client's picture of the three rate limits.

use std::time::Duration;

use ground::limits::Limits;
use ground::timeline::Timeline;

use super::Cost;
use super::bucket::Bucket;
use crate::claude::{RateLimits, Window};

/// The API shows remaining tokens to the nearest thousand.
const ROUNDING: i64 = 500;

/// The mirrored limits; each is none until it is known. All are taken at once or not at all.
pub(super) struct Mirror {
    headroom: Duration,
    requests: Option<Bucket>,
    input: Option<Bucket>,
    output: Option<Bucket>,
    /// Output that is taken but not used yet, by calls in flight.
    reserved: u64,
    heard: bool,
    /// When the call was sent whose answer changed a limit last.
    as_of: Duration,
}

impl Mirror {
    pub(super) fn new(known: Option<Limits>, headroom: Duration, now: Duration) -> Self {
        let bucket = |per_minute| Bucket::new(per_minute, headroom, now);
        Self {
            headroom,
            requests: known.map(|limits| bucket(limits.requests_per_minute)),
            input: known.map(|limits| bucket(limits.input_tokens_per_minute)),
            output: known.map(|limits| bucket(limits.output_tokens_per_minute)),
            reserved: 0,
            heard: known.is_some(),
            as_of: Duration::ZERO,
        }
    }

    /// Whether the limits are known, or known to be none.
    pub(super) fn heard(&self) -> bool {
        self.heard
    }

    pub(super) fn input_limit(&self) -> Option<u64> {
        Some(self.input?.per_minute())
    }

    /// Whether a call of `cost` may go. `credit` is output that is reserved but not written yet: the
    /// API charges output as it is written, so the last calls of all need not wait for what the
    /// others will write.
    pub(super) fn has(&self, cost: Cost, credit: u64, now: Duration) -> bool {
        let has = |bucket: &Option<Bucket>, tokens| bucket.is_none_or(|b| b.has(tokens, now));
        let output = has(&self.output, cost.output)
            || credit > 0
                && self
                    .output
                    .is_some_and(|b| b.level(now) + credit as i64 > b.per_minute() as i64 / 50);
        has(&self.requests, 1) && has(&self.input, cost.input) && output
    }

    /// Whether half of every limit is there: then something extra harms nobody.
    pub(super) fn has_slack(&self, now: Duration) -> bool {
        [&self.requests, &self.input, &self.output]
            .into_iter()
            .flatten()
            .all(|bucket| bucket.fullness(now) >= 0.5)
    }

    pub(super) fn take(&mut self, cost: Cost, now: Duration) {
        self.change([1, cost.input as i64, cost.output as i64], now);
        self.reserved += cost.output;
    }

    /// Ends a call of `cost`; `change` is what to take beyond it, less than nothing to give back.
    pub(super) fn end(&mut self, cost: Cost, change: [i64; 3], now: Duration) {
        self.reserved = self.reserved.saturating_sub(cost.output);
        self.change(change, now);
    }

    fn change(&mut self, tokens: [i64; 3], now: Duration) {
        let buckets = [&mut self.requests, &mut self.input, &mut self.output];
        for (bucket, tokens) in buckets.into_iter().zip(tokens) {
            if let Some(bucket) = bucket {
                bucket.take(tokens, now);
            }
        }
    }

    /// High for a call that takes much of what there is much of.
    pub(super) fn worth(&self, cost: Cost, now: Duration) -> f64 {
        let part = |bucket: &Option<Bucket>, tokens: u64| {
            bucket.map_or(0.0, |b| {
                tokens as f64 / b.per_minute().max(1) as f64 * b.fullness(now)
            })
        };
        part(&self.input, cost.input) + part(&self.output, cost.output)
    }

    /// When a call of `cost` may go, if no other does.
    pub(super) fn due(&self, cost: Cost, now: Duration) -> Duration {
        let due = |bucket: &Option<Bucket>, tokens| bucket.map_or(now, |b| b.due(tokens, now));
        due(&self.requests, 1)
            .max(due(&self.input, cost.input))
            .max(due(&self.output, cost.output))
    }

    /// An answer came to a call that was sent at `sent`, whatever it says of the limits. A refusal
    /// speaks of this moment and proves the picture wrong. True if a limit was new: it has been
    /// charged for all that is in flight.
    pub(super) fn hear(
        &mut self,
        limits: Option<&RateLimits>,
        is_refusal: bool,
        sent: Duration,
        timeline: &Timeline,
        now: Duration,
    ) -> bool {
        self.heard = true;
        // What an earlier call was told may be of the time before the limits changed.
        let Some(limits) = limits.filter(|_| sent >= self.as_of) else {
            return false;
        };
        let mut is_new = false;
        let reserved = self.reserved as i64;
        let windows = [
            (&mut self.requests, limits.requests, 0, 0),
            (&mut self.input, limits.input_tokens, 0, ROUNDING),
            (&mut self.output, limits.output_tokens, reserved, ROUNDING),
        ];
        for (bucket, window, reserved, rounding) in windows {
            let Some(window) = window else { continue };
            let known = bucket.filter(|bucket| bucket.per_minute() == window.limit);
            // At least this much; a picture that errs low is refused nothing.
            let left = window.remaining as i64 - reserved - rounding;
            let (mut right, ceiling) = match known {
                Some(bucket) if is_refusal => (bucket, left.min(owed(&window, timeline, now))),
                None if is_refusal => {
                    let bucket = Bucket::new(window.limit, self.headroom, now);
                    (bucket, left.min(owed(&window, timeline, now)))
                }
                Some(bucket) => (bucket, most(&window, timeline, now) - reserved + rounding),
                None => (Bucket::new(window.limit, self.headroom, now), left),
            };
            right.lower_to(ceiling, now);
            *bucket = Some(right);
            is_new |= known.is_none();
        }
        if is_new {
            self.as_of = sent;
        }
        is_new
    }
}

/// What is left now by the moment of being full again: less than nothing when the API is owed
/// some, as after it lowered its limits, which `remaining` does not show.
fn owed(window: &Window, timeline: &Timeline, now: Duration) -> i64 {
    let Some(full_at) = window.full_at_unix_s else {
        return i64::MAX;
    };
    let since_epoch = timeline.unix_s(Duration::ZERO) as f64 + now.as_secs_f64();
    let refill = window.limit as f64 / 60.0 * (full_at as f64 - since_epoch).max(0.0);
    (window.limit as f64 - refill) as i64
}

/// The most that can be left now, by what the answer says. It may have been said when the answer
/// began, so the moment of being full again counts too: that does not age.
fn most(window: &Window, timeline: &Timeline, now: Duration) -> i64 {
    let remaining = window.remaining as i64;
    let Some(full_at) = window.full_at_unix_s else {
        return remaining;
    };
    let since_epoch = timeline.unix_s(Duration::ZERO) as f64 + now.as_secs_f64();
    // Rounded up to a whole second: it may be full one second earlier.
    let wait = full_at as f64 - 1.0 - since_epoch;
    let refill = window.limit as f64 / 60.0 * wait.max(0.0);
    remaining.max((window.limit as f64 - refill) as i64)
}
