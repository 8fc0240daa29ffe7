//! The load driver against services that freeze, fail, refuse or answer nonsense.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaklab::load::{Arrivals, Load, Slot, Stop, drive};
use breaklab::record::Latencies;
use ground::timeline::Timeline;

use crate::cli::{breaklab, breaklab_alone};
use crate::machine::Lateness;
use crate::service::{DOCUMENTED, answered, jobs, over_tls, said, serve, service};

mod ended;

/// What the frozen server makes of evenly spread requests, in milliseconds.
const TRUTH: [(&str, f64, f64); 3] = [
    ("p90", 0.9, 2400.0),
    ("p95", 0.95, 3200.0),
    ("p99", 0.99, 3840.0),
];

#[tokio::test(start_paused = true)]
async fn a_frozen_server_is_measured_exactly_in_virtual_time() {
    let timeline = Timeline::start_virtual();
    let load = Load {
        requests: 50 * 160,
        ..Load::new(Arrivals::Constant { rate_per_s: 50.0 })
    };
    let latencies = Arc::new(Mutex::new(Latencies::default()));
    let sink = Arc::clone(&latencies);
    let send = move |slot: Slot| {
        let sink = Arc::clone(&sink);
        async move {
            timeline.sleep_until(answered(timeline.now())).await;
            sink.lock().unwrap().record(timeline.now() - slot.scheduled);
        }
    };
    let runtime = tokio::runtime::Handle::current();
    drive(&load, 1, timeline, &Stop::default(), &runtime, send).await;
    let latencies = latencies.lock().unwrap();
    let at = |quantile| latencies.micros().value_at_quantile(quantile) as f64 / 1000.0;
    for (_, quantile, truth) in [("p50", 0.5, 0.0), ("p75", 0.75, 0.0)]
        .into_iter()
        .chain(TRUTH)
    {
        // Three digits are what a histogram keeps.
        assert!(
            (at(quantile) - truth).abs() <= truth * 0.001,
            "p{quantile}: {}",
            at(quantile)
        );
    }
}

/// Exit code of a driver that could not keep its schedule, as on a busy machine.
const SATURATED: i32 = 4;

type Told = (Option<i32>, serde_json::Value, String);

fn load(address: SocketAddr, more: &[&str]) -> Told {
    load_by(breaklab, address, more)
}

fn load_by(run: fn(&Path, &[&str]) -> Output, address: SocketAddr, more: &[&str]) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = format!("http://{address}");
    let mut arguments = vec!["load", "--endpoint", &endpoint, "--json", "--lines", "10"];
    arguments.extend(more);
    let output = run(folder.path(), &arguments);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), summary["runs"][0].clone(), message)
}

/// How late a machine may wake a sleeper that measures to within three percent.
const CALM: Duration = Duration::from_millis(10);

#[test]
fn a_frozen_server_is_measured_within_three_percent_over_real_sockets() {
    let arguments = ["--arrivals", "rate:50", "--duration", "16s"];
    let mut late = Vec::new();
    while late.len() < 4 {
        let address = service(200, DOCUMENTED, true);
        let lateness = Lateness::start();
        let (code, run, message) = load_by(breaklab_alone, address, &arguments);
        let lateness = lateness.end();
        assert!(matches!(code, Some(0 | SATURATED)), "{code:?} {message}");
        assert_eq!(run["requests"]["ok"], 800);
        let off = |(name, _, truth): &(&str, f64, f64)| {
            (run["latency_ms"][name].as_f64().unwrap() - truth) / truth
        };
        let [least, most] = [f64::min, f64::max].map(|one| TRUTH.iter().map(off).reduce(one));
        // A busy machine only ever adds to a latency: too little is never its fault.
        assert!(least > Some(-0.03), "{run}");
        if most < Some(0.03) {
            return;
        }
        let busy = lateness > CALM || code == Some(SATURATED);
        assert!(busy, "{lateness:?} late, and yet {run}");
        late.push(lateness);
    }
    panic!("this machine is too busy to measure to within three percent: it is {late:?} late");
}

