//! Errors as the API words them.

use http::StatusCode;

use crate::limits::Refusal;

/// An HTTP error: status, machine-readable type and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// Value of the `retry-after` header, seconds.
    pub(crate) retry_after_s: Option<u64>,
    /// Value of the `x-should-retry` header.
    pub(crate) should_retry: Option<bool>,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).expect("statuses here are literals");
        Self {
            status,
            kind,
            message: message.into(),
            retry_after_s: None,
            should_retry: None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
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

    /// A 429 in the words of the API. A wait that cannot help is not recommended.
    pub(crate) fn rate_limited(refusal: Refusal, organization: &str, model: &str) -> Self {
        let message = format!(
            "This request would exceed your organization's rate limit of {} {} (org: \
             {organization}, model: {model}). For details, refer to: \
             https://docs.claude.com/en/api/rate-limits. You can see the response headers for \
             current usage. Please reduce the prompt length or the maximum tokens requested, or \
             try again later. You may also contact sales at \
             https://www.anthropic.com/contact-sales to discuss your options for a rate limit \
             increase.",
            grouped(refusal.per_minute),
            refusal.limiter.words(),
        );
        Self {
            retry_after_s: refusal.retry_after_s,
            should_retry: Some(refusal.retry_after_s.is_some()),
            ..Self::new(429, "rate_limit_error", message)
        }
    }

    /// The JSON body. The edge, which refuses oversized bodies before the API sees them, knows no
    /// request id.
    pub(crate) fn body(&self, request_id: &str) -> String {
        let message = serde_json::Value::from(self.message.as_str());
        let error = format!("{{\"type\":\"{}\",\"message\":{message}}}", self.kind);
        if self.status == StatusCode::PAYLOAD_TOO_LARGE {
            return format!("{{\"error\":{error}}}");
        }
        format!("{{\"type\":\"error\",\"error\":{error},\"request_id\":\"{request_id}\"}}")
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

    #[test]
    fn the_edge_answers_without_a_request_id() {
        assert!(!ApiError::too_large().body("req_x").contains("req_x"));
        assert!(
            ApiError::overloaded()
                .body("req_x")
                .ends_with(",\"request_id\":\"req_x\"}")
        );
    }
}
