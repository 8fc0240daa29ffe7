//! A plain load on a service outside: when requests are sent, what comes back, nothing assumed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ground::timeline::{Timeline, VIRTUAL_EPOCH_UNIX_S};
use tokio::runtime::{Builder, Handle};

use super::client::Client;
use super::error::RunError;
use super::tally::{Ended, MAX_ROWS, SharedTally, Tally};
use super::target::RequestResult;
use super::watch::Watch;
use crate::clock::{ClockError, Stopwatch};
use crate::contract::Ask;
use crate::corpus::{Findings, Source};
use crate::load::{self, Load, Slot, Stop};
use crate::record::{Attempts, Run, Setting, Span, Subject};

/// A load on a service that offers `POST /document`.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Base URL, e.g. `http://127.0.0.1:8080`.
    pub url: reqwest::Url,
    /// When requests are sent.
    pub load: Load,
    /// Documents, taken in turn; at least one.
    pub documents: Vec<Source>,
    /// Whether they are real files and no synthetic ones.
    pub real_files: bool,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// SHA-256 of the settings, hexadecimal.
    pub digest: String,
}

/// A load that was carried out.
#[derive(Debug)]
pub struct Measured {
    /// The facts.
    pub run: Run,
    /// Wall time that it took.
    pub wall: Duration,
    /// When its first request was due and its last one ended.
    pub span: Span,
}

impl Endpoint {
    /// Carries the load out in real time and tells `watch` of it.
    ///
    /// # Errors
    /// When the HTTP client or the runtime cannot start; a service that fails is a fact.
    pub fn run(&self, stop: &Stop, watch: &Arc<dyn Watch>) -> Result<Measured, RunError> {
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
        let tally = schedule.block_on(self.carry_out(stop, watch, requests.handle()))?;
        let wall = wall.elapsed();
        let span = tally.span();
        Ok(Measured {
            run: self.facts(tally),
            wall,
            span,
        })
    }

    async fn carry_out(
        &self,
        stop: &Stop,
        watch: &Arc<dyn Watch>,
        requests: &Handle,
    ) -> Result<Tally, RunError> {
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
                    let permit = client.permit().await;
                    let started = timeline.now();
                    let answer = client.document(permit, slot.index, body.clone());
                    (started, answer.await)
                };
                let (started, result) = tokio::select! {
                    biased;
                    answered = asked => answered,
                    () = give_up.stopped() => (timeline.now(), RequestResult::dropped()),
                };
                watch.ended(result.ending);
                sink.add(Ended {
                    slot,
                    started,
                    ended: timeline.now(),
                    path: path.clone(),
                    result,
                    // The key of the proofs in it is not ours, so nothing is known of its symbols.
                    findings: Findings::default(),
                });
            }
        };
        let sent = load::drive(&self.load, 1, timeline, stop, requests, send).await;
        Ok(tally.finish(sent, self.load.offered_after(sent)))
    }

    fn facts(&self, tally: Tally) -> Run {
        let span = tally.span();
        Run {
            scenario: "load".to_owned(),
            title: format!("A load on {}", self.url),
            digest: self.digest.clone(),
            subject: Subject::Outside,
            setting: self.setting(),
            offered: tally.offered,
            endings: tally.endings,
            statuses: tally.statuses,
            latency: tally.latency,
            lag: tally.lag,
            makespan_ms: span.last_ms - span.first_ms,
            errors: tally.errors,
            docs: tally.docs,
            requests: tally.rows.into_values().collect(),
            attempts: Attempts::default(),
            ledger: ground::ledger::Ledger::default(),
            invocations: None,
        }
    }

    fn setting(&self) -> Setting {
        Setting {
            service: None,
            time_limit_ms: Some(self.timeout.as_millis() as u64),
            documents: format!("{} files in turn", self.documents.len()),
            real_files: self.real_files,
            arrivals: self.load.describe(),
        }
    }
}

fn body(source: &Source) -> (String, Bytes) {
    let ask = Ask {
        file_path: source.path.clone(),
        file_content: source.content.to_string(),
        note: None,
    };
    let body = serde_json::to_vec(&ask).expect("a path and a text are always JSON");
    (source.path.clone(), Bytes::from(body))
}