#[test]
fn failures_of_every_kind_never_exit_0() {
    for (status, body, field) in [
        (
            500,
            r#"{"error":{"type":"x","message":"broken"}}"#,
            "failed",
        ),
        (200, "not json", "failed"),
        (200, r#"{"file_path":"a.py","documentation":" "}"#, "failed"),
        (202, "", "failed"),
        (301, "", "failed"),
    ] {
        let (code, run, message) = load(service(status, body, false), &["--requests", "5"]);
        assert!(
            matches!(code, Some(1 | SATURATED)),
            "{status} {body}: {code:?} {message}"
        );
        assert_eq!(run["requests"][field], 5, "{status} {body}");
    }
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let (code, run, _) = load(nobody, &["--arrivals", "burst:5"]);
    assert!(matches!(code, Some(1 | SATURATED)), "{code:?}");
    assert_eq!(run["endings"]["unreachable"], 5);
}

#[test]
fn a_load_that_cannot_be_is_a_usage_error() {
    let address = service(200, DOCUMENTED, false);
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["load", "--endpoint", "ftp://127.0.0.1"];
    let output = breaklab(folder.path(), &arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && message.contains("write it like http"),
        "{message}"
    );
    for (arguments, why) in [
        (vec!["--requests", "0"], "0"),
        (vec!["--arrivals", "rate:0"], "rate_per_s"),
        (vec!["--arrivals", "burst:0"], "at least 1"),
        (vec!["--arrivals", "often"], "poisson:PER_S"),
        (
            vec!["--arrivals", "closed:3", "--shard", "1/2"],
            "multiple of 2",
        ),
        (
            vec!["--arrivals", "burst:3", "--duration", "3s"],
            "leave --duration out",
        ),
        (
            vec![
                "--arrivals",
                "closed:2",
                "--duration",
                "3s",
                "--shard",
                "1/2",
            ],
            "give the number of requests",
        ),
        (
            vec!["--arrivals", "rate:1e9", "--duration", "1s"],
            "more than 100000000",
        ),
        (
            vec!["--arrivals", "poisson:0.001", "--duration", "1ms"],
            "no request falls",
        ),
        (vec!["--arrivals", "replay:nowhere"], "nowhere"),
    ] {
        let (code, _, message) = load(address, &arguments);
        assert!(
            code == Some(2) && message.contains(why),
            "{arguments:?}: {message}"
        );
    }
}

#[test]
fn a_service_elsewhere_needs_an_explicit_word() {
    let folder = tempfile::tempdir().unwrap();
    let output = breaklab(
        folder.path(),
        &["load", "--endpoint", "http://198.51.100.7:80"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--allow-remote"));
}

#[test]
fn a_service_over_tls_is_asked_only_if_its_certificate_is_trusted() {
    let (address, certificate) = over_tls();
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours.pem");
    std::fs::write(&ours, certificate).unwrap();
    let (other, _) = over_tls();
    for (address, ending) in [(address, "ok"), (other, "unreachable")] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args(["load", "--json", "--requests", "5"])
            .args(["--endpoint", &format!("https://{address}")])
            .env("SSL_CERT_FILE", &ours)
            .env_remove("SSL_CERT_DIR")
            .current_dir(folder.path())
            .output()
            .unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let run = &summary["runs"][0];
        assert_eq!(run["endings"][ending], 5, "{run}");
        let code = output.status.code();
        let right = if ending == "ok" { 0 } else { 1 };
        assert!(code == Some(right) || code == Some(SATURATED), "{code:?}");
        if ending == "unreachable" {
            let record = std::fs::read(folder.path().join("reports/latest/record.json")).unwrap();
            let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
            let errors = record["runs"][0]["errors"].to_string();
            assert!(errors.contains("certificate"), "{errors}");
        }
    }
}

#[test]
fn silence_is_a_failure_after_the_timeout() {
    let address = serve(|_| std::future::pending());
    let (code, run, _) = load(address, &["--arrivals", "burst:3", "--timeout", "100ms"]);
    assert!(matches!(code, Some(1 | SATURATED)), "{code:?}");
    assert_eq!(run["requests"]["failed"], 3);
}

#[test]
fn clients_in_turn_ask_for_as_long_as_they_are_told() {
    let address = service(200, DOCUMENTED, false);
    let arguments = ["--arrivals", "closed:3", "--duration", "3s"];
    let (code, run, message) = load(address, &arguments);
    assert!(matches!(code, Some(0 | SATURATED)), "{code:?} {message}");
    let offered = run["requests"]["offered"].as_u64().unwrap();
    assert!(offered > 3 && run["requests"]["ok"] == offered, "{run}");
    assert!(run["makespan_s"].as_f64().unwrap() >= 2.4, "{run}");
}

#[test]
fn a_job_is_asked_for_until_it_is_done() {
    for (state, field, right) in [
        ("done", "ok", 0),
        ("partial", "degraded", 0),
        ("failed", "failed", 1),
    ] {
        let (code, run, message) = load(jobs(state), &["--requests", "2"]);
        assert_eq!(run["requests"][field], 2, "{state}: {message}");
        assert!(
            code == Some(right) || code == Some(SATURATED),
            "{state}: {code:?} {message}"
        );
    }
}

#[test]
fn a_driver_without_sockets_is_saturated_and_blames_nobody_else() {
    // It frees no socket while there is still a request to be sent.
    let address = service(200, DOCUMENTED, true);
    let folder = tempfile::tempdir().unwrap();
    let command = format!(
        "ulimit -n 40; exec {} load --endpoint http://{address} --arrivals burst:100 --json",
        env!("CARGO_BIN_EXE_breaklab")
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &command])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let requests = &summary["runs"][0]["requests"];
    assert_eq!(output.status.code(), Some(SATURATED), "{requests}");
    assert!(requests["dropped"].as_u64().unwrap() >= 60, "{requests}");
    assert_eq!(requests["failed"], 0);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("could not send"), "{message}");
}

