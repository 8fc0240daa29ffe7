//! Where the service runs: the gateway before it, cold starts, instances and the time limit that
//! kills work.

pub use fleet::{Admission, Fleet};
pub use http::serve;
pub use service::{Failure, Service};
pub use settings::{Platform, Preset, Settings};

mod fleet;
pub mod http;
mod jobs;
pub mod log;
mod meter;
mod service;
mod settings;
