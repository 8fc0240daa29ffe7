//! Examinations side by side: who is next, who is under way and for how long, and what came of each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

use crate::load::Stop;

/// Examinations mostly wait, so that a core carries several; measured to move no count.
pub(super) fn default_jobs() -> usize {
    3 * thread::available_parallelism().map_or(1, usize::from)
}

/// Those that have begun and not ended, with the moment when they began.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<BTreeMap<usize, Instant>>);

impl UnderWay {
    fn all(&self) -> MutexGuard<'_, BTreeMap<usize, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.all().len()
    }

    /// Who is under way for the longest time.
    pub(super) fn slowest(&self) -> Option<(usize, Duration)> {
        let all = self.all();
        let (at, began) = all.iter().min_by_key(|(_, began)| **began)?;
        Some((*at, began.elapsed()))
    }
}

/// Does `work` for 0 to `count` - 1, at most `jobs` at once and no more after a stop. `keep` hears of
/// each that has ended, in the order in which they end.
///
/// # Errors
/// What `keep` returns; then no more are begun.
pub(super) fn side_by_side<T: Send>(
    count: usize,
    jobs: usize,
    stop: &Stop,
    work: impl Fn(usize) -> T + Sync,
    mut keep: impl FnMut(usize, T, &UnderWay) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (next, under_way) = (AtomicUsize::new(0), UnderWay::default());
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for _ in 0..jobs.min(count) {
            let send = send.clone();
            scope.spawn(|| {
                let send = send;
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count || stop.is_stopped() {
                        return;
                    }
                    under_way.all().insert(at, Instant::now());
                    let done = work(at);
                    under_way.all().remove(&at);
                    // Who waits for it is gone when all has ended early.
                    let _gone = send.send((at, done));
                }
            });
        }
        drop(send);
        let kept = receive
            .into_iter()
            .try_for_each(|(at, done)| keep(at, done, &under_way));
        kept.inspect_err(|_| stop.stop())
    })
}
