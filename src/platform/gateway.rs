//! What stands before the service: how long it waits for an answer, how much it lets through, and its
//! words when it does not.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A kind of gateway, with the limits that AWS gives it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    clap::ValueEnum,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Gateway {
    /// An overhead, and no limit of its own: as in the chapter.
    Unlimited,
    /// An API Gateway REST API: 29 s, which a quota can raise to 300 s.
    Rest,
    /// An API Gateway HTTP API: 30 s, always.
    Http,
    /// A function URL: the function's own limit.
    FunctionUrl,
    /// A REST API that streams: 15 minutes, but 5 of silence. Our service answers in one piece, so that it
    /// is the silence that counts.
    RestStream,
}

/// What a gateway says instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// HTTP status.
    pub status: u16,
    /// The `message` of its JSON body.
    pub message: &'static str,
}

/// The platform killed the work.
pub const TIME_LIMIT: &str = "time_limit";
/// The gateway gave up.
pub const GATEWAY_TIMEOUT: &str = "gateway_timeout";
/// There was no instance.
pub const THROTTLED: &str = "throttled";
/// The request was too large.
pub const TOO_LARGE: &str = "request_too_large";

/// Most bytes of an event: a function gets no larger one, whatever stands before it.
/// Source: "Lambda quotas", AWS Lambda Developer Guide, read 2026-11-25.
const MAX_EVENT: usize = 6 << 20;

impl Gateway {
    /// The name in TOML and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// How long it waits for an answer. Sources, read 2026-11-25: "Amazon API Gateway quotas" (29 s; 30 s),
    /// "Set up response streaming" (15 minutes, 5 idle), both API Gateway Developer Guide.
    #[must_use]
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Unlimited | Self::FunctionUrl => None,
            Self::Rest => Some(Duration::from_secs(29)),
            Self::Http => Some(Duration::from_secs(30)),
            Self::RestStream => Some(Duration::from_secs(300)),
        }
    }

    /// Whether a request of `bytes` is too large for it, or for the function behind it.
    #[must_use]
    pub fn is_too_large(self, bytes: usize) -> bool {
        self != Self::Unlimited && bytes > MAX_EVENT
    }

    /// What it says when the function has not answered in time.
    #[must_use]
    pub fn on_timeout(self) -> Said {
        Said {
            status: 504,
            message: "Endpoint request timed out",
        }
    }

    /// What it says when Lambda has no instance for the request. A REST API hides the 429 behind a 500
    /// ("I got 500 instead of 429", AWS re:Post QUfI6bsdd0SOiPeyimzxSkfQ, read 2026-11-25).
    #[must_use]
    pub fn on_throttle(self) -> Said {
        match self {
            Self::Unlimited | Self::FunctionUrl => Said {
                status: 429,
                message: "Rate Exceeded.",
            },
            Self::Rest | Self::Http | Self::RestStream => Said {
                status: 500,
                message: "Internal server error",
            },
        }
    }

    /// What it says when the function was killed; none where the function's own words come through.
    #[must_use]
    pub fn on_kill(self) -> Option<Said> {
        (self != Self::Unlimited).then_some(Said {
            status: 502,
            message: "Internal server error",
        })
    }

    /// Which failure of the platform an answer tells of, by its words; none if it is the service's own.
    #[must_use]
    pub fn kind(self, status: u16, message: &str) -> Option<&'static str> {
        let of =
            |said: Said, kind| (said.status == status && said.message == message).then_some(kind);
        of(self.on_timeout(), GATEWAY_TIMEOUT)
            .or(of(self.on_throttle(), THROTTLED))
            .or(of(self.on_too_large(), TOO_LARGE))
            .or(self.on_kill().and_then(|said| of(said, TIME_LIMIT)))
    }

    /// What it says of a request that is too large.
    #[must_use]
    pub fn on_too_large(self) -> Said {
        Said {
            status: 413,
            message: "Request Too Long",
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn a_gateway_is_named_as_files_spell_it() {
        for gateway in Gateway::VARIANTS {
            assert_eq!(serde_json::to_value(gateway).unwrap(), gateway.name());
        }
    }

    #[test]
    fn the_chapters_gateway_has_no_limits() {
        assert_eq!(Gateway::Unlimited.limit(), None);
        assert!(!Gateway::Unlimited.is_too_large(usize::MAX));
        assert!(Gateway::FunctionUrl.is_too_large((6 << 20) + 1));
    }

    #[test]
    fn what_a_gateway_says_is_told_from_what_a_service_says() {
        let rest = Gateway::Rest;
        assert_eq!(
            rest.kind(504, "Endpoint request timed out"),
            Some(GATEWAY_TIMEOUT)
        );
        assert_eq!(rest.kind(500, "Internal server error"), Some(THROTTLED));
        assert_eq!(rest.kind(502, "Internal server error"), Some(TIME_LIMIT));
        assert_eq!(rest.kind(502, "the model is overloaded"), None);
        assert_eq!(
            Gateway::Unlimited.kind(429, "Rate Exceeded."),
            Some(THROTTLED)
        );
        assert_eq!(Gateway::Unlimited.kind(502, "Internal server error"), None);
    }

    #[test]
    fn only_a_rest_api_and_an_http_api_hide_that_lambda_was_full() {
        let status = |gateway: Gateway| gateway.on_throttle().status;
        assert_eq!(
            [Gateway::Rest, Gateway::Http, Gateway::FunctionUrl].map(status),
            [500, 500, 429]
        );
    }
}
