//! Why an examination cannot begin.

use mock_claude::ConfigError;

/// Why an examination could not take place.
#[derive(Debug, thiserror::Error)]
pub enum ExaminerError {
    /// The endpoint is no URL.
    #[error("{0}")]
    Endpoint(String),
    /// The mock refused its settings.
    #[error("the mock server cannot start")]
    Mock(#[from] ConfigError),
    /// Secrets cannot be drawn.
    #[error("the system gives no random numbers: {0}")]
    Chance(String),
}
