//! Message batches: created, worked off one request after the other at half the price, listed,
//! cancelled, deleted.

use std::time::Duration;

use bytes::Bytes;
use ground::chance::mix;
use ground::timeline::Timeline;
use ground::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::api::caller::Caller;
use crate::api::dialect::Dialect;
use crate::api::model::{check_for_model, find_model};
use crate::limits::{Limiter, Refusal};
use crate::reply::{self, Envelope, ids};
use crate::request::{self, ApiError};
use crate::state::{Attempt, Batch, Line, Spent};

use super::{batch_json, files, models, wire};

/// As the Batches API documents it.
const MAX_REQUESTS: usize = 100_000;

#[derive(Deserialize)]
struct Create<'a> {
    #[serde(borrow)]
    requests: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    custom_id: String,
    #[serde(borrow)]
    params: &'a RawValue,
}

/// `POST /v1/messages/batches`.
pub(crate) fn create(
    body: &[u8],
    caller: Caller,
    attempt: &Attempt,
    host: &str,
) -> Result<Bytes, ApiError> {
    let create: Create<'_> = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid(format!("requests: {error}")))?;
    check(&create.requests)?;
    let shared = &attempt.shared;
    let created = shared.timeline().now();
    admit(create.requests.len() as u64, caller.key, created, attempt)?;
    let numbered = create.requests.iter().enumerate();
    let lines = numbered.map(|(i, item)| work(item, i, caller, attempt));
    let batch = Batch {
        id: ids::batch(attempt.row.bits),
        key: caller.key,
        created,
        delay: Duration::from_secs_f64(attempt.live.options.batch_delay_s),
        canceled: None,
        lines: lines.collect(),
    };
    let json = batch_json::describe(&batch, created, &shared.timeline(), host);
    let mut state = shared.state();
    state.batches.add(batch);
    Ok(bytes(&json))
}

/// Refuses more requests than may wait at once.
fn admit(requests: u64, key: u64, now: Duration, attempt: &Attempt) -> Result<(), ApiError> {
    let Some(limits) = attempt.live.endpoints else {
        return Ok(());
    };
    let queued = attempt.shared.state().batches.queued(key, now);
    if queued + requests <= limits.queued_batch_requests {
        return Ok(());
    }
    let refusal = Refusal {
        limiter: Limiter::QueuedBatches,
        per_minute: limits.queued_batch_requests,
        retry_after_s: None,
    };
    Err(ApiError::rate_limited(
        refusal,
        &attempt.shared.organization,
        "all",
    ))
}

