//! What goes wrong on purpose. Deciding is pure: who asks (the body's digest and how often it was
//! seen) and the moment settle it, never the order of arrival or another request.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::body::Hangup;
use crate::mix::{mix, unit};
use crate::stream::{How, Spoil};

/// The ways an attempt can be broken.
///
/// Faults that refuse or reset a request charge nothing; all others are admitted and billed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// 429 `rate_limit_error` although quota is left.
    RateLimit,
    /// 500 `api_error`.
    ServerError,
    /// 529 `overloaded_error`.
    Overloaded,
    /// 402 `billing_error`.
    Billing,
    /// 403 `permission_error`.
    Permission,
    /// 504 `timeout_error`.
    TimeoutError,
    /// No byte of an answer ever comes; with `after`, the answer falls silent there. The
    /// connection stays open.
    Hang,
    /// The connection is reset before the head; with `after`, in the middle of the answer.
    Reset,
    /// The connection is cut in the middle of the body, JSON or stream, without its end.
    TruncateStream,
    /// The body ends cleanly but too early: a stream without `message_stop`, JSON broken off.
    TruncateStreamClean,
    /// The answer is written ten times slower, at most five events a second.
    SlowDrip,
    /// 200 with JSON that cannot be parsed: the body, or one event of a stream.
    MalformedJson,
    /// `event: error` after the 200 and a part of the stream; JSON answers are spared.
    StreamError,
    /// One event of a stream is sent twice; JSON answers are spared.
    DuplicateEvent,
    /// Garbage instead of the next chunk's size.
    BadChunk,
}

impl FaultKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::RateLimit,
        Self::Overloaded,
        Self::ServerError,
        Self::Billing,
        Self::Permission,
        Self::TimeoutError,
        Self::Reset,
        Self::Hang,
        Self::SlowDrip,
        Self::MalformedJson,
        Self::StreamError,
        Self::TruncateStream,
        Self::TruncateStreamClean,
        Self::DuplicateEvent,
        Self::BadChunk,
    ];

    /// The name in settings, e.g. `rate_limit`.
    #[must_use]
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => unreachable!("unit variants serialize as their names"),
        }
    }
}

/// When a fault strikes: all given conditions must hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Share of attempts that are hit, 0 to 1; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Only the first so many attempts that send the same body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Only attempts that arrive at this second of simulated time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_s: Option<f64>,
    /// Only attempts that arrive before this second of simulated time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_s: Option<f64>,
    /// For faults in the middle of a reply: the share of it that gets through, 0 to 1; 0.5 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<f64>,
}

/// Who makes an attempt, for everything left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) seed: u64,
    pub(crate) digest: u64,
    pub(crate) seen: u32,
}

impl Identity {
    /// 64 bits that depend on the identity and on `purpose` alone.
    pub(crate) fn bits(self, purpose: u64) -> u64 {
        mix(&[self.seed, self.digest, u64::from(self.seen), purpose])
    }
}

/// The fault of one attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// Share of the reply that gets through, if the rule says so.
    pub(crate) after: Option<f64>,
}

impl Fault {
    /// What it does in the middle of an answer, if that is where it strikes.
    pub(crate) fn spoil(self, stream: bool) -> Option<Spoil> {
        let how = match self.kind {
            FaultKind::TruncateStream => How::Die(Hangup::Cut),
            FaultKind::BadChunk => How::Die(Hangup::BadChunk),
            FaultKind::Reset => How::Die(Hangup::Reset),
            FaultKind::Hang => How::Stall,
            FaultKind::TruncateStreamClean => How::EndEarly,
            FaultKind::MalformedJson => How::Malformed,
            FaultKind::StreamError if stream => How::ErrorEvent,
            FaultKind::DuplicateEvent if stream => How::Duplicate,
            _ => return None,
        };
        Some(Spoil {
            how,
            after: self.after.unwrap_or(DEFAULT_AFTER),
        })
    }
}

impl FaultRule {
    /// A rule that hits every attempt with `kind`.
    #[must_use]
    pub fn always(kind: FaultKind) -> Self {
        Self {
            kind,
            probability: None,
            attempts: None,
            from_s: None,
            to_s: None,
            after: None,
        }
    }

    /// What is wrong with the rule's numbers, if anything.
    pub(crate) fn mistake(&self) -> Option<String> {
        let shares = [("probability", self.probability), ("after", self.after)];
        let bad_share = shares.iter().find_map(|(name, value)| {
            value
                .filter(|v| !(0.0..=1.0).contains(v))
                .map(|v| (*name, v))
        });
        if let Some((name, value)) = bad_share {
            return Some(format!("{name} = {value} must lie between 0 and 1"));
        }
        match (self.from_s, self.to_s) {
            (Some(from), Some(to)) if from >= to => {
                Some(format!("from_s = {from} must be less than to_s = {to}"))
            }
            _ => None,
        }
    }

    fn strikes(&self, index: usize, who: Identity, at: Duration) -> bool {
        let at = at.as_secs_f64();
        self.attempts.is_none_or(|first| who.seen < first)
            && self.from_s.is_none_or(|from| at >= from)
            && self.to_s.is_none_or(|to| at < to)
            && self
                .probability
                .is_none_or(|p| unit(who.bits(FAULT_DRAW + index as u64)) < p)
    }
}

const FAULT_DRAW: u64 = 0xFA17_0000;
const DEFAULT_AFTER: f64 = 0.5;

/// The first rule that strikes decides.
pub(crate) fn decide(rules: &[FaultRule], who: Identity, at: Duration) -> Option<Fault> {
    let (_, rule) = rules
        .iter()
        .enumerate()
        .find(|(i, rule)| rule.strikes(*i, who, at))?;
    Some(Fault {
        kind: rule.kind,
        after: rule.after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(digest: u64, seen: u32) -> Identity {
        Identity {
            seed: 1,
            digest,
            seen,
        }
    }

    #[test]
    fn a_probability_hits_its_share_of_bodies_and_the_same_ones_each_time() {
        let rules = [FaultRule {
            probability: Some(0.3),
            ..FaultRule::always(FaultKind::Overloaded)
        }];
        let hits = |_| (0..10_000).map(|d| decide(&rules, who(d, 0), Duration::ZERO).is_some());
        let share = hits(()).filter(|hit| *hit).count() as f64 / 10_000.0;
        assert!((share - 0.3).abs() < 0.02, "{share}");
        assert!(hits(()).eq(hits(())));
    }

    #[test]
    fn all_given_conditions_must_hold_and_the_first_rule_wins() {
        let rules = [
            FaultRule {
                attempts: Some(1),
                from_s: Some(10.0),
                to_s: Some(20.0),
                ..FaultRule::always(FaultKind::Hang)
            },
            FaultRule {
                attempts: Some(2),
                ..FaultRule::always(FaultKind::Reset)
            },
        ];
        let kind = |seen, s| decide(&rules, who(1, seen), Duration::from_secs(s)).map(|f| f.kind);
        assert_eq!(kind(0, 10), Some(FaultKind::Hang));
        assert_eq!(kind(0, 20), Some(FaultKind::Reset));
        assert_eq!(kind(1, 10), Some(FaultKind::Reset));
        assert_eq!(kind(2, 10), None);
    }
}
