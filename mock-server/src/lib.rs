//! A mock of the Claude Messages API that behaves like the service, not like a stub: rate limits,
//! latency, prices and faults on one simulated timeline, in process or behind a socket.

pub mod cli;
pub mod control;
pub mod fault;
pub mod mix;
pub mod options;
pub mod prices;
pub mod profile;
pub mod proof;
pub mod serve;
pub mod settings;
pub mod symbols;
pub mod timeline;

mod attempt;
mod batches;
mod body;
mod browser;
mod bucket;
mod cache;
mod caller;
mod claude;
mod config;
pub mod endpoints;
mod error;
mod forced;
mod head_timer;
mod headers;
mod ids;
mod latency;
mod lateness;
mod ledger;
mod limits;
mod live;
mod messages;
mod models;
mod reply;
mod request;
mod shared;
mod stream;
mod thinking;
mod tool;
mod unescape;
mod validate;
pub mod verdict;
mod wire;

pub use body::{Hangup, ReplyBody};
pub use claude::MockClaude;
pub use config::{Config, ConfigError};
pub use fault::{FaultKind, FaultRule};
pub use ledger::{Ending, Ledger, Row, Totals};
pub use options::Options;
pub use request::REQUEST_OVERHEAD_TOKENS;
