//! An answer of the API on its way to an examined service: read whole, then passed on, with its
//! end or without it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use serde_json::{Value, json};

use super::note::each_text;
use crate::record::exam::Trouble;

/// The connection dies without an answer, or without its end.
#[derive(Debug, thiserror::Error)]
#[error("the connection dies here")]
pub(super) struct Gone;

/// A body that has been read, and is passed on as it came.
#[derive(Debug)]
pub(super) struct Passed {
    bytes: Bytes,
    /// Length that was promised, if any was.
    length: Option<u64>,
    /// The connection dies after these bytes.
    dies: bool,
}

/// What an answer says.
#[derive(Debug, Default)]
pub(super) struct AnswerText {
    pub(super) text: String,
    /// It ends at `max_tokens`.
    pub(super) is_cut: bool,
    /// It is in a format that is not read here.
    pub(super) is_unreadable: bool,
}

impl Passed {
    pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Self {
        let length = body.size_hint().exact();
        let mut bytes = Vec::new();
        let mut dies = false;
        while let Some(frame) = body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => bytes.extend_from_slice(&data),
                Ok(Err(_trailers)) => {}
                Err(_) => {
                    dies = true;
                    break;
                }
            }
        }
        Self {
            bytes: bytes.into(),
            length,
            dies,
        }
    }

    fn whole(text: String) -> Self {
        Self {
            length: Some(text.len() as u64),
            bytes: text.into(),
            dies: false,
        }
    }

    /// How the body breaks off, if it does.
    pub(super) fn trouble(&self, headers: &HeaderMap) -> Option<Trouble> {
        if self.dies {
            return Some(Trouble::LostWithin);
        }
        let kind = headers.get(http::header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_whole = match kind {
            kind if kind.contains("amazon.eventstream") => true,
            kind if kind.contains("event-stream") => {
                let has = |what: &[u8]| memchr::memmem::find(&self.bytes, what).is_some();
                (has(b"message_stop") || has(b"[DONE]")) && !has(b"event: error")
            }
            _ => serde_json::from_slice::<Value>(&self.bytes).is_ok(),
        };
        (!is_whole).then_some(Trouble::BrokenOff)
    }

    pub(super) fn text(&self, headers: &HeaderMap) -> AnswerText {
        const CUT: [&str; 3] = [
            "\"stop_reason\":\"max_tokens\"",
            "\"stopReason\":\"max_tokens\"",
            "\"finish_reason\":\"length\"",
        ];
        let kind = headers.get(http::header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.contains("amazon.eventstream") {
            return AnswerText {
                is_unreadable: true,
                ..AnswerText::default()
            };
        }
        let body = String::from_utf8_lossy(&self.bytes);
        let mut text = String::new();
        if kind.contains("event-stream") {
            body.lines()
                .filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?).ok())
                .for_each(|event: Value| pieces(&event, &mut text));
        } else if let Ok(json) = serde_json::from_str(&body) {
            each_text(&json, &mut text);
        } else {
            text.push_str(&body);
        }
        AnswerText {
            // Arguments of tools come as JSON in a text.
            text: text.replace("\\n", "\n"),
            is_cut: CUT.iter().any(|cut| body.contains(cut)),
            is_unreadable: false,
        }
    }
}

/// What one event of a stream adds to the answer.
fn pieces(event: &Value, into: &mut String) {
    match event {
        Value::Array(items) => items.iter().for_each(|item| pieces(item, into)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match (name.as_str(), field) {
                    ("text" | "partial_json" | "content" | "arguments", Value::String(text)) => {
                        into.push_str(text);
                    }
                    _ => pieces(field, into),
                }
            }
        }
        _ => {}
    }
}

impl Body for Passed {
    type Data = Bytes;
    type Error = Gone;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Gone>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready(match (bytes.is_empty(), self.dies) {
            (false, _) => Some(Ok(Frame::data(bytes))),
            (true, true) => Some(Err(Gone)),
            (true, false) => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// 400 for a text that the API will never take.
pub(super) fn invalid(number: u64) -> Response<Passed> {
    let body = json!({
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "messages: this text cannot be processed",
        },
        "request_id": format!("req_{number:024}"),
    });
    response(400, "application/json", body.to_string())
}

/// The same in the words of Amazon Bedrock.
pub(super) fn invalid_in_bedrock() -> Response<Passed> {
    let body = json!({ "message": "messages: this text cannot be processed" });
    let mut response = response(400, "application/json", body.to_string());
    let kind = http::HeaderValue::from_static("ValidationException");
    response.headers_mut().insert("x-amzn-errortype", kind);
    response
}

/// What a gateway between a service and the API says when it gives up.
pub(super) fn of_gateway(status: u16) -> Response<Passed> {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error");
    let page = format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    response(status, "text/html", page)
}

fn response(status: u16, kind: &'static str, body: String) -> Response<Passed> {
    let mut response = Response::new(Passed::whole(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = http::HeaderValue::from_static(kind);
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, kind);
    response
}
