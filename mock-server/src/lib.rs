//! A mock of the Claude Messages API that behaves like the service, not like a stub: rate limits,
//! latency, prices and faults on one simulated timeline, in process or behind a socket.
//!
//! [`MockClaude::answer`] answers a request in process, [`serve`] behind a listener. What it is made
//! of stands in the crate `ground`: models, prices, limits, faults and the [`ground::ledger`].
//!
//! Rooms, each of which imports only those below it:
//!
//! ```text
//! cli        the program (feature `cli`)
//! server     sockets, and the control listener (feature `control`)
//! api        from a request to a response that takes its time; one folder a dialect
//! state      what it remembers: limits in use, attempts under way, ledger, prompt cache, batches
//! settings   what it can be told
//! reply      what is answered
//! request    what is asked
//! author     values that are valid against a JSON Schema
//! fault      what goes wrong on purpose
//! limits     how much may be asked
//! ```

#[cfg(feature = "cli")]
pub mod cli;

mod api;
mod author;
mod fault;
mod limits;
mod reply;
mod request;
mod server;
mod settings;
mod state;

pub use api::{MockClaude, ReplyBody};
pub use fault::{Hangup, Phase};
pub use limits::Ramp;
pub use reply::{AnswerRule, RecordedLatency, ScriptedUsage, StopReason, ToolCall};
#[cfg(feature = "control")]
pub use server::control;
pub use server::serve;
pub use settings::{Capacity, Config, ConfigError, Options, OutputAccounting, Settings, schema};
pub use state::{Called, Lateness, Level, LimitLevels, Snapshot, Spent, verdict};
