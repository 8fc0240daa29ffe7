//! JSON and stream answers over loopback at zero latency, as a ratio to a bare hyper server that
//! sends the same bytes. Same client, 32 kept-alive connections, limits and ledger on.
//!
//! The client is a socket that writes one string and hardly reads the answer, so that nearly all
//! that is measured is the server. With `OHA=/path/to/oha` (`cargo install oha --locked`) a client
//! that people use asks as well.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ground::limits::Limits;
use ground::profile::Latency;
use ground::timeline::Timeline;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mock_claude::{MockClaude, Settings, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const CONNECTIONS: usize = 32;
const SECONDS: u64 = 3;
const ROUNDS: usize = 3;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let mock = fast_mock();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(serve(listener, mock.clone(), std::future::pending()));
    let (head, body) = sample(&mock).await;
    let bare = bare_server(head, body).await;
    // With an argument, only that server is asked, so that a profiler sees nothing else.
    let only = std::env::args().skip(1).find_map(|arg| match arg.as_str() {
        "bare" => Some((bare, false)),
        "json" => Some((address, false)),
        "sse" => Some((address, true)),
        _ => None,
    });
    if let Some((address, stream)) = only {
        let rate = rate(address, stream).await;
        return println(&format!("{:.0} answers a second", rate.per_second));
    }
    let mut best = [Rate::default(); 3];
    // Alternating rounds meet the same noise; the best of each is its capacity.
    for _ in 0..ROUNDS {
        let rates = [
            rate(bare, false).await,
            rate(address, false).await,
            rate(address, true).await,
        ];
        for (best, rate) in best.iter_mut().zip(rates) {
            best.per_second = best.per_second.max(rate.per_second);
            best.per_cpu_second = best.per_cpu_second.max(rate.per_cpu_second);
        }
    }
    let show = |what: &str, of: fn(&Rate) -> f64| {
        let [bare, json, sse] = best.each_ref().map(of);
        let (to_bare, to_json) = (json / bare, sse / json);
        println(&format!(
            "{what}: bare hyper {bare:.0}, JSON {json:.0} (x {to_bare:.2}), SSE {sse:.0} (x {to_json:.2} of JSON)"
        ));
    };
    if let Some(oha) = std::env::var_os("OHA") {
        by_oha(&oha, [(bare, false), (address, false), (address, true)]).await;
    }
    show("answers a second", |rate| rate.per_second);
    // On a machine that is busy with other things this is the ratio to trust.
    show(
        "answers a second of processor time, client included",
        |rate| rate.per_cpu_second,
    );
}

/// The same with oha as the client.
async fn by_oha(oha: &OsStr, asked: [(SocketAddr, bool); 3]) {
    let mut best = [0.0_f64; 3];
    for _ in 0..ROUNDS {
        for (best, (address, stream)) in best.iter_mut().zip(asked) {
            let mut command = std::process::Command::new(oha);
            command.args(["--no-tui", "--output-format", "json", "-m", "POST"]);
            command.args([
                "-H",
                "x-api-key: key",
                "-H",
                "anthropic-version: 2023-06-01",
            ]);
            command.args(["-c", &CONNECTIONS.to_string(), "-z", &format!("{SECONDS}s")]);
            command.args(["-d", &body(stream)]);
            command.arg(format!("http://{address}/v1/messages"));
            let said = tokio::task::block_in_place(|| command.output())
                .expect("OHA names oha")
                .stdout;
            let said: serde_json::Value = serde_json::from_slice(&said).expect("oha says JSON");
            let rate = said["summary"]["requestsPerSec"].as_f64();
            *best = best.max(rate.expect("oha says how many"));
        }
    }
    let [bare, json, sse] = best;
    println(&format!(
        "by oha: bare hyper {bare:.0}, JSON {json:.0} (x {:.2}), SSE {sse:.0} (x {:.2} of JSON)",
        json / bare,
        sse / json
    ));
}

