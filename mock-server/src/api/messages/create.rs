//! `POST /v1/messages`: from a readable request to a plan of its answer, without waiting.

use std::sync::Arc;

use ground::fault::FaultKind;
use ground::usage::Usage;
use http::HeaderMap;

use crate::api::forced;
use crate::api::plan::{Decision, Plan};
use crate::fault::Fault;
use crate::limits::{Limiter, Refusal};
use crate::reply::{self, Envelope, Latencies, ids};
use crate::request::{self, ApiError, MessagesRequest};
use crate::state::{Attempt, Prefix, prefixes};

use super::caller::Caller;
use super::model::{check_for_model, find_model};

/// Reads, checks and admits a request.
pub(crate) fn decide(
    body: &[u8],
    headers: &HeaderMap,
    caller: Caller,
    attempt: &mut Attempt,
) -> Result<Decision, ApiError> {
    let live = Arc::clone(&attempt.live);
    let wanted = request::parse(body, caller.rules(false))?;
    let model = find_model(&live, &wanted.model)?;
    attempt.row.model = Some(model);
    attempt.row.max_tokens = wanted.max_tokens.unwrap_or(0);
    attempt.is_for(model, caller.key);
    if !caller.lenient {
        check_for_model(&wanted, &live.config.profiles[model], &attempt.shared.key)?;
    }
    let fault = forced::decide(headers, attempt)?;
    attempt.row.fault = fault.map(|fault| fault.kind);
    if let Some(error) = fault.and_then(|fault| refused_by(fault.kind, attempt)) {
        return Err(error);
    }
    if fault.is_some_and(|fault| fault.kind == FaultKind::Reset && fault.after.is_none()) {
        return Ok(Decision::Reset);
    }
    admit(&wanted, model, caller.key, fault, attempt)
}

/// Faults that refuse a request before anything is charged.
fn refused_by(kind: FaultKind, attempt: &Attempt) -> Option<ApiError> {
    let config = &attempt.live.config;
    Some(match kind {
        FaultKind::RateLimit => {
            let per_minute = attempt.live.limits[attempt.row.model.unwrap_or(0)]
                .map_or(1, |limits| limits.requests_per_minute);
            let refusal = Refusal {
                limiter: Limiter::Requests,
                per_minute,
                retry_after_s: Some(1),
            };
            let model = attempt.row.model.map_or("", |i| &config.profiles[i].model);
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
) -> Result<Decision, ApiError> {
    let live = Arc::clone(&attempt.live);
    let profile = &live.config.profiles[model];
    let total = request::input_tokens(wanted, profile);
    request::check_sizes(wanted, profile, total)?;
    let prefixes = if live.options.prompt_caching {
        prefixes(wanted, key, live.classes[model])
    } else {
        vec![]
    };
    let now = attempt.row.arrived_ns;
    let input = if prefixes.is_empty() {
        Usage {
            input_tokens: total,
            ..Usage::default()
        }
    } else {
        let cache = &mut attempt.shared.state().cache;
        cache.split(&prefixes, total, profile, now)
    };
    attempt.admit(input).map_err(|refusal| {
        attempt.row.retry_after_s = refusal.retry_after_s;
        ApiError::rate_limited(refusal, &attempt.shared.organization, &profile.model)
    })?;
    if fault.is_some_and(|fault| fault.kind == FaultKind::Hang && fault.after.is_none()) {
        return Ok(Decision::Hang);
    }
    let plan = plan(wanted, model, input, fault, prefixes, attempt);
    Ok(Decision::Answer(Box::new(plan)))
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
    let unread = input.unread_tokens();
    let call = ids::call(attempt.row.bits);
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
    attempt.row.service_ns = latencies.to_first_token_ns + latencies.decode_ns;
    if fault.is_some_and(|fault| fault.kind == FaultKind::SlowDrip) {
        latencies = latencies.dripping(reply.tokens);
    }
    let known = live.models.contains_key(wanted.model.as_ref());
    let envelope = Envelope {
        id: ids::message(attempt.row.bits),
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
