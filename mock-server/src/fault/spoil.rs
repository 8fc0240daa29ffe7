//! What a fault does in the middle of an answer.

/// How a connection dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Hangup {
    /// Reset: the other side sees RST.
    #[error("connection reset")]
    Reset,
    /// Closed in the middle of a body: the other side sees FIN too early.
    #[error("connection closed in the middle of the answer")]
    Cut,
    /// Garbage where the size of the next chunk belongs, then closed.
    #[error("broken chunk in the middle of the answer")]
    BadChunk,
}

/// A fault in the middle of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spoil {
    pub(crate) how: How,
    /// Share of the answer that comes before it.
    pub(crate) after: f64,
}

/// What a fault does in the middle of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Die(Hangup),
    Stall,
    ErrorEvent,
    EndEarly,
    Malformed,
    Duplicate,
}

impl Spoil {
    /// Whether nothing of the answer follows it.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self.how, How::Malformed | How::Duplicate)
    }
}
