//! What the load driver itself can do, against a bare hyper server in the same process.
//!
//! `cargo bench --bench load`. Prints the most requests per second of 64 clients in turn, then the driver's
//! own lag in an open loop at half of that. With `OHA=/path/to/oha` the same server is also loaded by oha, and the
//! ratio is printed: only a ratio taken in one run on one machine says anything.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should stop where it stands"
)]

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use breaklab::corpus::Source;
use breaklab::load::{Arrivals, Load, Stop};
use breaklab::record::Run;
use breaklab::runner::Endpoint;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

const ANSWER: &[u8] = br#"{"file_path":"a.py","status":"done","documentation":"words"}"#;
const CLIENTS: usize = 64;
const REQUESTS: u64 = 50_000;

fn main() {
    let address = bare_server();
    let mut out = std::io::stdout();
    let closed = Load {
        requests: REQUESTS,
        workers: Some(CLIENTS),
        ..Load::new(Arrivals::Closed)
    };
    let (_, most) = play(address, closed);
    writeln!(out, "closed, {CLIENTS} clients: {most:.0} requests/s").unwrap();
    let open = Load {
        rate_per_s: Some(most / 2.0),
        ..Load::new(Arrivals::Constant)
    };
    let (run, _) = play(address, open.lasting(Duration::from_secs(5)));
    let lag = |quantile| run.lag.micros().value_at_quantile(quantile) as f64 / 1000.0;
    writeln!(
        out,
        "open at half of it: own lag p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        lag(0.5),
        lag(0.99),
        lag(1.0)
    )
    .unwrap();
    if let Some(oha) = std::env::var_os("OHA") {
        let theirs = oha_rate(&oha, address);
        writeln!(
            out,
            "oha: {theirs:.0} requests/s; ours is {:.2} of it",
            most / theirs
        )
        .unwrap();
    }
}

fn bare_server() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
                .await
                .unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let answer = hyper::service::service_fn(|request: Request<Incoming>| async move {
                    let _whole = request.into_body().collect().await;
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(ANSWER))))
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer),
                );
            }
        });
    });
    told.recv().unwrap()
}

fn play(address: SocketAddr, load: Load) -> (Run, f64) {
    let endpoint = Endpoint {
        url: format!("http://{address}/").parse().unwrap(),
        load,
        documents: vec![Source {
            path: "a.py".to_owned(),
            content: "def a():\n    return 1\n".into(),
        }],
        timeout: Duration::from_secs(30),
        digest: String::new(),
    };
    let (run, wall, _) = endpoint.run(&Stop::default()).unwrap();
    let rate = run.offered as f64 / wall.as_secs_f64();
    (run, rate)
}

fn oha_rate(oha: &std::ffi::OsStr, address: SocketAddr) -> f64 {
    let body = r#"{"file_path":"a.py","file_content":"def a():\n    return 1\n"}"#;
    let (requests, clients) = (REQUESTS.to_string(), CLIENTS.to_string());
    let url = format!("http://{address}/document");
    let output = std::process::Command::new(oha)
        .args([
            "--no-tui",
            "--output-format",
            "json",
            "-m",
            "POST",
            "-d",
            body,
        ])
        .args(["-n", &requests, "-c", &clients, &url])
        .output()
        .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    json["summary"]["requestsPerSec"].as_f64().unwrap()
}
