//! The server without a socket: from a request to an answer that plays itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};

use crate::attempt::{Attempt, Shared};
use crate::body::{Hangup, ReplyBody};
use crate::bucket::Flow;
use crate::config::{Config, ConfigError};
use crate::error::ApiError;
use crate::fault::{self, Fault, FaultKind};
use crate::headers;
use crate::ids;
use crate::latency::Latencies;
use crate::ledger::{Ending, Ledger, call_id};
use crate::limits::{Limiter, Refusal};
use crate::mix::{digest, mix};
use crate::prices::Usage;
use crate::proof::Key;
use crate::reply::{self, Reply};
use crate::request::{self, MessagesRequest};
use crate::stream::Stream;
use crate::timeline::Timeline;
use crate::wire::{self, Envelope};

/// A mock of the Claude Messages API. Clones share everything.
#[derive(Debug, Clone)]
pub struct MockClaude {
    shared: Arc<Shared>,
}

/// What an admitted request will get.
struct Plan {
    stream: bool,
    reply: Reply,
    envelope: Envelope,
    usage: Usage,
    /// When the answer is written if nothing gets in its way.
    flow: Flow,
    fault: Option<Fault>,
}

/// What becomes of an attempt.
enum Fate {
    Answer(Box<Plan>),
    Refuse(ApiError),
    Hang,
    Reset,
}

impl MockClaude {
    /// A mock that lives on `timeline`.
    ///
    /// # Errors
    /// When the settings contradict themselves or leave a model without a price.
    pub fn new(config: Config, timeline: Timeline) -> Result<Self, ConfigError> {
        config.check()?;
        let organization = ids::uuid(config.seed);
        Ok(Self {
            shared: Arc::new(Shared::new(config, timeline, organization)),
        })
    }

    /// Answers one request: the same code in process and behind TCP. The future ends when the head
    /// of the answer is due. Dropping it, or the body before its end, means that the client gave up.
    ///
    /// # Errors
    /// When the connection dies without a head.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<ReplyBody>, Hangup> {
        let mut attempt = Attempt::arrive(Arc::clone(&self.shared), digest(request.body()));
        let fate = decide(&request, &mut attempt).unwrap_or_else(Fate::Refuse);
        drop(request);
        match fate {
            Fate::Answer(plan) => Ok(self.play(*plan, attempt).await),
            Fate::Refuse(error) => Ok(refusal(&error, attempt)),
            Fate::Reset => {
                attempt.settle(Ending::Reset);
                Err(Hangup::Reset)
            }
            Fate::Hang => std::future::pending().await,
        }
    }

    /// Refuses a body that was too large to be read.
    pub(crate) fn too_large(&self) -> Response<ReplyBody> {
        refusal(
            &ApiError::too_large(),
            Attempt::arrive(Arc::clone(&self.shared), 0),
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

    /// The settings it runs with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    async fn play(&self, plan: Plan, mut attempt: Attempt) -> Response<ReplyBody> {
        let head_at = if plan.stream {
            plan.flow.start
        } else {
            plan.flow.end
        };
        if head_at > self.shared.now_ns() {
            self.shared
                .timeline
                .sleep_until(Duration::from_nanos(head_at))
                .await;
        }
        attempt.head_sent(StatusCode::OK.as_u16());
        let mut head = common_headers(&attempt);
        let body = if plan.stream {
            head.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/event-stream; charset=utf-8"),
            );
            head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            stream_body(plan, attempt)
        } else {
            head.insert(header::CONTENT_TYPE, JSON);
            json_body(plan, attempt)
        };
        let mut response = Response::new(body);
        *response.headers_mut() = head;
        response
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Largest request body of the API.
pub(crate) const MAX_BODY_BYTES: usize = 32 << 20;

fn decide(request: &Request<Bytes>, attempt: &mut Attempt) -> Result<Fate, ApiError> {
    check_route(request)?;
    let key = check_headers(request.headers())?;
    if request.body().len() > MAX_BODY_BYTES {
        return Err(ApiError::too_large());
    }
    let wanted = request::parse(request.body())?;
    let shared = Arc::clone(&attempt.shared);
    let model = *shared
        .models
        .get(wanted.model.as_ref())
        .ok_or_else(|| ApiError::not_found(format!("model: {}", wanted.model)))?;
    attempt.entry.model = Some(model);
    attempt.entry.max_tokens = wanted.max_tokens;
    attempt.choose_pool(model, key);

    let fault = fault::decide(
        &shared.config.faults,
        attempt.identity,
        Duration::from_nanos(attempt.entry.arrived_ns),
    );
    attempt.entry.fault = fault.map(|fault| fault.kind);
    if let Some(fate) = fault.and_then(|fault| refused_by(fault.kind, attempt)) {
        return Ok(fate);
    }
    admit_and_plan(&wanted, model, fault, attempt)
}

/// Faults that strike before anything is charged.
fn refused_by(kind: FaultKind, attempt: &Attempt) -> Option<Fate> {
    let shared = &attempt.shared;
    match kind {
        FaultKind::RateLimit => {
            let limits = shared
                .config
                .limits
                .map_or(1, |limits| limits.requests_per_minute);
            let refusal = Refusal {
                limiter: Limiter::Requests,
                per_minute: limits,
                retry_after_s: Some(1),
            };
            let model = attempt
                .entry
                .model
                .map_or("", |i| &shared.config.profiles[i].model);
            Some(Fate::Refuse(ApiError::rate_limited(
                refusal,
                &shared.organization,
                model,
            )))
        }
        FaultKind::ServerError => Some(Fate::Refuse(ApiError::server_error())),
        FaultKind::Overloaded => Some(Fate::Refuse(ApiError::overloaded())),
        FaultKind::Reset => Some(Fate::Reset),
        FaultKind::Hang | FaultKind::TruncateStream => None,
    }
}

fn admit_and_plan(
    wanted: &MessagesRequest<'_>,
    model: usize,
    fault: Option<Fault>,
    attempt: &mut Attempt,
) -> Result<Fate, ApiError> {
    let shared = Arc::clone(&attempt.shared);
    let profile = &shared.config.profiles[model];
    let input_tokens = request::input_tokens(wanted, profile);
    request::check_sizes(wanted, profile, input_tokens)?;
    let input = Usage {
        input_tokens,
        ..Usage::default()
    };
    attempt
        .admit(input)
        .map_err(|refusal| ApiError::rate_limited(refusal, &shared.organization, &profile.model))?;

    let call = call_id(attempt.entry.bits);
    let reply = reply::write(wanted, profile, &shared.key, &call, input_tokens);
    let latencies = Latencies::draw(
        &profile.latency,
        attempt.identity,
        input_tokens,
        reply.tokens,
    );
    let start = attempt.entry.arrived_ns + latencies.to_first_token_ns;
    let flow = Flow {
        start,
        end: start + latencies.decode_ns,
        tokens: reply.tokens,
    };
    attempt.entry.service_ns = latencies.to_first_token_ns + latencies.decode_ns;
    if fault.is_some_and(|fault| fault.kind == FaultKind::Hang) {
        return Ok(Fate::Hang);
    }
    let stream = wanted.stream.unwrap_or(false);
    attempt.produce(match fault {
        Some(fault) if stream => cut_flow(flow, fault.after),
        _ => flow,
    });
    let envelope = Envelope {
        id: ids::message(attempt.entry.bits),
        model: profile.model.clone(),
    };
    let usage = Usage {
        output_tokens: reply.tokens,
        ..input
    };
    Ok(Fate::Answer(Box::new(Plan {
        stream,
        reply,
        envelope,
        usage,
        flow,
        fault,
    })))
}

/// The part of `flow` that is written before a cut after `share` of it.
fn cut_flow(flow: Flow, share: f64) -> Flow {
    let span = ((flow.end - flow.start) as f64 * share) as u64;
    Flow {
        end: flow.start + span,
        tokens: (flow.tokens as f64 * share) as u64,
        ..flow
    }
}

fn check_route(request: &Request<Bytes>) -> Result<(), ApiError> {
    if request.uri().path() != "/v1/messages" {
        return Err(ApiError::not_found("Not Found"));
    }
    if request.method() != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    Ok(())
}

/// Checks the mandatory headers and returns a hash of the customer's key.
fn check_headers(headers: &HeaderMap) -> Result<u64, ApiError> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let key = headers
        .get("x-api-key")
        .map(HeaderValue::as_bytes)
        .or(bearer)
        .filter(|key| !key.is_empty())
        .ok_or_else(|| ApiError::authentication("x-api-key header is required"))?;
    if !headers.contains_key("anthropic-version") {
        return Err(ApiError::invalid("anthropic-version: header is required"));
    }
    Ok(digest(key))
}

