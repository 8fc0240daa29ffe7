//! How a document is asked about: in which parts, and what each is expected to use.

use std::sync::Arc;

use super::chunk::{self, Budget, Chunk};
use super::outline::{self, Grain, Outline, Reading};
use super::pace::Cost;
use super::policy::{Policy, Settings};
use super::{Document, prompt};
use crate::record::Protection;

/// Share of `max_tokens` that a chunk's expected answer may fill: estimates are not exact.
const ANSWER_FILL: f64 = 0.8;

/// Smallest bound on a chunk that a limit leads to: below it calls would carry more instructions than
/// code, and cuts would go through the lines that people write.
const MIN_CHUNK_BYTES: usize = 2_000;

/// What one call is expected to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallEstimate {
    /// Tokens of the question.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Definitions that it has to document.
    pub definitions: u64,
}

/// How a document is asked about.
#[derive(Debug)]
pub(super) struct Plan {
    /// Its parts.
    pub(super) chunks: Vec<Chunk>,
    /// What it defines, if that was looked at as a whole.
    pub(super) outline: Option<Arc<Outline>>,
}

impl Policy {
    /// The calls that `document` needs if nothing goes wrong and nothing is cached, when its
    /// definitions are read by grammar.
    #[must_use]
    pub fn calls(&self, document: &Document) -> Vec<CallEstimate> {
        let plan = plan(self, Reading::Grammar, document, None);
        plan.chunks
            .iter()
            .map(|chunk| estimate(&self.settings, document, chunk))
            .collect()
    }
}

/// The parts in which `document` is asked about, under a limit of input tokens a minute.
pub(super) fn plan(
    policy: &Policy,
    reading: Reading,
    document: &Document,
    input_limit: Option<u64>,
) -> Plan {
    let Document { path, content } = document;
    let budget = budget(&policy.settings, input_limit);
    if !policy.has(Protection::Chunking) {
        return Plan {
            chunks: vec![chunk::whole(content, None)],
            outline: None,
        };
    }
    let outline = match reading {
        Reading::Lines => None,
        Reading::Grammar => {
            let grain = Grain {
                lines: budget.lines / 4,
                bytes: budget.bytes / 4,
            };
            Some(Arc::new(outline::read(path, content, grain)))
        }
    };
    Plan {
        chunks: chunk::split(path, content, outline.as_deref(), &budget),
        outline,
    }
}

fn budget(settings: &Settings, input_limit: Option<u64>) -> Budget {
    // Half of what a minute allows: one call must not block all others.
    let tokens = input_limit.map_or(settings.chunk_tokens, |limit| {
        settings.chunk_tokens.min(limit / 2)
    });
    let bytes = tokens as f64 * settings.bytes_per_token;
    let answer = settings.max_tokens as f64 * ANSWER_FILL;
    Budget {
        lines: settings.chunk_lines.max(1),
        bytes: (bytes as usize)
            .saturating_sub(prompt::FRAME_BYTES)
            .max(MIN_CHUNK_BYTES),
        definitions: ((answer / settings.tokens_per_definition.max(1) as f64) as usize).max(1),
    }
}

/// The same for people to read.
pub(super) fn estimate(settings: &Settings, document: &Document, chunk: &Chunk) -> CallEstimate {
    let Cost { input, output } = cost(settings, document, chunk);
    CallEstimate {
        input_tokens: input,
        output_tokens: output,
        definitions: chunk.definitions as u64,
    }
}

/// What asking about `chunk` is expected to take.
pub(super) fn cost(settings: &Settings, document: &Document, chunk: &Chunk) -> Cost {
    let bytes = prompt::FRAME_BYTES
        + prompt::extra_bytes(chunk, settings)
        + document.path.len()
        + chunk.context.len()
        + chunk.range.len();
    let answer = (chunk.definitions as u64 + 1) * settings.tokens_per_definition;
    Cost {
        input: (bytes as f64 / settings.bytes_per_token.max(0.1)).ceil() as u64,
        output: answer.min(settings.max_tokens),
    }
}
