//! `breaklab serve` as its clients see it: the chapter's three tests, jobs, batches, and its end.

mod gateway;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ground::limits::Limits;
use serde_json::{Value, json};

use crate::machine::until;
use crate::provider::Provider;

/// A process that serves until it is dropped.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::command("serve", arguments)
    }

    fn command(name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args([name, "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self { child, url }
    }

    /// Asks it to end, and returns its exit code and log.
    fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn client(url: &str) -> reqwest::Client {
    breaklab::transport::client_builder(&url.parse().unwrap())
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

async fn post(url: &str, kind: &str, body: String, prefer: Option<&str>) -> (u16, Value) {
    let mut request = client(url)
        .post(url)
        .header("content-type", kind)
        .body(body);
    if let Some(prefer) = prefer {
        request = request.header("prefer", prefer);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

async fn get(url: &str) -> String {
    let bytes = client(url)
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a job says when it is no longer running.
async fn ended(job: &str) -> Value {
    for _ in 0..1200 {
        let answer: Value = serde_json::from_str(&get(job).await).unwrap();
        if answer["status"] != "running" {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{job} never ends");
}

fn file(number: usize) -> String {
    let content: String = (0..20)
        .map(|n| format!("def work_{number}_{n}():\n    return {n}\n"))
        .collect();
    json!({ "file_path": format!("f{number}.py"), "file_content": content }).to_string()
}

/// The chapter's file as `curl -d @huge.py` sends it: without line ends.
fn huge() -> String {
    (0..10_000)
        .map(|n| format!("def func_{n}(): pass"))
        .collect()
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn the_large_file_is_killed_in_naive_and_a_job_that_ends_in_hardened() {
    let naive = Served::start(&["--mode", "naive", "--speed", "200"]);
    let url = format!("{}/document", naive.url);
    let (status, body) = runtime().block_on(post(&url, FORM, huge(), None));
    assert_eq!(
        (status, &body["error"]["type"]),
        (504, &"time_limit".into())
    );
    let (code, log) = naive.end();
    assert_eq!(code, Some(0));
    assert!(
        log.lines()
            .any(|line| line == "Task timed out after 300.00 seconds"),
        "{log}"
    );

    let hardened = Served::start(&["--mode", "hardened", "--speed", "50"]);
    let url = format!("{}/document", hardened.url);
    let answer = runtime().block_on(async {
        let (status, body) = post(&url, FORM, huge(), None).await;
        assert_eq!(status, 202, "{body}");
        ended(&format!(
            "{}{}",
            hardened.url,
            body["poll"].as_str().unwrap()
        ))
        .await
    });
    assert_eq!(answer["status"], "done", "{}", answer["error"]);
    assert!(
        answer["documentation"]
            .as_str()
            .unwrap()
            .contains("func_9999")
    );
}

#[test]
fn ten_equal_requests_are_ten_calls_in_naive_and_one_in_hardened() {
    for (mode, calls) in [("naive", 10), ("hardened", 1)] {
        let served = Served::start(&["--mode", mode, "--speed", "100", "--answer-within", "0"]);
        let metrics = runtime().block_on(async {
            for _ in 0..10 {
                let url = format!("{}/document", served.url);
                assert_eq!(post(&url, JSON, file(0), None).await.0, 200);
            }
            get(&format!("{}/metrics", served.url)).await
        });
        let line = format!("breaklab_upstream_attempts_total{{status=\"200\"}} {calls}");
        assert!(
            metrics.lines().any(|found| found == line),
            "{mode}: {metrics}"
        );
    }
}

/// Statuses of the answers to a hundred clients at once.
async fn hundred(served: &Served) -> Vec<u16> {
    let url = format!("{}/document", served.url);
    let all = (0..100).map(|number| post(&url, JSON, file(number), None));
    let answers = futures_util::future::join_all(all).await;
    answers.into_iter().map(|(status, _)| status).collect()
}

#[test]
fn a_hundred_clients_meet_429_in_naive_and_none_in_hardened() {
    // Its time all but stands still until all have come, so that its limits admit no more meanwhile.
    let api = Provider::start(0.001, 0.0, |config| {
        config.limits = Some(Limits {
            requests_per_minute: 50,
            input_tokens_per_minute: 1_000_000,
            output_tokens_per_minute: 1_000_000,
        });
    });
    let naive = Served::start(&["--mode", "naive", "--upstream", &api.url]);
    let statuses = std::thread::scope(|scope| {
        scope.spawn(|| {
            until("a hundred calls", || api.attempts() == 100);
            api.mock.set_speed(100.0);
        });
        runtime().block_on(hundred(&naive))
    });
    let with = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((with(200), with(429)), (50, 50), "{statuses:?}");

    let hardened = Served::start(&["--speed", "20", "--answer-within", "0"]);
    assert_eq!(runtime().block_on(hundred(&hardened)), [200; 100]);
}

#[test]
fn a_body_from_curl_without_line_ends_is_answered_with_the_reason() {
    let served = Served::start(&["--speed", "100", "--answer-within", "0"]);
    let url = format!("{}/document", served.url);
    let stripped = "def a(): passdef b(): pass".to_owned();
    let (status, body) = runtime().block_on(post(&url, FORM, stripped, None));
    assert_eq!(status, 200);
    assert!(body["note"].as_str().unwrap().contains("--data-binary"));
    let (status, body) = runtime().block_on(post(&url, JSON, "{}".into(), None));
    assert_eq!(
        (status, &body["error"]["type"]),
        (400, &"invalid_request".into())
    );
}

#[test]
fn a_batch_answers_each_file_in_order_and_a_client_may_ask_for_a_job() {
    let served = Served::start(&["--speed", "100", "--log", "emf", "--answer-within", "0"]);
    let files: Vec<Value> = (0..3)
        .map(|number| serde_json::from_str(&file(number)).unwrap())
        .collect();
    let url = format!("{}/documents", served.url);
    runtime().block_on(async {
        let (status, body) = post(&url, JSON, json!({ "files": files }).to_string(), None).await;
        assert_eq!((status, &body["status"]), (200, &"done".into()));
        let paths: Vec<&str> = body["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["file_path"].as_str().unwrap())
            .collect();
        assert_eq!(paths, ["f0.py", "f1.py", "f2.py"]);
        let document = format!("{}/document", served.url);
        let (status, body) = post(&document, JSON, file(7), Some("respond-async")).await;
        assert_eq!((status, &body["status"]), (202, &"running".into()));
    });
    let (code, log) = served.end();
    assert_eq!(code, Some(0), "work in flight is finished first");
    let events: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let with = |name: &str| {
        events
            .iter()
            .filter(|event| event[name].is_number())
            .count()
    };
    assert_eq!([with("Latency"), with("Cost")], [4, 4], "{log}");
    assert!(
        events
            .iter()
            .all(|event| event["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "breaklab")
    );
}

#[test]
fn jobs_that_do_not_end_in_time_are_taken_up_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let unfinished = folder.path().join("unfinished.jsonl");
    let unfinished = unfinished.to_str().unwrap();
    let slow = Served::start(&["--grace", "0.2", "--unfinished", unfinished]);
    let url = format!("{}/document", slow.url);
    assert_eq!(
        runtime()
            .block_on(post(&url, JSON, file(1), Some("respond-async")))
            .0,
        202
    );
    assert_eq!(slow.end().0, Some(0));
    let again = Served::start(&["--speed", "100", "--unfinished", unfinished]);
    let answer = runtime().block_on(ended(&format!("{}/jobs/1", again.url)));
    assert_eq!(
        (&answer["status"], &answer["file_path"]),
        (&"done".into(), &"f1.py".into())
    );
    assert_eq!(again.end().0, Some(0));
    assert_eq!(std::fs::read_to_string(unfinished).unwrap(), "");
}

#[test]
fn no_call_is_made_that_might_cost_more_than_the_cap() {
    let api = Served::command("mock", &["--speed", "100"]);
    for (cap, status, sent) in [("0.0001", 402, 0), ("5", 200, 1)] {
        let served = Served::start(&[
            "--upstream",
            &api.url,
            "--max-cost-usd",
            cap,
            "--speed",
            "100",
            "--answer-within",
            "0",
        ]);
        let (answer, metrics) = runtime().block_on(async {
            let answer = post(&format!("{}/document", served.url), JSON, file(0), None).await;
            (answer, get(&format!("{}/metrics", served.url)).await)
        });
        assert_eq!(answer.0, status, "{}", answer.1);
        let attempts = metrics
            .matches("breaklab_upstream_attempts_total{status=")
            .count();
        assert_eq!(attempts, sent, "{metrics}");
        let cost = metrics
            .lines()
            .find_map(|line| line.strip_prefix("breaklab_upstream_cost_usd_total "));
        let cost: f64 = cost.unwrap().parse().unwrap();
        assert_eq!(cost > 0.0, sent > 0, "{metrics}");
    }
}

#[test]
fn an_api_elsewhere_takes_permission_a_cap_and_a_key() {
    let remote = ["--upstream", "https://api.example.com"];
    let refused = |more: &[&str], key: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_breaklab"));
        command.arg("serve").args(remote).args(more);
        match key {
            Some(key) => command.env("ANTHROPIC_API_KEY", key),
            None => command.env_remove("ANTHROPIC_API_KEY"),
        };
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&[], Some("k")).contains("--allow-remote"));
    assert!(refused(&["--allow-remote"], Some("k")).contains("--max-cost-usd"));
    let all = ["--allow-remote", "--max-cost-usd", "2"];
    assert!(refused(&all, None).contains("ANTHROPIC_API_KEY"));
    for cap in ["0", "-1", "NaN", "inf"] {
        let cap = format!("--max-cost-usd={cap}");
        assert!(refused(&["--allow-remote", &cap], Some("k")).contains("amount"));
    }
}

#[test]
fn only_loopback_is_served_and_asked_without_permission() {
    for arguments in [
        ["--listen", "0.0.0.0:0"],
        ["--upstream", "http://example.com"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .arg("serve")
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("--allow-remote"));
    }
}
