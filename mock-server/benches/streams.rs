//! Ten thousand paced streams at once: memory of the server, and how late its events are at half of
//! that load, as the server itself measures it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const STREAMS: usize = 10_000;

fn main() {
    for streams in [STREAMS / 2, STREAMS] {
        let (mut server, api, control) = start();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let (memory, timing) =
            runtime
                .expect("a runtime")
                .block_on(load(streams, api, control, server.id()));
        let _ = server.kill();
        let _ = server.wait();
        let _ = writeln!(
            std::io::stdout(),
            "{streams} streams: {memory}, event delay {timing}"
        );
    }
}

fn start() -> (Child, SocketAddr, SocketAddr) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--control",
            "127.0.0.1:0",
            "--control-token",
            "t",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the mock starts");
    let lines = BufReader::new(server.stdout.take().expect("piped")).lines();
    let addresses: Vec<SocketAddr> = lines
        .map_while(Result::ok)
        .filter(|line| line.starts_with("listening") || line.starts_with("control"))
        .filter_map(|line| {
            line.split("http://")
                .nth(1)?
                .split(' ')
                .next()?
                .parse()
                .ok()
        })
        .take(2)
        .collect();
    (server, addresses[0], addresses[1])
}

async fn load(streams: usize, api: SocketAddr, control: SocketAddr, pid: u32) -> (String, String) {
    let mut clients = tokio::task::JoinSet::new();
    for i in 0..streams {
        clients.spawn(stream(api, i));
        if i % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let memory = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or("VmRSS unknown");
    let memory = memory.split_whitespace().collect::<Vec<_>>().join(" ");
    let whole = clients
        .join_all()
        .await
        .into_iter()
        .filter(|whole| *whole)
        .count();
    assert_eq!(whole, streams, "every stream ends with message_stop");
    let mut socket = TcpStream::connect(control)
        .await
        .expect("the control listens");
    let request =
        b"GET /timing HTTP/1.1\r\nhost: c\r\nauthorization: Bearer t\r\nconnection: close\r\n\r\n";
    socket
        .write_all(request)
        .await
        .expect("the control listens");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    let timing = answer.split("\r\n\r\n").nth(1).unwrap_or("");
    (memory, timing.split_whitespace().collect())
}

/// About 25 events in 15 seconds; whether it ended as it should.
async fn stream(api: SocketAddr, number: usize) -> bool {
    let source: String = (0..24)
        .map(|i| format!("def f{i}_{number}(): pass\\n"))
        .collect();
    let body = format!(
        "{{\"model\":\"claude-sonnet-5\",\"max_tokens\":4000,\"stream\":true,\"messages\":\
         [{{\"role\":\"user\",\"content\":\"{source}\"}}]}}"
    );
    let request = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: mock\r\nx-api-key: key\r\nconnection: close\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(api).await.expect("the server listens");
    socket
        .write_all(request.as_bytes())
        .await
        .expect("the server listens");
    let mut tail = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&tail).contains("message_stop"),
            Ok(read) => {
                tail.extend_from_slice(&chunk[..read]);
                let surplus = tail.len().saturating_sub(512);
                tail.drain(..surplus);
            }
        }
    }
}
