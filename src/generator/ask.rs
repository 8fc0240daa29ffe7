//! Asking about one chunk, and again about what the answer left open.

use futures_util::future::join_all;

use crate::claude::StopReason;
use crate::record::Protection;

use super::answer;
use super::assemble::{Gap, Part};
use super::chunk::{self, Chunk};
use super::complete::{self, Stretch};
use super::error::GenerateError;
use super::{Inner, Task, Written};

/// Whether a question was answered before, but not well enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    First,
    Again,
}

impl Asking {
    /// What tells the answers to both apart.
    pub(super) fn mark(self) -> &'static [u8] {
        match self {
            Self::First => b"",
            Self::Again => b"again",
        }
    }
}

impl Inner {
    /// Asks about one chunk. With chunking, what the answer leaves out is asked for again, alone.
    pub(super) async fn ask(&self, task: &Task<'_>, chunk: &Chunk) -> Written {
        if let Some(stretches) = self.known(task, chunk) {
            return Box::pin(self.complete(task, stretches, true)).await;
        }
        let message = self.call(task, chunk, Asking::First).await?;
        if message.stop_reason == StopReason::Refusal {
            return Err(GenerateError::Declined);
        }
        let cut_off = matches!(
            message.stop_reason,
            StopReason::MaxTokens | StopReason::ContextWindow
        );
        if !self.policy.has(Protection::Chunking) {
            return Ok(self.unchecked(chunk, message.text, cut_off));
        }
        let view = task.view();
        match complete::check(view, chunk, &message.text, cut_off) {
            Some(stretches) => {
                let stretches = complete::named(stretches, view);
                Box::pin(self.complete(task, stretches, cut_off)).await
            }
            None if !cut_off => {
                self.keep_entries(task, chunk, &message.text);
                Ok(vec![Part::Text(message.text.into())])
            }
            None => match chunk::halve(view.path, view.source, view.outline, chunk) {
                Some(halves) => Box::pin(self.parts(task, halves)).await,
                None if self.policy.has(Protection::PartialResults) => {
                    Ok(self.unchecked(chunk, message.text, cut_off))
                }
                None => Err(self.truncated()),
            },
        }
    }

    /// The answer as it came. Without partial results nobody looks whether it was cut off: it
    /// passes as whole, which is what breaks the naive service.
    fn unchecked(&self, chunk: &Chunk, text: String, cut_off: bool) -> Vec<Part> {
        if !cut_off {
            return vec![Part::Text(text.into())];
        }
        let mut parts = vec![Part::Unfinished(text.into())];
        if self.policy.has(Protection::PartialResults) {
            parts.push(Part::Missing(gap(chunk, &self.truncated())));
        }
        parts
    }

    fn truncated(&self) -> GenerateError {
        GenerateError::Truncated {
            max_tokens: self.policy.settings.max_tokens,
        }
    }

    /// Fills in what an answer left open. The `rest` behind a cut-off, or between what was known, is
    /// asked about like any chunk; what was left out or said twice for no reason is asked for once.
    async fn complete(&self, task: &Task<'_>, stretches: Vec<Stretch>, rest: bool) -> Written {
        let partial = self.policy.has(Protection::PartialResults);
        let filled = join_all(stretches.into_iter().map(async |stretch| {
            let (chunk, doubtful) = match stretch {
                Stretch::Done(text) => return Ok(vec![Part::Text(text.into())]),
                Stretch::Open(chunk, doubtful) => (chunk, doubtful),
            };
            let outcome = if rest && doubtful.is_none() {
                self.chunk(task, &chunk).await
            } else {
                self.ask_once_more(task, &chunk).await
            };
            match outcome {
                Err(error) if partial => {
                    let doubtful = doubtful.map(|text| Part::Unfinished(text.into()));
                    let missing = Part::Missing(gap(&chunk, &error));
                    Ok(doubtful.into_iter().chain([missing]).collect())
                }
                outcome => outcome.map(within),
            }
        }))
        .await;
        let parts: Result<Vec<Vec<Part>>, GenerateError> = filled.into_iter().collect();
        Ok(parts?.concat())
    }

    async fn ask_once_more(&self, task: &Task<'_>, chunk: &Chunk) -> Written {
        let message = self.call(task, chunk, Asking::Again).await?;
        let cut_off = message.stop_reason != StopReason::EndTurn;
        let stretches = complete::check(task.view(), chunk, &message.text, cut_off);
        let Some(stretches) = stretches.filter(|_| !cut_off) else {
            return match (cut_off, self.policy.has(Protection::PartialResults)) {
                (false, _) => Ok(vec![Part::Text(message.text.into())]),
                (true, true) => Ok(self.unchecked(chunk, message.text, true)),
                (true, false) => Err(self.truncated()),
            };
        };
        // Asked twice, it says what it says: all of it is shown, and named for what it is.
        let parts = stretches.into_iter().flat_map(|stretch| match stretch {
            Stretch::Done(text) => vec![Part::Text(text.into())],
            Stretch::Open(open, text) => {
                let left_out = Part::Missing(gap(&open, &GenerateError::LeftOut));
                let text = text.map(|text| Part::Unfinished(text.into()));
                text.into_iter().chain([left_out]).collect()
            }
        });
        Ok(parts.collect())
    }
}

/// An answer that stands between others begins without a title.
fn within(mut parts: Vec<Part>) -> Vec<Part> {
    if let Some(Part::Text(text)) = parts.first_mut() {
        let first = answer::marked(text)
            .next()
            .map_or(0, |(_, range)| range.start);
        let is_title = |line: &str| line.trim().is_empty() || line.starts_with('#');
        if first > 0 && text[..first].lines().all(is_title) {
            *text = text[first..].into();
        }
    }
    parts
}

pub(super) fn gap(chunk: &Chunk, error: &GenerateError) -> Gap {
    Gap {
        from_line: chunk.first_line,
        to_line: chunk.last_line,
        why: error.to_string(),
    }
}
