//! What the load driver itself can do, and how honest it is, on one machine in one run.
//!
//! `cargo bench --bench load`: the most requests per second of 64 clients in turn against a bare hyper
//! server, then the driver's own lag in an open loop at half of that, then the latencies of a server that
//! stands still for one of every four seconds, whose truth is known, and the memory that a million requests take. With `OHA=/path/to/oha` oha
//! (`cargo install oha --locked`) does the same by turns: only ratios of one run on one machine say anything.

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
use breaklab::record::{self, ClockKind, Ending, Latencies, Record, Run};
use breaklab::runner::{Endpoint, nobody};
use breaklab::summary::{self, ClaimList, RunSummary};
use bytes::Bytes;
use ground::timeline::Timeline;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

const ANSWER: &[u8] = br#"{"file_path":"a.py","status":"done","documentation":"words"}"#;
const SOURCE: &str = "def a():\n    return 1\n";
const CLIENTS: usize = 64;
const REQUESTS: u64 = 50_000;
/// Runs of each side; their medians are compared.
const TURNS: usize = 5;
const FROZEN_SECONDS: u64 = 8;
/// Halvings of the search for the open capacity: within 2 % of what clients in turn can do.
const SEARCH: usize = 6;
/// Runs at half of it; the medians are told.
const OPEN_TURNS: usize = 3;

fn main() {
    let oha = std::env::var_os("OHA");
    memory();
    let most = throughput(oha.as_deref());
    own_lag(most);
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
        ours.push(run_once(address, clients_in_turn(REQUESTS)).1);
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

/// The highest constant rate at which the driver still sends at least 99 % of what is due in time
/// without being saturated, by bisection between nothing and what clients in turn can do.
fn open_capacity(address: SocketAddr, most: f64) -> f64 {
    let (mut carried, mut too_much) = (0.0, most);
    for _ in 0..SEARCH {
        let rate = f64::midpoint(carried, too_much);
        let run = carried_out(address, at_rate(rate, Duration::from_secs(2)));
        let achieved = run.offered as f64 / (run.makespan_ms as f64 / 1000.0);
        let kept = achieved >= 0.99 * rate && summary(run).saturated.is_none();
        *(if kept { &mut carried } else { &mut too_much }) = rate;
    }
    carried
}

fn own_lag(most: f64) {
    let address = server(false);
    let capacity = open_capacity(address, most);
    let rate = capacity / 2.0;
    let lags = (0..OPEN_TURNS).map(|_| {
        let (run, _) = run_once(address, at_rate(rate, Duration::from_secs(5)));
        [0.5, 0.99, 1.0]
            .map(|quantile| run.lag.micros().value_at_quantile(quantile) as f64 / 1000.0)
    });
    let lags: Vec<[f64; 3]> = lags.collect();
    let of = |index: usize| median(&mut lags.iter().map(|lag| lag[index]).collect::<Vec<_>>());
    say(format_args!(
        "open loop: {capacity:.0} requests/s are carried; at half of it, own lag p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        of(0),
        of(1),
        of(2)
    ));
}

fn at_rate(rate: f64, duration: Duration) -> Load {
    let open = Load {
        ..Load::new(Arrivals::Constant { rate_per_s: rate })
    };
    open.lasting(duration)
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
    let duration = Duration::from_secs(FROZEN_SECONDS);
    let closed = Load {
        ..Load::new(Arrivals::Closed {
            workers: 50,
            duration_s: None,
        })
    };
    for (name, load) in [
        ("rate:200", at_rate(200.0, duration)),
        ("closed:50", closed.lasting(duration)),
    ] {
        let (run, _) = run_once(server(true), load);
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
    let (run, rate) = run_once(server(false), clients_in_turn(1_000_000));
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
        ..Load::new(Arrivals::Closed {
            workers: CLIENTS,
            duration_s: None,
        })
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

/// A run in which every answer must be right, and its requests per second.
fn run_once(address: SocketAddr, load: Load) -> (Run, f64) {
    let run = carried_out(address, load);
    let (right, offered) = (run.endings.get(&Ending::Ok), run.offered);
    assert_eq!(right, Some(&offered), "{:?}", run.errors);
    let rate = offered as f64 / (run.makespan_ms as f64 / 1000.0);
    (run, rate)
}

fn carried_out(address: SocketAddr, load: Load) -> Run {
    let endpoint = Endpoint {
        url: format!("http://{address}/").parse().unwrap(),
        load,
        documents: vec![Source {
            path: "a.py".to_owned(),
            content: SOURCE.into(),
        }],
        real_files: false,
        timeout: Duration::from_secs(30),
        digest: String::new(),
    };
    let stop = Stop::default();
    endpoint.run(&stop, &nobody()).unwrap().run
}

fn summary(run: Run) -> RunSummary {
    let record = Record {
        schema: record::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: ClockKind::Real,
        speed: 1.0,
        seed: 1,
        host: None,
        interrupted: false,
        runs: vec![run],
    };
    let summary = summary::summarize(&record, &ClaimList::default(), &[]);
    summary.runs.into_iter().next().unwrap()
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
