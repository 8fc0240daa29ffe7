//! Errors as the API words them.

use http::StatusCode;

use crate::limits::{Limiter, Refusal};

/// An HTTP error: status, machine-readable type and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// Value of the `retry-after` header, seconds.
    pub(crate) retry_after_s: Option<u64>,
    /// Machine-readable code inside `details`.
    pub(crate) code: Option<&'static str>,
    /// Value of the `x-should-retry` header.
    pub(crate) should_retry: Option<bool>,
    /// The limit that refused it, if one did.
    pub(crate) limiter: Option<Limiter>,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).expect("statuses here are literals");
        Self {
            status,
            kind,
            message: message.into(),
            retry_after_s: None,
            code: None,
            should_retry: None,
            limiter: None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// The request asks for a thread; the SDKs then send the whole conversation instead.
    pub(crate) fn no_threads() -> Self {
        Self {
            code: Some("thread_unsupported_request"),
            ..Self::invalid(
                "thread: Threads are not available to this organization. Send the full \
                 conversation without `thread`.",
            )
        }
    }

    pub(crate) fn authentication(message: &str) -> Self {
        Self::new(401, "authentication_error", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "not_found_error", message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, "invalid_request_error", "Method Not Allowed")
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "request_too_large", "Request exceeds the maximum size")
    }

    pub(crate) fn server_error() -> Self {
        Self::new(500, "api_error", "Internal server error")
    }

    pub(crate) fn overloaded() -> Self {
        Self {
            should_retry: Some(true),
            ..Self::new(529, "overloaded_error", "Overloaded")
        }
    }

    pub(crate) fn billing() -> Self {
        let message = "Your credit balance is too low to access the Anthropic API. Please go to \
                       Plans & Billing to upgrade or purchase credits.";
        Self::new(402, "billing_error", message)
    }

    pub(crate) fn permission() -> Self {
        Self::new(
            403,
            "permission_error",
            "Your API key does not have permission to use the \
                  specified resource.",
        )
    }

    pub(crate) fn timeout() -> Self {
        Self::new(
            504,
            "timeout_error",
            "The request timed out while it was processed.",
        )
    }

    /// A 429 in the words of the API. A wait that cannot help is not recommended.
    pub(crate) fn rate_limited(refusal: Refusal, organization: &str, model: &str) -> Self {
        let number = grouped(refusal.per_minute);
        // A refusal that is forced where there is no limit cannot name one.
        let limit = match refusal.per_minute {
            0 => "rate limit".to_owned(),
            _ => format!("rate limit of {number} {}", refusal.limiter.words()),
        };
        let details = "For details, refer to: https://docs.claude.com/en/api/rate-limits.";
        let (message, code) = match refusal.limiter {
            Limiter::Spend => (
                "You have reached your API usage limits: your organization has crossed its \
                 monthly API usage threshold, set based on your organization's API tier."
                    .to_owned(),
                Some("enforced_spend_limit_reached"),
            ),
            Limiter::Ramp => (
                format!(
                    "This request would exceed your organization's maximum usage increase rate \
                     for input tokens per minute (org: {organization}, model: {model}). Your \
                     current limit is {number} input tokens per minute. Please scale up your \
                     input tokens usage more gradually to stay within the acceleration limit. \
                     {details}"
                ),
                Some("ramp_limit_exceeded"),
            ),
            Limiter::Requests
            | Limiter::InputTokens
            | Limiter::OutputTokens
            | Limiter::QueuedBatches => (
                format!(
                    "This request would exceed your organization's {limit} \
                     (org: {organization}, model: {model}). {details} You can see the response \
                     headers for current usage. Please reduce the prompt length or the maximum \
                     tokens requested, or try again later. You may also contact sales at \
                     https://www.anthropic.com/contact-sales to discuss your options for a rate \
                     limit increase."
                ),
                None,
            ),
        };
        Self {
            retry_after_s: refusal.retry_after_s,
            should_retry: Some(refusal.retry_after_s.is_some()),
            limiter: Some(refusal.limiter),
            code,
            ..Self::new(429, "rate_limit_error", message)
        }
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [7, 1000, 30_000, 2_000_000].map(grouped),
            ["7", "1,000", "30,000", "2,000,000"]
        );
    }
}
