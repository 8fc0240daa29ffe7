//! Where the service runs: the gateway before it, cold starts, instances and the time limit that
//! kills work.
//!
//! ```
//! use std::time::Duration;
//!
//! use breaklab::platform::{Preset, Settings};
//!
//! let settings = Settings {
//!     preset: Preset::Ecs,
//!     ..Settings::default()
//! };
//! assert_eq!(settings.resolve().time_limit, None);
//! // Unless told otherwise, work is killed as the chapter's Lambda kills it.
//! let lambda = Settings::default().resolve();
//! assert_eq!(lambda.time_limit, Some(Duration::from_secs(300)));
//! ```

pub use cold_starts::Runtime;
pub use failure::Failure;
pub use fleet::{Admission, Fleet};
pub use gateway::Gateway;
pub use guard::Guard;
pub use http::serve;
pub use service::Service;
pub use settings::{ColdStart, MAX_TIME_LIMIT_S, MEMORY_MB, Platform, Preset, Settings};

pub mod cloudwatch;
mod cold_starts;
mod failure;
mod fleet;
pub mod gateway;
mod guard;
pub mod http;
mod jobs;
pub mod lambda;
pub mod log;
mod meter;
mod prices;
mod service;
mod settings;
