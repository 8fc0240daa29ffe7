//! The one clock of a run: simulated time, which may be virtual or a sped-up real one.
//!
//! All durations in settings, headers and ledgers are *simulated*. On a paused Tokio runtime
//! simulated time is the runtime's own; over real sockets it runs `speed` times as fast as the
//! wall clock. Nothing else in the workspace may read a clock.

use std::time::Duration;

use tokio::time::Instant;

/// 2026-01-01T00:00:00Z, the calendar moment at which virtual runs begin.
pub const VIRTUAL_EPOCH_UNIX_S: u64 = 1_767_225_600;

/// Simulated time since a fixed origin. Copies share the origin.
#[derive(Debug, Clone, Copy)]
pub struct Timeline {
    origin: Instant,
    /// Simulated time at `origin`.
    began: Duration,
    speed: f64,
    epoch_unix_s: u64,
}

impl Timeline {
    /// Starts at zero now. `speed` is simulated seconds per second of the runtime's clock
    /// (1 in virtual time); `epoch_unix_s` is the calendar time of the origin, used in headers.
    ///
    /// # Panics
    /// Outside a Tokio runtime, or when `speed` is not a positive finite number.
    #[must_use]
    pub fn start(speed: f64, epoch_unix_s: u64) -> Self {
        assert_positive(speed);
        Self {
            origin: Instant::now(),
            began: Duration::ZERO,
            speed,
            epoch_unix_s,
        }
    }

    /// The same simulated moment, from which on time runs at another speed.
    ///
    /// # Panics
    /// When `speed` is not a positive finite number.
    #[must_use]
    pub fn at_speed(&self, speed: f64) -> Self {
        assert_positive(speed);
        let origin = Instant::now();
        Self {
            origin,
            began: self.began + self.simulated(origin - self.origin),
            speed,
            ..*self
        }
    }

    /// A timeline for virtual runs: speed 1 from [`VIRTUAL_EPOCH_UNIX_S`].
    #[must_use]
    pub fn start_virtual() -> Self {
        Self::start(1.0, VIRTUAL_EPOCH_UNIX_S)
    }

    /// Simulated time since the origin.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.began + self.simulated(self.origin.elapsed())
    }

    /// Simulated seconds per runtime second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Calendar time of the simulated moment `at`, in whole seconds since 1970, rounded up.
    #[must_use]
    pub fn unix_s(&self, at: Duration) -> u64 {
        self.epoch_unix_s + at.as_secs() + u64::from(at.subsec_nanos() > 0)
    }

    /// Calendar time of the simulated moment `at`, in milliseconds since 1970, rounded down.
    #[must_use]
    pub fn unix_ms(&self, at: Duration) -> u64 {
        self.epoch_unix_s * 1000 + at.as_millis() as u64
    }

    /// Waits until the simulated moment `at`; returns at once when it has passed.
    pub async fn sleep_until(&self, at: Duration) {
        tokio::time::sleep_until(self.instant(at)).await;
    }

    /// The runtime's instant of the simulated moment `at`.
    #[must_use]
    pub fn instant(&self, at: Duration) -> Instant {
        self.origin + self.runtime(at.saturating_sub(self.began))
    }

    /// Waits for `duration` of simulated time.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(self.runtime(duration)).await;
    }

    /// Runs `work` for at most `duration` of simulated time; `None` when the time was up, in
    /// which case `work` has been dropped.
    pub async fn timeout<F: Future>(&self, duration: Duration, work: F) -> Option<F::Output> {
        tokio::time::timeout(self.runtime(duration), work)
            .await
            .ok()
    }

    /// The runtime's duration that equals `simulated`.
    #[must_use]
    pub fn runtime(&self, simulated: Duration) -> Duration {
        // A division by exactly 1.0 would still round through f64 and lose nanoseconds.
        if self.speed == 1.0 {
            simulated
        } else {
            simulated.div_f64(self.speed)
        }
    }

    fn simulated(&self, runtime: Duration) -> Duration {
        if self.speed == 1.0 {
            runtime
        } else {
            runtime.mul_f64(self.speed)
        }
    }
}

fn assert_positive(speed: f64) {
    assert!(
        speed.is_finite() && speed > 0.0,
        "speed must be positive, not {speed}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_speed_of_twenty_makes_twenty_seconds_pass_in_one() {
        let timeline = Timeline::start(20.0, 0);
        let before = Instant::now();
        timeline.sleep(Duration::from_secs(20)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(1));
        assert_eq!(timeline.now(), Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn another_speed_goes_on_from_the_same_moment() {
        let slow = Timeline::start(2.0, 0);
        slow.sleep(Duration::from_secs(10)).await;
        let fast = slow.at_speed(10.0);
        assert_eq!(fast.now(), slow.now());
        let before = Instant::now();
        fast.sleep_until(Duration::from_secs(110)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(10));
        assert_eq!(fast.now(), Duration::from_secs(110));
    }

    #[tokio::test(start_paused = true)]
    async fn work_past_its_time_is_dropped() {
        let timeline = Timeline::start_virtual();
        let done = timeline
            .timeout(
                Duration::from_secs(1),
                timeline.sleep(Duration::from_secs(2)),
            )
            .await;
        assert!(done.is_none());
        assert_eq!(timeline.now(), Duration::from_secs(1));
    }
}
