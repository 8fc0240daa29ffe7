//! The tokens of a call that are billed.

use serde::{Deserialize, Serialize};

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
    /// Tokens of the whole prompt, cached or not.
    #[must_use]
    pub fn prompt_tokens(self) -> u64 {
        self.unread_tokens() + self.cache_read_tokens
    }

    /// Tokens of the prompt that are read anew, and so are charged to the input limit: all but those
    /// read from the cache.
    #[must_use]
    pub fn unread_tokens(self) -> u64 {
        self.input_tokens + self.cache_write_tokens()
    }

    /// Tokens of the prompt that are written to either cache.
    #[must_use]
    pub fn cache_write_tokens(self) -> u64 {
        self.cache_write_5m_tokens + self.cache_write_1h_tokens
    }

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
