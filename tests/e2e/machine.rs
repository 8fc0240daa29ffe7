//! What a test must know of a machine that may be busy: when something has happened there, and how
//! late it wakes whoever sleeps.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "processes and sockets take the time of the wall"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// No stall of a busy machine lasts as long: what has not happened by then never will.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until `holds`, which is looked at again and again.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "never happened: {what}");
        sleep(LOOK_EVERY);
    }
}

/// Measures how late this machine wakes a thread that sleeps, from its start to its end.
pub(crate) struct Lateness {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Lateness {
    pub(crate) fn start() -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let thread = spawn(move || {
            let mut seen = Vec::new();
            while !told.load(Ordering::Relaxed) {
                let began = Instant::now();
                sleep(LOOK_EVERY);
                seen.push(began.elapsed() - LOOK_EVERY);
            }
            seen
        });
        Self { ends, thread }
    }

    /// The 99th percentile.
    pub(crate) fn end(self) -> Duration {
        self.ends.store(true, Ordering::Relaxed);
        let mut seen = self.thread.join().unwrap();
        seen.sort_unstable();
        seen[seen.len() * 99 / 100]
    }
}