fn check(items: &[Item<'_>]) -> Result<(), ApiError> {
    if items.is_empty() || items.len() > MAX_REQUESTS {
        return Err(ApiError::invalid(format!(
            "requests: List should have between 1 and {MAX_REQUESTS} items"
        )));
    }
    let mut ids = std::collections::BTreeSet::new();
    for (i, item) in items.iter().enumerate() {
        let id = item.custom_id.as_str();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if id.is_empty() || id.len() > 64 || !id.bytes().all(allowed) {
            return Err(ApiError::invalid(format!(
                "requests.{i}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'"
            )));
        }
        if !ids.insert(id) {
            return Err(ApiError::invalid(format!(
                "requests.{i}.custom_id: duplicate custom_id `{id}`"
            )));
        }
    }
    Ok(())
}

/// Does one request of a batch at half the price; refused ones cost nothing.
fn work(item: &Item<'_>, number: usize, caller: Caller, attempt: &Attempt) -> Line {
    let bits = mix(&[attempt.row.bits, number as u64]);
    let custom_id = item.custom_id.clone();
    match answer(item.params.get().as_bytes(), bits, caller, attempt) {
        Ok((message, usage, cost)) => Line {
            custom_id,
            result: format!("{{\"type\":\"succeeded\",\"message\":{message}}}"),
            succeeded: true,
            spent: Spent {
                usage,
                cost_pico: cost / 2,
            },
        },
        Err(error) => Line {
            custom_id,
            result: format!(
                "{{\"type\":\"errored\",\"error\":{}}}",
                wire::error(&error, &ids::request(bits))
            ),
            succeeded: false,
            spent: Spent::default(),
        },
    }
}

fn answer(
    params: &[u8],
    bits: u64,
    caller: Caller,
    attempt: &Attempt,
) -> Result<(String, Usage, u64), ApiError> {
    let live = &attempt.live;
    let params = files::inlined(params, attempt)?;
    let wanted = request::parse(&params, caller.rules(false))?;
    let single =
        wanted.stream == Some(true) || wanted.max_tokens == Some(0) || wanted.speed.is_some();
    if !caller.lenient && single {
        return Err(ApiError::invalid(
            "`stream`, `speed` and `max_tokens: 0` are not supported in batches",
        ));
    }
    let model = find_model(live, Dialect::Messages, &wanted.model)?;
    let profile = &live.config.profiles[model];
    if !caller.lenient {
        check_for_model(&wanted, profile, &attempt.shared.key)?;
    }
    let total = request::input_tokens(&wanted, profile);
    request::check_sizes(&wanted, profile, total)?;
    let choice = reply::choose(&wanted, bits, caller.lenient)?;
    let reply = reply::write(
        &wanted,
        choice,
        profile,
        &attempt.shared.key,
        &ids::call(bits),
        total,
    );
    let usage = Usage {
        input_tokens: total,
        output_tokens: reply.tokens,
        ..Usage::default()
    };
    let envelope = Envelope {
        id: ids::message("msg_01", bits),
        model: profile.model.clone(),
        stop: reply.stop,
        usage,
        thinking_tokens: reply.thinking_tokens,
        service_tier: "batch",
    };
    let message = wire::message(&envelope, &reply.content);
    let message = String::from_utf8_lossy(&message).into_owned();
    Ok((message, usage, live.prices[model].cost_pico(usage)))
}

/// `GET /v1/messages/batches`.
pub(crate) fn list(attempt: &Attempt, query: &str, host: &str) -> Result<Bytes, ApiError> {
    let timeline = attempt.shared.timeline();
    let now = timeline.now();
    let state = attempt.shared.state();
    let all: Vec<Value> = state
        .batches
        .newest_first()
        .map(|batch| batch_json::describe(batch, now, &timeline, host))
        .collect();
    models::page(&all, query).map(|page| bytes(&page))
}

/// What is done with one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Show,
    Cancel,
    Delete,
    Results,
}

/// Everything below `/v1/messages/batches/{id}`.
pub(crate) fn act(
    action: Action,
    id: &str,
    attempt: &Attempt,
    host: &str,
) -> Result<Bytes, ApiError> {
    let timeline = attempt.shared.timeline();
    let now = timeline.now();
    let mut state = attempt.shared.state();
    let Some(at) = state.batches.find(id) else {
        return if attempt.live.options.conformance {
            Ok(synthetic(action, id, &timeline, host))
        } else {
            Err(ApiError::not_found(format!("Batch `{id}` not found.")))
        };
    };
    let batch = state.batches.at(at);
    let ended = batch.ended(now);
    match action {
        Action::Show => {}
        Action::Cancel if !ended => batch.canceled = batch.canceled.or(Some(now)),
        Action::Cancel => {}
        Action::Delete if ended => {
            state.batches.remove(at);
            return Ok(bytes(&json!({ "id": id, "type": "message_batch_deleted" })));
        }
        Action::Delete => {
            return Err(ApiError::invalid(
                "Cannot delete a batch that has not ended.",
            ));
        }
        Action::Results if ended => return Ok(batch_json::results(batch)),
        Action::Results => {
            return Err(ApiError::not_found(format!(
                "Batch `{id}` has no results yet."
            )));
        }
    }
    Ok(bytes(&batch_json::describe(batch, now, &timeline, host)))
}

/// A stand-in for a batch that does not exist.
fn synthetic(action: Action, id: &str, timeline: &Timeline, host: &str) -> Bytes {
    let now = timeline.now();
    let id = id.to_owned();
    let batch = Batch {
        id,
        key: 0,
        created: now,
        delay: Duration::ZERO,
        canceled: None,
        lines: vec![],
    };
    match action {
        Action::Delete => bytes(&json!({ "id": batch.id, "type": "message_batch_deleted" })),
        Action::Results => batch_json::results(&batch),
        Action::Show | Action::Cancel => bytes(&batch_json::describe(&batch, now, timeline, host)),
    }
}

fn bytes(json: &Value) -> Bytes {
    Bytes::from(json.to_string())
}

/// The host that the client used, for links back to this server.
pub(crate) fn host(headers: &http::HeaderMap) -> String {
    let host = headers
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok());
    // Anything that is not a plain host and port would forge the links.
    let plain = |host: &&str| {
        host.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
    };
    host.filter(plain).unwrap_or("localhost").to_owned()
}
