//! What the load driver itself can do, and how honest it is, on one machine in one run.
//!
//! `cargo bench --bench load`: the most requests per second of 64 clients in turn against a bare hyper
//! server, then the driver's own lag in an open loop at half of that, then the latencies of a server that
//! stands still for one of every four seconds, whose truth is known, and the memory that a million requests take. With `OHA=/path/to/oha` oha
//! (`cargo install oha --locked`) plays the same by turns: only ratios of one run on one machine say anything.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should stop where it stands"
)]

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use breaklab::corpus::Source;
use breaklab::load::{Arrivals, Load, Stop};
use breaklab::record::{Ending, Latencies, Run};
use breaklab::runner::Endpoint;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use mock_claude::timeline::Timeline;

const ANSWER: &[u8] = br#"{"file_path":"a.py","status":"done","documentation":"words"}"#;
const SOURCE: &str = "def a():\n    return 1\n";
const CLIENTS: usize = 64;
const REQUESTS: u64 = 50_000;
/// Plays of each side; their medians are compared.
const TURNS: usize = 5;
const FROZEN_SECONDS: u64 = 8;

fn main() {
    let oha = std::env::var_os("OHA");
    memory();
    let most = throughput(oha.as_deref());
    own_lag(most / 2.0);
    frozen(oha.as_deref());
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
}

fn throughput(oha: Option<&OsStr>) -> f64 {
    let address = server(false);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(play(address, clients_in_turn(REQUESTS)).1);
        if let Some(oha) = oha {
            let (requests, clients) = (REQUESTS.to_string(), CLIENTS.to_string());
            let said = by_oha(oha, address, &["-n", &requests, "-c", &clients]);
            theirs.push(said["summary"]["requestsPerSec"].as_f64().unwrap());
        }
    }
    let most = median(&mut ours);
    say(format_args!(
        "{CLIENTS} clients in turn: {most:.0} requests/s"
    ));
    if !theirs.is_empty() {
        let theirs = median(&mut theirs);
        let ratio = most / theirs;
        say(format_args!(
            "oha: {theirs:.0} requests/s; ours is {ratio:.2} of it"
        ));
    }
    most
}

fn own_lag(rate: f64) {
    let open = Load {
        rate_per_s: Some(rate),
        ..Load::new(Arrivals::Constant)
    };
    let (run, _) = play(server(false), open.lasting(Duration::from_secs(5)));
    let lag = |quantile| run.lag.micros().value_at_quantile(quantile) as f64 / 1000.0;
    say(format_args!(
        "open at half of it ({rate:.0}/s): own lag p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        lag(0.5),
        lag(0.99),
        lag(1.0)
    ));
}

/// 200 requests a second on a server that stands still for the first of every four seconds: p90 is
/// 600 ms, p95 800 ms, p99 960 ms.
fn frozen(oha: Option<&OsStr>) {
    let line = |name: &str, p: [f64; 3]| {
        let [p90, p95, p99] = p;
        say(format_args!(
            "{name:<44} p90 {p90:>5.0}  p95 {p95:>5.0}  p99 {p99:>5.0} ms"
        ));
    };
    line("frozen server, truth", [600.0, 800.0, 960.0]);
    let open = Load {
        rate_per_s: Some(200.0),
        ..Load::new(Arrivals::Constant)
    };
    let closed = Load {
        workers: Some(50),
        ..Load::new(Arrivals::Closed)
    };
    for (name, load) in [("rate:200", open), ("closed:50", closed)] {
        let load = load.lasting(Duration::from_secs(FROZEN_SECONDS));
        let (run, _) = play(server(true), load);
        let mut all = Latencies::default();
        run.latency
            .values()
            .for_each(|latencies| all.merge(latencies));
        let at = |quantile| all.micros().value_at_quantile(quantile) as f64 / 1000.0;
        let name = format!("breaklab load --arrivals {name}");
        line(&name, [0.9, 0.95, 0.99].map(at));
    }
    let Some(oha) = oha else { return };
    let seconds = format!("{FROZEN_SECONDS}s");
    for (name, more) in [
        (
            "oha -q 200 --latency-correction",
            vec!["-q", "200", "--latency-correction"],
        ),
        ("oha -q 200", vec!["-q", "200"]),
        ("oha (closed, 50 clients)", vec![]),
    ] {
        let mut arguments = vec!["-z", &seconds];
        arguments.extend(more);
        let said = by_oha(oha, server(true), &arguments);
        let at = |p: &str| said["latencyPercentiles"][p].as_f64().unwrap_or(f64::NAN) * 1000.0;
        line(name, [at("p90"), at("p95"), at("p99")]);
    }
}

/// The most memory that this process, server included, ever held, after a million requests.
fn memory() {
    let (run, rate) = play(server(false), clients_in_turn(1_000_000));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kept = run.requests.len();
    say(format_args!(
        "{} requests at {rate:.0}/s: {kept} rows kept, at most {} of memory",
        run.offered,
        most.map_or("?", str::trim)
    ));
}

fn clients_in_turn(requests: u64) -> Load {
    Load {
        requests,
        workers: Some(CLIENTS),
        ..Load::new(Arrivals::Closed)
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A bare hyper server on a thread of its own.
fn server(freezes: bool) -> SocketAddr {
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
            let mut began = None;
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let timeline = *began.get_or_insert_with(|| Timeline::start(1.0, 0));
                let answer =
                    hyper::service::service_fn(move |request: Request<Incoming>| async move {
                        let _whole = request.into_body().collect().await;
                        if freezes {
                            let cycle = timeline.now().as_secs() / 4 * 4;
                            timeline.sleep_until(Duration::from_secs(cycle + 1)).await;
                        }
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
            content: SOURCE.into(),
        }],
        timeout: Duration::from_secs(30),
        digest: String::new(),
    };
    let (run, wall, _) = endpoint.run(&Stop::default()).unwrap();
    assert_eq!(
        run.endings.get(&Ending::Ok),
        Some(&run.offered),
        "{:?}",
        run.errors
    );
    let rate = run.offered as f64 / wall.as_secs_f64();
    (run, rate)
}

/// What oha says in JSON of the same requests.
fn by_oha(oha: &OsStr, address: SocketAddr, arguments: &[&str]) -> serde_json::Value {
    let body = serde_json::json!({"file_path": "a.py", "file_content": SOURCE}).to_string();
    let output = std::process::Command::new(oha)
        .args([
            "--no-tui",
            "--output-format",
            "json",
            "-m",
            "POST",
            "-d",
            &body,
        ])
        .args(arguments)
        .arg(format!("http://{address}/document"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
