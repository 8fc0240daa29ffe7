//! What is going on at one moment: limits in use, calls under way, and what ended last.

use ground::ledger::{Row, Totals};
use serde::Serialize;

/// The state of a mock at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Simulated seconds since the mock began.
    pub simulated_s: f64,
    /// Everything that was counted so far.
    pub totals: Totals,
    /// Limits in use, by customer and class of models; none where there are no limits.
    pub limits: Vec<LimitLevels>,
    /// The calls that ended last, the latest first.
    pub last: Vec<Row>,
}

/// The limits of one customer on one class of models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitLevels {
    /// The model that was asked for first; its class has the limits in common.
    pub model: String,
    /// Which customer: API keys are numbered by when they were first seen.
    pub customer: usize,
    /// Requests per minute.
    pub requests: Level,
    /// Input tokens per minute.
    pub input_tokens: Level,
    /// Output tokens per minute.
    pub output_tokens: Level,
}

/// How much of a limit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Level {
    /// How much there is when it is full.
    pub limit: u64,
    /// How much can be taken now.
    pub remaining: u64,
}
