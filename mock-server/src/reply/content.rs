//! What an answer consists of, before anyone writes it down.

use ground::usage::Usage;

/// What an answer tells about itself beside its content.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    /// The resolved model id.
    pub(crate) model: String,
    pub(crate) stop: Stop,
    pub(crate) usage: Usage,
    /// Output tokens spent on thinking; none if the model did not think.
    pub(crate) thinking_tokens: Option<u64>,
    /// `standard`, or `batch` inside a batch.
    pub(crate) service_tier: &'static str,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    EndTurn,
    MaxTokens,
    ModelContextWindowExceeded,
    ToolUse,
    Refusal,
    PauseTurn,
    /// The text that was to stop it.
    Sequence(String),
}

/// A content block of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Thinking {
        /// What is shown of it; empty if the request wants it omitted.
        shown: String,
        signature: String,
    },
    Tool {
        id: String,
        name: String,
        /// The input object as JSON; empty if it was cut.
        input: String,
        /// As much of the input as there was room for, if it was cut: what a stream spells.
        partial: Option<String>,
    },
    /// The call of a tool that the API runs itself.
    ServerTool {
        id: String,
        name: &'static str,
        /// The input object as JSON.
        input: String,
    },
    /// What such a tool found: the block as JSON.
    Result(String),
}

impl Content {
    /// What a stream's deltas spell.
    pub(crate) fn written(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Thinking { shown, .. } => shown,
            Self::Tool { input, partial, .. } => partial.as_deref().unwrap_or(input),
            Self::ServerTool { input, .. } => input,
            Self::Result(_) => "",
        }
    }
}
