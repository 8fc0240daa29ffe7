//! The JSON of the Messages API as a client sees it: one request out, an answer or an error in.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use ground::usage;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Ask, CallError, Message, RateLimits, StopReason};

/// Most of an unreadable error body that is worth repeating.
const MAX_ERROR_TEXT: usize = 300;

/// The parameters of one question.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: [UserMessage<'a>; 1],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct UserMessage<'a> {
    role: &'a str,
    content: &'a str,
}

impl<'a> Body<'a> {
    /// The parameters that ask `ask`.
    pub(super) fn of(ask: &'a Ask) -> Self {
        Self {
            model: &ask.model,
            max_tokens: ask.max_tokens,
            system: ask.system.as_deref(),
            messages: [UserMessage {
                role: "user",
                content: &ask.prompt,
            }],
            stream: ask.stream,
        }
    }
}

/// The request body that asks `ask`.
pub(super) fn body(ask: &Ask) -> Vec<u8> {
    // Code is full of line ends and quotes, each of which costs a second byte.
    let mut bytes = Vec::with_capacity(ask.prompt.len() + ask.prompt.len() / 8 + 256);
    serde_json::to_writer(&mut bytes, &Body::of(ask))
        .expect("strings and numbers always serialize");
    bytes
}

#[derive(Deserialize)]
struct MessageWire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    content: Vec<ContentBlock<'a>>,
    stop_reason: Option<String>,
    usage: Usage,
}

/// One block of an answer; blocks that are not text carry none.
#[derive(Deserialize)]
pub(super) struct ContentBlock<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) text: Cow<'a, str>,
}

/// `usage` of an answer. In a stream later events repeat only some fields.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(default)]
pub(super) struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(default)]
struct CacheCreation {
    ephemeral_1h_input_tokens: u64,
}

impl Usage {
    /// These figures, and the older ones where these are silent.
    pub(super) fn or(self, older: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.or(older.input_tokens),
            output_tokens: self.output_tokens.or(older.output_tokens),
            cache_creation_input_tokens: self
                .cache_creation_input_tokens
                .or(older.cache_creation_input_tokens),
            cache_read_input_tokens: self
                .cache_read_input_tokens
                .or(older.cache_read_input_tokens),
            cache_creation: self.cache_creation.or(older.cache_creation),
        }
    }

    /// As the price book counts them; an error when the answer does not say what it used.
    pub(super) fn billed(self) -> Result<usage::Usage, CallError> {
        let missing = |field: &str| CallError::Malformed {
            what: format!("`usage.{field}` is missing"),
        };
        let written = self.cache_creation_input_tokens.unwrap_or(0);
        let one_hour = self
            .cache_creation
            .unwrap_or_default()
            .ephemeral_1h_input_tokens;
        Ok(usage::Usage {
            input_tokens: self.input_tokens.ok_or_else(|| missing("input_tokens"))?,
            output_tokens: self.output_tokens.ok_or_else(|| missing("output_tokens"))?,
            cache_write_5m_tokens: written.saturating_sub(one_hour),
            cache_write_1h_tokens: one_hour.min(written),
            cache_read_tokens: self.cache_read_input_tokens.unwrap_or(0),
        })
    }
}

/// Reads a whole 2xx JSON answer.
pub(super) fn message(body: &[u8]) -> Result<Message, CallError> {
    let wire: MessageWire<'_> =
        serde_json::from_slice(body).map_err(|error| CallError::Malformed {
            what: error.to_string(),
        })?;
    if wire.kind != "message" {
        return Err(CallError::Malformed {
            what: "it is not a message".into(),
        });
    }
    let mut texts = wire
        .content
        .into_iter()
        .filter(|block| block.kind == "text");
    let mut text = texts
        .next()
        .map(|block| block.text.into_owned())
        .unwrap_or_default();
    texts.for_each(|block| text.push_str(&block.text));
    Ok(Message {
        text,
        stop_reason: stop_reason(wire.stop_reason)?,
        usage: wire.usage.billed()?,
        limits: None,
        request_id: None,
    })
}

