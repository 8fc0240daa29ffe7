//! How a document is asked about: in which parts, and what each is expected to use.

use super::chunk::{self, Budget, Chunk};
use super::pace::Cost;
use super::policy::{Policy, Settings};
use super::{Document, prompt};
use crate::record::Protection;

/// Share of `max_tokens` that a chunk's expected answer may fill: estimates are not exact.
const ANSWER_FILL: f64 = 0.8;

/// What one call is expected to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallEstimate {
    /// Tokens of the question.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

impl Policy {
    /// The calls that `document` needs if nothing goes wrong and nothing is cached.
    #[must_use]
    pub fn calls(&self, document: &Document) -> Vec<CallEstimate> {
        let estimate = |chunk: &Chunk| {
            let Cost { input, output } = cost(&self.settings, document, chunk);
            CallEstimate {
                input_tokens: input,
                output_tokens: output,
            }
        };
        chunks(self, document, None).iter().map(estimate).collect()
    }
}

/// The parts in which `document` is asked about, under a limit of input tokens a minute.
pub(super) fn chunks(policy: &Policy, document: &Document, input_limit: Option<u64>) -> Vec<Chunk> {
    if !policy.has(Protection::Chunking) {
        return vec![chunk::whole(&document.content)];
    }
    let settings = &policy.settings;
    // Half of what a minute allows: one call must not block all others.
    let tokens = input_limit.map_or(settings.chunk_tokens, |limit| {
        settings.chunk_tokens.min(limit / 2)
    });
    let bytes = tokens as f64 * settings.bytes_per_token;
    let answer = settings.max_tokens as f64 * ANSWER_FILL;
    let budget = Budget {
        lines: settings.chunk_lines.max(1),
        bytes: (bytes as usize).saturating_sub(prompt::FRAME_BYTES).max(1),
        definitions: ((answer / settings.tokens_per_definition.max(1) as f64) as usize).max(1),
    };
    chunk::split(&document.path, &document.content, &budget)
}

/// What asking about `chunk` is expected to take.
pub(super) fn cost(settings: &Settings, document: &Document, chunk: &Chunk) -> Cost {
    let bytes = prompt::FRAME_BYTES + document.path.len() + chunk.context.len() + chunk.range.len();
    let answer = (chunk.definitions as u64 + 1) * settings.tokens_per_definition;
    Cost {
        input: (bytes as f64 / settings.bytes_per_token.max(0.1)).ceil() as u64,
        output: answer.min(settings.max_tokens),
    }
}
