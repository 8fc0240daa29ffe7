//! The machine that real time was measured on.

use serde::{Deserialize, Serialize};

/// What a measurement over real sockets depends on. Simulated time depends on no machine, so a virtual run has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Operating system, e.g. `linux`.
    pub os: String,
    /// Processor architecture, e.g. `x86_64`.
    pub arch: String,
    /// Processors that this process may use.
    pub cpus: usize,
    /// False for a debug build, whose times are its own.
    pub optimised: bool,
}

impl Host {
    /// This machine and this build.
    #[must_use]
    pub fn here() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            optimised: !cfg!(debug_assertions),
        }
    }
}
