//! The API that an examined service calls: our mock, behind a front that notes every call and
//! breaks some of them, by the definitions in the prompt.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ground::symbols;
use ground::timeline::Timeline;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mock_claude::MockClaude;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::source_files::FileText;
use crate::contract::limits::{MAX_OUTPUT_TOKENS, MAX_REQUEST};
use crate::record::exam::Trouble;

pub(super) use case::{CaseUpstream, Fault, FaultScript, digest};
pub(super) use mocks::Mocks;

use answer::{Gone, Passed};
use case::{Noted, Place};
use delivered::Delivered;

mod answer;
mod bedrock;
mod case;
mod delivered;
mod mocks;
mod note;

/// Requests beside the Messages API that are kept as evidence.
const MAX_PRYING: usize = 20;

/// The upstream of a whole examination. Copies share everything.
#[derive(Clone)]
pub(super) struct Upstream(Arc<Inner>);

struct Inner {
    mocks: Mocks,
    timeline: Timeline,
    cases: Mutex<Vec<Arc<CaseUpstream>>>,
    strangers: AtomicU64,
    seq: AtomicU64,
    prying: Mutex<Vec<String>>,
    keys: Mutex<BTreeSet<String>>,
    delivered: Mutex<Delivered>,
}

impl Upstream {
    /// `key` is the one that a service is given.
    pub(super) fn new(mocks: Mocks, timeline: Timeline, key: &str) -> Self {
        Self(Arc::new(Inner {
            mocks,
            timeline,
            cases: Mutex::default(),
            strangers: AtomicU64::new(0),
            seq: AtomicU64::new(0),
            prying: Mutex::default(),
            keys: Mutex::new([key.to_owned()].into()),
            delivered: Mutex::default(),
        }))
    }

    /// Opens a case about `texts`; calls are told apart by the definitions in their prompts.
    pub(super) fn open(&self, texts: &[FileText], script: FaultScript) -> Arc<CaseUpstream> {
        // Rules are checked when a case is read.
        let mock = (!script.rules.is_empty())
            .then(|| self.0.mocks.obeying(script.rules.clone()).ok())
            .flatten();
        let case = Arc::new(CaseUpstream::new(texts, script, mock, self.0.timeline));
        self.cases().push(Arc::clone(&case));
        case
    }

    fn cases(&self) -> MutexGuard<'_, Vec<Arc<CaseUpstream>>> {
        self.0.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls of any kind that arrived, also those whose prompt held nothing of ours.
    pub(super) fn arrived(&self) -> u64 {
        self.0.seq.load(Ordering::SeqCst) + self.0.strangers.load(Ordering::SeqCst)
    }

