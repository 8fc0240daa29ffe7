//! The client's mirror of one rate limit: a token bucket in integer arithmetic.

use std::time::Duration;

/// Parts of a token that are counted, so that slow refills lose nothing.
const MICRO: i64 = 1_000_000;
const NANOS_PER_MINUTE: i128 = 60_000_000_000;

/// A bucket that refills continuously. Its level may fall below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    per_minute: u64,
    capacity: i64,
    level: i64,
    since: Duration,
}

impl Bucket {
    /// A full bucket of one minute's worth, less what refills in `headroom`.
    pub(super) fn new(per_minute: u64, headroom: Duration, now: Duration) -> Self {
        let per_minute = per_minute.min(1 << 40);
        let capacity = per_minute as i64 * MICRO - refill(per_minute, headroom);
        let capacity = capacity.max(per_minute as i64 * MICRO / 2);
        Self {
            per_minute,
            capacity,
            level: capacity,
            since: now,
        }
    }

    pub(super) fn per_minute(&self) -> u64 {
        self.per_minute
    }

    /// Whether `tokens` are there now. What never could be is granted from a full bucket.
    pub(super) fn has(&self, tokens: u64, now: Duration) -> bool {
        self.level_at(now) >= self.needed(tokens)
    }

    /// The share of the capacity that is there now, from 0 to 1.
    pub(super) fn fullness(&self, now: Duration) -> f64 {
        (self.level_at(now).max(0) as f64 / self.capacity.max(1) as f64).min(1.0)
    }

    /// Takes `tokens`, or gives them back when negative.
    pub(super) fn take(&mut self, tokens: i64, now: Duration) {
        self.level = (self.level_at(now) - tokens.saturating_mul(MICRO)).min(self.capacity);
        self.since = now;
    }

    /// Puts in `share` of one token.
    pub(super) fn put(&mut self, share: f64, now: Duration) {
        let level = self.level_at(now) + (share * MICRO as f64) as i64;
        self.level = level.min(self.capacity);
        self.since = now;
    }

    /// Whole tokens that are there now; less than none after a debt.
    pub(super) fn level(&self, now: Duration) -> i64 {
        self.level_at(now).div_euclid(MICRO)
    }

    /// Lowers the level to at most `tokens`.
    pub(super) fn lower_to(&mut self, tokens: i64, now: Duration) {
        self.level = self.level_at(now).min(tokens.saturating_mul(MICRO));
        self.since = now;
    }

    /// The moment from which `tokens` are there, if nobody takes any meanwhile.
    pub(super) fn due(&self, tokens: u64, now: Duration) -> Duration {
        let missing = i128::from(self.needed(tokens) - self.level_at(now));
        if missing <= 0 {
            return now;
        }
        let rate = i128::from(self.per_minute.max(1)) * i128::from(MICRO);
        let nanos = (missing * NANOS_PER_MINUTE + rate - 1) / rate;
        now + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn needed(&self, tokens: u64) -> i64 {
        i64::try_from(tokens)
            .unwrap_or(i64::MAX)
            .saturating_mul(MICRO)
            .min(self.capacity)
    }

    fn level_at(&self, now: Duration) -> i64 {
        let refilled = refill(self.per_minute, now.saturating_sub(self.since));
        self.level.saturating_add(refilled).min(self.capacity)
    }
}

fn refill(per_minute: u64, time: Duration) -> i64 {
    let micro = i128::from(per_minute) * i128::from(MICRO) * time.as_nanos() as i128;
    i64::try_from(micro / NANOS_PER_MINUTE).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_due_is_there_then_and_not_before() {
        let mut bucket = Bucket::new(600, Duration::ZERO, Duration::ZERO);
        bucket.take(600, Duration::ZERO);
        let due = bucket.due(15, Duration::ZERO);
        assert_eq!(due, Duration::from_millis(1500));
        assert!(bucket.has(15, due));
        assert!(!bucket.has(15, due - Duration::from_micros(1)));
    }

    #[test]
    fn more_than_the_bucket_holds_is_granted_when_it_is_full() {
        let mut bucket = Bucket::new(100, Duration::ZERO, Duration::ZERO);
        assert!(bucket.has(1000, Duration::ZERO));
        bucket.take(1000, Duration::ZERO);
        assert_eq!(
            bucket.due(1, Duration::ZERO),
            Duration::from_millis(540_600)
        );
    }

    proptest! {
        /// The law of a token bucket, over the whole history.
        #[test]
        fn never_more_is_granted_than_one_burst_and_the_refill(
            per_minute in 1u64..100_000,
            asks in prop::collection::vec((0u64..5_000, 1u64..2_000), 1..100),
        ) {
            let mut bucket = Bucket::new(per_minute, Duration::ZERO, Duration::ZERO);
            let (mut now, mut granted) = (Duration::ZERO, 0u64);
            for (wait_ms, tokens) in asks {
                now += Duration::from_millis(wait_ms);
                let tokens = tokens.min(per_minute);
                if bucket.has(tokens, now) {
                    bucket.take(tokens as i64, now);
                    granted += tokens;
                }
                let allowed = per_minute as f64 * (1.0 + now.as_secs_f64() / 60.0);
                prop_assert!(granted as f64 <= allowed + 1e-6);
            }
        }
    }
}
