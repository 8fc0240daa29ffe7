//! Why a client of the service gets no documentation, and what it is told.

use std::time::Duration;

use super::gateway::{GATEWAY_TIMEOUT, Gateway, THROTTLED, TIME_LIMIT, TOO_LARGE};
use crate::contract::JsonAnswer;
use crate::generator::GenerateError;

/// Why a client gets no documentation. Its text is what the client is told.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The platform killed the work: in the words of Lambda's own log line, or of the gateway, which keeps
    /// them to itself.
    #[error("{}", gateway.on_kill().map_or_else(|| timed_out(*limit), |said| said.message.to_owned()))]
    TimeLimit {
        /// The limit.
        limit: Duration,
        /// What stands before it.
        gateway: Gateway,
    },
    /// The gateway gave up; the work goes on.
    #[error("{}", .0.on_timeout().message)]
    GatewayTimeout(Gateway),
    /// No instance was to be had.
    #[error("{}", .0.on_throttle().message)]
    Throttled(Gateway),
    /// The request is larger than an event may be.
    #[error("{}", .0.on_too_large().message)]
    TooLarge(Gateway),
    /// The generator gave up.
    #[error(transparent)]
    Generate(GenerateError),
}

/// Lambda's own words for work that it killed after `limit`.
pub(super) fn timed_out(limit: Duration) -> String {
    format!("Task timed out after {:.2} seconds", limit.as_secs_f64())
}

impl Failure {
    /// HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::TimeLimit { gateway, .. } => gateway.on_kill().map_or(504, |said| said.status),
            Self::GatewayTimeout(gateway) => gateway.on_timeout().status,
            Self::Throttled(gateway) => gateway.on_throttle().status,
            Self::TooLarge(gateway) => gateway.on_too_large().status,
            Self::Generate(error) => error.status(),
        }
    }

    /// Machine-readable type of the answer.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TimeLimit { .. } => TIME_LIMIT,
            Self::GatewayTimeout(_) => GATEWAY_TIMEOUT,
            Self::Throttled(_) => THROTTLED,
            Self::TooLarge(_) => TOO_LARGE,
            Self::Generate(error) => error.kind(),
        }
    }

    /// The answer over HTTP: a gateway that has words of its own says no more than them.
    #[must_use]
    pub(super) fn answer(&self) -> JsonAnswer {
        match self {
            Self::TimeLimit { gateway, .. }
            | Self::GatewayTimeout(gateway)
            | Self::Throttled(gateway)
            | Self::TooLarge(gateway)
                if *gateway != Gateway::Unlimited =>
            {
                JsonAnswer {
                    status: self.status(),
                    body: serde_json::json!({ "message": self.to_string() }),
                }
            }
            _ => JsonAnswer::error(self.status(), self.kind(), &self.to_string()),
        }
    }
}
