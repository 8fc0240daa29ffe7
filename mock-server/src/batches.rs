//! Message batches: created, worked off after a delay at half the price, listed, cancelled, deleted.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::attempt::Attempt;
use crate::error::ApiError;
use crate::headers;
use crate::ids;
use crate::ledger::call_id;
use crate::messages::{Caller, check_for_model, find_model};
use crate::mix::mix;
use crate::models;
use crate::prices::Usage;
use crate::reply;
use crate::request;
use crate::timeline::Timeline;
use crate::validate;
use crate::wire::{self, Envelope};

const MAX_REQUESTS: usize = 100_000;
/// Batches kept; the oldest goes first.
const MAX_BATCHES: usize = 1_000;
const DAY_S: u64 = 24 * 3600;

/// All batches, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    all: Vec<Batch>,
    /// Spent on batches that are no longer kept.
    gone: Spent,
}

/// Tokens, and pico-dollars.
pub(crate) type Spent = (Usage, u64);

impl Batches {
    /// What all batches that have ended by `now` cost; cancelled ones cost nothing.
    pub(crate) fn spent(&self, now: Duration) -> Spent {
        let billed = self.all.iter().filter(|batch| batch.is_billed(now));
        billed.fold(self.gone, |sum, batch| plus(sum, batch.spent))
    }

    fn forget(&mut self, at: usize) {
        let batch = self.all.remove(at);
        if !batch.was_canceled() {
            self.gone = plus(self.gone, batch.spent);
        }
    }
}

fn plus(a: Spent, b: Spent) -> Spent {
    (a.0.plus(b.0), a.1 + b.1)
}

#[derive(Debug)]
struct Batch {
    id: String,
    created: Duration,
    due: Duration,
    canceled: Option<Duration>,
    /// Result lines that the requests get if they are not cancelled, made when it was created.
    results: Vec<Line>,
    /// What they cost then.
    spent: Spent,
}

#[derive(Debug)]
struct Line {
    custom_id: String,
    result: String,
    succeeded: bool,
}

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
    let mut spent = Spent::default();
    let results = create.requests.iter().enumerate().map(|(i, item)| {
        let (line, item_spent) = work(item, i, caller, attempt);
        if let Some((tokens, cost)) = item_spent {
            // Half the list price.
            spent = plus(spent, (tokens, cost / 2));
        }
        line
    });
    let results = results.collect();
    let batch = Batch {
        id: ids::batch(attempt.entry.bits),
        created,
        due: created + Duration::from_secs_f64(attempt.live.options.batch_delay_s.max(0.0)),
        canceled: None,
        results,
        spent,
    };
    let json = batch.describe(created, &shared.timeline(), host);
    let mut state = shared.state();
    let batches = &mut state.batches;
    if batches.all.len() == MAX_BATCHES {
        batches.forget(0);
    }
    batches.all.push(batch);
    Ok(bytes(&json))
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

/// Does one request of a batch; refused ones cost nothing.
fn work(
    item: &Item<'_>,
    number: usize,
    caller: Caller,
    attempt: &Attempt,
) -> (Line, Option<Spent>) {
    let bits = mix(&[attempt.entry.bits, number as u64]);
    match answer(item.params.get().as_bytes(), bits, caller, attempt) {
        Ok((message, usage, cost)) => {
            let result = format!("{{\"type\":\"succeeded\",\"message\":{message}}}");
            (
                Line {
                    custom_id: item.custom_id.clone(),
                    result,
                    succeeded: true,
                },
                Some((usage, cost)),
            )
        }
        Err(error) => {
            let error = error.body(&ids::request(bits));
            let result = format!("{{\"type\":\"errored\",\"error\":{error}}}");
            (
                Line {
                    custom_id: item.custom_id.clone(),
                    result,
                    succeeded: false,
                },
                None,
            )
        }
    }
}

