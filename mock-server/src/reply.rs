//! What is answered: texts with proof tokens, thinking, calls of tools, ids, and how long it takes.

pub(crate) mod ids;

mod content;
mod latency;
mod thinking;
mod tool;
mod write;

pub(crate) use content::{Content, Envelope, Stop};
pub use latency::RecordedLatency;
pub(crate) use latency::{Latencies, MAX_DELTAS};
pub(crate) use thinking::forged as forged_thinking;
pub(crate) use write::write;
