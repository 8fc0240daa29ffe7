//! The four things that the gate can say.

use serde::Serialize;

/// What the gate says of a rule, or of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Shown to hold.
    Passed,
    /// Nothing to judge here, e.g. a latency where nothing was answered in either run.
    NotApplicable,
    /// It cannot be told; the reason says what would mend that.
    CannotTell,
    /// Shown not to hold.
    Failed,
}

impl Verdict {
    /// The word that people read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotApplicable => "not applicable",
            Self::CannotTell => "cannot tell",
            Self::Failed => "FAILED",
        }
    }
}
