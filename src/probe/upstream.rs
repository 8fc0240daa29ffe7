//! The API that an examined service calls: our mock, behind a front that notes every call and
//! breaks some of them, by the definitions in the prompt.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mock_claude::timeline::Timeline;
use mock_claude::{MockClaude, symbols};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};

use super::papers::Text;
use crate::record::exam::Call;

/// Longest answer, whatever a service asks for; a longer `max_tokens` is quietly cut to it.
const MAX_OUTPUT_TOKENS: u64 = 8192;
const MAX_BODY: usize = 32 << 20;
/// Calls that are noted in all: a service that calls without end must not fill the memory.
const MAX_CALLS: usize = 20_000;

/// Something that goes wrong for the calls that carry a definition.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) paper: usize,
    /// Which definition of the paper the prompt must contain.
    pub(super) symbol: usize,
    pub(super) kind: Kind,
    /// How many calls are hit; `u64::MAX` until it is mended.
    pub(super) left: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Refuse {
        status: u16,
        retry_after_s: Option<u64>,
    },
    Hang,
}

/// One play's part of the upstream.
#[derive(Debug)]
pub(super) struct Stage {
    index: HashMap<String, (usize, usize)>,
    timeline: Timeline,
    began: Duration,
    /// More calls than this at once are refused.
    at_once: u64,
    /// Later parts of a file answer sooner.
    reversed: bool,
    slow_ms: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    troubles: Vec<Trouble>,
    calls: Vec<Call>,
    prompted: HashMap<u64, Vec<(usize, usize)>>,
    in_flight: u64,
    max_in_flight: u64,
}

/// How a stage differs from a healthy API.
#[derive(Debug, Default)]
pub(super) struct Setting {
    pub(super) troubles: Vec<Trouble>,
    pub(super) at_once: Option<u64>,
    pub(super) reversed: bool,
    /// Added to every answer, in milliseconds.
    pub(super) slow_ms: u64,
}

impl Stage {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        self.timeline.now().saturating_sub(self.began).as_millis() as u64
    }

    /// Ends all troubles: the API is healthy again.
    pub(super) fn mend(&self) {
        self.state().troubles.clear();
    }

    pub(super) fn calls(&self) -> (Vec<Call>, u64) {
        let state = self.state();
        (state.calls.clone(), state.max_in_flight)
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.state().in_flight
    }

    /// Definitions of `paper` that stood in prompts: of all calls, or of those that were answered whole.
    pub(super) fn prompted(&self, paper: usize, answered: bool) -> BTreeSet<usize> {
        let state = self.state();
        let calls = state
            .calls
            .iter()
            .filter(|call| !answered || (call.worked() && !call.cut));
        calls
            .filter_map(|call| state.prompted.get(&call.seq))
            .flatten()
            .filter(|(of, _)| *of == paper)
            .map(|(_, symbol)| *symbol)
            .collect()
    }
}

/// The upstream of a whole examination. Copies share everything.
#[derive(Clone)]
pub(super) struct Upstream(Arc<Inner>);

struct Inner {
    mock: MockClaude,
    timeline: Timeline,
    stages: Mutex<Vec<Arc<Stage>>>,
    strangers: AtomicU64,
    seq: AtomicU64,
}

impl Upstream {
    pub(super) fn new(mock: MockClaude, timeline: Timeline) -> Self {
        Self(Arc::new(Inner {
            mock,
            timeline,
            stages: Mutex::default(),
            strangers: AtomicU64::new(0),
            seq: AtomicU64::new(0),
        }))
    }

    /// Opens a stage for `texts`; calls are told apart by the definitions in their prompts.
    pub(super) fn stage(&self, texts: &[Text], setting: Setting) -> Arc<Stage> {
        let index = texts.iter().enumerate().flat_map(|(paper, text)| {
            let symbols = text.symbols.iter().enumerate();
            symbols.map(move |(n, name)| (name.clone(), (paper, n)))
        });
        let stage = Arc::new(Stage {
            index: index.collect(),
            timeline: self.0.timeline,
            began: self.0.timeline.now(),
            at_once: setting.at_once.unwrap_or(u64::MAX),
            reversed: setting.reversed,
            slow_ms: setting.slow_ms,
            state: Mutex::new(State {
                troubles: setting.troubles,
                ..State::default()
            }),
        });
        self.stages().push(Arc::clone(&stage));
        stage
    }

