//! What an answer's headers tell about the rate limits.

use std::io::Write;
use std::time::UNIX_EPOCH;

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
    /// When it will be full again, in seconds since 1970, rounded up.
    pub full_at_unix_s: Option<u64>,
}

impl RateLimits {
    /// Reads the `anthropic-ratelimit-*` headers; `None` when there are none of use.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let limits = Self {
            requests: window(headers, "requests"),
            input_tokens: window(headers, "input-tokens"),
            output_tokens: window(headers, "output-tokens"),
        };
        (limits != Self::default()).then_some(limits)
    }
}

fn window(headers: &HeaderMap, what: &str) -> Option<Window> {
    let text = |field: &str| {
        let mut name = [0; 64];
        let name = spell(&mut name, what, field)?;
        headers.get(name)?.to_str().ok()
    };
    let reset = text("reset").and_then(|moment| humantime::parse_rfc3339(moment.trim()).ok());
    Some(Window {
        limit: text("limit")?.trim().parse().ok()?,
        remaining: text("remaining")?.trim().parse().ok()?,
        full_at_unix_s: reset
            .and_then(|moment| moment.duration_since(UNIX_EPOCH).ok())
            .map(|since| since.as_secs()),
    })
}

/// `anthropic-ratelimit-WHAT-FIELD` without an allocation: it is asked for nine times an answer.
fn spell<'a>(buffer: &'a mut [u8; 64], what: &str, field: &str) -> Option<&'a str> {
    let mut rest = &mut buffer[..];
    write!(rest, "anthropic-ratelimit-{what}-{field}").ok()?;
    let free = rest.len();
    std::str::from_utf8(&buffer[..64 - free]).ok()
}
