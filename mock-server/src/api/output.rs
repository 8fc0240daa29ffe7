//! What the model puts out, and in which events a stream tells it: the same for every dialect, which
//! only writes it down.

use crate::limits::Flow;
use crate::reply::{Content, Envelope};

use super::dialect::Dialect;

/// An answer as it is written down.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) dialect: Dialect,
    pub(crate) envelope: Envelope,
    pub(crate) content: Vec<Content>,
    /// When the content is written, if nothing gets in its way; nanoseconds of simulated time.
    pub(crate) flow: Flow,
    /// When the request came.
    pub(crate) arrived_ns: u64,
    /// The same in seconds since 1970.
    pub(crate) arrived_unix_s: u64,
}

impl Output {
    /// Milliseconds from the request to the first token.
    pub(crate) fn first_byte_ms(&self) -> u64 {
        (self.flow.start - self.arrived_ns) / 1_000_000
    }

    /// Milliseconds from the request to the last token.
    pub(crate) fn latency_ms(&self) -> u64 {
        (self.flow.end - self.arrived_ns) / 1_000_000
    }
}

/// One step of a streamed answer. A dialect may write several events for it, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// The message begins.
    Start,
    /// The block with this index begins.
    BlockStart(usize),
    /// `part` is added to the block with this index.
    Delta { index: usize, part: &'a str },
    /// The block with this index is whole.
    BlockStop(usize),
    /// Why it stopped, and what it used.
    Result,
    /// The message is whole.
    Stop,
    /// It breaks off with an error.
    Error,
}
