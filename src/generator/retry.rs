//! Whether and when a failed call is tried again: pure decisions.

use std::time::Duration;

use super::policy::Policy;
use crate::claude::CallError;
use crate::record::{Base, Protection};

/// How a mode retries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// Never.
    Never,
    /// As the official SDKs of 2026 do by default: two retries after 0.5 s, doubled up to 8 s,
    /// less up to a quarter at random; `retry-after` obeyed; nothing after a stream has begun.
    Sdk,
    /// Full jitter (Brooker 2015): a random wait below a bound that doubles, within budgets.
    FullJitter {
        attempts: u32,
        budget: Duration,
        base: Duration,
        cap: Duration,
    },
}

/// What is known when an attempt has failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure<'a> {
    pub(super) error: &'a CallError,
    /// Attempts made so far, this one included.
    pub(super) attempts: u32,
    /// Time since the first attempt began.
    pub(super) elapsed: Duration,
    pub(super) streamed: bool,
    /// Uniform in `[0, 1)`.
    pub(super) chance: f64,
}

impl Rule {
    /// The rule of `policy`.
    pub(super) fn of(policy: &Policy) -> Self {
        let settings = &policy.settings;
        match policy.mode().base() {
            _ if !policy.has(Protection::Retry) => Self::Never,
            Base::Sdk => Self::Sdk,
            Base::Naive | Base::Hardened => Self::FullJitter {
                attempts: settings.attempts,
                budget: Duration::from_secs_f64(settings.retry_budget_s.clamp(0.0, 1e9)),
                base: Duration::from_millis(settings.backoff_base_ms),
                cap: Duration::from_millis(settings.backoff_cap_ms),
            },
        }
    }

    /// How long after its first attempt a call may still be tried again.
    pub(super) fn budget(&self) -> Duration {
        match *self {
            Self::FullJitter { budget, .. } => budget,
            Self::Never | Self::Sdk => Duration::MAX,
        }
    }

    /// How long to wait before the next attempt; none to give up.
    pub(super) fn wait(&self, failure: &Failure<'_>) -> Option<Duration> {
        match *self {
            Self::Never => None,
            Self::Sdk => sdk_wait(failure),
            Self::FullJitter {
                attempts,
                budget,
                base,
                cap,
            } => {
                if !failure.error.is_transient() || failure.attempts >= attempts {
                    return None;
                }
                let bound = doubled(base, failure.attempts - 1, cap);
                let wait = match failure.error.retry_after() {
                    // Earlier is useless; the jitter on top keeps a crowd from coming back at once.
                    Some(after) => after + base.mul_f64(failure.chance),
                    None => bound.mul_f64(failure.chance),
                };
                (failure.elapsed + wait <= budget).then_some(wait)
            }
        }
    }
}

fn sdk_wait(failure: &Failure<'_>) -> Option<Duration> {
    // As the official SDKs are set up: three tries in all.
    const RETRIES: u32 = 2;
    let again = match failure.error {
        CallError::Api { status: 200, .. }
        | CallError::Malformed { .. }
        | CallError::OverBudget { .. }
        | CallError::Unrecorded { .. } => false,
        CallError::Api {
            should_retry: Some(verdict),
            ..
        } => *verdict,
        CallError::Api { status, .. } => matches!(status, 408 | 409 | 429 | 500..),
        CallError::Cut => !failure.streamed,
        CallError::Reset | CallError::Unreachable | CallError::TimedOut => true,
    };
    if !again || failure.attempts > RETRIES {
        return None;
    }
    let backoff = doubled(
        Duration::from_millis(500),
        failure.attempts - 1,
        Duration::from_secs(8),
    );
    Some(
        failure
            .error
            .retry_after()
            .unwrap_or(backoff.mul_f64(1.0 - 0.25 * failure.chance)),
    )
}

fn doubled(base: Duration, times: u32, cap: Duration) -> Duration {
    base.saturating_mul(1u32.checked_shl(times).unwrap_or(u32::MAX))
        .min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Rule = Rule::FullJitter {
        attempts: 4,
        budget: Duration::from_secs(60),
        base: Duration::from_secs(1),
        cap: Duration::from_secs(8),
    };

    fn api(status: u16, retry_after: Option<u64>) -> CallError {
        CallError::Api {
            status,
            kind: "overloaded_error".into(),
            message: String::new(),
            code: None,
            retry_after: retry_after.map(Duration::from_secs),
            should_retry: None,
            limits: None,
        }
    }

    fn failure(error: &CallError, attempts: u32, chance: f64) -> Failure<'_> {
        Failure {
            error,
            attempts,
            elapsed: Duration::ZERO,
            streamed: false,
            chance,
        }
    }

    #[test]
    fn full_jitter_spreads_over_the_whole_doubling_range() {
        let overloaded = api(529, None);
        let wait = |attempts, chance| FULL.wait(&failure(&overloaded, attempts, chance));
        assert_eq!(wait(1, 0.0), Some(Duration::ZERO));
        assert_eq!(wait(1, 0.5), Some(Duration::from_millis(500)));
        assert_eq!(wait(3, 0.5), Some(Duration::from_secs(2)));
        assert_eq!(wait(4, 0.5), None, "the fourth attempt was the last");
    }

    #[test]
    fn what_cannot_heal_is_not_tried_again() {
        for status in [400, 401, 403, 404, 413] {
            assert_eq!(
                FULL.wait(&failure(&api(status, None), 1, 0.5)),
                None,
                "{status}"
            );
        }
        let mut capped = api(429, None);
        if let CallError::Api {
            code, should_retry, ..
        } = &mut capped
        {
            *code = Some("enforced_spend_limit_reached".into());
            *should_retry = Some(true);
        }
        assert_eq!(FULL.wait(&failure(&capped, 1, 0.5)), None);
    }

    #[test]
    fn no_wait_is_shorter_than_retry_after_or_longer_than_the_budget() {
        let wait = |seconds| FULL.wait(&failure(&api(529, Some(seconds)), 1, 0.5));
        assert_eq!(wait(30), Some(Duration::from_millis(30_500)));
        assert_eq!(wait(120), None);
    }

    #[test]
    fn the_sdk_tries_three_times_and_obeys_retry_after() {
        let wait = |error: &CallError, attempts| Rule::Sdk.wait(&failure(error, attempts, 0.0));
        assert_eq!(wait(&api(529, None), 1), Some(Duration::from_millis(500)));
        assert_eq!(wait(&api(529, None), 2), Some(Duration::from_secs(1)));
        assert_eq!(wait(&api(529, None), 3), None);
        assert_eq!(wait(&api(429, Some(60)), 1), Some(Duration::from_secs(60)));
        assert_eq!(wait(&api(200, None), 1), None, "an error inside a stream");
        let cut = CallError::Cut;
        assert!(Rule::Sdk.wait(&failure(&cut, 1, 0.0)).is_some());
        assert_eq!(
            Rule::Sdk.wait(&Failure {
                streamed: true,
                ..failure(&cut, 1, 0.0)
            }),
            None
        );
    }
}
