//! The server without a socket: from a request to an answer that plays itself.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};

use crate::attempt::Attempt;
use crate::batches::{self, Action};
use crate::body::{self, Hangup, ReplyBody};
use crate::browser;
use crate::bucket::Flow;
use crate::caller::Caller;
use crate::config::{Config, ConfigError};
use crate::endpoints::Endpoint;
use crate::error::ApiError;
use crate::headers;
use crate::ids;
use crate::ledger::{Ending, Ledger};
use crate::live::Live;
use crate::messages::{self, Fate, Plan};
use crate::mix::{digest, mix};
use crate::models;
use crate::options::Options;
use crate::proof::Key;
use crate::shared::Shared;
use crate::stream::{How, Stream};
use crate::timeline::Timeline;
use crate::wire;

/// A mock of the Claude Messages API. Clones share everything.
#[derive(Debug, Clone)]
pub struct MockClaude {
    pub(crate) shared: Arc<Shared>,
}

impl MockClaude {
    /// A mock that lives on `timeline`.
    ///
    /// # Errors
    /// When the settings contradict themselves or leave a model without a price.
    pub fn new(config: Config, timeline: Timeline) -> Result<Self, ConfigError> {
        Self::with_options(config, Options::default(), timeline)
    }

    /// A mock whose behaviour differs from the default.
    ///
    /// # Errors
    /// As [`MockClaude::new`].
    pub fn with_options(
        config: Config,
        options: Options,
        timeline: Timeline,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            shared: Arc::new(Shared::new(Live::new(config, options)?, timeline)),
        })
    }

    /// Puts other settings in force for all requests from now on, as a whole or not at all. Seed
    /// and secret stay what they were, and the models served must stay the same.
    ///
    /// # Errors
    /// When the settings contradict themselves or name other models.
    pub fn reconfigure(&self, mut config: Config, options: Options) -> Result<(), ConfigError> {
        let live = self.shared.live();
        let names = |config: &Config| -> Vec<String> {
            config
                .profiles
                .iter()
                .map(|profile| profile.model.clone())
                .collect()
        };
        if names(&config) != names(&live.config) {
            return Err(ConfigError::ModelsChanged);
        }
        config.seed = live.config.seed;
        config.secret.clone_from(&live.config.secret);
        self.shared.replace(Live::new(config, options)?);
        Ok(())
    }

    /// Answers one request: the same code in process and behind TCP. The future ends when the head
    /// of the answer is due. Dropping it, or the body before its end, means that the client gave up.
    ///
    /// # Errors
    /// When the connection dies without a head.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<ReplyBody>, Hangup> {
        let arrived = Attempt::arrive(Arc::clone(&self.shared), digest(request.body()));
        // Passed on many times, and large.
        let mut attempt = Box::new(arrived);
        let bits = attempt
            .live
            .options
            .edge_headers
            .then_some(attempt.entry.bits);
        let from_browser = request.headers().contains_key(header::ORIGIN);
        let fate = route(&request, &mut attempt);
        drop(request);
        let mut response = match fate {
            Ok(Fate::Answer(plan)) => play(plan, attempt).await,
            Ok(Fate::Info(bytes)) => info(bytes, attempt),
            Ok(Fate::Hang) => std::future::pending().await,
            Ok(Fate::Reset) => {
                attempt.settle(Ending::Reset);
                return Err(Hangup::Reset);
            }
            Err(error) => refusal(&error, attempt),
        };
        if from_browser {
            browser::allow(response.headers_mut());
        }
        if let Some(bits) = bits {
            browser::add_edge(response.headers_mut(), bits);
        }
        Ok(response)
    }

    /// Refuses a body that was too large to be read.
    pub(crate) fn too_large(&self) -> Response<ReplyBody> {
        refusal(
            &ApiError::too_large(),
            Box::new(Attempt::arrive(Arc::clone(&self.shared), 0)),
        )
    }

    /// The account book as it stands now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger()
    }

    /// The key that verifies the proof tokens in replies.
    #[must_use]
    pub fn proofs(&self) -> Key {
        self.shared.key.clone()
    }

    /// The settings in force.
    #[must_use]
    pub fn config(&self) -> Config {
        self.shared.live().config.clone()
    }

    /// The behaviour in force.
    #[must_use]
    pub fn options(&self) -> Options {
        self.shared.live().options.clone()
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Largest request body of the API; of batches, and so the most that is ever read.
const MAX_MESSAGE_BYTES: usize = 32 << 20;
const MAX_BATCH_BYTES: usize = 256 << 20;

/// Most bytes of a body sent to `path`.
pub(crate) fn max_body(path: &str) -> usize {
    if path == "/v1/messages/batches" {
        MAX_BATCH_BYTES
    } else {
        MAX_MESSAGE_BYTES
    }
}

fn route(request: &Request<Bytes>, attempt: &mut Attempt) -> Result<Fate, ApiError> {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or("");
    let (head, body) = (request.headers(), request.body());
    let mut parts = path.strip_prefix("/v1/").unwrap_or("").split('/');
    let route: [&str; 4] = std::array::from_fn(|_| parts.next().unwrap_or(""));
    let method = request.method();
    // The method is looked at last, so that a wrong one on a known path is told from no path.
    let allowed = |wanted: &Method| {
        if method == wanted {
            Ok(())
        } else {
            Err(ApiError::method_not_allowed())
        }
    };
    let extra = parts.next().is_some();
    let host = || batches::host(head);
    let caller = |attempt: &Attempt| Caller::read(head, query, attempt);
    if browser::is_preflight(request) {
        return Ok(Fate::Info(Bytes::new()));
    }
    if body.len() > max_body(path) {
        return Err(ApiError::too_large());
    }
    match route {
        _ if extra => Err(ApiError::not_found("Not Found")),
        ["messages", "", "", ""] => {
            allowed(&Method::POST)?;
            messages::decide(body, head, caller(attempt)?, attempt)
        }
        ["messages", "count_tokens", "", ""] => {
            allowed(&Method::POST)?;
            messages::count_tokens(body, caller(attempt)?, attempt)
        }
        ["models", "", "", ""] => {
            allowed(&Method::GET)?;
            caller(attempt)?;
            let page = models::list(&attempt.live.config.profiles, query)?;
            Ok(Fate::Info(Bytes::from(page.to_string())))
        }
        ["models", id, "", ""] => {
            allowed(&Method::GET)?;
            caller(attempt)?;
            let index = messages::find_model(&attempt.live, id)?;
            let model = models::describe(&attempt.live.config.profiles[index]);
            Ok(Fate::Info(Bytes::from(model.to_string())))
        }
        ["messages", "batches", "", ""] if method == Method::GET => {
            let caller = caller(attempt)?;
            attempt.admit_to(Endpoint::Batches, caller.key)?;
            batches::list(attempt, query, &host()).map(Fate::Info)
        }
        ["messages", "batches", "", ""] => {
            allowed(&Method::POST)?;
            let caller = caller(attempt)?;
            attempt.admit_to(Endpoint::Batches, caller.key)?;
            batches::create(body, caller, attempt, &host()).map(Fate::Info)
        }
        [
            "messages",
            "batches",
            id,
            tail @ ("" | "cancel" | "results"),
        ] => {
            let action = match (tail, method.as_str()) {
                ("", "GET") => Action::Show,
                ("", "DELETE") => Action::Delete,
                ("cancel", "POST") => Action::Cancel,
                ("results", "GET") => Action::Results,
                _ => return Err(ApiError::method_not_allowed()),
            };
            let caller = caller(attempt)?;
            attempt.admit_to(Endpoint::Batches, caller.key)?;
            batches::act(action, id, attempt, &host()).map(Fate::Info)
        }
        _ => Err(ApiError::not_found("Not Found")),
    }
}

/// Waits for a slot and until the head is due, then answers.
async fn play(plan: Box<Plan>, mut attempt: Box<Attempt>) -> Response<ReplyBody> {
    let shared = Arc::clone(&attempt.shared);
    let mut begin = attempt.entry.arrived_ns;
    let mut slowdown = 1.0;
    if let (Some(slots), Some(capacity)) =
        (attempt.live.slots.clone(), attempt.live.options.capacity)
    {
        if slots.available_permits() == 0
            && attempt.waiting() > u64::from(capacity.slots + capacity.queue)
        {
            attempt.undo_admission();
            return refusal(&ApiError::overloaded(), attempt);
        }
        attempt.slot = slots.clone().acquire_owned().await.ok();
        begin = shared.now_ns();
        let others = (capacity.slots as usize).saturating_sub(slots.available_permits() + 1) as f64;
        let most = f64::from(capacity.slots.saturating_sub(1).max(1));
        slowdown = 1.0 + (capacity.slowdown - 1.0).max(0.0) * others / most;
    }
    let now = shared.now_ns();
    let flow = plan.begin(begin, slowdown, now, &mut attempt);
    let head_at = if plan.stream { flow.start } else { flow.end };
    if head_at > now {
        shared.sleep_until(head_at).await;
    }
    let mut head = attempt.head(StatusCode::OK);
    if plan.stream {
        let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
        head.insert(header::CONTENT_TYPE, kind);
        head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    } else {
        head.insert(header::CONTENT_TYPE, JSON);
    }
    let body = if plan.stream {
        stream_body(*plan, flow, attempt)
    } else {
        json_body(&plan, attempt)
    };
    let mut response = Response::new(body);
    *response.headers_mut() = head;
    response
}

fn info(bytes: Bytes, mut attempt: Box<Attempt>) -> Response<ReplyBody> {
    let mut map = attempt.head(StatusCode::OK);
    map.insert(header::CONTENT_TYPE, JSON);
    let mut response = Response::new(ReplyBody::whole(bytes, Ending::Complete, attempt));
    *response.headers_mut() = map;
    response
}

fn refusal(error: &ApiError, mut attempt: Box<Attempt>) -> Response<ReplyBody> {
    let mut map = attempt.head(error.status);
    map.insert(header::CONTENT_TYPE, JSON);
    if error.status == StatusCode::UNAUTHORIZED {
        // Nobody knows whose workspace it would be.
        map.remove(headers::WORKSPACE);
    }
    if let Some(seconds) = error.retry_after_s {
        map.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(should) = error.should_retry {
        let value = if should { "true" } else { "false" };
        map.insert(headers::SHOULD_RETRY, HeaderValue::from_static(value));
    }
    let body = Bytes::from(error.body(&ids::request(attempt.entry.bits)));
    let mut response = Response::new(ReplyBody::whole(body, Ending::Refused, attempt));
    *response.status_mut() = error.status;
    *response.headers_mut() = map;
    response
}

fn json_body(plan: &Plan, attempt: Box<Attempt>) -> ReplyBody {
    let bytes = Bytes::from(wire::message(&plan.envelope, &plan.content));
    let Some(spoil) = plan.fault.and_then(|fault| fault.spoil(false)) else {
        return ReplyBody::whole(bytes, Ending::Complete, attempt);
    };
    match spoil.how {
        How::Die(hangup) => ReplyBody::part(&bytes, spoil.after, Some(hangup), attempt),
        How::Stall => ReplyBody::part(&bytes, spoil.after, None, attempt),
        // Broken off, yet as long as its header says.
        How::EndEarly | How::Malformed | How::ErrorEvent | How::Duplicate => {
            let part = body::first_part(&bytes, spoil.after);
            ReplyBody::whole(part, Ending::Truncated, attempt)
        }
    }
}

fn stream_body(plan: Plan, flow: Flow, attempt: Box<Attempt>) -> ReplyBody {
    let stream = Stream {
        spoil: plan.fault.and_then(|fault| fault.spoil(true)),
        envelope: plan.envelope,
        content: plan.content,
        flow,
        bits: mix(&[attempt.entry.bits, PADDING]),
        played: 0,
    };
    ReplyBody::stream(stream, attempt)
}

const PADDING: u64 = 0x9AD;
