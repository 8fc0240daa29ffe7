//! Clients that misbehave on the socket: the right 4xx or a close, and nobody else notices.

use std::net::SocketAddr;
use std::time::Duration;

use ground::timeline::Timeline;
use mock_claude::{MockClaude, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;

/// No stall of a busy machine lasts as long.
const PATIENCE: Duration = Duration::from_secs(120);

async fn start() -> (SocketAddr, MockClaude) {
    let mut config = config();
    config.profiles[0].latency = INSTANT;
    let mock = MockClaude::new(config, Timeline::start(1.0, 0)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, mock.clone(), std::future::pending()));
    (address, mock)
}

fn good() -> String {
    let body = body("def a(): pass", false).to_string();
    format!(
        "POST /v1/messages HTTP/1.1\r\nhost: m\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends `bytes` and reads what comes until the server closes.
async fn provoke(address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read everything.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    // Closed by a reset or not: it ends.
    let ended = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(ended.is_ok(), "it was not closed: {answer}");
    answer
}

/// The last request of a connection.
fn last() -> String {
    good().replacen("host: m\r\n", "host: m\r\nconnection: close\r\n", 1)
}

async fn is_well(address: SocketAddr) -> bool {
    provoke(address, last().as_bytes())
        .await
        .starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn bytes_that_are_no_http_are_refused_or_closed() {
    let (address, _) = start().await;
    let random: Vec<u8> = (0..4096u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for bytes in [
        &random[..],
        b"\0\0\0\0",
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01",
    ] {
        let answer = provoke(address, bytes).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{answer}"
        );
    }
    assert!(is_well(address).await);
}

#[tokio::test]
async fn pipelined_requests_are_all_answered_in_order() {
    let (address, mock) = start().await;
    let answer = provoke(address, (good().repeat(2) + &last()).as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 3);
    let ids: Vec<_> = mock
        .ledger()
        .rows
        .iter()
        .map(|row| row.request_id.clone())
        .collect();
    let positions: Vec<_> = ids.iter().map(|id| answer.find(id.as_str())).collect();
    assert!(positions.is_sorted() && positions.iter().all(Option::is_some));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let (address, _) = start().await;
    let head = "POST /v1/messages HTTP/1.1\r\nhost: m\r\nx-api-key: k\r\n\
                anthropic-version: 2023-06-01\r\ncontent-length: 99999999\r\n\r\n";
    let answer = provoke(address, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(
        answer.contains("{\"error\":{\"type\":\"request_too_large\""),
        "{answer}"
    );
}

#[tokio::test]
async fn half_a_body_is_no_attempt() {
    let (address, mock) = start().await;
    let whole = good();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket
        .write_all(&whole.as_bytes()[..whole.len() - 5])
        .await
        .unwrap();
    socket.shutdown().await.unwrap();
    // It has noticed when it closes, too.
    let _ = socket.read_to_end(&mut Vec::new()).await;
    assert_eq!(mock.ledger().totals.attempts, 0);
    assert!(is_well(address).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_do_not_stall_the_others() {
    let (address, _) = start().await;
    let text = "x".repeat(30 << 20);
    let body = body(&text, false).to_string();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: m\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let large = tokio::spawn(async move {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(body.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        answer
    });
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut slowest = Duration::ZERO;
    let mut buffer = [0; 4096];
    while !large.is_finished() {
        let start = tokio::time::Instant::now();
        socket.write_all(good().as_bytes()).await.unwrap();
        assert!(socket.read(&mut buffer).await.unwrap() > 0);
        slowest = slowest.max(start.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(&large.await.unwrap(), b"HTTP/1.1 400");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}

/// Virtual time passes while nothing happens on the sockets.
#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_given_up_and_nobody_waits_for_it() {
    let (address, mock) = start().await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"POST /v1/messages HTTP/1.1\r\nhost: m\r\nx-slow: ")
        .await
        .unwrap();
    let begun = tokio::time::Instant::now();
    let mut answer = Vec::new();
    // Closed by a reset or not: it ends.
    let patience = Duration::from_secs(3600);
    let _ = tokio::time::timeout(patience, slow.read_to_end(&mut answer)).await;
    let waited = begun.elapsed().as_secs();
    assert!((10..=60).contains(&waited), "{waited} s");
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(mock.ledger().totals.attempts, 0);
    assert!(is_well(address).await);
}

/// Resident memory of the process `pid` in KiB.
#[cfg(target_os = "linux")]
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

/// Sends requests whose bodies and keys are all different, each of 16 KB, over one connection.
#[cfg(target_os = "linux")]
async fn flood(address: &str, numbers: std::ops::Range<u32>) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let (text, mut answer) = ("x".repeat(16 << 10), Vec::new());
    for number in numbers {
        let body = format!(
            "{{\"model\":\"claude-sonnet-5\",\"max_tokens\":0,\"messages\":[{{\"role\":\"user\",\
             \"content\":\"{number} {text}\"}}]}}"
        );
        let head = format!(
            "POST /v1/messages HTTP/1.1\r\nhost: m\r\nx-api-key: k{}\r\nx-mock-fault: overloaded\r\n\
             anthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n",
            number % 100,
            body.len()
        );
        let request = head + &body;
        socket.write_all(request.as_bytes()).await.unwrap();
        answer.clear();
        while !answer.ends_with(b"}") {
            assert!(socket.read_buf(&mut answer).await.unwrap() > 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 529"));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_of_different_requests_leaves_memory_bounded() {
    use std::io::BufRead as _;
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["--listen", "127.0.0.1:0", "--preset", "start"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    // Kept open, so that the server can go on writing.
    let mut output = std::io::BufReader::new(server.stdout.take().unwrap());
    output.read_line(&mut first).unwrap();
    let address = first.trim().rsplit("//").next().unwrap();
    flood(address, 0..500).await;
    let before = resident_kib(server.id());
    flood(address, 500..4000).await;
    let after = resident_kib(server.id());
    server.kill().unwrap();
    server.wait().unwrap();
    // Their bodies alone are 56 MB; what is remembered of each is a row and a digest.
    assert!(
        after < before + (16 << 10),
        "{before} KiB, then {after} KiB"
    );
}
