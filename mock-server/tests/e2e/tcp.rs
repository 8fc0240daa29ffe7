//! Endings that only a socket can show.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use ground::fault::{FaultKind, FaultRule};
use ground::ledger::Ending;
use ground::timeline::Timeline;
use mock_claude::{Config, MockClaude, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;

const SOURCE: &str = "def a(): pass\ndef b(): pass\n";

async fn start(config: Config, speed: f64) -> (SocketAddr, MockClaude) {
    let mock = MockClaude::new(config, Timeline::start(speed, 0)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, mock.clone(), std::future::pending()));
    (address, mock)
}

fn raw(stream: bool) -> Vec<u8> {
    let body = body(SOURCE, stream).to_string();
    format!(
        "POST /v1/messages HTTP/1.1\r\nhost: mock\r\nx-api-key: key\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// All bytes until the connection ends, and how it ended.
async fn exchange(address: SocketAddr, request: &[u8]) -> (String, std::io::Result<()>) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    let ended = loop {
        match socket.read_buf(&mut bytes).await {
            Ok(0) => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(error),
        }
    };
    (String::from_utf8(bytes).unwrap(), ended)
}

/// AWS's SDK for JavaScript speaks so to every server that it reaches without TLS.
#[tokio::test]
async fn clients_may_speak_http2_without_asking_first_and_a_fault_ends_only_one_stream() {
    let (address, _) = start(config(), 100.0).await;
    let socket = TcpStream::connect(address).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(socket);
    let (mut client, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let ask = |fault: Option<&'static str>| {
        let mut request = request(&body(SOURCE, true)).map(http_body_util::Full::new);
        if let Some(fault) = fault {
            let value = fault.parse().unwrap();
            request.headers_mut().insert("x-mock-fault", value);
        }
        *request.uri_mut() = format!("http://{address}/v1/messages").parse().unwrap();
        request
    };
    assert!(client.send_request(ask(Some("reset"))).await.is_err());
    let answer = client.send_request(ask(None)).await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    let body = http_body_util::BodyExt::collect(answer.into_body()).await;
    let text = String::from_utf8(body.unwrap().to_bytes().into()).unwrap();
    assert!(text.contains("event: message_stop\n"), "{text}");
}

/// Waits until no attempt is in flight.
async fn settled(mock: &MockClaude) -> ground::ledger::Ledger {
    for _ in 0..12_000 {
        let ledger = mock.ledger();
        if ledger.totals.attempts > 0 && ledger.totals.in_flight == 0 {
            return ledger;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("an attempt never ended");
}

#[tokio::test]
async fn a_reset_is_a_real_one() {
    let (address, mock) = start(with_faults(&[FaultRule::always(FaultKind::Reset)]), 1.0).await;
    let (bytes, ended) = exchange(address, &raw(false)).await;
    assert_eq!(bytes, "");
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(settled(&mock).await.totals.by_ending[&Ending::Reset], 1);
}

#[tokio::test]
async fn a_cut_stream_ends_without_its_last_chunk() {
    let (address, mock) = start(
        with_faults(&[FaultRule::always(FaultKind::TruncateStream)]),
        100.0,
    )
    .await;
    let (bytes, ended) = exchange(address, &raw(true)).await;
    assert!(ended.is_ok());
    assert!(bytes.contains("content_block_delta"));
    assert!(!bytes.contains("message_stop") && !bytes.ends_with("0\r\n\r\n"));
    assert_eq!(settled(&mock).await.totals.by_ending[&Ending::Truncated], 1);
}

#[tokio::test]
async fn a_cut_json_promises_more_than_it_sends() {
    let (address, _) = start(
        with_faults(&[FaultRule::always(FaultKind::TruncateStream)]),
        100.0,
    )
    .await;
    let (bytes, ended) = exchange(address, &raw(false)).await;
    assert!(ended.is_ok());
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    assert!(
        body.len() < length.parse().unwrap() && !body.is_empty(),
        "{bytes}"
    );
}

#[tokio::test]
async fn closing_the_socket_abandons_the_attempt_and_is_billed() {
    let closed = |stream| async move {
        // The whole answer would take 5.7 s.
        let (address, mock) = start(config(), 2.0).await;
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(&raw(stream)).await.unwrap();
        while mock.ledger().totals.in_flight == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(socket);
        settled(&mock).await
    };
    let (whole, stream) = tokio::join!(closed(false), closed(true));
    for ledger in [whole, stream] {
        assert_eq!(ledger.rows[0].ending, Ending::Abandoned);
        let written = ledger.rows[0].usage.output_tokens;
        // 30 if nothing is late, and never the whole answer of 105.
        assert!((20..105).contains(&written), "{written}");
        assert!(ledger.totals.wasted_pico > 0);
    }
}

#[tokio::test]
async fn a_429_carries_its_headers_over_the_socket() {
    let mut config = Config {
        limits: limits(1, 30_000, 8_000),
        ..config()
    };
    config.profiles[0].latency = INSTANT;
    let (address, _) = start(config, 1.0).await;
    let close = |mut request: Vec<u8>| {
        let end = request.windows(2).position(|pair| pair == b"\r\n").unwrap();
        request.splice(end..end, b"\r\nconnection: close".iter().copied());
        request
    };
    assert!(
        exchange(address, &close(raw(false)))
            .await
            .0
            .starts_with("HTTP/1.1 200")
    );
    let (refused, _) = exchange(address, &close(raw(false))).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    for header in [
        "retry-after: 60",
        "anthropic-ratelimit-requests-remaining: 0",
        "x-should-retry: true",
    ] {
        assert!(refused.contains(header), "{header} is missing in {refused}");
    }
}

#[tokio::test]
async fn a_stream_on_a_reused_connection_does_not_stall() {
    // Some milliseconds for each answer, in several pieces.
    let (address, _) = start(config(), 2000.0).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut buffer = Vec::new();
    let mut times = vec![];
    for _ in 0..60 {
        let start = tokio::time::Instant::now();
        socket.write_all(&raw(true)).await.unwrap();
        buffer.clear();
        while !buffer.ends_with(b"0\r\n\r\n") {
            socket.read_buf(&mut buffer).await.unwrap();
        }
        times.push(start.elapsed());
    }
    // A fresh connection confirms at once. Later a piece that waits for the one before to be confirmed
    // stalls every answer for 40 ms; a busy machine stalls only some.
    let fastest = times[20..].iter().min().unwrap();
    assert!(*fastest < Duration::from_millis(30), "{times:?}");
}

/// Virtual time passes while nothing happens on the sockets.
#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_minutes_is_not_cut_and_an_idle_connection_is_closed() {
    for stream in [false, true] {
        // 105 tokens at one a second.
        let (address, mock) = start(config(), 0.1).await;
        let (bytes, ended) = exchange(address, &raw(stream)).await;
        assert!(ended.is_ok());
        assert!(bytes.contains("end_turn"), "{bytes}");
        assert_eq!(settled(&mock).await.totals.by_ending[&Ending::Complete], 1);
    }
}
