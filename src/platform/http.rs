//! The service over HTTP: `/document`, `/documents`, `/jobs/ID`, `/health` and `/metrics`.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use handler::{Handler, Log, Options};
#[cfg(feature = "lambda")]
pub use on_lambda::serve_events;

use handler::Work;

use crate::contract::limits::MAX_REQUEST;
use crate::contract::{self, JsonAnswer, REQUEST_HEADER};

mod handler;
#[cfg(feature = "lambda")]
mod on_lambda;

/// Wait after the system ran out of something, e.g. file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` resolves. Then no connection is taken any more, requests in flight are
/// finished, and idle connections are closed; dropping the future ends all at once.
///
/// # Errors
/// Never at present; a connection that cannot be accepted ends only itself.
pub async fn serve(
    listener: TcpListener,
    handler: impl Into<Handler>,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let handler = handler.into();
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, handler.clone(), stopped.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    stopping.send_replace(true);
    while connections.join_next().await.is_some() {}
    handler.idle().await;
    Ok(())
}

async fn connection(stream: TcpStream, handler: Handler, mut stopped: watch::Receiver<bool>) {
    // Without it small answers would wait for the client's acknowledgement; it is no error of ours.
    let _ignored = stream.set_nodelay(true);
    let answer = service_fn(|request| answer(&handler, request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    // A client that goes away in the middle is no error of ours either.
    tokio::select! {
        biased;
        _gone = &mut connection => return,
        _stopping = stopped.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _gone = connection.await;
}

async fn answer<B>(
    handler: &Handler,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    if let Some(why) = handler.guard().refuses(&head.headers) {
        return Ok(reply(&JsonAnswer::error(403, "forbidden", &why)));
    }
    let path = head.uri.path();
    Ok(match (&head.method, path) {
        (&Method::GET, "/health") => reply(&JsonAnswer::ok(json!({ "status": "ok" }))),
        (&Method::GET, "/metrics") => metrics(handler),
        (&Method::GET, path) if path.starts_with("/jobs/") => {
            reply(&handler.job(path.trim_start_matches("/jobs/")))
        }
        (&Method::POST, "/document" | "/documents") => {
            match Limited::new(body, MAX_REQUEST).collect().await {
                Ok(body) => submit(handler, &head, &body.to_bytes()).await,
                Err(error) => reply(&unread(error.as_ref())),
            }
        }
        (_, "/document" | "/documents" | "/health" | "/metrics") => reply(&JsonAnswer::error(
            405,
            "method_not_allowed",
            "use POST for /document and /documents, GET for /health and /metrics",
        )),
        _ => reply(&JsonAnswer::error(
            404,
            "not_found",
            "there are POST /document, POST /documents, GET /jobs/ID, /health and /metrics",
        )),
    })
}

fn unread(error: &(dyn std::error::Error + 'static)) -> JsonAnswer {
    if error.is::<LengthLimitError>() {
        return JsonAnswer::error(413, "request_too_large", "the body is larger than 32 MB");
    }
    JsonAnswer::error(400, "invalid_request", "the body broke off")
}

/// Reads what is asked for, and answers when it is done or when patience is over.
async fn submit(handler: &Handler, head: &Parts, body: &[u8]) -> Response<Full<Bytes>> {
    let content_type = text_of(head, header::CONTENT_TYPE.as_str());
    let work = if head.uri.path() == "/documents" {
        contract::read_batch(body).map(|batch| Work::Many(batch.files))
    } else {
        contract::read_ask(content_type, body).map(Work::One)
    };
    let work = match work {
        Ok(work) => work,
        Err(why) => return reply(&handler.refuse(&why)),
    };
    let number = text_of(head, REQUEST_HEADER).and_then(|text| text.parse().ok());
    let patience = handler.patience(preferred(text_of(head, "prefer")));
    match handler.work(number, work, patience).await {
        Ok(finished) => reply(&finished),
        Err(job) => {
            let location = format!("/jobs/{job}");
            let body = json!({ "status": "running", "job": job, "poll": location });
            let mut response = reply(&JsonAnswer { status: 202, body });
            let location = header::HeaderValue::from_str(&location);
            response.headers_mut().insert(
                header::LOCATION,
                location.expect("a job's number is plain text"),
            );
            response
        }
    }
}

/// What RFC 7240 lets a client prefer: `respond-async`, or `wait=SECONDS`.
fn preferred(prefer: Option<&str>) -> Option<Duration> {
    let wishes = prefer?.split([',', ';']).map(str::trim);
    wishes.rev().find_map(|wish| match wish.split_once('=') {
        Some((name, seconds)) if name.trim().eq_ignore_ascii_case("wait") => {
            seconds.trim().parse().ok().map(Duration::from_secs)
        }
        None if wish.eq_ignore_ascii_case("respond-async") => Some(Duration::ZERO),
        _ => None,
    })
}

fn text_of<'h>(head: &'h Parts, name: &str) -> Option<&'h str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

fn metrics(handler: &Handler) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(handler.metrics())));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/plain; version=0.0.4"),
    );
    response
}

fn reply(finished: &JsonAnswer) -> Response<Full<Bytes>> {
    let JsonAnswer { status, body } = finished;
    let bytes = Value::to_string(body);
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    *response.status_mut() =
        StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_prefer_a_job_or_a_time_to_wait() {
        assert_eq!(preferred(None), None);
        assert_eq!(preferred(Some("respond-async")), Some(Duration::ZERO));
        assert_eq!(
            preferred(Some("respond-async, wait=10")),
            Some(Duration::from_secs(10))
        );
        assert_eq!(preferred(Some("return=minimal")), None);
    }
}