fn answer(
    params: &[u8],
    bits: u64,
    caller: Caller,
    attempt: &Attempt,
) -> Result<(String, Usage, u64), ApiError> {
    let live = &attempt.live;
    let wanted = validate::parse(params, caller.rules(false))?;
    if !caller.lenient && (wanted.stream == Some(true) || wanted.max_tokens == Some(0)) {
        return Err(ApiError::invalid(
            "`stream` and `max_tokens: 0` are not supported in batches",
        ));
    }
    let model = find_model(live, &wanted.model)?;
    let profile = &live.config.profiles[model];
    if !caller.lenient {
        check_for_model(&wanted, profile, &attempt.shared.key)?;
    }
    let total = request::input_tokens(&wanted, profile);
    request::check_sizes(&wanted, profile, total)?;
    let reply = reply::write(&wanted, profile, &attempt.shared.key, &call_id(bits), total);
    let usage = Usage {
        input_tokens: total,
        output_tokens: reply.tokens,
        ..Usage::default()
    };
    let envelope = Envelope {
        id: ids::message(bits),
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
        .all
        .iter()
        .rev()
        .map(|b| b.describe(now, &timeline, host))
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
    let found = state.batches.all.iter().position(|batch| batch.id == id);
    let Some(at) = found else {
        return match attempt.live.options.conformance {
            true => Ok(synthetic(action, id, &timeline, host)),
            false => Err(ApiError::not_found(format!("Batch `{id}` not found."))),
        };
    };
    let batch = &mut state.batches.all[at];
    let ended = batch.ended(now);
    match action {
        Action::Show => {}
        Action::Cancel if !ended => batch.canceled = batch.canceled.or(Some(now)),
        Action::Cancel => {}
        Action::Delete if ended => {
            state.batches.forget(at);
            return Ok(bytes(&json!({ "id": id, "type": "message_batch_deleted" })));
        }
        Action::Delete => {
            return Err(ApiError::invalid(
                "Cannot delete a batch that has not ended.",
            ));
        }
        Action::Results if ended => return Ok(batch.lines()),
        Action::Results => {
            return Err(ApiError::not_found(format!(
                "Batch `{id}` has no results yet."
            )));
        }
    }
    Ok(bytes(&batch.describe(now, &timeline, host)))
}

/// A stand-in for a batch that does not exist.
fn synthetic(action: Action, id: &str, timeline: &Timeline, host: &str) -> Bytes {
    let now = timeline.now();
    let id = id.to_owned();
    let batch = Batch {
        id,
        created: now,
        due: now,
        canceled: None,
        results: vec![],
        spent: Spent::default(),
    };
    match action {
        Action::Delete => bytes(&json!({ "id": batch.id, "type": "message_batch_deleted" })),
        Action::Results => batch.lines(),
        Action::Show | Action::Cancel => bytes(&batch.describe(now, timeline, host)),
    }
}

impl Batch {
    /// A cancelled batch ends at once: nothing of it is ever half done.
    fn end(&self) -> Duration {
        self.canceled.map_or(self.due, |at| at.min(self.due))
    }

    fn ended(&self, now: Duration) -> bool {
        now >= self.end()
    }

    fn is_billed(&self, now: Duration) -> bool {
        self.ended(now) && !self.was_canceled()
    }

    fn was_canceled(&self) -> bool {
        self.canceled.is_some_and(|at| at < self.due)
    }

    fn describe(&self, now: Duration, timeline: &Timeline, host: &str) -> Value {
        let moment = |at: Duration| headers::rfc3339(timeline.unix_s(at));
        let ended = self.ended(now);
        let total = self.results.len();
        let succeeded = self.results.iter().filter(|line| line.succeeded).count();
        let (succeeded, errored, canceled) = match (ended, self.was_canceled()) {
            (false, _) => (0, 0, 0),
            (true, true) => (0, 0, total),
            (true, false) => (succeeded, total - succeeded, 0),
        };
        json!({
            "id": self.id,
            "type": "message_batch",
            "processing_status": if ended { "ended" } else { "in_progress" },
            "request_counts": {
                "processing": if ended { 0 } else { total },
                "succeeded": succeeded,
                "errored": errored,
                "canceled": canceled,
                "expired": 0,
            },
            "created_at": moment(self.created),
            "expires_at": moment(self.created + Duration::from_secs(DAY_S)),
            "ended_at": ended.then(|| moment(self.end())),
            "archived_at": null,
            "cancel_initiated_at": self.canceled.map(moment),
            "results_url":
                ended.then(|| format!("http://{host}/v1/messages/batches/{}/results", self.id)),
        })
    }

    fn lines(&self) -> Bytes {
        let mut text = String::new();
        for line in &self.results {
            let result = if self.was_canceled() {
                "{\"type\":\"canceled\"}"
            } else {
                &line.result
            };
            text.push_str("{\"custom_id\":\"");
            text.push_str(&line.custom_id);
            text.push_str("\",\"result\":");
            text.push_str(result);
            text.push_str("}\n");
        }
        Bytes::from(text)
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
