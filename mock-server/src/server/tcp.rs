//! The server behind a socket: HTTP/1.1 or HTTP/2 over TCP, with connections that can really die.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use socket2::SockRef;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::{MockClaude, ReplyBody, max_body};
use crate::fault::Hangup;

use super::head_timer::HeadTimer;
use super::preface::is_http2;

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

/// How long a connection may be silent before its first byte; hyper's limit for a whole head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Wait after the system ran out of something, e.g. file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// `ENFILE` and `EMFILE`, the same on Linux and macOS.
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
    let service = service_fn(|request| {
        let mock = mock.clone();
        async move { exchange(&mock, request).await }
    });
    let Ok(is_http2) = timeout(HEAD_TIMEOUT, is_http2(&stream)).await else {
        return;
    };
    let io = TokioIo::new(stream);
    if is_http2 {
        let builder = http2::Builder::new(TokioExecutor::new());
        // Boxed, since few connections are of this kind and all would be as large. A fault ends only
        // the stream that it strikes; any other error is a client that left.
        drop(Box::pin(builder.serve_connection(io, service)).await);
        return;
    }
    let mut connection = http1::Builder::new()
        .timer(HeadTimer::default())
        .serve_connection(io, service);
    let Err(error) = (&mut connection).await else {
        return;
    };
    // Any other error is a client that left, which is no news.
    let Some(hangup) = error
        .source()
        .and_then(|cause| cause.downcast_ref::<Hangup>())
    else {
        return;
    };
    let mut stream = connection.into_parts().io.into_inner();
    match hangup {
        // Closing with no linger time sends RST instead of FIN.
        Hangup::Reset => drop(SockRef::from(&stream).set_linger(Some(Duration::ZERO))),
        Hangup::BadChunk => drop(stream.write_all(b"not a chunk size\r\n").await),
        Hangup::Cut => {}
    }
}

async fn exchange(
    mock: &MockClaude,
    request: Request<Incoming>,
) -> Result<http::Response<ReplyBody>, Hangup> {
    let (head, body) = request.into_parts();
    let most = max_body(head.uri.path());
    if body.size_hint().lower() > most as u64 {
        return Ok(mock.too_large(head.uri.path()));
    }
    let bytes = match read(body, most).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(mock.too_large(head.uri.path())),
        Err(_) => return Err(Hangup::Cut),
    };
    mock.answer(Request::from_parts(head, bytes)).await
}

/// The whole of `body`, or nothing if it is longer than `most` bytes. Most bodies arrive in one
/// piece and are not copied.
async fn read(mut body: Incoming, most: usize) -> hyper::Result<Option<Bytes>> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if first.len() + all.len() + data.len() > most {
            return Ok(None);
        }
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
    }
    Ok(Some(if all.is_empty() { first } else { all.freeze() }))
}
