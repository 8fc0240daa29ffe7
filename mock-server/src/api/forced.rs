//! Which fault an attempt meets: forced by its headers, then by the schedule, then by the rules.

use std::time::Duration;

use ground::chance::{digest, unit};
use ground::fault::FaultKind;
use http::{HeaderMap, HeaderName};

use crate::fault::{self, Fault, Phase};
use crate::limits::{Limiter, Refusal};
use crate::request::ApiError;
use crate::state::Attempt;

const FAULT: HeaderName = HeaderName::from_static("x-mock-fault");
const TIMES: HeaderName = HeaderName::from_static("x-mock-fault-times");
const KEY: HeaderName = HeaderName::from_static("x-mock-fault-key");
const AFTER: HeaderName = HeaderName::from_static("x-mock-fault-after");

/// The fault that an attempt beside Messages meets: only its headers decide. Without a key of their
/// own, such requests are counted by `path`, since many have no body.
pub(crate) fn beside(
    headers: &HeaderMap,
    path: &str,
    attempt: &Attempt,
) -> Result<Option<Fault>, ApiError> {
    match headers.get(FAULT) {
        Some(value) if attempt.live.options.forced_faults => {
            let name = value.to_str().unwrap_or("");
            let used = || attempt.shared.count_forced(digest(path.as_bytes()));
            by_headers(name, headers, attempt, used)
        }
        _ => Ok(None),
    }
}

/// The fault of `attempt`, if any; `scripted` is that of its scripted answer.
pub(crate) fn decide(
    headers: &HeaderMap,
    scripted: Option<FaultKind>,
    attempt: &Attempt,
) -> Result<Option<Fault>, ApiError> {
    let live = &attempt.live;
    if live.options.forced_faults
        && let Some(value) = headers.get(FAULT)
    {
        let name = value.to_str().unwrap_or("");
        return by_headers(name, headers, attempt, || attempt.identity.seen);
    }
    if let Some(kind) = scripted {
        return Ok(Some(Fault { kind, after: None }));
    }
    let at = Duration::from_nanos(attempt.row.arrived_ns);
    if let Some(fault) = by_schedule(at, attempt) {
        return Ok(Some(fault));
    }
    Ok(fault::decide(&live.config.faults, attempt.identity, at))
}

fn by_headers(
    name: &str,
    headers: &HeaderMap,
    attempt: &Attempt,
    used_before: impl Fn() -> u32,
) -> Result<Option<Fault>, ApiError> {
    let kind: FaultKind = name.parse().map_err(|_| {
        let known = FaultKind::NAMES.join(", ");
        ApiError::invalid(format!(
            "x-mock-fault: unknown fault `{name}` (known: {known})"
        ))
    })?;
    let after: Option<f64> = number(headers, &AFTER)?;
    if let Some(share) = after.filter(|share| !(0.0..=1.0).contains(share)) {
        return Err(ApiError::invalid(format!(
            "x-mock-fault-after: {share} is not between 0 and 1"
        )));
    }
    let times: Option<u32> = number(headers, &TIMES)?;
    let used = match (times, headers.get(KEY)) {
        (None, _) => 0,
        (Some(_), Some(key)) => attempt.shared.count_forced(digest(key.as_bytes())),
        (Some(_), None) => used_before(),
    };
    Ok(times
        .is_none_or(|times| used < times)
        .then_some(Fault { kind, after }))
}

fn number<T: std::str::FromStr>(
    headers: &HeaderMap,
    name: &HeaderName,
) -> Result<Option<T>, ApiError> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("");
    let mistake = || ApiError::invalid(format!("{name}: `{text}` is not a number"));
    text.parse().map(Some).map_err(|_| mistake())
}

fn by_schedule(at: Duration, attempt: &Attempt) -> Option<Fault> {
    let schedule = &attempt.live.options.schedule;
    if schedule.is_empty() {
        return None;
    }
    let in_flight = attempt.shared.state().ledger.in_flight();
    let at = at.as_secs_f64();
    let strikes = |(i, phase): &(usize, &Phase)| {
        unit(attempt.identity.bits(SCHEDULE + *i as u64)) < phase.probability(at, in_flight)
    };
    let (_, phase) = schedule.iter().enumerate().find(strikes)?;
    Some(Fault {
        kind: phase.kind,
        after: None,
    })
}

/// Faults that refuse a request before anything is charged.
pub(crate) fn refused_by(kind: FaultKind, attempt: &mut Attempt) -> Option<ApiError> {
    if kind == FaultKind::RateLimit {
        attempt.show_no_requests();
    }
    let config = &attempt.live.config;
    Some(match kind {
        FaultKind::RateLimit => {
            let per_minute = attempt
                .row
                .model
                .and_then(|model| attempt.live.limits[model])
                .map_or(0, |limits| limits.requests_per_minute);
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
        FaultKind::Authentication => ApiError::authentication("invalid x-api-key"),
        FaultKind::Billing => ApiError::billing(),
        FaultKind::Permission => ApiError::permission(),
        FaultKind::TimeoutError => ApiError::timeout(),
        _ => return None,
    })
}

const SCHEDULE: u64 = 0x5C4E_0000;
