//! One token bucket: refilled continuously, exact in integers.
//!
//! Amounts are in *units* of 1/60,000,000,000 token, because a bucket of L tokens a minute then
//! gains exactly L units a nanosecond and no refill is ever rounded.

use std::collections::BTreeMap;

/// Units in a token.
pub(crate) const TOKEN: i128 = 60_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// A level that rises by `limit` tokens a minute up to `limit` and is drained by what runs.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: u64,
    level: i128,
    /// Moment up to which `level` is worked out, in nanoseconds of simulated time.
    at: u64,
    /// Units that all running drains take each nanosecond.
    drain: i128,
    /// Changes of the drain still to come.
    changes: BTreeMap<(u64, u64), Change>,
    charged: i128,
}

#[derive(Debug, Clone, Copy)]
struct Change {
    drain: i128,
    /// Units taken at once: what the drain's integer rate left over.
    charge: i128,
}

/// Tokens that appear evenly over a span of simulated time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) tokens: u64,
}

impl Flow {
    /// Tokens that have appeared by `at`.
    pub(crate) fn until(&self, at: u64) -> u64 {
        if at >= self.end {
            self.tokens
        } else if at <= self.start {
            0
        } else {
            let part = u128::from(self.tokens) * u128::from(at - self.start);
            (part / u128::from(self.end - self.start)) as u64
        }
    }

    /// The part that has appeared after `share` of the time.
    pub(crate) fn cut(&self, share: f64) -> Self {
        let span = ((self.end - self.start) as f64 * share) as u64;
        Self {
            end: self.start + span,
            tokens: (self.tokens as f64 * share) as u64,
            ..*self
        }
    }

    fn rate(&self) -> i128 {
        let span = i128::from(self.end.saturating_sub(self.start));
        if span == 0 {
            0
        } else {
            i128::from(self.tokens) * TOKEN / span
        }
    }
}

impl Bucket {
    /// Full at the moment `at`.
    pub(crate) fn full(limit: u64, at: u64) -> Self {
        let level = i128::from(limit) * TOKEN;
        Self {
            limit,
            level,
            at,
            drain: 0,
            changes: BTreeMap::new(),
            charged: 0,
        }
    }

