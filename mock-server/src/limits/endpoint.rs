//! The endpoints beside Messages that have limits of their own.

use ground::limits::EndpointLimits;

/// An endpoint with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    CountTokens,
    Batches,
}

impl Endpoint {
    /// Requests to it that `limits` allow in a minute.
    pub(crate) fn per_minute(self, limits: EndpointLimits) -> u64 {
        match self {
            Self::CountTokens => limits.count_tokens_per_minute,
            Self::Batches => limits.batch_requests_per_minute,
        }
    }
}
