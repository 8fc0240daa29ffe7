//! From a readable request for a message to a plan of its answer, without waiting.

use std::sync::Arc;

use ground::fault::FaultKind;
use ground::usage::Usage;
use http::HeaderMap;

use crate::fault::Fault;
use crate::reply::{self, AnswerRule, Choice, Envelope, Latencies, ScriptedUsage, ids};
use crate::request::{self, ApiError, MessagesRequest};
use crate::state::{Attempt, Prefix, prefixes};

use super::caller::Caller;
use super::dialect::Dialect;
use super::forced;
use super::model::{check_for_model, find_model};
use super::plan::{Decision, Plan};

/// Reads, checks and admits a request in Anthropic's own dialect; its answer may be in another.
pub(crate) fn decide(
    body: &[u8],
    headers: &HeaderMap,
    caller: Caller,
    attempt: &mut Attempt,
) -> Result<Decision, ApiError> {
    let live = Arc::clone(&attempt.live);
    let wanted = request::parse(body, caller.rules(false))?;
    let model = find_model(&live, caller.dialect, &wanted.model)?;
    attempt.row.model = Some(model);
    attempt.row.retries = retries(headers);
    attempt.row.max_tokens = wanted.max_tokens.unwrap_or(0);
    attempt.is_for(model, caller.key);
    if !caller.lenient {
        check_for_model(&wanted, &live.config.profiles[model], &attempt.shared.key)?;
    }
    let rule = scripted(&wanted, model, attempt);
    let fault = forced::decide(headers, rule.as_ref().and_then(|rule| rule.fault), attempt)?;
    attempt.row.fault = fault.map(|fault| fault.kind);
    if let Some(error) = fault.and_then(|fault| forced::refused_by(fault.kind, attempt)) {
        return Err(error);
    }
    if fault.is_some_and(|fault| fault.kind == FaultKind::Reset && fault.after.is_none()) {
        return Ok(Decision::Reset);
    }
    admit(&wanted, rule, model, caller, fault, attempt)
}

/// The rule that says what `wanted` gets, if one does.
fn scripted(
    wanted: &MessagesRequest<'_>,
    model: usize,
    attempt: &Attempt,
) -> Option<Box<AnswerRule>> {
    let live = &attempt.live;
    if live.script.is_empty() {
        return None;
    }
    let matching = live
        .script
        .matching(wanted, &live.config.profiles[model].model);
    let counts = &mut attempt.shared.state().scripted;
    live.script.pick(&matching, counts).cloned().map(Box::new)
}

fn admit(
    wanted: &MessagesRequest<'_>,
    rule: Option<Box<AnswerRule>>,
    model: usize,
    caller: Caller,
    fault: Option<Fault>,
    attempt: &mut Attempt,
) -> Result<Decision, ApiError> {
    let live = Arc::clone(&attempt.live);
    let profile = &live.config.profiles[model];
    let total = request::input_tokens(wanted, profile);
    request::check_sizes(wanted, profile, total)?;
    // A schema that no value keeps is refused before anything is charged.
    let (usage, delay_ms) = match &rule {
        Some(rule) => (rule.usage.unwrap_or_default(), rule.delay_ms),
        None => (ScriptedUsage::default(), None),
    };
    let choice = match rule {
        Some(rule) if rule.is_answer() => Choice::Scripted(rule),
        _ => reply::choose(wanted, attempt.identity.bits(FORM), caller.lenient)?,
    };
    let prefixes = if live.options.prompt_caching {
        prefixes(wanted, caller.key, live.classes[model])
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
    let input = usage.input(input);
    attempt.admit(input).map_err(|refusal| {
        attempt.row.retry_after_s = refusal.retry_after_s;
        ApiError::rate_limited(refusal, &attempt.shared.organization, &profile.model)
    })?;
    if fault.is_some_and(|fault| fault.kind == FaultKind::Hang && fault.after.is_none()) {
        return Ok(Decision::Hang);
    }
    let admitted = Admitted {
        dialect: caller.dialect,
        model,
        input,
        fault,
        prefixes,
    };
    let mut plan = plan(wanted, choice, admitted, attempt);
    if let Some(tokens) = usage.output_tokens {
        plan.envelope.usage.output_tokens = tokens;
    }
    if let Some(delay_ms) = delay_ms {
        plan.latencies.to_first_token_ns = (delay_ms * 1e6) as u64;
    }
    Ok(Decision::Answer(Box::new(plan)))
}

/// What is settled about a request once it is admitted.
struct Admitted {
    dialect: Dialect,
    model: usize,
    input: Usage,
    fault: Option<Fault>,
    prefixes: Vec<Prefix>,
}

fn plan(
    wanted: &MessagesRequest<'_>,
    choice: Choice,
    admitted: Admitted,
    attempt: &mut Attempt,
) -> Plan {
    let Admitted {
        dialect,
        model,
        input,
        fault,
        prefixes,
    } = admitted;
    let live = &attempt.live;
    let profile = &live.config.profiles[model];
    let unread = input.unread_tokens();
    let call = ids::call(attempt.row.bits);
    let reply = reply::write(
        wanted,
        choice,
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
    let own = dialect.first_party(&wanted.model);
    let known = own.is_some_and(|own| live.models.contains_key(own));
    let envelope = Envelope {
        id: ids::message(dialect.message_prefix(), attempt.row.bits),
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
        dialect,
        stream,
        content: reply.content,
        envelope,
        latencies,
        fault,
        model,
        prefixes,
    }
}

/// How often the client says that it has asked before; the SDKs do.
fn retries(headers: &HeaderMap) -> Option<u16> {
    headers
        .get("x-stainless-retry-count")?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// What forms are filled in by.
const FORM: u64 = 0xF0_12;
