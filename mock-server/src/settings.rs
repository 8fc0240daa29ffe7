//! What a mock can be told: its settings, its behaviour, the file that holds both, and every mistake
//! in them.

mod check;
mod config;
mod error;
mod file;
mod options;

pub use config::Config;
pub use error::ConfigError;
pub use file::{Settings, schema};
pub use options::{Capacity, Options, OutputAccounting};
