//! A client of the examined service that trusts nothing: bounded in time and size, one origin only.

use std::time::Duration;

use serde_json::{Value, json};

use crate::text;

/// Most bytes of one answer that are read.
const MAX_ANSWER: usize = 16 << 20;
const POLL_EVERY: Duration = Duration::from_millis(100);
/// Characters of an answer that are kept.
const EXCERPT: usize = 300;

/// What our client calls itself: the client of the course chapter.
pub(super) const AGENT: &str = "python-requests/2.32.3";

/// What came back.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: Option<u16>,
    pub(super) body: Vec<u8>,
    pub(super) headers: String,
    pub(super) trouble: Option<Trouble>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Closed,
    TimedOut,
    TooLarge,
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

    pub(super) async fn document(&self, path: &str, content: &str, within: Duration) -> Answer {
        let body = json!({ "file_path": path, "file_content": content }).to_string();
        self.raw(body.into_bytes(), AGENT, within).await
    }

    pub(super) async fn documents(&self, files: &Value, within: Duration) -> Answer {
        let body = json!({ "files": files }).to_string();
        self.post(self.beside("documents"), body.into_bytes(), AGENT, within)
            .await
    }

    /// Sends any body to `/document`, as the client `agent`.
    pub(super) async fn raw(&self, body: Vec<u8>, agent: &str, within: Duration) -> Answer {
        self.post(self.document.clone(), body, agent, within).await
    }

    async fn post(
        &self,
        url: reqwest::Url,
        body: Vec<u8>,
        agent: &str,
        within: Duration,
    ) -> Answer {
        let work = async {
            let request = self
                .http
                .post(url)
                .header("user-agent", agent)
                .header("content-type", "application/json");
            let (answer, location) = read(request.body(body)).await;
            match (answer.status, location) {
                (Some(202), Some(location)) => self.poll(&location, agent).await,
                _ => answer,
            }
        };
        tokio::time::timeout(within, work).await.unwrap_or(Answer {
            trouble: Some(Trouble::TimedOut),
            ..Answer::default()
        })
    }

    /// Follows a job on the same origin until it has ended.
    async fn poll(&self, location: &str, agent: &str) -> Answer {
        let lost = Answer {
            trouble: Some(Trouble::Closed),
            ..Answer::default()
        };
        let Ok(url) = self.document.join(location) else {
            return lost;
        };
        if url.origin() != self.document.origin() {
            return lost;
        }
        loop {
            let (answer, _) = read(self.http.get(url.clone()).header("user-agent", agent)).await;
            let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let ended = matches!(json["status"].as_str(), Some("done" | "partial" | "failed"));
            if answer.trouble.is_some()
                || ended
                || answer.status.is_some_and(|status| status >= 400)
            {
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

async fn read(request: reqwest::RequestBuilder) -> (Answer, Option<String>) {
    let failed = |trouble| Answer {
        trouble: Some(trouble),
        ..Answer::default()
    };
    let Ok(mut response) = request.send().await else {
        return (failed(Trouble::Closed), None);
    };
    let location = response
        .headers()
        .get("location")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let mut answer = Answer {
        status: Some(response.status().as_u16()),
        headers: format!("{:?}", response.headers()),
        ..Answer::default()
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
            Ok(None) => return (answer, location),
            Err(_) => {
                answer.trouble = Some(Trouble::Closed);
                return (answer, None);
            }
        }
        if answer.body.len() > MAX_ANSWER {
            answer.trouble = Some(Trouble::TooLarge);
            answer.body.truncate(MAX_ANSWER);
            return (answer, None);
        }
    }
}

/// The beginning of a foreign text, without what a terminal would obey.
pub(super) fn excerpt(body: &[u8]) -> String {
    let start = &body[..body.len().min(EXCERPT * 4)];
    text::excerpt(&String::from_utf8_lossy(start), EXCERPT)
}