fn fast_mock() -> MockClaude {
    let mut config = Settings::default().into_config();
    config.profiles.truncate(1);
    config.profiles[0].latency = Latency {
        time_to_first_token_ms: 0.0,
        prefill_tokens_per_s: f64::INFINITY,
        decode_tokens_per_s: f64::INFINITY,
        sigma: 0.0,
    };
    let plenty = 1_000_000_000_000;
    config.limits = Some(Limits {
        requests_per_minute: plenty,
        input_tokens_per_minute: plenty,
        output_tokens_per_minute: plenty,
    });
    MockClaude::new(config, Timeline::start(1.0, 0)).expect("built-in settings are valid")
}

fn body(stream: bool) -> String {
    format!(
        "{{\"model\":\"claude-sonnet-5\",\"max_tokens\":500,\"stream\":{stream},\"messages\":\
         [{{\"role\":\"user\",\"content\":\"def add(a, b):\\n    return a + b\\n\"}}]}}"
    )
}

/// The head and body of one JSON answer.
async fn sample(mock: &MockClaude) -> (HeaderMap, Bytes) {
    let request = Request::post("/v1/messages")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(Bytes::from(body(false)))
        .expect("well formed");
    let (head, body) = mock.answer(request).await.expect("no faults").into_parts();
    (
        head.headers,
        body.collect().await.expect("no faults").to_bytes(),
    )
}

async fn bare_server(head: HeaderMap, body: Bytes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (head, body) = (head.clone(), body.clone());
            tokio::spawn(async move {
                stream.set_nodelay(true).expect("a fresh socket");
                let service = service_fn(|request: Request<hyper::body::Incoming>| {
                    let (head, body) = (head.clone(), body.clone());
                    async move {
                        let _ = request.into_body().collect().await;
                        let mut response = Response::new(Full::new(body));
                        *response.headers_mut() = head;
                        Ok::<_, Infallible>(response)
                    }
                });
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    address
}

#[derive(Clone, Copy, Default)]
struct Rate {
    per_second: f64,
    per_cpu_second: f64,
}

/// Processor seconds of this process, all threads.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or("");
    let fields: Vec<f64> = after_name
        .split_whitespace()
        .map(|f| f.parse().unwrap_or(0.0))
        .collect();
    // User and system time, in hundredths of a second.
    fields
        .get(11..13)
        .map_or(0.0, |times| times.iter().sum::<f64>() / 100.0)
}

/// Answers over all connections.
async fn rate(address: SocketAddr, stream: bool) -> Rate {
    let before = cpu_s();
    let deadline = Instant::now() + Duration::from_secs(SECONDS);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(client(address, stream, deadline));
    }
    let answers: u64 = clients.join_all().await.iter().sum();
    let answers = answers as f64;
    Rate {
        per_second: answers / SECONDS as f64,
        per_cpu_second: answers / (cpu_s() - before),
    }
}

async fn client(address: SocketAddr, stream: bool, deadline: Instant) -> u64 {
    let body = body(stream);
    let request = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: mock\r\nx-api-key: key\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = TcpStream::connect(address)
        .await
        .expect("the server listens");
    socket.set_nodelay(true).expect("a fresh socket");
    let mut buffer = Vec::with_capacity(64 << 10);
    let mut answers = 0;
    while Instant::now() < deadline {
        socket
            .write_all(request.as_bytes())
            .await
            .expect("the server listens");
        buffer.clear();
        while !is_whole(&buffer, stream) {
            assert!(socket.read_buf(&mut buffer).await.expect("an answer") > 0);
        }
        answers += 1;
    }
    answers
}

fn is_whole(answer: &[u8], stream: bool) -> bool {
    if stream {
        return answer.ends_with(b"\r\n0\r\n\r\n");
    }
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next());
    length
        .and_then(|n| n.parse::<usize>().ok())
        .is_some_and(|n| body.len() >= n)
}

fn println(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}