    /// Moment up to which the level is worked out.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    fn capacity(&self) -> i128 {
        i128::from(self.limit) * TOKEN
    }

    /// Whole tokens left, never below zero.
    pub(crate) fn remaining(&self) -> u64 {
        (self.level / TOKEN).max(0) as u64
    }

    /// Whole tokens charged so far, net of what was given back.
    pub(crate) fn charged(&self) -> u64 {
        (self.charged / TOKEN).max(0) as u64
    }

    /// When it will be full if nothing more is charged.
    pub(crate) fn full_at(&self) -> u64 {
        let missing = self.capacity() - self.level;
        self.at + div_ceil(missing, i128::from(self.limit))
    }

    /// Whether `tokens` could be charged now.
    pub(crate) fn has(&self, tokens: u64) -> bool {
        self.level >= i128::from(tokens) * TOKEN
    }

    /// Works the level out up to `now`.
    pub(crate) fn advance(&mut self, now: u64) {
        while let Some((&(at, _), &change)) = self.changes.first_key_value() {
            if at > now {
                break;
            }
            self.changes.pop_first();
            self.step(at);
            self.drain += change.drain;
            self.take(change.charge);
        }
        self.step(now);
    }

    fn step(&mut self, to: u64) {
        let span = i128::from(to.saturating_sub(self.at));
        let gained = (i128::from(self.limit) - self.drain) * span;
        self.level = (self.level + gained).min(self.capacity());
        self.charged += self.drain * span;
        self.at = self.at.max(to);
    }

    fn take(&mut self, units: i128) {
        self.level = (self.level - units).min(self.capacity());
        self.charged += units;
    }

    /// Takes `tokens` at once.
    pub(crate) fn charge(&mut self, tokens: u64) {
        self.take(i128::from(tokens) * TOKEN);
    }

    /// Corrects a charge of `estimate` tokens to `actual`.
    pub(crate) fn settle(&mut self, estimate: u64, actual: u64) {
        self.take((i128::from(actual) - i128::from(estimate)) * TOKEN);
    }

    /// Changes the size; what has been used stays used.
    pub(crate) fn set_limit(&mut self, limit: u64, now: u64) {
        self.advance(now);
        self.level += (i128::from(limit) - i128::from(self.limit)) * TOKEN;
        self.limit = limit;
    }

    /// Counts charges from zero.
    pub(crate) fn forget_charges(&mut self) {
        self.charged = 0;
    }

    /// Lets `flow` drain the bucket as its tokens appear; `id` names it for [`Bucket::stop`].
    pub(crate) fn drain(&mut self, id: u64, flow: Flow) {
        if flow.end <= self.at {
            return self.charge(flow.tokens);
        }
        let rate = flow.rate();
        let left_over = i128::from(flow.tokens) * TOKEN - rate * span(flow);
        self.changes.insert(
            (flow.start, id * 2),
            Change {
                drain: rate,
                charge: 0,
            },
        );
        self.changes.insert(
            (flow.end, id * 2 + 1),
            Change {
                drain: -rate,
                charge: left_over,
            },
        );
    }

    /// Ends the drain `id` at the moment the bucket is worked out to, so that in all exactly the
    /// tokens of `flow` that have appeared by then are charged.
    pub(crate) fn stop(&mut self, id: u64, flow: Flow) {
        if self.changes.remove(&(flow.end, id * 2 + 1)).is_none() {
            return;
        }
        let not_begun = self.changes.remove(&(flow.start, id * 2)).is_some();
        if not_begun {
            return;
        }
        let rate = flow.rate();
        let taken = rate * i128::from(self.at - flow.start);
        self.drain -= rate;
        self.take(i128::from(flow.until(self.at)) * TOKEN - taken);
    }

    /// Whole seconds until `tokens` can be charged, at least 1, if nothing but the known drains is
    /// charged meanwhile; none if the bucket can never hold so many.
    pub(crate) fn seconds_until(&self, tokens: u64) -> Option<u64> {
        if tokens > self.limit {
            return None;
        }
        let need = i128::from(tokens) * TOKEN;
        let mut ahead = Ahead {
            level: self.level,
            at: self.at,
            drain: self.drain,
        };
        for (&(until, _), change) in &self.changes {
            if let Some(seconds) = ahead.first_second(self, need, until) {
                return Some(seconds);
            }
            ahead.step(self, until);
            ahead.drain += change.drain;
            ahead.level -= change.charge;
        }
        ahead.first_second(self, need, u64::MAX)
    }
}

/// A look into the future of a bucket.
struct Ahead {
    level: i128,
    at: u64,
    drain: i128,
}

impl Ahead {
    fn step(&mut self, bucket: &Bucket, to: u64) {
        let gained = (i128::from(bucket.limit) - self.drain) * i128::from(to - self.at);
        self.level = (self.level + gained).min(bucket.capacity());
        self.at = to;
    }

    /// The first whole second after the bucket's moment, before `until`, with `need` in it.
    fn first_second(&self, bucket: &Bucket, need: i128, until: u64) -> Option<u64> {
        let gain = i128::from(bucket.limit) - self.drain;
        let missing = need - self.level;
        let reached = if missing <= 0 {
            self.at
        } else if gain > 0 {
            self.at.checked_add(div_ceil(missing, gain))?
        } else {
            return None;
        };
        let seconds = (reached - bucket.at).div_ceil(SECOND_NS).max(1);
        let moment = bucket.at.checked_add(seconds.checked_mul(SECOND_NS)?)?;
        let level_then = self.level + gain * i128::from(moment - self.at);
        (moment < until && level_then.min(bucket.capacity()) >= need).then_some(seconds)
    }
}

fn span(flow: Flow) -> i128 {
    i128::from(flow.end.saturating_sub(flow.start))
}

fn div_ceil(amount: i128, rate: i128) -> u64 {
    u64::try_from((amount.max(0) + rate - 1) / rate).unwrap_or(u64::MAX)
}
