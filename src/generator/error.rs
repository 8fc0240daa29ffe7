//! Why there is no documentation, and what the service answers then.

use crate::claude::CallError;

/// Why a document could not be documented.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GenerateError {
    /// The call to Claude failed, after whatever retries were due.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer reached `max_tokens` and the text could not be cut further.
    #[error("the answer did not fit in max_tokens = {max_tokens}; raise it")]
    Truncated {
        /// The limit that it reached.
        max_tokens: u64,
    },
    /// The model left definitions out, twice.
    #[error("the model left definitions out, also when asked for them alone")]
    LeftOut,
    /// The model declined to answer.
    #[error("the model declined to document this text")]
    Declined,
    /// The job stopped before it was asked.
    #[error("the job stopped before this was asked")]
    NotAsked,
    /// One call needs more input than the rate limit ever grants.
    #[error(
        "one call needs about {needed} input tokens but the limit is {limit} per minute; use smaller chunks"
    )]
    OverLimit {
        /// Estimated input tokens of the call.
        needed: u64,
        /// The limit in force.
        limit: u64,
    },
}

impl GenerateError {
    /// The HTTP status with which the service answers.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Call(CallError::TimedOut) => 504,
            Self::Call(CallError::OverBudget { .. }) => 402,
            Self::Call(CallError::Api { status, .. }) if matches!(status, 400 | 413 | 429) => {
                *status
            }
            Self::Call(_) | Self::Truncated { .. } | Self::LeftOut => 502,
            Self::Declined => 422,
            Self::NotAsked => 503,
            Self::OverLimit { .. } => 413,
        }
    }

    /// The `type` of the service's error body.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        const API_KINDS: [&str; 11] = [
            "invalid_request_error",
            "authentication_error",
            "billing_error",
            "permission_error",
            "not_found_error",
            "conflict_error",
            "request_too_large",
            "rate_limit_error",
            "api_error",
            "timeout_error",
            "overloaded_error",
        ];
        match self {
            Self::Call(CallError::Api { kind, .. }) => API_KINDS
                .into_iter()
                .find(|known| known == kind)
                .unwrap_or("api_error"),
            Self::Call(CallError::TimedOut) => "timeout_error",
            Self::Call(CallError::OverBudget { .. }) => "spending_cap_error",
            Self::Call(CallError::Unrecorded { .. }) => "journal_error",
            Self::Call(CallError::Malformed { .. }) => "malformed_answer_error",
            Self::Call(CallError::Reset | CallError::Cut | CallError::Unreachable) => {
                "connection_error"
            }
            Self::Truncated { .. } => "truncated_answer_error",
            Self::LeftOut => "incomplete_answer_error",
            Self::Declined => "refusal_error",
            Self::NotAsked => "stopped_error",
            Self::OverLimit { .. } => "request_too_large",
        }
    }
}

/// Why a generator could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The journal of a bulk job cannot be used.
    #[error(
        "the journal `{path}` cannot be used: {why}; choose another --out, or delete it and pay for its answers again"
    )]
    Journal {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Another process holds the journal.
    #[error(
        "the journal `{path}` is in use by another process; wait until that has ended and run again"
    )]
    InUse {
        /// The file.
        path: String,
    },
    /// The cache file cannot be used.
    #[error("the cache `{path}` cannot be used: {why}")]
    Cache {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}
