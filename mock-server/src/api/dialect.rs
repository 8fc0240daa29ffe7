//! Which dialect of the API a request speaks.

/// A way to ask for messages. Limits, latency, faults, ledger and proofs are the same in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Anthropic's own.
    Messages,
    /// Google's, for Claude on Vertex AI.
    Vertex,
}

impl Dialect {
    /// The dialect of a request to `path`.
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/v1/projects/") {
            Self::Vertex
        } else {
            Self::Messages
        }
    }

    /// How ids of its messages begin, before their 22 characters.
    pub(crate) fn message_prefix(self) -> &'static str {
        match self {
            Self::Messages => "msg_01",
            Self::Vertex => "msg_vrtx_01",
        }
    }
}
