//! How much may be asked in a minute: limits of models, and of the endpoints beside Messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits of one tier: each a token bucket that holds one minute's worth and refills continuously.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests per minute.
    pub requests_per_minute: u64,
    /// Input tokens per minute.
    pub input_tokens_per_minute: u64,
    /// Output tokens per minute.
    pub output_tokens_per_minute: u64,
}

/// Limits of each key that no model shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointLimits {
    /// Requests per minute that count tokens.
    pub count_tokens_per_minute: u64,
    /// Requests per minute to all endpoints of batches together.
    pub batch_requests_per_minute: u64,
    /// Requests inside batches that may wait to be worked off.
    pub queued_batch_requests: u64,
}

impl EndpointLimits {
    /// Those of a usage tier: rate-limits page of 2026-08-22, and for `tier1-2025` that of 2025.
    #[must_use]
    pub fn of_tier(tier: &str) -> Option<Self> {
        let (count_tokens_per_minute, batch_requests_per_minute, queued_batch_requests) = match tier
        {
            "start" => (2_000, 1_000, 200_000),
            "build" => (4_000, 2_000, 300_000),
            "scale" => (8_000, 4_000, 500_000),
            "tier1-2025" => (100, 50, 100_000),
            _ => return None,
        };
        Some(Self {
            count_tokens_per_minute,
            batch_requests_per_minute,
            queued_batch_requests,
        })
    }
}
