//! `POST /v1/messages`: from a readable request to a plan of its answer, without waiting.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use crate::attempt::Attempt;
use crate::bucket::Flow;
use crate::cache::{self, Prefix};
use crate::caller::Caller;
use crate::endpoints::Endpoint;
use crate::error::ApiError;
use crate::fault::{Fault, FaultKind};
use crate::forced;
use crate::ids;
use crate::latency::Latencies;
use crate::ledger::call_id;
use crate::limits::{Limiter, Refusal};
use crate::live::Live;
use crate::prices::Usage;
use crate::profile::Profile;
use crate::proof::Key;
use crate::reply;
use crate::request::{self, MessagesRequest};
use crate::thinking;
use crate::validate;
use crate::wire::{Content, Envelope};

/// What an admitted request will get.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stream: bool,
    pub(crate) content: Vec<Content>,
    pub(crate) envelope: Envelope,
    pub(crate) latencies: Latencies,
    pub(crate) fault: Option<Fault>,
    model: usize,
    prefixes: Vec<Prefix>,
}

/// What becomes of an attempt.
pub(crate) enum Fate {
    Answer(Box<Plan>),
    /// An answer that costs no model time.
    Info(Bytes),
    Hang,
    Reset,
}

/// Reads, checks and admits a request.
pub(crate) fn decide(
    body: &[u8],
    headers: &HeaderMap,
    caller: Caller,
    attempt: &mut Attempt,
) -> Result<Fate, ApiError> {
    let live = Arc::clone(&attempt.live);
    let wanted = validate::parse(body, caller.rules(false))?;
    let model = find_model(&live, &wanted.model)?;
    attempt.entry.model = Some(model);
    attempt.entry.max_tokens = wanted.max_tokens.unwrap_or(0);
    attempt.is_for(model, caller.key);
    if !caller.lenient {
        check_for_model(&wanted, &live.config.profiles[model], &attempt.shared.key)?;
    }
    let fault = forced::decide(headers, attempt)?;
    attempt.entry.fault = fault.map(|fault| fault.kind);
    if let Some(error) = fault.and_then(|fault| refused_by(fault.kind, attempt)) {
        return Err(error);
    }
    if fault.is_some_and(|fault| fault.kind == FaultKind::Reset && fault.after.is_none()) {
        return Ok(Fate::Reset);
    }
    admit(&wanted, model, caller.key, fault, attempt)
}

/// Refuses what the model cannot do, and thinking that the client has changed.
pub(crate) fn check_for_model(
    wanted: &MessagesRequest<'_>,
    profile: &Profile,
    key: &Key,
) -> Result<(), ApiError> {
    validate::check_model(wanted, &profile.model)?;
    match thinking::forged(wanted, key) {
        Some((message, block)) => Err(ApiError::invalid(format!(
            "messages.{message}.content.{block}: `thinking` or `redacted_thinking` blocks in the \
             latest assistant message cannot be modified. These blocks must remain as they were \
             in the original response."
        ))),
        None => Ok(()),
    }
}

/// `POST /v1/messages/count_tokens`.
pub(crate) fn count_tokens(
    body: &[u8],
    caller: Caller,
    attempt: &mut Attempt,
) -> Result<Fate, ApiError> {
    attempt.admit_to(Endpoint::CountTokens, caller.key)?;
    let live = &attempt.live;
    let wanted = validate::parse(body, caller.rules(true))?;
    let profile = &live.config.profiles[find_model(live, &wanted.model)?];
    if !caller.lenient {
        check_for_model(&wanted, profile, &attempt.shared.key)?;
    }
    let tokens = request::input_tokens(&wanted, profile);
    Ok(Fate::Info(Bytes::from(format!(
        "{{\"input_tokens\":{tokens}}}"
    ))))
}

pub(crate) fn find_model(live: &Live, id: &str) -> Result<usize, ApiError> {
    match live.models.get(id) {
        Some(index) => Ok(*index),
        None if live.options.conformance => Ok(0),
        None => Err(ApiError::not_found(format!("model: {id}"))),
    }
}

/// Faults that refuse a request before anything is charged.
fn refused_by(kind: FaultKind, attempt: &Attempt) -> Option<ApiError> {
    let config = &attempt.live.config;
    Some(match kind {
        FaultKind::RateLimit => {
            let per_minute = attempt.live.limits[attempt.entry.model.unwrap_or(0)]
                .map_or(1, |limits| limits.requests_per_minute);
            let refusal = Refusal {
                limiter: Limiter::Requests,
                per_minute,
                retry_after_s: Some(1),
            };
            let model = attempt
                .entry
                .model
                .map_or("", |i| &config.profiles[i].model);
            ApiError::rate_limited(refusal, &attempt.shared.organization, model)
        }
        FaultKind::ServerError => ApiError::server_error(),
        FaultKind::Overloaded => ApiError::overloaded(),
        FaultKind::Billing => ApiError::billing(),
        FaultKind::Permission => ApiError::permission(),
        FaultKind::TimeoutError => ApiError::timeout(),
        _ => return None,
    })
}