/// Reads a `stop_reason`, which a whole answer must have.
pub(super) fn stop_reason(name: Option<String>) -> Result<StopReason, CallError> {
    let name = name.ok_or_else(|| CallError::Malformed {
        what: "`stop_reason` is missing".into(),
    })?;
    Ok(StopReason::from_name(name))
}

#[derive(Deserialize)]
struct ErrorEnvelope {
    error: ErrorWire,
}

#[derive(Deserialize)]
pub(super) struct ErrorWire {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    error_code: Option<String>,
}

/// The error that an `event: error` inside a stream reports.
pub(super) fn stream_error(data: &[u8]) -> CallError {
    match serde_json::from_slice::<ErrorEnvelope>(data) {
        Ok(envelope) => from_wire(200, envelope.error),
        Err(error) => CallError::Malformed {
            what: format!("error event: {error}"),
        },
    }
}

/// The error that one question of a batch got. It comes without a status; its kind tells.
pub(super) fn item_error(data: &[u8]) -> CallError {
    let status = |kind: &str| match kind {
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 400,
    };
    match serde_json::from_slice::<ErrorEnvelope>(data) {
        Ok(envelope) => from_wire(status(&envelope.error.kind), envelope.error),
        Err(error) => CallError::Malformed {
            what: format!("error of a batch: {error}"),
        },
    }
}

/// What is known beside an error's own words.
#[derive(Clone, Copy)]
pub(super) struct Heard {
    pub(super) limits: Option<RateLimits>,
    /// When it came, in seconds since 1970, by a clock of ours if there is one.
    pub(super) unix_s: Option<u64>,
}

/// The error that a non-2xx answer reports, even if its body is not the API's.
pub(super) fn api_error(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    heard: Heard,
) -> CallError {
    let wire = serde_json::from_slice::<ErrorEnvelope>(body).map_or_else(
        |_| ErrorWire {
            kind: kind_of(status).into(),
            message: excerpt(body),
            details: None,
        },
        |envelope| envelope.error,
    );
    let mut error = from_wire(status.as_u16(), wire);
    if let CallError::Api {
        retry_after,
        should_retry,
        limits,
        ..
    } = &mut error
    {
        *retry_after = wait(headers, heard.unix_s);
        *should_retry = match headers
            .get("x-should-retry")
            .map(http::HeaderValue::as_bytes)
        {
            Some(b"true") => Some(true),
            Some(b"false") => Some(false),
            _ => None,
        };
        *limits = heard.limits.map(Box::new);
    }
    error
}

fn from_wire(status: u16, wire: ErrorWire) -> CallError {
    CallError::Api {
        status,
        kind: wire.kind,
        message: wire.message,
        code: wire.details.and_then(|details| details.error_code),
        retry_after: None,
        should_retry: None,
        limits: None,
    }
}

/// `retry-after-ms` before `retry-after`, which is a number of seconds or a date; zero, negative
/// and absurd waits are none.
fn wait(headers: &HeaderMap, unix_s: Option<u64>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name: &str| text(name)?.parse::<f64>().ok();
    number("retry-after-ms")
        .map(|ms| ms / 1000.0)
        .or_else(|| number("retry-after"))
        .or_else(|| {
            let until = unix_seconds(text("retry-after")?)?;
            // The server's own clock tells best how far its date is away.
            let now = text("date").and_then(unix_seconds).or(unix_s)?;
            Some(until.saturating_sub(now) as f64)
        })
        .filter(|seconds| *seconds > 0.0 && *seconds <= 4_294_967.0)
        .map(Duration::from_secs_f64)
}

fn unix_seconds(date: &str) -> Option<u64> {
    let moment = httpdate::parse_http_date(date).ok()?;
    let since = moment.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

fn kind_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(MAX_ERROR_TEXT)])
        .trim()
        .to_owned()
}
