//! The service's HTTP face: `POST /document` and `/health`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;

use super::Service;
use crate::generator::Document;

/// Largest body that is read, that of the Messages API.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Header with which the load driver numbers its requests, so that both sides' records agree.
pub const REQUEST_HEADER: &str = "x-request-number";

/// Body of `POST /document`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    /// Path of the file, for the page's title.
    pub file_path: String,
    /// Its text.
    pub file_content: String,
}

/// Body of a 200 answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Path as asked.
    pub file_path: String,
    /// `done`, or `partial` when parts are missing.
    pub status: String,
    /// Markdown.
    pub documentation: String,
    /// What is missing, in words.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Whether it came from the cache alone.
    #[serde(default)]
    pub cached: bool,
}

/// Serves until `stop` resolves; connections that are open then are dropped with the runtime.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let numbers = Arc::new(AtomicU64::new(0));
    tokio::pin!(stop);
    loop {
        let (stream, _) = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            accepted = listener.accept() => accepted?,
        };
        stream.set_nodelay(true)?;
        let (service, numbers) = (service.clone(), Arc::clone(&numbers));
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(&service, &numbers, request));
            // A client that goes away in the middle is no error of ours.
            let _gone = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

async fn answer(
    service: &Service,
    numbers: &AtomicU64,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    Ok(match (&head.method, head.uri.path()) {
        (&Method::GET, "/health") => reply(StatusCode::OK, &json!({ "status": "ok" })),
        (&Method::POST, "/document") => {
            let number = head
                .headers
                .get(REQUEST_HEADER)
                .and_then(|value| value.to_str().ok());
            let number = number
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(|| numbers.fetch_add(1, Ordering::Relaxed));
            let json = head
                .headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
            match Limited::new(body, MAX_BODY).collect().await {
                Ok(body) => document(service, number, json, &body.to_bytes()).await,
                Err(_) => failure(
                    413,
                    "request_too_large",
                    "the body is larger than 32 MB, or broke off",
                ),
            }
        }
        (_, "/document" | "/health") => failure(
            405,
            "method_not_allowed",
            "use POST /document or GET /health",
        ),
        _ => failure(404, "not_found", "there is POST /document and GET /health"),
    })
}

async fn document(
    service: &Service,
    number: u64,
    json: bool,
    body: &[u8],
) -> Response<Full<Bytes>> {
    let ask = match read_ask(json, body) {
        Ok(ask) => ask,
        Err(why) => return failure(400, "invalid_request", &why),
    };
    let document = Document {
        path: ask.file_path,
        content: ask.file_content.into(),
    };
    match service.document(number, &document).await {
        Ok(done) => {
            let missing: Vec<String> = done
                .missing
                .iter()
                .map(|gap| format!("lines {}-{}: {}", gap.from_line, gap.to_line, gap.why))
                .collect();
            let status = if missing.is_empty() {
                "done"
            } else {
                "partial"
            };
            reply(
                StatusCode::OK,
                &Answer {
                    file_path: done.path,
                    status: status.to_owned(),
                    documentation: done.text,
                    missing,
                    cached: done.cached,
                },
            )
        }
        Err(error) => failure(error.status(), error.kind(), &error.to_string()),
    }
}

/// A JSON body is an [`Ask`]; any other is one file, as the chapter's `curl -d @file` sends it.
fn read_ask(json: bool, body: &[u8]) -> Result<Ask, String> {
    if json {
        return serde_json::from_slice(body).map_err(|error| {
            format!("the body is not {{\"file_path\", \"file_content\"}}: {error}")
        });
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| format!("the body is not UTF-8 text: {error}"))?;
    if text.trim().is_empty() {
        return Err("the body is empty; send a source file".to_owned());
    }
    Ok(Ask {
        file_path: "upload".to_owned(),
        file_content: text.to_owned(),
    })
}

fn failure(status: u16, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply(
        status,
        &json!({ "error": { "type": kind, "message": message } }),
    )
}

fn reply(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let bytes = serde_json::to_vec(body).expect("our own answers have only string keys");
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}