/// The headers that every answer carries.
fn common_headers(attempt: &Attempt) -> HeaderMap {
    let shared = &attempt.shared;
    let mut map = HeaderMap::with_capacity(20);
    map.insert(
        headers::REQUEST_ID,
        headers::text(&ids::request(attempt.entry.bits)),
    );
    map.insert(headers::ORGANIZATION, headers::text(&shared.organization));
    if let Some(pool) = attempt.pool {
        shared.with_buckets(pool, shared.now_ns(), |buckets| {
            headers::add_limits(&mut map, buckets, &shared.timeline);
        });
    }
    map
}

fn refusal(error: &ApiError, mut attempt: Attempt) -> Response<ReplyBody> {
    attempt.head_sent(error.status.as_u16());
    let mut map = common_headers(&attempt);
    map.insert(header::CONTENT_TYPE, JSON);
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

fn json_body(plan: Plan, attempt: Attempt) -> ReplyBody {
    let Plan {
        reply,
        envelope,
        usage,
        fault,
        ..
    } = plan;
    let json = wire::message(&envelope, &reply.text, reply.stop_reason.name(), usage);
    let bytes = Bytes::from(json);
    match fault {
        Some(Fault { after, .. }) => ReplyBody::part(&bytes, after, attempt),
        None => ReplyBody::whole(bytes, Ending::Complete, attempt),
    }
}

fn stream_body(plan: Plan, attempt: Attempt) -> ReplyBody {
    let stream = Stream {
        envelope: plan.envelope,
        text: plan.reply.text,
        usage: plan.usage,
        stop_reason: plan.reply.stop_reason.name(),
        flow: plan.flow,
        cut_after: plan.fault.map(|fault| fault.after),
        bits: mix(&[attempt.entry.bits, PADDING]),
        played: 0,
    };
    ReplyBody::stream(stream, attempt)
}

const PADDING: u64 = 0x9AD;