fn admit(
    wanted: &MessagesRequest<'_>,
    model: usize,
    key: u64,
    fault: Option<Fault>,
    attempt: &mut Attempt,
) -> Result<Fate, ApiError> {
    let live = Arc::clone(&attempt.live);
    let profile = &live.config.profiles[model];
    let total = request::input_tokens(wanted, profile);
    request::check_sizes(wanted, profile, total)?;
    let prefixes = match live.options.prompt_caching {
        true => cache::prefixes(wanted, key, live.classes[model]),
        false => vec![],
    };
    let now = attempt.entry.arrived_ns;
    let input = match prefixes.is_empty() {
        true => Usage {
            input_tokens: total,
            ..Usage::default()
        },
        false => attempt
            .shared
            .state()
            .cache
            .split(&prefixes, total, profile, now),
    };
    attempt.admit(input).map_err(|refusal| {
        attempt.entry.retry_after_s = refusal.retry_after_s;
        ApiError::rate_limited(refusal, &attempt.shared.organization, &profile.model)
    })?;
    if fault.is_some_and(|fault| fault.kind == FaultKind::Hang && fault.after.is_none()) {
        return Ok(Fate::Hang);
    }
    let plan = plan(wanted, model, input, fault, prefixes, attempt);
    Ok(Fate::Answer(Box::new(plan)))
}

fn plan(
    wanted: &MessagesRequest<'_>,
    model: usize,
    input: Usage,
    fault: Option<Fault>,
    prefixes: Vec<Prefix>,
    attempt: &mut Attempt,
) -> Plan {
    let live = &attempt.live;
    let profile = &live.config.profiles[model];
    let unread = input.input_tokens + input.cache_write_5m_tokens + input.cache_write_1h_tokens;
    let call = call_id(attempt.entry.bits);
    let reply = reply::write(
        wanted,
        profile,
        &attempt.shared.key,
        &call,
        unread + input.cache_read_tokens,
    );
    let recorded = &live.options.recorded_latency;
    let mut latencies =
        Latencies::replay(recorded, attempt.identity, reply.tokens).unwrap_or_else(|| {
            Latencies::draw(&profile.latency, attempt.identity, unread, reply.tokens)
        });
    attempt.entry.service_ns = latencies.to_first_token_ns + latencies.decode_ns;
    if fault.is_some_and(|fault| fault.kind == FaultKind::SlowDrip) {
        latencies = latencies.dripping(reply.tokens);
    }
    let known = live.models.contains_key(wanted.model.as_ref());
    let envelope = Envelope {
        id: ids::message(attempt.entry.bits),
        model: if known {
            profile.model.clone()
        } else {
            wanted.model.clone().into_owned()
        },
        stop: reply.stop,
        usage: Usage {
            output_tokens: reply.tokens,
            ..input
        },
        thinking_tokens: reply.thinking_tokens,
        service_tier: "standard",
    };
    let stream = wanted.stream.unwrap_or(false);
    Plan {
        stream,
        content: reply.content,
        envelope,
        latencies,
        fault,
        model,
        prefixes,
    }
}

impl Plan {
    /// When the answer is written if the model begins to read at `begin`, and lets `attempt`
    /// produce it from `now` on.
    pub(crate) fn begin(&self, begin: u64, slowdown: f64, now: u64, attempt: &mut Attempt) -> Flow {
        let start = begin + self.latencies.to_first_token_ns;
        let decode = (self.latencies.decode_ns as f64 * slowdown) as u64;
        let flow = Flow {
            start,
            end: start + decode,
            tokens: self.envelope.usage.output_tokens,
        };
        let spoil = self.fault.and_then(|fault| fault.spoil(self.stream));
        let produced = match spoil {
            Some(spoil) if self.stream && spoil.is_final() => flow.cut(spoil.after),
            _ => flow,
        };
        attempt.produce(produced, now);
        if !self.prefixes.is_empty() {
            let now = attempt.entry.arrived_ns;
            let profile = &attempt.live.config.profiles[self.model];
            attempt
                .shared
                .state()
                .cache
                .store(&self.prefixes, profile, now, start);
        }
        flow
    }
}
