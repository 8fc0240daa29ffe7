//! What the platform did in a run, counted as its bill counts it, and what that costs.

use serde::{Deserialize, Serialize};

/// What a gateway, its functions and their table did. All times are simulated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invocations {
    /// Requests that reached the gateway, a client's looks at its job included.
    pub gateway_requests: u64,
    /// Requests that the gateway gave up while their work went on.
    pub gateway_timeouts: u64,
    /// Times that a function was run.
    pub invocations: u64,
    /// Of these, that broke down or were killed.
    #[serde(default)]
    pub errors: u64,
    /// Requests for which no instance was to be had.
    pub throttled: u64,
    /// Instances that were started.
    pub cold_starts: u64,
    /// What their starts took, in milliseconds.
    pub init_ms: u64,
    /// What is billed, in milliseconds: each invocation with its instance's start, rounded up to 1 ms.
    pub billed_ms: u64,
    /// Units of 4 KB read from the cache's table.
    pub cache_read_units: u64,
    /// Units of 1 KB written to the cache's table.
    pub cache_write_units: u64,
}

/// What the platform was, as far as its bill needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionSetting {
    /// The kind of gateway.
    pub gateway: String,
    /// The gateway gives up after so many milliseconds.
    pub gateway_limit_ms: Option<u64>,
    /// Memory of an instance in megabytes.
    pub memory_mb: u64,
    /// Name of the prices, e.g. `aws-2026-09`.
    pub prices: String,
    /// Where the prices come from.
    pub prices_source: String,
    /// Day of the prices.
    pub prices_as_of: String,
    /// Dollars for one gigabyte during one second.
    pub gb_second_usd: f64,
    /// Dollars for a million invocations.
    pub million_invocations_usd: f64,
    /// Dollars for a million requests to the gateway.
    pub million_gateway_requests_usd: f64,
    /// Dollars for a million read units of the table.
    pub million_read_units_usd: f64,
    /// Dollars for a million write units of the table.
    pub million_write_units_usd: f64,
}
