//! Which clock a run uses. The clock chooses the runtime and the route together, because sockets
//! under a paused clock time out falsely, and a wall clock without sockets measures nothing.

use std::time::Duration;

use ground::timeline::{Timeline, VIRTUAL_EPOCH_UNIX_S};

use crate::record::ClockKind;

/// Longest virtual run: a run that is still going then has deadlocked.
const VIRTUAL_PATIENCE: Duration = Duration::from_secs(3650 * 24 * 3600);

/// Virtual or real time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clock {
    /// Simulated time on one thread: exact, repeatable, as fast as the machine allows.
    Virtual,
    /// Wall time over loopback sockets, every duration divided by `speed`.
    Real {
        /// Simulated seconds per wall second.
        speed: f64,
    },
}

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The operating system refused.
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
    /// Nothing was left to do, but the run had not ended.
    #[error("the run stood still: no task could go on within ten simulated years")]
    Deadlock,
}

impl Clock {
    /// Runs the future that `make` builds to its end, and says how long that took by the wall.
    ///
    /// # Errors
    /// When the runtime cannot start, or a virtual run stands still.
    pub fn run<F: Future>(
        self,
        make: impl FnOnce(Timeline) -> F,
    ) -> Result<(F::Output, Duration), ClockError> {
        let wall = Stopwatch::start();
        let output = match self {
            // No IO driver: a socket call under the paused clock then panics at once instead of
            // timing out falsely.
            Self::Virtual => tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .map_err(ClockError::Runtime)?
                .block_on(async {
                    let work = make(Timeline::start_virtual());
                    tokio::time::timeout(VIRTUAL_PATIENCE, work)
                        .await
                        .map_err(|_| ClockError::Deadlock)
                })?,
            Self::Real { speed } => tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(ClockError::Runtime)?
                .block_on(async { make(Timeline::start(speed, VIRTUAL_EPOCH_UNIX_S)).await }),
        };
        Ok((output, wall.elapsed()))
    }

    /// The name and speed that go into the record.
    #[must_use]
    pub fn describe(self) -> (ClockKind, f64) {
        match self {
            Self::Virtual => (ClockKind::Virtual, 1.0),
            Self::Real { speed } => (ClockKind::Real, speed),
        }
    }
}

/// Wall time, for the one figure that is about this machine and not about the simulation.
#[derive(Debug)]
#[expect(
    clippy::disallowed_types,
    reason = "wall_s reports how long the simulation itself took"
)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts counting.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "wall_s reports how long the simulation itself took"
    )]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Wall time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_virtual_minutes_pass_at_once() {
        let fifty_minutes = Duration::from_secs(3000);
        let (now, wall) = Clock::Virtual
            .run(|timeline| async move {
                timeline.sleep(fifty_minutes).await;
                timeline.now()
            })
            .unwrap();
        assert_eq!(now, fifty_minutes);
        assert!(wall < Duration::from_secs(60));
    }

    #[test]
    fn a_virtual_deadlock_is_an_error_and_not_a_hang() {
        let stuck = Clock::Virtual.run(|_| std::future::pending::<()>());
        assert!(matches!(stuck, Err(ClockError::Deadlock)));
    }
}
