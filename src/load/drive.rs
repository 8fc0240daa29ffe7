//! Carries a plan out: sends at the planned moments and stops when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ground::timeline::Timeline;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::{Arrivals, Load, Slot, Stop, schedule};

/// Carries the plan out: lets `runtime` run what `send` makes of each slot at its moment, and waits
/// until all have ended; what came back is for `send` to keep. `files_at_once` is the width of a
/// job. Returns how many were sent; once stopped, nothing more is.
pub async fn drive<S, F>(
    load: &Load,
    files_at_once: usize,
    timeline: Timeline,
    stop: &Stop,
    runtime: &Handle,
    send: S,
) -> u64
where
    S: Fn(Slot) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let mut sent = 0;
    for number in 0..load.rounds {
        if number > 0 {
            let rest = timeline.now() + Duration::from_secs_f64(load.rest_s);
            wait_until(rest, timeline, stop).await;
        }
        if stop.is_stopped() {
            break;
        }
        let round = Round {
            load,
            number,
            timeline,
            stop,
            runtime,
        };
        sent += match load.arrivals {
            Arrivals::Closed { workers, .. } => {
                let workers = workers / load.share.of as usize;
                round.in_turn(workers, &send).await
            }
            Arrivals::Job => round.in_turn(files_at_once, &send).await,
            _ => round.as_due(&send).await,
        };
    }
    sent
}

/// Waits for the moment, or for somebody who wants to stop. What is due does not even yield: a driver
/// that is behind its schedule must not queue behind the requests that it has sent.
async fn wait_until(moment: Duration, timeline: Timeline, stop: &Stop) {
    if timeline.now() >= moment {
        return;
    }
    tokio::select! {
        biased;
        () = stop.stopped() => {}
        () = timeline.sleep_until(moment) => {}
    }
}

/// One round of a plan, and what carries it out.
struct Round<'a> {
    load: &'a Load,
    number: u64,
    timeline: Timeline,
    stop: &'a Stop,
    runtime: &'a Handle,
}

impl Round<'_> {
    /// Index of its first request.
    fn first(&self) -> u64 {
        self.number * self.load.requests
    }

    /// Sends each request at its moment, however the others fare.
    async fn as_due<S, F>(&self, send: &S) -> u64
    where
        S: Fn(Slot) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let start = self.timeline.now();
        let mut running = JoinSet::new();
        let mut sent = 0;
        let moments = schedule::Moments::of(self.load, self.number);
        for (index, moment) in (self.first()..).zip(moments) {
            if !self.load.share.holds(index) {
                continue;
            }
            let scheduled = start + moment;
            // A timer ticks once a millisecond: whatever is due at a tick is sent in one go.
            wait_until(scheduled, self.timeline, self.stop).await;
            if self.stop.is_stopped() {
                break;
            }
            running.spawn_on(send(Slot { index, scheduled }), self.runtime);
            sent += 1;
            // Frees what has ended, without being woken for each of them in between.
            while let Some(done) = running.try_join_next() {
                finished(done);
            }
        }
        while let Some(done) = running.join_next().await {
            finished(done);
        }
        sent
    }

    /// Lets `workers` clients ask, each again when it was answered.
    async fn in_turn<S, F>(&self, workers: usize, send: &S) -> u64
    where
        S: Fn(Slot) -> F + Clone + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let timeline = self.timeline;
        let (first, requests, share) = (self.first(), self.load.requests, self.load.share);
        let end = self.load.lasts().map(|lasts| timeline.now() + lasts);
        let next = Arc::new(AtomicU64::new(0));
        let sent = Arc::new(AtomicU64::new(0));
        let mut running = JoinSet::new();
        for _ in 0..workers.clamp(1, usize::try_from(requests).unwrap_or(usize::MAX)) {
            let (next, sent) = (Arc::clone(&next), Arc::clone(&sent));
            let (send, stop) = (send.clone(), self.stop.clone());
            let client = async move {
                while !stop.is_stopped() && end.is_none_or(|end| timeline.now() < end) {
                    let position = next.fetch_add(1, Ordering::Relaxed);
                    if position >= requests {
                        break;
                    }
                    let index = first + position;
                    if share.holds(index) {
                        let scheduled = timeline.now();
                        sent.fetch_add(1, Ordering::Relaxed);
                        send(Slot { index, scheduled }).await;
                    }
                }
            };
            running.spawn_on(client, self.runtime);
        }
        while let Some(worker) = running.join_next().await {
            finished(worker);
        }
        sent.load(Ordering::Relaxed)
    }
}

