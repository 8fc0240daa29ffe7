//! What keeps the gate from a verdict, with the way out.

use serde::Serialize;

/// Why there can be no verdict, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// The reason.
    pub why: String,
    /// A command or an action.
    pub mend: String,
}

impl Obstacle {
    pub(super) fn new(why: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            mend: mend.into(),
        }
    }
}
