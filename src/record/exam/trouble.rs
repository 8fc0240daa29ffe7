//! What goes wrong in a case on purpose, and whether a service met it.

use serde::{Deserialize, Serialize};

/// What goes wrong with a call on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// An error with this status.
    Status(u16),
    /// The connection is lost before the answer.
    LostBefore,
    /// The connection is lost in the middle of the answer.
    LostWithin,
    /// The answer's JSON, or its stream of events, breaks off, and the connection ends well.
    BrokenOff,
    /// No byte of an answer ever comes.
    NoAnswer,
    /// The answer is cut at fewer tokens than were asked for.
    Cut,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::LostBefore => f.write_str("a connection lost before the answer"),
            Self::LostWithin => f.write_str("a connection lost in the answer"),
            Self::BrokenOff => f.write_str("an answer that breaks off"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::Cut => f.write_str("an answer cut at max_tokens"),
        }
    }
}

/// Trouble that a case holds ready for the calls about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// Whose calls.
    pub file: usize,
    /// What goes wrong with them.
    pub trouble: Trouble,
    /// How many calls met it. What nobody met proves nothing.
    pub met: u64,
}