/// A panic in a request is our own bug, so it goes on as one.
fn finished(done: Result<(), tokio::task::JoinError>) {
    if let Err(error) = done {
        std::panic::resume_unwind(error.into_panic());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ground::timeline::Timeline;

    use super::super::Share;
    use super::*;

    fn load(arrivals: Arrivals) -> Load {
        Load {
            requests: 100,
            ..Load::new(arrivals)
        }
    }

    fn closed(workers: usize) -> Arrivals {
        Arrivals::Closed {
            workers,
            duration_s: None,
        }
    }

    /// What `note` says of each request, in the order in which they end.
    async fn carried_out<T: Send + 'static, F>(
        load: Load,
        files_at_once: usize,
        note: impl Fn(Timeline, Slot) -> F + Clone + Send + Sync + 'static,
    ) -> Vec<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let timeline = Timeline::start_virtual();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let send = move |slot: Slot| {
            let (noted, sink) = (note(timeline, slot), Arc::clone(&sink));
            async move {
                let noted = noted.await;
                sink.lock().unwrap().push(noted);
            }
        };
        let runtime = Handle::current();
        let stop = Stop::default();
        let sent = drive(&load, files_at_once, timeline, &stop, &runtime, send).await;
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(sent, seen.len() as u64);
        seen
    }

    /// Runs `load` against a service that takes one second; returns (scheduled, ended) in ms.
    async fn moments(load: Load, files_at_once: usize) -> Vec<(u64, u64)> {
        carried_out(load, files_at_once, |timeline, slot| async move {
            timeline.sleep(Duration::from_secs(1)).await;
            (
                slot.scheduled.as_millis() as u64,
                timeline.now().as_millis() as u64,
            )
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn a_spread_round_is_even_and_does_not_wait_for_answers() {
        let seen = moments(load(Arrivals::Spread { over_s: 60.0 }), 1).await;
        assert_eq!(seen.len(), 100);
        assert!(
            seen.iter()
                .enumerate()
                .all(|(n, &(scheduled, _))| scheduled == n as u64 * 600)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_moment() {
        let seen = moments(load(Arrivals::Burst), 1).await;
        assert!(
            seen.iter()
                .all(|&(scheduled, ended)| scheduled == 0 && ended == 1000)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn closed_clients_wait_for_their_answers() {
        let seen = moments(load(closed(4)), 1).await;
        assert_eq!(seen.last(), Some(&(24_000, 25_000)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_is_as_wide_as_the_mode_makes_it() {
        assert_eq!(
            moments(load(Arrivals::Job), 10).await.last(),
            Some(&(9_000, 10_000))
        );
        assert_eq!(
            moments(load(Arrivals::Job), 1).await.last(),
            Some(&(99_000, 100_000))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_follow_each_other_after_their_rest() {
        let plan = Load {
            rounds: 2,
            rest_s: 30.0,
            ..load(Arrivals::Burst)
        };
        let seen = moments(plan, 1).await;
        assert_eq!((seen[99].0, seen[100].0, seen.len()), (0, 31_000, 200));
    }

    #[tokio::test(start_paused = true)]
    async fn shares_are_disjoint_and_together_the_whole_schedule() {
        for arrivals in [Arrivals::Poisson { rate_per_s: 5.0 }, closed(6)] {
            let open = arrivals != closed(6);
            let whole = Load {
                seed: 3,
                ..load(arrivals)
            };
            let mut parts = Vec::new();
            for index in 0..3 {
                let part = Load {
                    share: Share { index, of: 3 },
                    ..whole.clone()
                };
                assert_eq!(part.check(), Ok(()));
                let seen = indices(part.clone()).await;
                assert_eq!(seen.len() as u64, part.offered());
                parts.extend(seen);
            }
            parts.sort_unstable();
            let mut all = indices(whole).await;
            all.sort_unstable();
            if open {
                assert_eq!(parts, all);
            } else {
                assert!(
                    parts
                        .iter()
                        .map(|(index, _)| index)
                        .eq(all.iter().map(|(index, _)| index))
                );
            }
        }
    }

    async fn indices(load: Load) -> Vec<(u64, Duration)> {
        carried_out(
            load,
            1,
            |_, slot| async move { (slot.index, slot.scheduled) },
        )
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn clients_in_turn_stop_asking_when_their_time_is_up() {
        let timed = load(closed(4)).lasting(Duration::from_millis(2500));
        let seen = moments(timed, 1).await;
        // Four clients ask at 0, 1 and 2 s; what they asked for then is waited for.
        assert_eq!((seen.len(), seen.last()), (12, Some(&(2000, 3000))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_noticed_while_the_next_request_is_far_away() {
        let timeline = Timeline::start_virtual();
        let plan = Load {
            requests: 2,
            ..Load::new(Arrivals::Constant { rate_per_s: 0.001 })
        };
        let stop = Stop::default();
        let send = |_| async {};
        let runtime = Handle::current();
        let drive = drive(&plan, 1, timeline, &stop, &runtime, send);
        let (sent, ()) = tokio::join!(drive, async {
            timeline.sleep(Duration::from_secs(1)).await;
            stop.stop();
        });
        assert_eq!((sent, timeline.now()), (1, Duration::from_secs(1)));
    }
}
