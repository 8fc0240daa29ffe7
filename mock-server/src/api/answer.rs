//! Answers as HTTP responses: when their head is due, and which body they have.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ground::chance::mix;
use ground::fault::FaultKind;
use ground::ledger::Ending;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};

use crate::fault::{Fault, Hangup, How};
use crate::limits::Flow;
use crate::reply::MAX_DELTAS;
use crate::request::ApiError;
use crate::state::{Attempt, SHOULD_RETRY, WORKSPACE};

use super::body::{self, ReplyBody};
use super::dialect::Dialect;
use super::output::Output;
use super::plan::Plan;
use super::stream::Stream;
use super::wire;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Waits for a slot and until the head is due, then answers.
pub(super) async fn answer(plan: Box<Plan>, mut attempt: Box<Attempt>) -> Response<ReplyBody> {
    let shared = Arc::clone(&attempt.shared);
    let mut begin = attempt.row.arrived_ns;
    let mut slowdown = 1.0;
    if let (Some(slots), Some(capacity)) =
        (attempt.live.slots.clone(), attempt.live.options.capacity)
    {
        if slots.available_permits() == 0
            && attempt.waiting() > u64::from(capacity.slots + capacity.queue)
        {
            attempt.undo_admission();
            return refusal(plan.dialect, ApiError::overloaded(), attempt);
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
    wire::dress(plan.dialect, &mut head);
    let (stream, fault) = (plan.stream, plan.fault);
    let output = output(*plan, flow, &attempt);
    if stream {
        let kind = HeaderValue::from_static(wire::stream_type(output.dialect));
        head.insert(header::CONTENT_TYPE, kind);
        head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    } else {
        head.insert(header::CONTENT_TYPE, JSON);
        wire::tell(&output, &mut head);
    }
    let body = if stream {
        stream_body(output, fault, attempt)
    } else {
        spoilt(Bytes::from(wire::message(&output)), fault, attempt)
    };
    let mut response = Response::new(body);
    *response.headers_mut() = head;
    response
}

/// An answer that costs no model time, or what a forced fault makes of it.
pub(super) async fn info(
    dialect: Dialect,
    bytes: Bytes,
    mut attempt: Box<Attempt>,
) -> Result<Response<ReplyBody>, Hangup> {
    let fault = attempt.forced;
    let before_head = fault
        .filter(|fault| fault.after.is_none())
        .map(|fault| fault.kind);
    match before_head {
        Some(FaultKind::Hang) => std::future::pending().await,
        Some(FaultKind::Reset) => {
            attempt.settle(Ending::Reset);
            return Err(Hangup::Reset);
        }
        Some(FaultKind::SlowDrip) => {
            let shared = Arc::clone(&attempt.shared);
            shared
                .sleep_until(attempt.row.arrived_ns + DRIPPING_NS)
                .await;
        }
        _ => {}
    }
    let mut map = attempt.head(StatusCode::OK);
    wire::dress(dialect, &mut map);
    map.insert(header::CONTENT_TYPE, JSON);
    let mut response = Response::new(spoilt(bytes, fault, attempt));
    *response.headers_mut() = map;
    Ok(response)
}

/// As long as the longest stream drips at five events a second.
const DRIPPING_NS: u64 = MAX_DELTAS * 200_000_000;

/// An error.
pub(super) fn refusal(
    dialect: Dialect,
    error: ApiError,
    mut attempt: Box<Attempt>,
) -> Response<ReplyBody> {
    let error = wire::in_words_of(dialect, error);
    let mut map = attempt.head(error.status);
    map.insert(header::CONTENT_TYPE, JSON);
    if error.status == StatusCode::UNAUTHORIZED {
        // Nobody knows whose workspace it would be.
        map.remove(WORKSPACE);
    }
    if let Some(seconds) = error.retry_after_s {
        map.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(should) = error.should_retry {
        let value = if should { "true" } else { "false" };
        map.insert(SHOULD_RETRY, HeaderValue::from_static(value));
    }
    wire::dress(dialect, &mut map);
    wire::tell_error(dialect, &error, &mut map);
    let body = Bytes::from(wire::error(dialect, &error, &attempt.row.request_id()));
    let mut response = Response::new(ReplyBody::whole(body, Ending::Refused, attempt));
    *response.status_mut() = error.status;
    *response.headers_mut() = map;
    response
}

fn output(plan: Plan, flow: Flow, attempt: &Attempt) -> Output {
    let arrived_ns = attempt.row.arrived_ns;
    let timeline = attempt.shared.timeline();
    Output {
        dialect: plan.dialect,
        envelope: plan.envelope,
        content: plan.content,
        flow,
        arrived_ns,
        arrived_unix_s: timeline.unix_s(Duration::from_nanos(arrived_ns)),
    }
}

/// The body `bytes`, or what `fault` leaves of it.
fn spoilt(bytes: Bytes, fault: Option<Fault>, attempt: Box<Attempt>) -> ReplyBody {
    let Some(spoil) = fault.and_then(|fault| fault.spoil(false)) else {
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

fn stream_body(output: Output, fault: Option<Fault>, attempt: Box<Attempt>) -> ReplyBody {
    let stream = Stream {
        spoil: fault.and_then(|fault| fault.spoil(true)),
        output,
        bits: mix(&[attempt.row.bits, PADDING]),
        written: 0,
        is_spoilt: false,
    };
    ReplyBody::stream(stream, attempt)
}

const PADDING: u64 = 0x9AD;
