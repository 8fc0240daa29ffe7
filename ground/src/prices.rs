//! What tokens cost, exactly: integer pico-dollars (10⁻¹² USD) from a dated price book.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::usage::Usage;

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
    /// Models whose long prompts have a price of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub long_prompts: BTreeMap<String, LongPrompts>,
}

/// The price of calls whose prompt is long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LongPrompts {
    /// Prompts of more tokens than this are long; cached ones count.
    pub above_tokens: u64,
    /// What all tokens of such a call cost.
    pub price: ModelPrice,
}

/// All prices of one model.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    usual: ModelPrice,
    long: Option<LongPrompts>,
}

impl PriceBook {
    /// The prices of `model`, if the book knows it.
    #[must_use]
    pub fn of(&self, model: &str) -> Option<Prices> {
        Some(Prices {
            usual: *self.models.get(model)?,
            long: self.long_prompts.get(model).copied(),
        })
    }
}

impl From<ModelPrice> for Prices {
    fn from(usual: ModelPrice) -> Self {
        Self { usual, long: None }
    }
}

impl Prices {
    /// Exact price of a call in pico-dollars.
    #[must_use]
    pub fn cost_pico(&self, usage: Usage) -> u64 {
        let is_long = |long: &LongPrompts| usage.prompt_tokens() > long.above_tokens;
        let long = self.long.filter(is_long);
        long.map_or(self.usual, |long| long.price).cost_pico(usage)
    }
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
    fn a_long_prompt_has_its_own_price_and_cached_tokens_make_it_long() {
        let book = crate::presets::prices();
        let usage = |input_tokens, cache_read_tokens| Usage {
            input_tokens,
            cache_read_tokens,
            ..Usage::default()
        };
        let cost = |model, usage| book.of(model).unwrap().cost_pico(usage);
        let (usual, long) = (usage(100_000, 0), usage(100_001, 0));
        assert_eq!(cost("claude-haiku-5-5", usual), 100_000 * 100_000);
        assert_eq!(cost("claude-haiku-5-5", long), 100_001 * 500_000);
        let expected = 50_000 * 500_000 + 50_001 * 50_000;
        assert_eq!(cost("claude-haiku-5-5", usage(50_000, 50_001)), expected);
        assert_eq!(cost("claude-opus-5", long), 100_001 * 5_000_000);
    }

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
