//! Which rule strikes whom. Deciding is pure: who asks (the body's digest and how often it was seen)
//! and the moment settle it, never the order of arrival or another request.

use std::time::Duration;

use ground::chance::unit;
use ground::fault::{FaultKind, FaultRule};

use super::identity::Identity;
use super::spoil::{Hangup, How, Spoil};

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

fn strikes(rule: &FaultRule, index: usize, who: Identity, at: Duration) -> bool {
    let at = at.as_secs_f64();
    rule.attempts.is_none_or(|first| who.seen < first)
        && rule.from_s.is_none_or(|from| at >= from)
        && rule.to_s.is_none_or(|to| at < to)
        && rule
            .probability
            .is_none_or(|p| unit(who.bits(FAULT_DRAW + index as u64)) < p)
}

const FAULT_DRAW: u64 = 0xFA17_0000;
/// In the middle, where most has been spent for nothing.
const DEFAULT_AFTER: f64 = 0.5;

/// The first rule that strikes decides.
pub(crate) fn decide(rules: &[FaultRule], who: Identity, at: Duration) -> Option<Fault> {
    let (_, rule) = rules
        .iter()
        .enumerate()
        .find(|(i, rule)| strikes(rule, *i, who, at))?;
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
