//! What tokens cost, exactly: integer pico-dollars (10⁻¹² USD) from a dated price book.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pico-dollars in a dollar.
pub const PICO_PER_USD: f64 = 1e12;

/// List prices of one day. A model that is not in it is an error, never free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// Short name, as a scenario refers to it.
    pub name: String,
    /// Day of the prices, `YYYY-MM-DD`.
    pub as_of: String,
    /// Where they come from.
    pub source: String,
    /// Indian rupees per US dollar, for reports.
    pub inr_per_usd: f64,
    /// Prices by model id.
    pub models: BTreeMap<String, ModelPrice>,
}

/// USD per million tokens. Cache prices default to the usual multiples of the input price
/// (5-minute write 1.25, 1-hour write 2, read 0.1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Input tokens.
    pub input: f64,
    /// Output tokens.
    pub output: f64,
    /// Tokens written to the 5-minute prompt cache.
    pub cache_write_5m: Option<f64>,
    /// Tokens written to the 1-hour prompt cache.
    pub cache_write_1h: Option<f64>,
    /// Tokens read from the prompt cache.
    pub cache_read: Option<f64>,
}

/// Billable tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Prompt tokens outside the prompt cache.
    pub input_tokens: u64,
    /// Answer tokens.
    pub output_tokens: u64,
    /// Prompt tokens written to the 5-minute cache.
    pub cache_write_5m_tokens: u64,
    /// Prompt tokens written to the 1-hour cache.
    pub cache_write_1h_tokens: u64,
    /// Prompt tokens read from the cache.
    pub cache_read_tokens: u64,
}

impl Usage {
    /// Sums both, field by field.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cache_write_5m_tokens: self.cache_write_5m_tokens + other.cache_write_5m_tokens,
            cache_write_1h_tokens: self.cache_write_1h_tokens + other.cache_write_1h_tokens,
            cache_read_tokens: self.cache_read_tokens + other.cache_read_tokens,
        }
    }
}

impl ModelPrice {
    /// Exact price of `usage` in pico-dollars.
    #[must_use]
    pub fn cost_pico(&self, usage: Usage) -> u64 {
        let lines = [
            (usage.input_tokens, self.input),
            (usage.output_tokens, self.output),
            (
                usage.cache_write_5m_tokens,
                self.cache_write_5m.unwrap_or(self.input * 1.25),
            ),
            (
                usage.cache_write_1h_tokens,
                self.cache_write_1h.unwrap_or(self.input * 2.0),
            ),
            (
                usage.cache_read_tokens,
                self.cache_read.unwrap_or(self.input * 0.1),
            ),
        ];
        lines
            .iter()
            .map(|&(tokens, usd_per_million)| tokens * pico_per_token(usd_per_million))
            .sum()
    }
}

/// One USD per million tokens is a million pico-dollars per token, so prices with up to six
/// decimals stay exact.
fn pico_per_token(usd_per_million: f64) -> u64 {
    (usd_per_million * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_line_file_costs_twenty_four_cents_at_fifteen_and_seventy_five() {
        let price = ModelPrice {
            input: 15.0,
            output: 75.0,
            cache_write_5m: None,
            cache_write_1h: None,
            cache_read: None,
        };
        let usage = Usage {
            input_tokens: 4000,
            output_tokens: 2400,
            ..Usage::default()
        };
        assert_eq!(price.cost_pico(usage), 240_000_000_000);
    }
}
