//! A plain load on a service outside: when requests are sent, what comes back, nothing assumed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mock_claude::timeline::Timeline;

use super::tally::{Outcome, Tally};
use super::target::{Answer, read_answer};
use super::{MAX_ROWS, RunError};
use crate::clock::Clock;
use crate::corpus::{Findings, Source};
use crate::load::{self, Load, Slot, Stop};
use crate::platform::http;
use crate::record::{Attempts, Ending, OUTSIDE, Run, Setting};

/// How often a job that was accepted with 202 is asked for.
const POLL: Duration = Duration::from_millis(200);

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

/// What every request needs.
struct Client {
    http: reqwest::Client,
    url: reqwest::Url,
    timeout: Duration,
    timeline: Timeline,
}

impl Endpoint {
    /// Carries the load out in real time. Returns the facts, the wall time, and the first scheduled
    /// moment and the last ending in milliseconds.
    ///
    /// # Errors
    /// When the HTTP client or the runtime cannot start; a service that fails is a fact.
    pub fn run(&self, stop: &Stop) -> Result<(Run, Duration, (u64, u64)), RunError> {
        let clock = Clock::Real { speed: 1.0 };
        let (tally, wall) = clock.run(|timeline| self.play(timeline, stop))?;
        let tally = tally?;
        let millis = |moment: Duration| moment.as_millis() as u64;
        let first = tally.first.map_or(0, millis);
        let last = millis(tally.last).max(first);
        Ok((self.facts(tally, last - first), wall, (first, last)))
    }

    async fn play(&self, timeline: Timeline, stop: &Stop) -> Result<Tally, RunError> {
        let client = Arc::new(self.client(timeline)?);
        let bodies: Arc<[(String, Bytes)]> = self.documents.iter().map(body).collect();
        let give_up = stop.clone();
        let send = move |slot: Slot| {
            let (client, bodies, give_up) =
                (Arc::clone(&client), Arc::clone(&bodies), give_up.clone());
            async move {
                let started = timeline.now();
                let (path, body) = &bodies[(slot.index % bodies.len() as u64) as usize];
                let answer = tokio::select! {
                    biased;
                    answer = client.document(slot.index, body.clone()) => answer,
                    () = give_up.stopped() => Answer::dropped(),
                };
                Outcome {
                    slot,
                    started,
                    ended: timeline.now(),
                    path: path.clone(),
                    answer,
                    // The key of the proofs in it is not ours, so nothing is known of its symbols.
                    findings: Findings::default(),
                }
            }
        };
        let mut tally = Tally::new(MAX_ROWS);
        let sent = load::drive(&self.load, 1, timeline, stop, send, |outcome| {
            tally.add(outcome);
        })
        .await;
        tally.never_sent(self.load.offered() - sent);
        Ok(tally)
    }

    fn client(&self, timeline: Timeline) -> Result<Client, RunError> {
        let http = crate::transport::client_builder(&self.url)
            .build()
            .map_err(|error| RunError::Client(error.to_string()))?;
        let url = self
            .url
            .join("document")
            .map_err(|error| RunError::Client(error.to_string()))?;
        Ok(Client {
            http,
            url,
            timeout: self.timeout,
            timeline,
        })
    }

    fn facts(&self, tally: Tally, makespan_ms: u64) -> Run {
        Run {
            scenario: "load".to_owned(),
            title: format!("a load on {}", self.url),
            digest: self.digest.clone(),
            mode: OUTSIDE.to_owned(),
            protections: Vec::new(),
            setting: self.setting(),
            offered: self.load.offered(),
            endings: tally.endings,
            statuses: tally.statuses,
            latency: tally.latency,
            lag: tally.lag,
            makespan_ms,
            errors: tally.errors,
            docs: tally.docs,
            requests: tally.rows.into_values().collect(),
            attempts: Attempts::default(),
            ledger: mock_claude::Ledger::default(),
        }
    }

    fn setting(&self) -> Setting {
        Setting {
            model: "unknown".to_owned(),
            tier: "unknown".to_owned(),
            limits: None,
            platform: "unknown".to_owned(),
            time_limit_ms: Some(self.timeout.as_millis() as u64),
            prices: "unknown".to_owned(),
            prices_as_of: "unknown".to_owned(),
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

impl Client {
    async fn document(&self, index: u64, body: Bytes) -> Answer {
        let answer = self
            .timeline
            .timeout(self.timeout, self.ask(index, body))
            .await;
        answer.unwrap_or_else(|| Answer {
            status: None,
            ending: Ending::Unreachable,
            documentation: None,
            error: Some(format!("no answer within {} s", self.timeout.as_secs_f64())),
        })
    }

    async fn ask(&self, index: u64, body: Bytes) -> Answer {
        let request = self
            .http
            .post(self.url.clone())
            .header(http::REQUEST_HEADER, index)
            .header("content-type", "application/json")
            .body(body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Answer::unreachable(&error),
        };
        let job = (response.status() == 202).then(|| self.job_url(&response));
        match job {
            None => whole(response)
                .await
                .map_or_else(|answer| answer, |(status, body)| read(status, &body)),
            Some(Ok(url)) => self.poll(url).await,
            Some(Err(answer)) => answer,
        }
    }

    /// Where the job is asked for. It must be the same service: a load never goes elsewhere.
    fn job_url(&self, response: &reqwest::Response) -> Result<reqwest::Url, Answer> {
        let location = response.headers().get("location");
        location
            .and_then(|value| value.to_str().ok())
            .and_then(|text| self.url.join(text).ok())
            .filter(|url| url.origin() == self.url.origin())
            .ok_or_else(|| {
                Answer::failed(
                    502,
                    "invalid_answer",
                    "a 202 without a `location` of the same service",
                )
            })
    }

    async fn poll(&self, url: reqwest::Url) -> Answer {
        loop {
            let response = match self.http.get(url.clone()).send().await {
                Ok(response) => response,
                Err(error) => return Answer::unreachable(&error),
            };
            let (status, body) = match whole(response).await {
                Ok(got) => got,
                Err(answer) => return answer,
            };
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            match json["status"].as_str() {
                _ if status != 200 && status != 202 => return read(status, &body),
                Some("done" | "partial") => return read(200, &body),
                Some("failed") => {
                    let why = json
                        .pointer("/error/message")
                        .and_then(|text| text.as_str());
                    return Answer::failed(502, "job_failed", why.unwrap_or("the job failed"));
                }
                _ => self.timeline.sleep(POLL).await,
            }
        }
    }
}

async fn whole(response: reqwest::Response) -> Result<(u16, Bytes), Answer> {
    let status = response.status().as_u16();
    match response.bytes().await {
        Ok(body) => Ok((status, body)),
        Err(error) => Err(Answer::unreachable(&error)),
    }
}

/// A 200 without documentation is no success, and one that calls itself partial is none in full.
fn read(status: u16, body: &[u8]) -> Answer {
    let mut answer = read_answer(status, body);
    let Some(text) = answer.documentation.take() else {
        return answer;
    };
    if text.trim().is_empty() {
        return Answer::failed(502, "invalid_answer", "a 200 with empty documentation");
    }
    let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    if json["status"] == "partial" {
        answer.ending = Ending::Degraded;
    }
    answer
}
