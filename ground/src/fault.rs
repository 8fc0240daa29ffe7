//! What can go wrong on purpose, and when: the kinds of faults and the rules of settings. What a
//! fault does to an answer is the server's affair.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The ways an attempt can be broken.
///
/// Faults that refuse or reset a request charge nothing; all others are admitted and billed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// 429 `rate_limit_error` although quota is left.
    RateLimit,
    /// 529 `overloaded_error`.
    Overloaded,
    /// 500 `api_error`.
    ServerError,
    /// 401 `authentication_error`, as if the key had been revoked.
    Authentication,
    /// 402 `billing_error`.
    Billing,
    /// 403 `permission_error`.
    Permission,
    /// 504 `timeout_error`.
    TimeoutError,
    /// The connection is reset before the head; with `after`, in the middle of the answer.
    Reset,
    /// No byte of an answer ever comes; with `after`, the answer falls silent there. The
    /// connection stays open.
    Hang,
    /// The answer is written ten times slower, at most five events a second.
    SlowDrip,
    /// 200 with JSON that cannot be parsed: the body, or one event of a stream.
    MalformedJson,
    /// `event: error` after the 200 and a part of the stream; JSON answers are spared.
    StreamError,
    /// The connection is cut in the middle of the body, JSON or stream, without its end.
    TruncateStream,
    /// The body ends cleanly but too early: a stream without `message_stop`, JSON broken off.
    TruncateStreamClean,
    /// One event of a stream is sent twice; JSON answers are spared.
    DuplicateEvent,
    /// Garbage instead of the next chunk's size.
    BadChunk,
}

impl FaultKind {
    /// The names of all kinds, in the order of the documentation.
    pub const NAMES: &'static [&'static str] = <Self as strum::VariantNames>::VARIANTS;

    /// The name in settings, e.g. `rate_limit`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
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
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_in_settings_and_in_messages() {
        for name in FaultKind::NAMES {
            let kind: FaultKind = name.parse().unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), *name);
            assert_eq!(kind.name(), *name);
        }
    }

    #[test]
    fn a_rule_that_cannot_strike_is_a_mistake() {
        let always = FaultRule::always(FaultKind::Reset);
        assert_eq!(always.mistake(), None);
        let share = FaultRule {
            probability: Some(6.0),
            ..always
        };
        assert_eq!(
            share.mistake().unwrap(),
            "probability = 6 must lie between 0 and 1"
        );
        let window = FaultRule {
            from_s: Some(2.0),
            to_s: Some(2.0),
            ..always
        };
        assert!(window.mistake().unwrap().starts_with("from_s = 2"));
    }
}
