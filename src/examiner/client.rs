//! A client of the examined service that trusts nothing: bounded in time and size, one origin only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::contract::limits::{MAX_ANSWER, POLL_EVERY};
use crate::contract::{self, Ask, Reading};
use crate::record::exam::Outcome;

/// What our client calls itself: the client of the course chapter.
pub(super) const AGENT: &str = "python-requests/2.32.3";

/// What came back.
#[derive(Debug, Clone, Default)]
pub(super) struct Received {
    pub(super) status: Option<u16>,
    pub(super) body: Vec<u8>,
    pub(super) headers: String,
    location: Option<String>,
    /// Why there is no whole answer, if there is none.
    lost: Option<(Outcome, String)>,
}

impl Received {
    fn lost(outcome: Outcome, why: String) -> Self {
        Self {
            lost: Some((outcome, why)),
            ..Self::default()
        }
    }

    /// What it says.
    pub(super) fn reading(&self) -> Reading {
        match (&self.lost, self.status) {
            (Some((outcome, why)), _) => Reading::without_answer(*outcome, why),
            (None, Some(status)) => contract::read(status, self.location.as_deref(), &self.body),
            (None, None) => Reading::without_answer(Outcome::Closed, ""),
        }
    }
}

/// Sends requests to one origin.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    document: reqwest::Url,
}

impl Client {
    /// `endpoint` is the URL of `POST /document`, or the origin.
    pub(super) fn new(endpoint: &str) -> Result<Self, String> {
        let bad =
            || format!("`{endpoint}` is not an http URL; write it like http://127.0.0.1:8000");
        let mut document = reqwest::Url::parse(endpoint).map_err(|_| bad())?;
        if document.scheme() != "http" || document.host().is_none() {
            return Err(bad());
        }
        if document.path() == "/" {
            document.set_path("/document");
        }
        let http = crate::transport::client_builder(&document)
            // A pooled connection that the service has closed meanwhile would look like a crash.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| format!("cannot make an HTTP client: {error}"))?;
        Ok(Self { http, document })
    }

    /// `/documents` beside `/document`.
    fn beside(&self, name: &str) -> reqwest::Url {
        let mut url = self.document.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        let base = path.rsplit_once('/').map_or("", |(base, _)| base);
        url.set_path(&format!("{base}/{name}"));
        url
    }

    pub(super) async fn document(&self, path: &str, content: &str, within: Duration) -> Received {
        let ask = Ask {
            file_path: path.to_owned(),
            file_content: content.to_owned(),
            note: None,
        };
        let body = serde_json::to_vec(&ask).expect("a path and a text are always JSON");
        self.raw(body, AGENT, within).await
    }

    pub(super) async fn documents(&self, files: &Value, within: Duration) -> Received {
        let body = json!({ "files": files }).to_string();
        self.post(self.beside("documents"), body.into_bytes(), AGENT, within)
            .await
    }

    /// Sends any body to `/document`, as the client `agent`.
    pub(super) async fn raw(&self, body: Vec<u8>, agent: &str, within: Duration) -> Received {
        self.post(self.document.clone(), body, agent, within).await
    }

    async fn post(
        &self,
        url: reqwest::Url,
        body: Vec<u8>,
        agent: &str,
        within: Duration,
    ) -> Received {
        // A client that leaves a job behind leaves nobody waiting.
        let has_job = AtomicBool::new(false);
        let work = async {
            let request = self
                .http
                .post(url)
                .header("user-agent", agent)
                .header("content-type", "application/json");
            let answer = read(request.body(body)).await;
            match (&answer.lost, answer.status) {
                (None, Some(202)) => {
                    has_job.store(true, Ordering::Relaxed);
                    self.poll(answer, agent).await
                }
                _ => answer,
            }
        };
        let answer = tokio::time::timeout(within, work).await;
        answer.unwrap_or_else(|_| Received {
            status: has_job.load(Ordering::Relaxed).then_some(202),
            ..Received::lost(Outcome::TimedOut, String::new())
        })
    }

    /// Follows the job that `accepted` names until it has ended.
    async fn poll(&self, accepted: Received, agent: &str) -> Received {
        let url = match contract::job_url(&self.document, accepted.location.as_deref()) {
            Ok(url) => url,
            Err(why) => {
                return Received {
                    lost: Some((Outcome::Unusable, why)),
                    ..accepted
                };
            }
        };
        loop {
            let answer = read(self.http.get(url.clone()).header("user-agent", agent)).await;
            let status = answer.status.unwrap_or_default();
            if answer.lost.is_some() || contract::ended(status, &answer.body) {
                return answer;
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Whether anything answers at all.
    pub(super) async fn reachable(&self, within: Duration) -> bool {
        let request = self
            .http
            .get(self.beside("health"))
            .header("user-agent", AGENT);
        tokio::time::timeout(within, request.send())
            .await
            .is_ok_and(|answer| answer.is_ok())
    }
}

async fn read(request: reqwest::RequestBuilder) -> Received {
    let Ok(mut response) = request.send().await else {
        return Received::lost(Outcome::Closed, String::new());
    };
    let location = response.headers().get("location");
    let mut answer = Received {
        status: Some(response.status().as_u16()),
        headers: format!("{:?}", response.headers()),
        location: location
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        ..Received::default()
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
            Ok(None) => return answer,
            Err(_) => {
                answer.lost = Some((
                    Outcome::Closed,
                    "the connection ended in the middle".to_owned(),
                ));
                return answer;
            }
        }
        if answer.body.len() > MAX_ANSWER {
            let why = format!("an answer of more than {} MB", MAX_ANSWER >> 20);
            answer.lost = Some((Outcome::Unusable, why));
            answer.body.truncate(MAX_ANSWER);
            return answer;
        }
    }
}
