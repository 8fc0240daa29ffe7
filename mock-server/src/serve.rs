//! The server behind a socket: HTTP/1.1 over TCP, with connections that can really die.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::body::{Hangup, ReplyBody};
use crate::claude::{MAX_BODY_BYTES, MockClaude};

/// Serves `mock` on `listener` until `stop` is ready; connections still open are then dropped.
///
/// # Errors
/// When the listener fails for good. A single connection that fails ends only itself.
pub async fn serve(
    listener: TcpListener,
    mock: MockClaude,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, mock.clone()));
                }
                Err(error) if is_passing(&error) => tokio::time::sleep(ACCEPT_PAUSE).await,
                Err(error) => return Err(error),
            },
        }
    }
}

/// Wait after the system ran out of something, e.g. file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const TOO_MANY_FILES: [i32; 2] = [23, 24];

/// A client that left before it was accepted, or a shortage that ends when connections do.
fn is_passing(error: &io::Error) -> bool {
    let gone = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
    ];
    gone.contains(&error.kind())
        || error
            .raw_os_error()
            .is_some_and(|e| TOO_MANY_FILES.contains(&e))
}

async fn connection(stream: TcpStream, mock: MockClaude) {
    // Without this every event on a reused connection waits 40 ms for an acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let reset = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| {
        let (mock, reset) = (mock.clone(), Arc::clone(&reset));
        async move { exchange(&mock, request, &reset).await }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    // An error here is a client that left or a hangup that was planned; neither is news.
    let _ = (&mut connection).await;
    if reset.load(Ordering::Relaxed) {
        let stream = connection.into_parts().io.into_inner();
        // Closing with no linger time sends RST instead of FIN.
        let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
}

async fn exchange(
    mock: &MockClaude,
    request: Request<Incoming>,
    reset: &AtomicBool,
) -> Result<http::Response<ReplyBody>, Hangup> {
    let (head, body) = request.into_parts();
    let bytes = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(mock.too_large()),
        Err(_) => return Err(Hangup::Cut),
    };
    let answer = mock.answer(Request::from_parts(head, bytes)).await;
    if answer
        .as_ref()
        .is_err_and(|hangup| *hangup == Hangup::Reset)
    {
        reset.store(true, Ordering::Relaxed);
    }
    answer
}
