//! The cost of a run by kind of token.

use ground::prices::ModelPrice;
use ground::usage::Usage;
use serde::{Deserialize, Serialize};

/// What each kind of token cost, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostParts {
    /// Prompt tokens outside the prompt cache.
    pub input_usd: f64,
    /// Prompt tokens written to the prompt cache or read from it.
    pub prompt_cache_usd: f64,
    /// Answer tokens.
    pub output_usd: f64,
}

impl CostParts {
    /// Prices `usage` part by part.
    pub(super) fn of(price: ModelPrice, usage: Usage) -> Self {
        let none = Usage::default();
        let input = Usage {
            input_tokens: usage.input_tokens,
            ..none
        };
        let output = Usage {
            output_tokens: usage.output_tokens,
            ..none
        };
        let prompt_cache = Usage {
            input_tokens: 0,
            output_tokens: 0,
            ..usage
        };
        Self {
            input_usd: usd(price.cost_pico(input)),
            prompt_cache_usd: usd(price.cost_pico(prompt_cache)),
            output_usd: usd(price.cost_pico(output)),
        }
    }
}

/// Dollars of so many pico-dollars.
pub(super) fn usd(pico: u64) -> f64 {
    pico as f64 / ground::prices::PICO_PER_USD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up_to_the_whole() {
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
            cache_write_5m_tokens: 100,
            cache_write_1h_tokens: 10,
            cache_read_tokens: 1000,
        };
        let parts = CostParts::of(price, usage);
        assert_eq!((parts.input_usd, parts.output_usd), (0.06, 0.18));
        let sum = parts.input_usd + parts.prompt_cache_usd + parts.output_usd;
        assert!((sum - usd(price.cost_pico(usage))).abs() < 1e-12);
    }
}