/// A load of three requests whose service has been asked, and answers all but the first when told.
struct Underway {
    child: Child,
    folder: tempfile::TempDir,
    tell: tokio::sync::watch::Sender<bool>,
}

impl Underway {
    fn start(more: &[&str]) -> Self {
        let (tell, told) = tokio::sync::watch::channel(false);
        let (arrive, arrived) = std::sync::mpsc::channel();
        let first = Arc::new(AtomicBool::new(true));
        let address = serve(move |_| {
            // Only the first is waited for.
            let _nobody = arrive.send(());
            let at_once = first.swap(false, Ordering::SeqCst);
            let mut told = told.clone();
            async move {
                told.wait_for(|told| at_once || *told).await.unwrap();
                said(200, DOCUMENTED)
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let child = std::process::Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args(["load", "--arrivals", "burst:3", "--timeout", "60s"])
            .args(["--endpoint", &format!("http://{address}")])
            .args(more)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        arrived.recv().unwrap();
        Self {
            child,
            folder,
            tell,
        }
    }

    /// Lets the service answer; returns the exit code and what is on standard error.
    fn end(mut self) -> (Option<i32>, String) {
        self.tell.send(true).unwrap();
        let mut text = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        let code = self.child.wait().unwrap().code();
        self.folder.close().unwrap();
        (code, text)
    }
}

#[test]
fn a_load_that_takes_longer_tells_of_itself_unless_it_is_to_be_quiet() {
    let quiet = Underway::start(&["--quiet"]);
    let mut loud = Underway::start(&[]);
    let mut told = String::new();
    // It tells of itself while its service is silent, and by then the quiet one would have, too.
    BufReader::new(loud.child.stderr.as_mut().unwrap())
        .read_line(&mut told)
        .unwrap();
    assert!(
        told.starts_with("1 of 3 requests, ") && told.ends_with(" left\n"),
        "{told}"
    );
    for (load, quiet) in [(quiet, true), (loud, false)] {
        let (code, text) = load.end();
        assert!(matches!(code, Some(0 | SATURATED)), "{code:?} {text}");
        let saturated = |line: &str| line.contains("the load driver was saturated");
        assert!(!quiet || text.lines().all(saturated), "{text}");
    }
}
