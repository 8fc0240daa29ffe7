//! `breaklab lambda`: a runtime that none of ours is, behind each gateway, with the limits of both.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

struct Function {
    child: Child,
    url: String,
    log: tempfile::NamedTempFile,
}

impl Function {
    fn start(arguments: &[&str]) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lambda");
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args(["lambda", "--handler", "app.handler", "--dir", folder])
            .args(["--listen", "127.0.0.1:0", "--provisioned", "1"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut said).unwrap();
        let url = said
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("{said}"));
        Self {
            url: url.to_owned(),
            child,
            log,
        }
    }

    fn post(&self, asked: &Value) -> (u16, Value) {
        self.post_as(asked, &[])
    }

    fn post_as(&self, asked: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = breaklab::transport::client_builder(&self.url.parse().unwrap());
            let client = client.timeout(Duration::from_secs(60)).build().unwrap();
            let mut request = client.post(format!("{}/document", self.url));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.header("content-type", "application/json");
            let response = request.body(asked.to_string()).send().await.unwrap();
            let status = response.status().as_u16();
            let body = response.bytes().await.unwrap();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// Waits until its log has `text`.
    #[expect(clippy::disallowed_methods, reason = "no time is simulated here")]
    fn said(&self, text: &str) {
        for _ in 0..600 {
            if self.log().contains(text) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("it never said {text}: {}", self.log());
    }

    /// Ends it as ctrl-C does, and gives its log.
    fn end(mut self) -> String {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(told.success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        self.log()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn message(text: &str) -> Value {
    json!({ "message": text })
}

#[test]
fn a_foreign_runtime_answers_keeps_its_memory_and_fails_as_on_lambda() {
    let folder = tempfile::tempdir().unwrap();
    let group = folder.path().join("group.jsonl");
    let group = group.to_str().unwrap();
    let function = Function::start(&[
        "--concurrency",
        "1",
        "--memory",
        "200",
        "--log-group",
        group,
    ]);
    let (status, first) = function.post(&json!({ "file_path": "a.py" }));
    let (_, second) = function.post(&json!({}));
    assert_eq!(
        (status, &first["times"], &second["times"]),
        (200, &json!(1), &json!(2))
    );
    assert_eq!(first["pid"], second["pid"], "one instance, kept warm");
    for asked in [
        json!({ "fail": true }),
        json!({ "malformed": true }),
        json!({ "big": 7 }),
        json!({ "exit": true }),
        json!({ "memory": 400 }),
        json!({ "child_memory": 400 }),
    ] {
        let answer = function.post(&asked);
        assert_eq!(answer, (502, message("Internal server error")), "{asked}");
    }
    let (_, anew) = function.post(&json!({}));
    assert_eq!(anew["times"], 1, "what was killed begins with nothing");
    let log = function.end();
    for line in [
        "loaded app.handler",
        "asked {\"file_path\": \"a.py\"} in time",
        "Runtime exited with error: exit status 3 Runtime.ExitError",
        "Runtime exited with error: signal: killed Runtime.ExitError (it used more than its 200 MB)",
        "Malformed Lambda proxy response",
        "exceeded maximum allowed payload size (6291556 bytes). Function.ResponseSizeTooLarge",
        "\tMemory Size: 200 MB\tMax Memory Used: ",
    ] {
        assert!(log.contains(line), "{line}\n{log}");
    }
    let events = std::fs::read_to_string(group).unwrap();
    let events = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = events.collect();
    let messages: Vec<&str> = events
        .iter()
        .map(|event| event["@message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        log.lines().collect::<Vec<_>>(),
        "the log group has the same lines"
    );
    let streams: std::collections::BTreeSet<&str> = events
        .iter()
        .map(|event| event["@logStream"].as_str().unwrap())
        .collect();
    assert!(
        streams.len() > 3,
        "one for each instance, and the gateway's: {streams:?}"
    );
    let counted = |word: &str| log.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(
        [counted("START "), counted("END "), counted("REPORT ")],
        [9, 9, 9],
        "{log}"
    );
    let inits = log
        .lines()
        .filter(|line| line.contains("Init Duration"))
        .count();
    assert_eq!(inits, 3, "those that began anew: {log}");
}

#[test]
fn the_gateway_gives_up_first_and_the_function_goes_on_until_its_own_limit() {
    let function = Function::start(&["--speed", "20", "--time-limit", "100"]);
    // 35 s end after the gateway's 29 s, and 200 s never.
    for seconds in [35.0, 200.0] {
        let answer = function.post(&json!({ "sleep": seconds / 20.0 }));
        assert_eq!(answer, (504, message("Endpoint request timed out")));
    }
    function.said(" Task timed out after 100.00 seconds (--speed 20: ");
    function.said("Status: timeout");
    let log = function.end();
    let good = log
        .lines()
        .filter(|line| line.starts_with("REPORT") && !line.contains("Status:"));
    assert_eq!(good.count(), 1, "the first went on to its end: {log}");
}

#[test]
fn a_request_without_an_instance_is_500_by_a_rest_api_and_429_by_a_function_url() {
    for (gateway, expected) in [
        ("rest", (500, message("Internal server error"))),
        ("function-url", (429, message("Rate Exceeded."))),
    ] {
        let function = Function::start(&["--concurrency", "1", "--gateway", gateway]);
        let (busy, refused) = std::thread::scope(|scope| {
            let busy = scope.spawn(|| function.post(&json!({ "sleep": 3 })));
            function.said("START");
            (function.post(&json!({})), busy.join().unwrap())
        });
        assert_eq!((busy, refused.0), (expected, 200), "{gateway}");
    }
}

#[test]
fn pages_of_other_sites_are_refused_before_the_function_hears_of_them() {
    let function = Function::start(&[]);
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("host", "evil.example")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(function.post_as(&json!({}), headers).0, 403, "{headers:?}");
    }
    let log = function.end();
    assert!(!log.contains("START"), "{log}");
}
