//! The mock of an examination, well and ill: for each thing that can go wrong one that always fails so.

use ground::fault::{FaultKind, FaultRule};
use ground::timeline::Timeline;
use mock_claude::{Config, ConfigError, MockClaude};

use crate::record::exam::Trouble;

/// One mock for each way to answer. They share their secret.
#[derive(Debug, Clone)]
pub(in crate::examiner) struct Mocks {
    config: Config,
    pub(super) healthy: MockClaude,
    limited: MockClaude,
    ailing: MockClaude,
    late: MockClaude,
    overloaded: MockClaude,
    lost_before: MockClaude,
    lost_within: MockClaude,
    broken_off: MockClaude,
}

impl Mocks {
    /// # Errors
    /// When the mock refuses `config`.
    pub(in crate::examiner) fn new(
        config: &Config,
        timeline: Timeline,
    ) -> Result<Self, ConfigError> {
        let mock = |kind: Option<FaultKind>| {
            let faults = kind.map(FaultRule::always).into_iter().collect();
            let config = Config {
                faults,
                ..config.clone()
            };
            MockClaude::new(config, timeline)
        };
        Ok(Self {
            config: config.clone(),
            healthy: mock(None)?,
            limited: mock(Some(FaultKind::RateLimit))?,
            ailing: mock(Some(FaultKind::ServerError))?,
            late: mock(Some(FaultKind::TimeoutError))?,
            overloaded: mock(Some(FaultKind::Overloaded))?,
            lost_before: mock(Some(FaultKind::Reset))?,
            lost_within: mock(Some(FaultKind::TruncateStream))?,
            broken_off: mock(Some(FaultKind::TruncateStreamClean))?,
        })
    }

    /// One that obeys `rules` from now on.
    ///
    /// # Errors
    /// When the mock refuses them.
    pub(super) fn obeying(&self, rules: Vec<FaultRule>) -> Result<MockClaude, ConfigError> {
        let config = Config {
            faults: rules,
            ..self.config.clone()
        };
        MockClaude::new(config, Timeline::start(1.0, 0))
    }

    /// The one that refuses with `status`, where the API itself does.
    pub(super) fn refusing(&self, status: u16) -> Option<&MockClaude> {
        match status {
            429 => Some(&self.limited),
            500 => Some(&self.ailing),
            504 => Some(&self.late),
            529 => Some(&self.overloaded),
            _ => None,
        }
    }

    /// The one whose answers have this trouble.
    pub(super) fn with(&self, trouble: Trouble) -> &MockClaude {
        match trouble {
            Trouble::LostBefore => &self.lost_before,
            Trouble::LostWithin => &self.lost_within,
            Trouble::BrokenOff => &self.broken_off,
            Trouble::Status(_) | Trouble::NoAnswer | Trouble::Cut => &self.healthy,
        }
    }
}
