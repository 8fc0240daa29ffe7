//! What CloudWatch would show of a function: its log group as JSON lines, written by simulated runs, by `serve` and by real
//! handlers alike, and read again by pattern, by time, and for what it all cost.

pub use cost::Cost;
pub use filter::Filter;
pub use function::FunctionLog;
pub use group::LogGroup;
pub use read::{Event, last, read};

pub(super) use function::Outcome;
pub(super) use group::{identity, stream};

mod cost;
mod filter;
mod function;
mod group;
pub(super) mod lines;
mod read;
