//! Carries a plan out: sends at the planned moments, hands on what comes back, stops when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use mock_claude::timeline::Timeline;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::{Arrivals, Load, Slot, schedule};

/// A request to stop early, shared by everybody who should.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(AtomicBool, Notify)>);

impl Stop {
    /// Asks all to stop.
    pub fn stop(&self) {
        self.0.0.store(true, Ordering::SeqCst);
        self.0.1.notify_waiters();
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Returns when somebody has asked.
    pub async fn stopped(&self) {
        let notified = self.0.1.notified();
        if !self.is_stopped() {
            notified.await;
        }
    }
}

/// Carries the plan out: calls `send` for each slot at its moment and hands every result to
/// `sink`, in the order in which they end. `files_at_once` is the width of a job. Returns how many
/// were sent; once stopped, nothing more is.
pub async fn drive<S, F, T>(
    load: &Load,
    files_at_once: usize,
    timeline: Timeline,
    stop: &Stop,
    send: S,
    mut sink: impl FnMut(T),
) -> u64
where
    S: Fn(Slot) -> F + Clone + Send + 'static,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut sent = 0;
    for round in 0..load.rounds {
        if round > 0 {
            timeline.sleep(Duration::from_secs_f64(load.rest_s)).await;
        }
        if stop.is_stopped() {
            break;
        }
        let first = round * load.requests;
        let workers = match load.arrivals {
            Arrivals::Closed => load.workers.map(|workers| workers / load.share.of as usize),
            Arrivals::Job => Some(files_at_once),
            _ => None,
        };
        sent += match workers {
            Some(workers) => closed(load, first, workers, timeline, stop, &send, &mut sink).await,
            None => open(load, round, timeline, stop, &send, &mut sink).await,
        };
    }
    sent
}

async fn open<S, F, T>(
    load: &Load,
    round: u64,
    timeline: Timeline,
    stop: &Stop,
    send: &S,
    sink: &mut impl FnMut(T),
) -> u64
where
    S: Fn(Slot) -> F,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = timeline.now();
    let mut running = JoinSet::new();
    let mut sent = 0;
    let indices = round * load.requests..;
    for (index, moment) in indices.zip(schedule::Moments::of(load, round)) {
        if !load.share.holds(index) {
            continue;
        }
        let scheduled = start + moment;
        // Polling the running ones while waiting hands their results on as they end.
        let wait = timeline.sleep_until(scheduled);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                biased;
                Some(done) = running.join_next() => sink(finished(done)),
                () = &mut wait => break,
            }
        }
        if stop.is_stopped() {
            break;
        }
        running.spawn(send(Slot { index, scheduled }));
        sent += 1;
    }
    while let Some(done) = running.join_next().await {
        sink(finished(done));
    }
    sent
}

async fn closed<S, F, T>(
    load: &Load,
    first: u64,
    workers: usize,
    timeline: Timeline,
    stop: &Stop,
    send: &S,
    sink: &mut impl FnMut(T),
) -> u64
where
    S: Fn(Slot) -> F + Clone + Send + 'static,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let next = Arc::new(AtomicU64::new(0));
    let (results, mut ended) = mpsc::channel(workers.max(1));
    let mut running = JoinSet::new();
    for _ in 0..workers.clamp(1, usize::try_from(load.requests).unwrap_or(usize::MAX)) {
        let (next, results, send, stop) = (
            Arc::clone(&next),
            results.clone(),
            send.clone(),
            stop.clone(),
        );
        let (requests, share) = (load.requests, load.share);
        running.spawn(async move {
            while !stop.is_stopped() {
                let index = first + next.fetch_add(1, Ordering::SeqCst);
                if index >= first + requests {
                    break;
                }
                if !share.holds(index) {
                    continue;
                }
                let done = send(Slot {
                    index,
                    scheduled: timeline.now(),
                })
                .await;
                if results.send(done).await.is_err() {
                    break;
                }
            }
        });
    }
    drop(results);
    let mut sent = 0;
    while let Some(done) = ended.recv().await {
        sent += 1;
        sink(done);
    }
    while let Some(worker) = running.join_next().await {
        finished(worker);
    }
    sent
}

/// A panic in a request is our own bug, so it goes on as one.
fn finished<T>(done: Result<T, tokio::task::JoinError>) -> T {
    match done {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
