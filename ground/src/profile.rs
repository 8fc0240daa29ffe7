//! What a model is like: window, speed, answer length and the limits of each usage tier.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::Limits;

/// One model. Each figure has its source in the file's `source` line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Model id on the wire, e.g. `claude-opus-4-6`.
    pub model: String,
    /// Other ids that resolve to this model.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Day on which the figures were read, `YYYY-MM-DD`.
    pub as_of: String,
    /// Where the figures come from.
    pub source: String,
    /// Largest prompt in tokens.
    pub context_window: u64,
    /// Largest `max_tokens`.
    pub max_output_tokens: u64,
    /// Mean UTF-8 bytes of a token; tokens of a text = bytes / this, rounded up.
    pub bytes_per_token: f64,
    /// How long the model takes.
    pub latency: Latency,
    /// How much it writes.
    pub reply: ReplyLength,
    /// Limits by tier name.
    #[serde(default)]
    pub tiers: BTreeMap<String, Limits>,
}

impl Profile {
    /// Tokens of a text of `bytes` bytes, rounded up.
    #[must_use]
    pub fn tokens(&self, bytes: usize) -> u64 {
        (bytes as f64 / self.bytes_per_token).ceil() as u64
    }

    /// Bytes that `tokens` tokens hold at most.
    #[must_use]
    pub fn bytes(&self, tokens: u64) -> usize {
        (tokens as f64 * self.bytes_per_token).floor() as usize
    }
}

/// Time of an answer: `ttft + input / prefill + output / decode`, where `ttft` and the decode
/// time are each multiplied by a log-normal factor with median 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Median time to the first token of a tiny prompt, in milliseconds.
    pub time_to_first_token_ms: f64,
    /// Prompt tokens read per second.
    pub prefill_tokens_per_s: f64,
    /// Answer tokens written per second.
    pub decode_tokens_per_s: f64,
    /// Standard deviation of the factors' logarithm; 0 makes every answer take its median.
    pub sigma: f64,
}

/// Length of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyLength {
    /// Tokens that document one symbol.
    pub tokens_per_symbol: u32,
}
