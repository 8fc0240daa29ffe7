//! The gateway before a function: HTTP in, events out, and its own words where there is no result.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::event::{Moment, event};
use super::{Lambda, Outcome, answer, uuid};
use crate::platform::gateway::{Gateway, Said};
use crate::platform::guard::Guard;

/// Name of the gateway's own stream in the log.
const GATEWAY: &str = "gateway";

/// Most bytes of a request. Source: "Amazon API Gateway quotas", API Gateway Developer Guide: 10 MB.
const MAX_REQUEST: usize = 10 << 20;

/// Serves `lambda` until the future is dropped.
///
/// # Errors
/// Never at present; a connection that cannot be accepted ends only itself.
pub async fn serve(listener: TcpListener, lambda: Lambda, guard: Guard) -> std::io::Result<()> {
    let guard = Arc::new(guard);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let _ignored = stream.set_nodelay(true);
        let (lambda, guard) = (lambda.clone(), Arc::clone(&guard));
        tokio::spawn(async move {
            let answer = service_fn(|request| answered(&lambda, &guard, request));
            let _gone = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

async fn answered(
    lambda: &Lambda,
    guard: &Guard,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let gateway = lambda.0.settings.gateway;
    let (head, body) = request.into_parts();
    if let Some(why) = guard.refuses(&head.headers) {
        return Ok(told(403, &why));
    }
    let Ok(body) = Limited::new(body, MAX_REQUEST).collect().await else {
        return Ok(said(gateway.on_too_large()));
    };
    let body = body.to_bytes();
    if gateway.is_too_large(body.len()) {
        return Ok(said(gateway.on_too_large()));
    }
    let timeline = lambda.0.timeline;
    let unix_s = timeline.unix_s(timeline.now());
    let at = Moment {
        rfc3339: humantime::format_rfc3339_seconds(
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(unix_s),
        )
        .to_string(),
        unix_ms: unix_s * 1000,
    };
    let event = Bytes::from(event(gateway, &head, &body, &uuid(), &at).to_string());
    // A task of its own: the function goes on when the gateway gives up or the client leaves.
    let function = lambda.clone();
    let work = tokio::spawn(async move { function.invoke(event).await });
    let ended = match lambda.0.settings.gateway_limit {
        Some(limit) => timeline.timeout(limit, work).await,
        None => Some(work.await),
    };
    Ok(match ended {
        None => said(gateway.on_timeout()),
        Some(Ok(Outcome::Result(result))) => match answer::answer(gateway, &result) {
            Some(response) => response.map(Full::new),
            None => {
                (lambda.0.log)(
                    GATEWAY,
                    "Execution failed due to configuration error: Malformed Lambda proxy response",
                );
                said(broken(gateway))
            }
        },
        Some(Ok(Outcome::Throttled)) => {
            let all = lambda.0.settings.max_instances;
            (lambda.0.log)(
                GATEWAY,
                &format!("Rate Exceeded: all {all} instances are at work"),
            );
            said(gateway.on_throttle())
        }
        Some(Ok(Outcome::Failed) | Err(_)) => said(broken(gateway)),
    })
}

/// What a gateway says of a function that failed; every gateway of AWS says the same.
fn broken(gateway: Gateway) -> Said {
    gateway.on_kill().unwrap_or(Said {
        status: 502,
        message: "Internal server error",
    })
}

fn said(said: Said) -> Response<Full<Bytes>> {
    told(said.status, said.message)
}

fn told(status: u16, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "message": message }).to_string();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