    fn stages(&self) -> MutexGuard<'_, Vec<Arc<Stage>>> {
        self.0.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls of any kind that arrived, also those whose prompt held nothing of ours.
    pub(super) fn arrived(&self) -> u64 {
        self.0.seq.load(Ordering::SeqCst) + self.0.strangers.load(Ordering::SeqCst)
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
        let body = Limited::new(body, MAX_BODY).collect().await;
        let body = body.map_err(|_| Gone)?.to_bytes();
        let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let prompt = prompt(&json);
        let seen: Vec<&str> = symbols::scan(symbols::region(&prompt)).collect();
        let stage = self
            .stages()
            .iter()
            .rev()
            .find(|stage| seen.iter().any(|name| stage.index.contains_key(*name)))
            .cloned();
        let Some(stage) = stage else {
            self.0.strangers.fetch_add(1, Ordering::SeqCst);
            return self.ask(Request::from_parts(head, body)).await;
        };
        let seq = self.0.seq.fetch_add(1, Ordering::SeqCst);
        let places: Vec<(usize, usize)> = seen
            .iter()
            .filter_map(|name| stage.index.get(*name).copied())
            .collect();
        let noted = Noted::new(
            &stage,
            call(seq, &stage, &head, &body, &json, &prompt, &places),
            &places,
        );
        if let Some(kind) = noted.trouble(&places) {
            return match kind {
                Kind::Hang => std::future::pending().await,
                Kind::Refuse {
                    status,
                    retry_after_s,
                } => {
                    tokio::time::sleep(Duration::from_millis(stage.slow_ms)).await;
                    Ok(noted.refuse(status, retry_after_s))
                }
            };
        }
        if stage.reversed {
            let last = stage.index.len().max(1) as f64;
            let left = 1.0 - places.first().map_or(0, |place| place.1) as f64 / last;
            tokio::time::sleep(Duration::from_secs_f64(0.4 * left)).await;
        }
        tokio::time::sleep(Duration::from_millis(stage.slow_ms)).await;
        self.fit(&mut json);
        let body = Bytes::from(json.to_string());
        let response = self.ask(Request::from_parts(head, body)).await?;
        noted.answered(&response);
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

fn call(
    seq: u64,
    stage: &Stage,
    head: &http::request::Parts,
    body: &Bytes,
    json: &Value,
    prompt: &str,
    places: &[(usize, usize)],
) -> Call {
    let first = places.first().map_or(0, |place| place.0);
    let of_first = || {
        places
            .iter()
            .filter(|place| place.0 == first)
            .map(|place| place.1)
    };
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    Call {
        seq,
        at_ms: stage.elapsed_ms(),
        ended_ms: None,
        papers: places.iter().map(|place| place.0).collect(),
        span: (of_first().min().unwrap_or(0), of_first().max().unwrap_or(0)),
        prompt_bytes: prompt.len(),
        max_tokens: json["max_tokens"].as_u64().unwrap_or_default(),
        model: json["model"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(80)
            .collect(),
        sdk_retry: header("x-stainless-retry-count").and_then(|text| text.parse().ok()),
        status: None,
        retry_after_ms: None,
        broken: false,
        cut: false,
        body: digest(body),
    }
}

/// Equal for equal bodies.
fn digest(body: &[u8]) -> u64 {
    let hash = Sha256::digest(body);
    hash.iter()
        .take(8)
        .fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

/// A call in flight; it is noted when it arrives, and again when it ends.
struct Noted {
    stage: Arc<Stage>,
    seq: u64,
}

impl Noted {
    fn new(stage: &Arc<Stage>, call: Call, places: &[(usize, usize)]) -> Self {
        let mut state = stage.state();
        state.in_flight += 1;
        state.max_in_flight = state.max_in_flight.max(state.in_flight);
        let seq = call.seq;
        if state.calls.len() < MAX_CALLS {
            state.prompted.insert(seq, places.to_vec());
            state.calls.push(call);
        }
        drop(state);
        Self {
            stage: Arc::clone(stage),
            seq,
        }
    }

    /// What goes wrong with this call, if anything.
    fn trouble(&self, places: &[(usize, usize)]) -> Option<Kind> {
        let mut state = self.stage.state();
        if state.in_flight > self.stage.at_once {
            return Some(Kind::Refuse {
                status: 429,
                retry_after_s: Some(1),
            });
        }
        let trouble = state.troubles.iter_mut().find(|trouble| {
            trouble.left > 0 && places.contains(&(trouble.paper, trouble.symbol))
        })?;
        trouble.left -= u64::from(trouble.left < u64::MAX);
        let kind = trouble.kind;
        self.edit(&mut state, |call| call.broken = true);
        Some(kind)
    }

    fn edit(&self, state: &mut State, change: impl FnOnce(&mut Call)) {
        if let Ok(at) = state.calls.binary_search_by_key(&self.seq, |call| call.seq) {
            change(&mut state.calls[at]);
        }
    }

    fn refuse(&self, status: u16, retry_after_s: Option<u64>) -> Response<Full<Bytes>> {
        let now = self.stage.elapsed_ms();
        self.edit(&mut self.stage.state(), |call| {
            call.status = Some(status);
            call.ended_ms = Some(now);
            call.retry_after_ms = retry_after_s.map(|seconds| seconds * 1000);
        });
        refusal(status, retry_after_s, self.seq)
    }

    fn answered(&self, response: &Response<Full<Bytes>>) {
        let now = self.stage.elapsed_ms();
        let body = response.body().clone();
        let cut = futures_util::FutureExt::now_or_never(body.collect())
            .and_then(Result::ok)
            .is_some_and(|body| memchr_of(&body.to_bytes(), b"\"stop_reason\":\"max_tokens\""));
        self.edit(&mut self.stage.state(), |call| {
            call.status = Some(response.status().as_u16());
            call.ended_ms = Some(now);
            call.cut = cut;
        });
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.stage.state().in_flight -= 1;
    }
}

fn memchr_of(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

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

/// All text of the request's messages.
fn prompt(json: &Value) -> String {
    fn collect(value: &Value, into: &mut String) {
        match value {
            Value::String(text) => {
                into.push_str(text);
                into.push('\n');
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    if matches!(name.as_str(), "content" | "text") {
                        collect(field, into);
                    }
                }
            }
            _ => {}
        }
    }
    let mut text = String::new();
    collect(&json["messages"], &mut text);
    text
}
