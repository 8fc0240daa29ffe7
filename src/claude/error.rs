//! Why there is no whole answer, and what that means for another try.

use std::time::Duration;

use ground::prices::PICO_PER_USD;

use crate::text::line;

use super::limits::RateLimits;

/// Why there is no whole answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The API answered with an error.
    #[error("the API answered {status} {}: {}", line(kind), line(message))]
    Api {
        /// HTTP status; 200 when the error came inside a stream that had begun well.
        status: u16,
        /// `error.type`, e.g. `rate_limit_error`.
        kind: String,
        /// `error.message`.
        message: String,
        /// `error.details.error_code`, e.g. `enforced_spend_limit_reached`.
        code: Option<String>,
        /// How long the API asks to wait.
        retry_after: Option<Duration>,
        /// The API's own word on whether another try makes sense.
        should_retry: Option<bool>,
        /// The state of the rate limits, if the answer told.
        limits: Option<Box<RateLimits>>,
    },
    /// The connection died before the head of the answer.
    #[error("the connection was reset before an answer came")]
    Reset,
    /// The connection died inside the answer, or the stream ended without its last event.
    #[error("the answer broke off in the middle")]
    Cut,
    /// The answer is not what the API promises.
    #[error("the answer is malformed: {}", line(what))]
    Malformed {
        /// What is wrong with it.
        what: String,
    },
    /// No connection could be made.
    #[error("the API cannot be reached")]
    Unreachable,
    /// It might have cost more than the cap allows, so it was not sent.
    #[error(
        "the spending cap of ${:.2} is reached (${:.4} spent); raise it to go on",
        *cap_pico as f64 / PICO_PER_USD, *spent_pico as f64 / PICO_PER_USD
    )]
    OverBudget {
        /// Pico-dollars spent so far.
        spent_pico: u64,
        /// The cap.
        cap_pico: u64,
    },
    /// It could not be written down that it is sent, so it was not sent.
    #[error(
        "the call could not be written down ({why}), and nothing is sent that is in no books; make room and run again"
    )]
    Unrecorded {
        /// The reason of the system.
        why: String,
    },
    /// Nothing came for the whole time-out.
    #[error("the API did not answer in time")]
    TimedOut,
}

impl CallError {
    /// Whether the same question may well be answered at another try.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Api {
                should_retry: Some(verdict),
                ..
            } => *verdict && !self.is_spend_cap(),
            Self::Api { status, kind, .. } => match status {
                200 => matches!(
                    kind.as_str(),
                    "overloaded_error" | "api_error" | "timeout_error" | "rate_limit_error"
                ),
                408 | 409 => true,
                429 => !self.is_spend_cap(),
                _ => *status >= 500,
            },
            Self::OverBudget { .. } | Self::Unrecorded { .. } => false,
            Self::Reset
            | Self::Cut
            | Self::Malformed { .. }
            | Self::Unreachable
            | Self::TimedOut => true,
        }
    }

    /// Whether the rate limits refused it, so that waiting mends it for certain.
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        matches!(self, Self::Api { status: 429, .. }) && !self.is_spend_cap()
    }

    /// Whether a spending cap refused it, which no waiting within a run mends.
    #[must_use]
    pub fn is_spend_cap(&self) -> bool {
        matches!(self, Self::Api { status: 429, code: Some(code), .. } if code.ends_with("spend_limit_reached"))
    }

    /// Whether it cost nothing: it was refused at the door, or never sent.
    #[must_use]
    pub fn is_free(&self) -> bool {
        matches!(
            self,
            Self::Api { status: 201.., .. }
                | Self::Unreachable
                | Self::OverBudget { .. }
                | Self::Unrecorded { .. }
        )
    }

    /// Whether every other call would meet the same: the key is refused, or the money is spent.
    #[must_use]
    pub fn concerns_all(&self) -> bool {
        let is_key = matches!(
            self,
            Self::Api {
                status: 401..=403,
                ..
            }
        );
        let is_ours = matches!(self, Self::OverBudget { .. } | Self::Unrecorded { .. });
        is_key || is_ours || self.is_spend_cap()
    }

    /// How long the API asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The state of the rate limits that came with the error.
    #[must_use]
    pub fn limits(&self) -> Option<&RateLimits> {
        match self {
            Self::Api { limits, .. } => limits.as_deref(),
            _ => None,
        }
    }
}
