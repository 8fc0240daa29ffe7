//! The API that an examined service calls: our mock, behind a front that notes every call and
//! breaks some of them, by the definitions in the prompt.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ground::symbols;
use ground::timeline::Timeline;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mock_claude::MockClaude;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::source_files::FileText;
use crate::contract::limits::{MAX_OUTPUT_TOKENS, MAX_REQUEST};

pub(super) use case::{CaseUpstream, Fault, FaultKind, FaultScript};

use case::Noted;

mod case;
mod note;

/// Requests beside the Messages API that are kept as evidence.
const MAX_PRYING: usize = 20;

/// The upstream of a whole examination. Copies share everything.
#[derive(Clone)]
pub(super) struct Upstream(Arc<Inner>);

struct Inner {
    mock: MockClaude,
    timeline: Timeline,
    cases: Mutex<Vec<Arc<CaseUpstream>>>,
    strangers: AtomicU64,
    seq: AtomicU64,
    prying: Mutex<Vec<String>>,
}

impl Upstream {
    pub(super) fn new(mock: MockClaude, timeline: Timeline) -> Self {
        Self(Arc::new(Inner {
            mock,
            timeline,
            cases: Mutex::default(),
            strangers: AtomicU64::new(0),
            seq: AtomicU64::new(0),
            prying: Mutex::default(),
        }))
    }

    /// Opens a case about `texts`; calls are told apart by the definitions in their prompts.
    pub(super) fn open(&self, texts: &[FileText], script: FaultScript) -> Arc<CaseUpstream> {
        let case = Arc::new(CaseUpstream::new(texts, script, self.0.timeline));
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

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Gone> {
        let (head, body) = request.into_parts();
        self.note_prying(&head);
        let body = Limited::new(body, MAX_REQUEST).collect().await;
        let body = body.map_err(|_| Gone)?.to_bytes();
        let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let prompt = note::prompt(&json);
        let seen: Vec<&str> = symbols::scan(symbols::region(&prompt)).collect();
        let case = self
            .cases()
            .iter()
            .rev()
            .find(|case| seen.iter().any(|name| case.place(name).is_some()))
            .cloned();
        let Some(case) = case else {
            self.0.strangers.fetch_add(1, Ordering::SeqCst);
            return self.ask(Request::from_parts(head, body)).await;
        };
        let seq = self.0.seq.fetch_add(1, Ordering::SeqCst);
        let places: Vec<(usize, usize)> = seen.iter().filter_map(|name| case.place(name)).collect();
        let attempt = note::attempt(seq, &case, &head, &body, &json, &prompt, &places);
        let noted = Noted::new(&case, attempt, &places);
        match noted.fault(&places) {
            Some(FaultKind::Hang) => return std::future::pending().await,
            Some(FaultKind::Refuse {
                status,
                retry_after_s,
            }) => {
                tokio::time::sleep(Duration::from_millis(case.slow_ms)).await;
                noted.end(status, retry_after_s, false);
                return Ok(refusal(status, retry_after_s, seq));
            }
            None => tokio::time::sleep(case.delay(&places)).await,
        }
        self.fit(&mut json);
        let body = Bytes::from(json.to_string());
        let response = self.ask(Request::from_parts(head, body)).await?;
        noted.end(response.status().as_u16(), None, is_cut(&response));
        Ok(response)
    }

    /// Any model is served as one that the mock knows: which models exist is not examined.
    fn fit(&self, json: &mut Value) {
        let profiles = &self.0.mock.config().profiles;
        let known = json["model"].as_str().is_some_and(|model| {
            profiles.iter().any(|profile| {
                profile.model == model || profile.aliases.iter().any(|alias| alias == model)
            })
        });
        if json["model"].is_string() && !known {
            json["model"] = profiles[0].model.clone().into();
        }
        if json["max_tokens"]
            .as_u64()
            .is_some_and(|asked| asked > MAX_OUTPUT_TOKENS)
        {
            json["max_tokens"] = MAX_OUTPUT_TOKENS.into();
        }
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Gone> {
        let (mut head, body) = request.into_parts();
        head.headers.remove(http::header::CONTENT_LENGTH);
        let answer = self.0.mock.answer(Request::from_parts(head, body)).await;
        let (head, body) = answer.map_err(|_| Gone)?.into_parts();
        let bytes = body.collect().await.map_err(|_| Gone)?.to_bytes();
        Ok(Response::from_parts(head, Full::new(bytes)))
    }
}

/// The connection dies without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection dies here")]
struct Gone;

fn refusal(status: u16, retry_after_s: Option<u64>, seq: u64) -> Response<Full<Bytes>> {
    let (kind, message) = match status {
        400 => (
            "invalid_request_error",
            "messages: this text cannot be processed",
        ),
        429 => ("rate_limit_error", "Rate limit exceeded"),
        529 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    };
    let request_id = format!("req_exam{seq:08}");
    let body = json!({
        "type": "error",
        "error": { "type": kind, "message": message },
        "request_id": request_id,
    });
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        http::HeaderValue::from_static("application/json"),
    );
    if let Some(seconds) = retry_after_s {
        headers.insert("retry-after", http::HeaderValue::from(seconds));
    }
    response
}

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

/// Whether the answer ends at `max_tokens`. Its body is in memory already.
fn is_cut(response: &Response<Full<Bytes>>) -> bool {
    const CUT: &[u8] = b"\"stop_reason\":\"max_tokens\"";
    let body = futures_util::FutureExt::now_or_never(response.body().clone().collect());
    body.and_then(Result::ok)
        .is_some_and(|body| body.to_bytes().windows(CUT.len()).any(|part| part == CUT))
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