    /// Requests for what only the operator of a mock server has, as `METHOD /path`.
    pub(super) fn prying(&self) -> Vec<String> {
        let prying = self.0.prying.lock();
        prying.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_prying(&self, head: &http::request::Parts) {
        if !pries(head.uri.path()) {
            return;
        }
        let mut prying = self.0.prying.lock().unwrap_or_else(PoisonError::into_inner);
        if prying.len() < MAX_PRYING {
            let path: String = head.uri.path().chars().take(80).collect();
            prying.push(format!("{} {path}", head.method));
        }
    }

    /// Serves until the future is dropped.
    pub(super) async fn serve(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(self.clone().connection(stream));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn connection(self, stream: TcpStream) {
        // Small answers would wait for an acknowledgement otherwise; either way they arrive.
        let _ignored = stream.set_nodelay(true);
        let answer = service_fn(|request| self.answer(request));
        // A service that goes away shows in its call, not here.
        let _gone = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), answer)
            .await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Passed>, Gone> {
        let (mut head, body) = request.into_parts();
        self.note_prying(&head);
        self.note_key(&head);
        let body = Limited::new(body, MAX_REQUEST).collect().await;
        let body = body.map_err(|_| Gone)?.to_bytes();
        let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let prompt = note::prompt(&json);
        let seen: Vec<&str> = symbols::scan_as_sent(&prompt).collect();
        let case = self
            .cases()
            .iter()
            .rev()
            .find(|case| seen.iter().any(|name| case.place(name).is_some()))
            .cloned();
        // To count tokens costs nothing and brings no documentation.
        let is_free = head.uri.path().contains("count_tokens");
        let Some(case) = case.filter(|_| !is_free) else {
            self.0.strangers.fetch_add(1, Ordering::SeqCst);
            return self
                .ask(&self.0.mocks.healthy, Request::from_parts(head, body))
                .await;
        };
        let is_bedrock = bedrock::model(head.uri.path()).is_some();
        let seq = self.0.seq.fetch_add(1, Ordering::SeqCst);
        let places: Vec<Place> = seen.iter().filter_map(|name| case.place(name)).collect();
        let attempt = note::attempt(seq, &case, &head, &json, &prompt, &places);
        let noted = Noted::new(&case, attempt, &places, &prompt);
        let begun = note::last_answer(&json);
        let struck = noted.struck(&places);
        let wait = match struck {
            Some(_) => Duration::from_millis(case.slow_ms),
            None => case.delay(&places),
        };
        tokio::time::sleep(wait).await;
        let trouble = struck.map(|struck| struck.trouble);
        if trouble == Some(Trouble::NoAnswer) {
            return std::future::pending().await;
        }
        let model = &self.0.mocks.healthy.config().profiles[0].model;
        if let Some(uri) = bedrock::for_model(&head.uri, model) {
            head.uri = uri;
        }
        self.fit(
            &mut json,
            (trouble == Some(Trouble::Cut)).then_some(places.len()),
        );
        let request = Request::from_parts(head, Bytes::from(json.to_string()));
        let retry_after_s = struck
            .and_then(|struck| struck.retry_after_s)
            .filter(|_| !is_bedrock);
        let answer = match trouble {
            Some(Trouble::Status(status)) => self.refusal(status, retry_after_s, request).await,
            Some(trouble) => self.ask(self.0.mocks.with(trouble), request).await,
            None => self.ask_ruled(&case, &noted, request).await,
        };
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let body = answer
            .as_ref()
            .map(|answer| answer.body().text(answer.headers()));
        let body = body.unwrap_or_default();
        self.delivered().take(&body, &prompt, &begun, &seen);
        if answer.is_ok() {
            noted.end(status, retry_after_s, body.is_cut);
        } else {
            noted.lost();
        }
        answer
    }

    /// Any model is served as one that the mock knows: which models exist is not examined. `cut` is
    /// how many definitions an answer would document that is to be cut.
    fn fit(&self, json: &mut Value, cut: Option<usize>) {
        let profiles = &self.0.mocks.healthy.config().profiles;
        let known = json["model"].as_str().is_some_and(|model| {
            profiles.iter().any(|profile| {
                profile.model == model || profile.aliases.iter().any(|alias| alias == model)
            })
        });
        if json["model"].is_string() && !known {
            json["model"] = profiles[0].model.clone().into();
        }
        let most = cut.map_or(MAX_OUTPUT_TOKENS, |carried| {
            (carried as u64 * u64::from(profiles[0].reply.tokens_per_symbol) / 2).max(1)
        });
        for field in note::MAX_TOKENS {
            if let Some(asked) = json.pointer_mut(field)
                && asked.as_u64().is_some_and(|asked| asked > most)
            {
                *asked = most.into();
            }
        }
    }

    async fn ask(
        &self,
        mock: &MockClaude,
        request: Request<Bytes>,
    ) -> Result<Response<Passed>, Gone> {
        let (mut head, body) = request.into_parts();
        head.headers.remove(http::header::CONTENT_LENGTH);
        let answer = mock.answer(Request::from_parts(head, body)).await;
        let (head, body) = answer.map_err(|_| Gone)?.into_parts();
        Ok(Response::from_parts(head, Passed::read(body).await))
    }

    /// Asks the mock that obeys the rules of the case, if it has any, and notes what they did.
    async fn ask_ruled(
        &self,
        case: &CaseUpstream,
        noted: &Noted,
        request: Request<Bytes>,
    ) -> Result<Response<Passed>, Gone> {
        let Some(mock) = &case.mock else {
            return self.ask(&self.0.mocks.healthy, request).await;
        };
        let asking = self.ask(mock, request);
        tokio::pin!(asking);
        let Ok(answer) = tokio::time::timeout(NO_ANSWER, &mut asking).await else {
            noted.meet(Trouble::NoAnswer);
            return asking.await;
        };
        match &answer {
            Err(Gone) => noted.meet(Trouble::LostBefore),
            Ok(answer) => {
                let status = answer.status().as_u16();
                let trouble = answer.body().trouble(answer.headers());
                let trouble = (status >= 400)
                    .then_some(Trouble::Status(status))
                    .or(trouble);
                trouble.into_iter().for_each(|trouble| noted.meet(trouble));
            }
        }
        answer
    }

    /// A refusal as the API words it, where it has words for this status.
    async fn refusal(
        &self,
        status: u16,
        retry_after_s: Option<u64>,
        request: Request<Bytes>,
    ) -> Result<Response<Passed>, Gone> {
        let mut response = match self.0.mocks.refusing(status) {
            Some(mock) => self.ask(mock, request).await?,
            None if status == 400 && bedrock::model(request.uri().path()).is_some() => {
                answer::invalid_in_bedrock()
            }
            None if status == 400 => answer::invalid(self.0.seq.load(Ordering::SeqCst)),
            None => answer::of_gateway(status),
        };
        let headers = response.headers_mut();
        headers.remove("retry-after");
        headers.remove("retry-after-ms");
        if let Some(seconds) = retry_after_s {
            headers.insert("retry-after", http::HeaderValue::from(seconds));
        }
        Ok(response)
    }

    /// What the API has handed out in this examination.
    pub(super) fn delivered(&self) -> MutexGuard<'_, Delivered> {
        self.0
            .delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls whose prompt held nothing of ours, or that only counted tokens.
    pub(super) fn strangers(&self) -> u64 {
        self.0.strangers.load(Ordering::SeqCst)
    }

    fn note_key(&self, head: &http::request::Parts) {
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(key) = header("x-api-key")
            .or(bearer)
            .filter(|key| key.len() >= SHORTEST_KEY)
        else {
            return;
        };
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() < MAX_KEYS {
            keys.insert(key.to_owned());
        }
    }

    /// The keys that the service called with, and the one that it was given.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        self.0
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// After so long without an answer, none is to come: this API is in a hurry.
const NO_ANSWER: Duration = Duration::from_secs(8);
/// A shorter key could stand in any text by chance.
const SHORTEST_KEY: usize = 16;
/// Keys that are looked for in answers.
const MAX_KEYS: usize = 8;

/// Whether a path belongs to the controls of a mock server and not to the Messages API. Health
/// checks and mistyped paths are no prying.
fn pries(path: &str) -> bool {
    const CONTROLS: [&str; 13] = [
        "admin", "clock", "config", "control", "faults", "attempts", "journal", "ledger", "reset",
        "secret", "timing", "verdict", "verify",
    ];
    let api = path.starts_with("/v1/");
    let mut parts = path.split('/').map(|part| part.trim_matches('_'));
    !api && parts.any(|part| CONTROLS.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_for_the_operators_side_is_prying_and_a_mistyped_path_is_not() {
        for path in [
            "/ledger",
            "/_control/reset",
            "/__admin/requests",
            "/faults/",
        ] {
            assert!(pries(path), "{path}");
        }
        for path in [
            "/",
            "/health",
            "/messages",
            "/v1/messages",
            "/v1/v1/messages",
            "/v1/admin",
        ] {
            assert!(!pries(path), "{path}");
        }
    }
}
