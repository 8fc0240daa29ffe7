//! What is answered: texts with proof tokens, thinking, calls of tools, ids, and how long it takes.

pub(crate) mod ids;

mod choice;
mod content;
mod document;
mod fill;
mod latency;
mod prompt;
mod script;
mod thinking;
mod tools;
mod write;

pub(crate) use choice::{Choice, choose};
pub(crate) use content::{Content, Envelope, Stop};
pub use latency::RecordedLatency;
pub(crate) use latency::{Latencies, MAX_DELTAS};
pub use script::{AnswerRule, ScriptedUsage, StopReason, ToolCall};
pub(crate) use script::{RuleMistake, Script, never_matches};
pub(crate) use thinking::forged as forged_thinking;
pub(crate) use write::write;
