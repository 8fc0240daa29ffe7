//! Why a run could not take place.

use crate::clock::ClockError;

/// Why a run could not take place.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The clock.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The mock refused its settings.
    #[error("the mock server cannot start")]
    Mock(#[from] mock_claude::ConfigError),
    /// A loopback socket could not be opened.
    #[error("cannot listen on a loopback port")]
    Listen(#[source] std::io::Error),
    /// The HTTP client could not be made.
    #[error("cannot make an HTTP client: {0}")]
    Client(String),
}
