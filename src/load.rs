//! When requests are sent. The moment of each request follows from the plan, not from how the
//! service feels, and latency is counted from that moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use mock_claude::timeline::Timeline;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

/// The `[load]` table of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Requests in one round.
    pub requests: u64,
    /// How they arrive.
    pub arrivals: Arrivals,
    /// `spread`: the time over which a round is spread evenly, in seconds.
    pub over_s: Option<f64>,
    /// `closed`: clients that each wait for their answer before they ask again.
    pub workers: Option<usize>,
    /// Rounds, one after the other.
    #[serde(default = "one")]
    pub rounds: u64,
    /// Pause between rounds, in seconds.
    #[serde(default)]
    pub rest_s: f64,
}

fn one() -> u64 {
    1
}

/// How the requests of a round arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// All in the same moment.
    Burst,
    /// Evenly over `over_s`.
    Spread,
    /// From `workers` clients, each of which asks again when it was answered.
    Closed,
    /// As one bulk job: the mode itself decides how many files it works on at once.
    Job,
}

/// A plan that cannot be carried out.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LoadError {
    /// Nothing to do.
    #[error("`load.requests` and `load.rounds` must be at least 1")]
    Nothing,
    /// `spread` needs its time.
    #[error(
        "`load.arrivals = \"spread\"` needs `over_s`, the seconds over which the requests are spread (0 or more)"
    )]
    SpreadWithoutTime,
    /// `closed` needs its clients.
    #[error("`load.arrivals = \"closed\"` needs `workers`, the number of clients (at least 1)")]
    ClosedWithoutWorkers,
    /// A pause is a length of time.
    #[error("`load.rest_s` must be 0 or more")]
    Rest,
}

/// One request to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Position in the schedule, from 0.
    pub index: u64,
    /// When it should start.
    pub scheduled: Duration,
}

impl Load {
    /// Checks that the plan can be carried out.
    ///
    /// # Errors
    /// Names the missing or impossible setting.
    pub fn check(&self) -> Result<(), LoadError> {
        let usable = |seconds: f64| seconds.is_finite() && seconds >= 0.0;
        match self.arrivals {
            _ if self.requests == 0 || self.rounds == 0 => Err(LoadError::Nothing),
            _ if !usable(self.rest_s) => Err(LoadError::Rest),
            Arrivals::Spread if !self.over_s.is_some_and(usable) => {
                Err(LoadError::SpreadWithoutTime)
            }
            Arrivals::Closed if self.workers.unwrap_or(0) == 0 => {
                Err(LoadError::ClosedWithoutWorkers)
            }
            _ => Ok(()),
        }
    }

    /// Requests of the whole plan.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.requests * self.rounds
    }

    /// The same story with `requests` requests in all: fewer in the one round, or more rounds.
    #[must_use]
    pub fn scaled_to(&self, requests: u64) -> Self {
        let per_round = self.requests.min(requests).max(1);
        Self {
            requests: per_round,
            rounds: requests.div_ceil(per_round),
            ..self.clone()
        }
    }

    /// The plan in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let requests = self.requests;
        let how = match self.arrivals {
            Arrivals::Burst => "at once".to_owned(),
            Arrivals::Spread => format!("over {} s", self.over_s.unwrap_or(0.0)),
            Arrivals::Closed => format!("from {} clients in turn", self.workers.unwrap_or(1)),
            Arrivals::Job => "as one job".to_owned(),
        };
        let rounds = if self.rounds > 1 {
            format!(", {} rounds", self.rounds)
        } else {
            String::new()
        };
        format!("{requests} requests {how}{rounds}")
    }

    /// Moments of a round of an open plan, from its start; `None` for closed plans.
    fn moment(&self, position: u64) -> Option<Duration> {
        match self.arrivals {
            Arrivals::Burst => Some(Duration::ZERO),
            Arrivals::Spread => {
                let over = Duration::from_secs_f64(self.over_s.unwrap_or(0.0));
                Some(over.mul_f64(position as f64 / self.requests as f64))
            }
            Arrivals::Closed | Arrivals::Job => None,
        }
    }
}

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
            Arrivals::Burst | Arrivals::Spread => None,
            Arrivals::Closed => load.workers,
            Arrivals::Job => Some(files_at_once),
        };
        sent += match workers {
            Some(workers) => closed(load, first, workers, timeline, stop, &send, &mut sink).await,
            None => open(load, first, timeline, stop, &send, &mut sink).await,
        };
    }
    sent
}

async fn open<S, F, T>(
    load: &Load,
    first: u64,
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
    for position in 0..load.requests {
        let scheduled = start + load.moment(position).unwrap_or_default();
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
        running.spawn(send(Slot {
            index: first + position,
            scheduled,
        }));
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
        let requests = load.requests;
        running.spawn(async move {
            while !stop.is_stopped() {
                let position = next.fetch_add(1, Ordering::SeqCst);
                if position >= requests {
                    break;
                }
                let done = send(Slot {
                    index: first + position,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(arrivals: Arrivals) -> Load {
        Load {
            requests: 100,
            arrivals,
            over_s: Some(60.0),
            workers: Some(4),
            rounds: 1,
            rest_s: 0.0,
        }
    }

    /// Runs `load` against a service that takes one second; returns (scheduled, ended) in ms.
    async fn moments(load: Load, files_at_once: usize) -> Vec<(u64, u64)> {
        let timeline = Timeline::start_virtual();
        let mut seen = Vec::new();
        let send = move |slot: Slot| async move {
            timeline.sleep(Duration::from_secs(1)).await;
            (
                slot.scheduled.as_millis() as u64,
                timeline.now().as_millis() as u64,
            )
        };
        drive(
            &load,
            files_at_once,
            timeline,
            &Stop::default(),
            send,
            |moment| seen.push(moment),
        )
        .await;
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn a_spread_round_is_even_and_does_not_wait_for_answers() {
        let seen = moments(load(Arrivals::Spread), 1).await;
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
        let seen = moments(load(Arrivals::Closed), 1).await;
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

    #[test]
    fn scaling_keeps_the_round_and_adds_rounds() {
        let plan = load(Arrivals::Spread);
        assert_eq!(plan.scaled_to(1000).rounds, 10);
        assert_eq!(plan.scaled_to(1000).offered(), 1000);
        assert_eq!(plan.scaled_to(7).offered(), 7);
    }

    #[test]
    fn a_plan_without_its_figure_says_which_is_missing() {
        let plan = Load {
            over_s: None,
            ..load(Arrivals::Spread)
        };
        assert_eq!(plan.check(), Err(LoadError::SpreadWithoutTime));
        let plan = Load {
            workers: None,
            ..load(Arrivals::Closed)
        };
        assert_eq!(plan.check(), Err(LoadError::ClosedWithoutWorkers));
    }
}
