//! A plain load on a service outside: when requests are sent, what comes back, nothing assumed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ground::timeline::{Timeline, VIRTUAL_EPOCH_UNIX_S};
use tokio::runtime::{Builder, Handle};

use super::client::Client;
use super::tally::{Outcome, SharedTally, Tally};
use super::target::Answer;
use super::{MAX_ROWS, RunError, Watch};
use crate::clock::{ClockError, Stopwatch};
use crate::corpus::{Findings, Source};
use crate::load::{self, Load, Slot, Stop};
use crate::platform::http;
use crate::record::{Attempts, OUTSIDE, Run, Setting, UNKNOWN};

/// A load on a service that offers `POST /document`.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Base URL, e.g. `http://127.0.0.1:8080`.
    pub url: reqwest::Url,
    /// When requests are sent.
    pub load: Load,
    /// Documents, taken in turn; at least one.
    pub documents: Vec<Source>,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// SHA-256 of the settings, hexadecimal.
    pub digest: String,
}

impl Endpoint {
    /// Carries the load out in real time and tells `watch` of it. Returns the facts, the wall time, and the first scheduled
    /// moment and the last ending in milliseconds.
    ///
    /// # Errors
    /// When the HTTP client or the runtime cannot start; a service that fails is a fact.
    pub fn run(
        &self,
        stop: &Stop,
        watch: &Arc<dyn Watch>,
    ) -> Result<(Run, Duration, (u64, u64)), RunError> {
        let requests = Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(ClockError::Runtime)?;
        // The schedule has this thread to itself, with a runtime that knows nothing but time: requests that
        // keep all other threads busy cannot make it late, and a wait for a timer alone ends within its
        // millisecond, while one that also listens for sockets may take another.
        let schedule = Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(ClockError::Runtime)?;
        let wall = Stopwatch::start();
        let (tally, offered) = schedule.block_on(self.play((stop, watch), requests.handle()))?;
        let wall = wall.elapsed();
        let millis = |moment: Duration| moment.as_millis() as u64;
        let first = tally.first.map_or(0, millis);
        let last = millis(tally.last).max(first);
        Ok((
            self.facts(tally, offered, last - first),
            wall,
            (first, last),
        ))
    }

    async fn play(
        &self,
        (stop, watch): (&Stop, &Arc<dyn Watch>),
        requests: &Handle,
    ) -> Result<(Tally, u64), RunError> {
        let timeline = Timeline::start(1.0, VIRTUAL_EPOCH_UNIX_S);
        let client = Arc::new(Client::new(&self.url, self.timeout, timeline)?);
        let bodies: Arc<[(String, Bytes)]> = self.documents.iter().map(body).collect();
        let tally = SharedTally::new(MAX_ROWS);
        let (sink, give_up, watch) = (tally.clone(), stop.clone(), Arc::clone(watch));
        let send = move |slot: Slot| {
            let (client, bodies) = (Arc::clone(&client), Arc::clone(&bodies));
            let (sink, give_up, watch) = (sink.clone(), give_up.clone(), Arc::clone(&watch));
            async move {
                let (path, body) = &bodies[(slot.index % bodies.len() as u64) as usize];
                let asked = async {
                    let turn = client.turn().await;
                    let started = timeline.now();
                    let answer = client.document(turn, slot.index, body.clone());
                    (started, answer.await)
                };
                let (started, answer) = tokio::select! {
                    biased;
                    answered = asked => answered,
                    () = give_up.stopped() => (timeline.now(), Answer::dropped()),
                };
                watch.ended(answer.ending);
                sink.add(Outcome {
                    slot,
                    started,
                    ended: timeline.now(),
                    path: path.clone(),
                    answer,
                    // The key of the proofs in it is not ours, so nothing is known of its symbols.
                    findings: Findings::default(),
                });
            }
        };
        let sent = load::drive(&self.load, 1, timeline, stop, requests, send).await;
        let offered = self.load.offered_after(sent);
        Ok((tally.finish(offered - sent), offered))
    }

    fn facts(&self, tally: Tally, offered: u64, makespan_ms: u64) -> Run {
        Run {
            scenario: "load".to_owned(),
            title: format!("A load on {}", self.url),
            digest: self.digest.clone(),
            mode: OUTSIDE.to_owned(),
            protections: Vec::new(),
            setting: self.setting(),
            offered,
            endings: tally.endings,
            statuses: tally.statuses,
            latency: tally.latency,
            lag: tally.lag,
            makespan_ms,
            errors: tally.errors,
            docs: tally.docs,
            requests: tally.rows.into_values().collect(),
            attempts: Attempts::default(),
            ledger: ground::ledger::Ledger::default(),
        }
    }

    fn setting(&self) -> Setting {
        Setting {
            model: UNKNOWN.to_owned(),
            tier: UNKNOWN.to_owned(),
            limits: None,
            platform: UNKNOWN.to_owned(),
            time_limit_ms: Some(self.timeout.as_millis() as u64),
            prices: UNKNOWN.to_owned(),
            prices_as_of: UNKNOWN.to_owned(),
            inr_per_usd: 0.0,
            price: None,
            documents: format!("{} files in turn", self.documents.len()),
            arrivals: self.load.describe(),
        }
    }
}

fn body(source: &Source) -> (String, Bytes) {
    let ask = http::Ask {
        file_path: source.path.clone(),
        file_content: source.content.to_string(),
        note: None,
    };
    let body = serde_json::to_vec(&ask).expect("a path and a text are always JSON");
    (source.path.clone(), Bytes::from(body))
}
