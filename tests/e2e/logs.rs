//! Log groups of simulated runs, of `serve` and of real handlers: what `breaklab logs` reads from them agrees with the facts.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use breaklab::record::{Mode, Record};
use serde_json::{Value, json};

use crate::serve::Served;

fn breaklab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_breaklab"))
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn run(folder: &Path, arguments: &[&str]) -> Record {
    let out = folder.to_str().unwrap();
    let output = breaklab(&[&["run", "--quiet", "--logs", "--out", out], arguments].concat());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&std::fs::read(folder.join("record.json")).unwrap()).unwrap()
}

fn events(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn sum(events: &[Value], name: &str) -> f64 {
    events.iter().filter_map(|event| event[name].as_f64()).sum()
}

#[test]
fn a_simulated_run_logs_what_its_record_counts_and_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    // Instances that start and are refused, events that are killed, answers that nobody waits for.
    for story in [
        "gateway-timeout",
        "throttled-functions",
        "cold-start-storm",
        "large-files-one-liners",
    ] {
        let first = folder.path().join("first");
        let record = run(&first, &[story]);
        for facts in &record.runs {
            let mode = facts.subject.mode().unwrap();
            let name = format!("logs/{story}.{mode}.jsonl");
            let log = events(&first.join(&name));
            let counted = facts.invocations.unwrap();
            let of_type =
                |kind: &str| log.iter().filter(|event| event["@type"] == kind).count() as u64;
            assert_eq!(
                [of_type("START"), of_type("END"), of_type("REPORT")],
                [counted.invocations; 3],
                "{name}"
            );
            assert_eq!(sum(&log, "Throttles") as u64, counted.throttled, "{name}");
            assert_eq!(
                sum(&log, "@billedDuration") as u64,
                counted.billed_ms,
                "{name}"
            );
            // The simulated clock goes by whole milliseconds.
            let init = sum(&log, "@initDuration") - counted.init_ms as f64;
            assert!((0.0..=counted.cold_starts as f64).contains(&init), "{name}");
            let ordered =
                log.is_sorted_by_key(|event| event["@timestamp"].as_str().unwrap().to_owned());
            assert!(ordered, "{name}");
            // What was cut off the service never heard the price of.
            let heard = sum(&log, "Cost");
            let billed = facts.ledger.totals.cost_pico as f64 / 1e12;
            let wasted = facts.ledger.totals.wasted_pico as f64 / 1e12;
            assert!(
                heard <= billed + 1e-9 && heard + wasted >= billed - 1e-9,
                "{name}: {heard} of {billed}"
            );
        }
    }
    let again = folder.path().join("again");
    std::fs::create_dir_all(again.join("logs")).unwrap();
    std::fs::write(again.join("logs/mine.jsonl"), "not ours").unwrap();
    run(&again, &["rate-limits"]);
    run(&again, &["large-files-one-liners"]);
    let kept = std::fs::read_to_string(again.join("logs/mine.jsonl")).unwrap();
    assert_eq!(kept, "not ours", "what others wrote stays");
    std::fs::remove_file(again.join("logs/mine.jsonl")).unwrap();
    // The logs of the run before are gone.
    for entry in std::fs::read_dir(again.join("logs")).unwrap() {
        let name = entry.unwrap().file_name();
        let [first, again] =
            ["first", "again"].map(|run| folder.path().join(run).join("logs").join(&name));
        assert!(
            std::fs::read(first).unwrap() == std::fs::read(again).unwrap(),
            "{}",
            name.display()
        );
    }
}

#[test]
fn a_killed_event_is_found_by_its_words_and_ends_as_lambda_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let record = run(
        folder.path(),
        &["large-files-one-liners", "--mode", "naive"],
    );
    let naive: Mode = "naive".parse().unwrap();
    assert_eq!(record.runs[0].subject.mode(), Some(&naive));
    let log = folder
        .path()
        .join("logs/large-files-one-liners.naive.jsonl");
    let log = log.to_str().unwrap();
    let killed = said(&breaklab(&[
        "logs",
        log,
        "--filter",
        "\"timed out after 300.00 seconds\"",
    ]));
    assert_eq!(killed.lines().count(), 1, "{killed}");
    let id = killed.split_whitespace().nth(3).unwrap();
    let whole = said(&breaklab(&["logs", log, "--filter", id]));
    assert!(
        whole.contains("Duration: 300000.00 ms") && whole.contains("Status: timeout"),
        "{whole}"
    );
    let cost = said(&breaklab(&["logs", "cost", log]));
    assert!(cost.starts_with("1 invocations, 1 killed"), "{cost}");
}

#[test]
fn a_service_logs_each_file_with_its_cost_and_a_cached_one_without() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("group.jsonl");
    let log = path.to_str().unwrap();
    let service = Served::start(&["--log-group", log, "--speed", "50"]);
    let ask = json!({ "file_path": "a.py", "file_content": "def a():\n    return 1\n" });
    let client = breaklab::transport::client_builder(&service.url.parse().unwrap())
        .build()
        .unwrap();
    let post = || async {
        let request = client
            .post(format!("{}/document", service.url))
            .body(ask.to_string());
        let request = request.header("content-type", "application/json");
        request.send().await.unwrap().status().as_u16()
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        assert_eq!([post().await, post().await], [200, 200]);
    });
    crate::machine::until("both are reported", || {
        events(&path)
            .iter()
            .filter(|event| event["@type"] == "REPORT")
            .count()
            == 2
    });
    let log = events(&path);
    let costs: Vec<&Value> = log
        .iter()
        .filter(|event| event["Cost"].is_number())
        .collect();
    assert_eq!(costs.len(), 1, "{log:?}");
    let first = log.iter().find(|event| event["@type"] == "START").unwrap();
    assert_eq!(costs[0]["requestId"], first["@requestId"]);
}

#[test]
fn what_cannot_be_logged_or_read_is_told_before_anything_begins() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("group.jsonl");
    let log = log.to_str().unwrap();
    let refused = [
        (
            vec!["serve", "--platform", "ecs", "--log-group", log],
            "--platform lambda",
        ),
        (
            vec!["serve", "--log-group", "/nowhere/at/all"],
            "/nowhere/at/all",
        ),
        (
            vec!["serve", "--mode", "naive", "--cache", log],
            "mode naive has no cache",
        ),
        (vec!["logs", "/nowhere/at/all"], "/nowhere/at/all"),
        (vec!["logs", "--filter", "{ $.a = 1 }", log], "give words"),
        (vec!["logs", "--since", "yesterday", log], "5m"),
        (vec!["logs", "--since", "5m", "-"], "give a time"),
    ];
    for (arguments, words) in refused {
        let output = breaklab(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            said(&output).contains(words),
            "{arguments:?}: {}",
            said(&output)
        );
    }
}

#[test]
fn logs_of_anybody_are_read_from_a_pipe_and_what_is_missing_is_named() {
    let mut reader = Command::new(env!("CARGO_BIN_EXE_breaklab"))
        .args(["logs", "cost", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = "START RequestId: a Version: $LATEST\nsummary done\n\
                 REPORT RequestId: a\tDuration: 999.10 ms\tBilled Duration: 1000 ms\tMemory Size: 1024 MB\n";
    reader
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let said = said(&reader.wait_with_output().unwrap());
    assert!(said.contains("1 GB-s and 1 requests"), "{said}");
    assert!(said.contains("No line names a cost"), "{said}");
}
