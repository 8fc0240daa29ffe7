//! What an answer's headers tell about the rate limits.

use http::HeaderMap;

/// State of the three rate limits at the moment of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests per minute.
    pub requests: Option<Window>,
    /// Input tokens per minute.
    pub input_tokens: Option<Window>,
    /// Output tokens per minute.
    pub output_tokens: Option<Window>,
}

/// State of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Allowed per minute.
    pub limit: u64,
    /// Left now; for tokens the API rounds it to the nearest thousand.
    pub remaining: u64,
}

impl RateLimits {
    /// Reads the `anthropic-ratelimit-*` headers; `None` when there are none of use.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let window = |limit: &str, remaining: &str| {
            let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
            Some(Window {
                limit: number(limit)?,
                remaining: number(remaining)?,
            })
        };
        let limits = Self {
            requests: window(
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-remaining",
            ),
            input_tokens: window(
                "anthropic-ratelimit-input-tokens-limit",
                "anthropic-ratelimit-input-tokens-remaining",
            ),
            output_tokens: window(
                "anthropic-ratelimit-output-tokens-limit",
                "anthropic-ratelimit-output-tokens-remaining",
            ),
        };
        (limits != Self::default()).then_some(limits)
    }
}
