//! The Messages client: asks one question, reads the answer strictly, and says exactly what went wrong.
//!
//! It sends once. Whether to ask again is the generator's decision.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ground::timeline::Timeline;
use ground::usage::Usage;
use ground::version::ApiVersion;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};

use crate::transport::{CallTag, Cut, Response, SendError, Transport};

pub use batch::{Batch, Item, ItemError, Unread};
pub use error::CallError;
pub use limits::{RateLimits, Window};
pub use spending::Spending;

mod batch;
mod error;
mod limits;
mod spending;
mod stream;
mod wire;

/// Larger answers are refused, whatever they hold: none of ours comes near.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// A client of one API with one key. Cheap to clone.
#[derive(Clone)]
pub struct Claude {
    transport: Transport,
    headers: Arc<HeaderMap>,
    patience: Option<(Timeline, Duration)>,
    spending: Option<Spending>,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Model id.
    pub model: Arc<str>,
    /// Largest answer in tokens.
    pub max_tokens: u64,
    /// System prompt.
    pub system: Option<String>,
    /// The user's message.
    pub prompt: String,
    /// Ask for server-sent events.
    pub stream: bool,
}

/// One whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// All text blocks, joined.
    pub text: String,
    /// Why the model stopped.
    pub stop_reason: StopReason,
    /// What was billed.
    pub usage: Usage,
    /// The state of the rate limits, if the answer told.
    pub limits: Option<RateLimits>,
    /// The server's id of this request.
    pub request_id: Option<String>,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// It had said everything.
    EndTurn,
    /// The answer reached `max_tokens` and is not whole.
    MaxTokens,
    /// The context window is full and the answer is not whole.
    ContextWindow,
    /// It declined to answer.
    Refusal,
    /// Anything else, by its name on the wire.
    Other(String),
}

impl StopReason {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::EndTurn => "end_turn",
            Self::MaxTokens => "max_tokens",
            Self::ContextWindow => "model_context_window_exceeded",
            Self::Refusal => "refusal",
            Self::Other(name) => name,
        }
    }

    /// What `name` on the wire stands for.
    #[must_use]
    pub fn from_name(name: String) -> Self {
        match name.as_str() {
            "end_turn" | "stop_sequence" => Self::EndTurn,
            "max_tokens" => Self::MaxTokens,
            "model_context_window_exceeded" => Self::ContextWindow,
            "refusal" => Self::Refusal,
            _ => Self::Other(name),
        }
    }
}

impl Claude {
    /// A client that speaks the default [`ApiVersion`] and shows `api_key`, which it never prints.
    #[must_use]
    pub fn new(transport: Transport, api_key: &str) -> Self {
        Self {
            transport,
            headers: Arc::new(headers(api_key, ApiVersion::default())),
            patience: None,
            spending: None,
        }
    }

    /// The same client speaking API version `version` with `api_key`.
    #[must_use]
    pub fn with_version(self, api_key: &str, version: ApiVersion) -> Self {
        Self {
            headers: Arc::new(headers(api_key, version)),
            ..self
        }
    }

    /// The same client giving up with [`CallError::TimedOut`] after `longest` without a sign of the API:
    /// no head, or no further piece of the answer.
    #[must_use]
    pub fn with_timeout(self, timeline: Timeline, longest: Duration) -> Self {
        Self {
            patience: Some((timeline, longest)),
            ..self
        }
    }

    /// The same client keeping account of what it spends.
    #[must_use]
    pub fn with_spending(self, spending: Spending) -> Self {
        Self {
            spending: Some(spending),
            ..self
        }
    }

    /// Asks once and reads the whole answer.
    ///
    /// # Errors
    /// [`CallError`] when no whole answer came.
    pub async fn message(&self, tag: CallTag, ask: &Ask) -> Result<Message, CallError> {
        let reservation = match &self.spending {
            Some(spending) => Some(spending.reserve(ask).await?),
            None => None,
        };
        let outcome = self.exchange(tag, ask).await;
        if let Some(reservation) = reservation {
            match &outcome {
                Ok(message) => reservation.settle(message.usage),
                Err(error) if error.is_free() => reservation.settle(Usage::default()),
                Err(_) => drop(reservation),
            }
        }
        outcome
    }

    /// The most that `ask` can cost, and what it costs when nobody waits for its end, in
    /// pico-dollars; nothing when no account is kept.
    #[must_use]
    pub fn price(&self, ask: &Ask) -> [u64; 2] {
        self.spending
            .as_ref()
            .map_or([0, 0], |spending| spending.price(ask))
    }

