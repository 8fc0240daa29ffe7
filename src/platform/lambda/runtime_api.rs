//! The Lambda Runtime API of one instance: it is asked for events and told what became of them. Bodies and headers are
//! those that the official runtime clients read.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

/// Most bytes of a response: 6 MiB and 100, as Lambda's own message has it.
pub(super) const MAX_PAYLOAD: usize = 6 * 1024 * 1024 + 100;
/// A response is read up to here, so that its size can be told.
const MAX_READ: usize = 64 << 20;
/// The Python client puts a whole stack trace into one header.
const MAX_HEAD: usize = 4 << 20;

const BASE: &str = "/2018-06-01/runtime/";

/// An event for a function.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) body: Bytes,
    /// When it is killed, in milliseconds since 1970, on the real clock.
    pub(super) deadline_unix_ms: u64,
    pub(super) arn: String,
    pub(super) trace: String,
}

/// What a runtime client said.
#[derive(Debug)]
pub(super) enum Said {
    Next,
    Response { id: String, body: Bytes },
    Error { id: String, body: Bytes },
    InitError(Bytes),
}

/// The ends of the wires between an instance and its API.
pub(super) struct Wires {
    pub(super) events: Mutex<mpsc::Receiver<Event>>,
    pub(super) said: mpsc::UnboundedSender<Said>,
}

/// Serves on a port of its own until the task is dropped.
pub(super) async fn open(
    wires: Wires,
) -> std::io::Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let wires = Arc::new(wires);
    let serving = tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            // Nagle's algorithm would hold small answers back for 40 ms.
            let _ignored = stream.set_nodelay(true);
            let wires = Arc::clone(&wires);
            connections.spawn(async move {
                let answer = service_fn(|request| answer(&wires, request));
                let _gone = hyper::server::conn::http1::Builder::new()
                    .max_buf_size(MAX_HEAD)
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok((address, serving))
}

async fn answer(
    wires: &Wires,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head
        .uri
        .path()
        .strip_prefix(BASE)
        .unwrap_or_default()
        .to_owned();
    if head.method == Method::GET && path == "invocation/next" {
        return Ok(next(wires).await);
    }
    let Ok(body) = Limited::new(body, MAX_READ).collect().await else {
        let said = "Exceeded maximum allowed payload size (6291556 bytes).";
        return Ok(refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            said,
        ));
    };
    let body = body.to_bytes();
    let said = match path.split('/').collect::<Vec<_>>()[..] {
        ["invocation", id, "response"] => Said::Response {
            id: id.to_owned(),
            body,
        },
        ["invocation", id, "error"] => Said::Error {
            id: id.to_owned(),
            body,
        },
        ["init", "error"] => Said::InitError(body),
        _ => {
            return Ok(refused(
                StatusCode::NOT_FOUND,
                "NotFound",
                "there is no such call",
            ));
        }
    };
    // An instance that nobody listens to any more is about to be ended.
    let _ending = wires.said.send(said);
    Ok(json(StatusCode::ACCEPTED, r#"{"status":"OK"}"#.into()))
}

async fn next(wires: &Wires) -> Response<Full<Bytes>> {
    let _ending = wires.said.send(Said::Next);
    let Some(event) = wires.events.lock().await.recv().await else {
        return refused(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            "the instance is being ended",
        );
    };
    let mut response = json(StatusCode::OK, event.body);
    let headers = response.headers_mut();
    let deadline = event.deadline_unix_ms.to_string();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", event.id.as_str()),
        ("lambda-runtime-deadline-ms", deadline.as_str()),
        ("lambda-runtime-invoked-function-arn", event.arn.as_str()),
        ("lambda-runtime-trace-id", event.trace.as_str()),
    ] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    response
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "errorMessage": message, "errorType": kind });
    json(status, body.to_string().into())
}

/// Exactly this content type: with a charset the Python client hands the event on undecoded, without any it crashes.
fn json(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
