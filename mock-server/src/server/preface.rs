//! Which version of HTTP a client speaks, told by the first bytes of its connection.

use std::time::Duration;

use tokio::net::TcpStream;

/// How every HTTP/2 connection begins whose client knows beforehand that the server speaks it, as
/// AWS's SDK for JavaScript does; no HTTP/1 method begins so.
const PREFACE: &[u8] = b"PRI ";

/// The next look at a preface that has come only in part.
const PAUSE: Duration = Duration::from_millis(1);

/// Whether the client speaks HTTP/2; nothing is taken from `stream`.
pub(super) async fn is_http2(stream: &TcpStream) -> bool {
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return false,
            Ok(count) if first[..count] != PREFACE[..count] => return false,
            Ok(count) if count == PREFACE.len() => return true,
            Ok(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