    /// What `outcome` of `ask` cost, in pico-dollars, as the account counts it.
    #[must_use]
    pub fn charge(&self, ask: &Ask, outcome: &Result<Message, CallError>) -> u64 {
        let Some(spending) = &self.spending else {
            return 0;
        };
        match outcome {
            Ok(message) => spending.cost_pico(message.usage),
            Err(error) if error.is_free() => 0,
            Err(_) => spending.price(ask)[1],
        }
    }

    async fn exchange(&self, tag: CallTag, ask: &Ask) -> Result<Message, CallError> {
        let mut request = Request::new(Bytes::from(wire::body(ask)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/v1/messages");
        request.headers_mut().clone_from(&self.headers);
        let mut response = self
            .wait(pin!(self.transport.send(tag, request)))
            .await?
            .map_err(|error| match error {
                SendError::Reset => CallError::Reset,
                SendError::Unreachable => CallError::Unreachable,
            })?;
        let limits = RateLimits::from_headers(&response.headers);
        if !response.status.is_success() {
            let body = self.read_all(&mut response).await?;
            let heard = wire::Heard {
                limits,
                unix_s: self.unix_s(),
            };
            return Err(wire::api_error(
                response.status,
                &response.headers,
                &body,
                heard,
            ));
        }
        check_encoding(&response.headers)?;
        let streamed = response
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let mut message = if streamed {
            self.read_stream(&mut response).await?
        } else {
            wire::message(&self.read_all(&mut response).await?)?
        };
        response.used(message.usage);
        message.limits = limits;
        message.request_id = response
            .headers
            .get("request-id")
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        Ok(message)
    }

    /// The time of day, if this client has a clock.
    fn unix_s(&self) -> Option<u64> {
        self.patience
            .map(|(timeline, _)| timeline.unix_s(timeline.now()))
    }

    async fn read_all(&self, response: &mut Response) -> Result<Bytes, CallError> {
        let Some(first) = self.next(response).await? else {
            return Ok(Bytes::new());
        };
        let mut whole = Vec::new();
        while let Some(more) = self.next(response).await? {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&more);
            check_size(whole.len())?;
        }
        Ok(if whole.is_empty() {
            first
        } else {
            whole.into()
        })
    }

    async fn read_stream(&self, response: &mut Response) -> Result<Message, CallError> {
        let mut stream = stream::Reader::default();
        let mut bytes = 0;
        while let Some(piece) = self.next(response).await? {
            bytes += piece.len();
            check_size(bytes)?;
            stream.push(&piece)?;
        }
        stream.finish()
    }

    async fn next(&self, response: &mut Response) -> Result<Option<Bytes>, CallError> {
        self.wait(pin!(response.chunk()))
            .await?
            .map_err(|Cut| CallError::Cut)
    }

    /// Takes the work by reference: a future that is moved into another doubles its size.
    async fn wait<F: Future>(&self, work: Pin<&mut F>) -> Result<F::Output, CallError> {
        match self.patience {
            None => Ok(work.await),
            Some((timeline, longest)) => timeline
                .timeout(longest, work)
                .await
                .ok_or(CallError::TimedOut),
        }
    }
}

/// Whether `key` can be sent at all: it is one line of visible letters.
#[must_use]
pub fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_size(bytes: usize) -> Result<(), CallError> {
    if bytes > MAX_ANSWER_BYTES {
        return Err(CallError::Malformed {
            what: format!("longer than {MAX_ANSWER_BYTES} bytes"),
        });
    }
    Ok(())
}

/// An answer in an encoding that was not asked for cannot be read.
fn check_encoding(headers: &HeaderMap) -> Result<(), CallError> {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(()),
        Some(other) => Err(CallError::Malformed {
            what: format!(
                "it is encoded as {}, which was not asked for",
                String::from_utf8_lossy(other)
            ),
        }),
    }
}

fn headers(api_key: &str, version: ApiVersion) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Some proxies compress whatever nobody says must not be.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let (name, value) = if version.has_bearer_keys() {
        (AUTHORIZATION, format!("Bearer {api_key}"))
    } else {
        (HeaderName::from_static("x-api-key"), api_key.to_owned())
    };
    // A key that cannot be a header is sent as none: the API's 401 names the problem better than we can.
    if let Ok(mut value) = HeaderValue::from_str(&value) {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let version = HeaderValue::from_static(version.name());
    headers.insert("anthropic-version", version);
    headers
}

#[cfg(test)]
mod tests;
