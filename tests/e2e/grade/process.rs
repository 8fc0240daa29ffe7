//! Services that the grader starts itself: what dies, what hangs, and what is left behind.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{breaklab, flaws, grade, student};

#[test]
fn a_command_that_does_not_come_up_is_ungradable_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    // It leaves its process group and its environment, ignores SIGTERM, prints without end, and
    // never listens.
    let stubborn = |before: &str| {
        format!(
            "{before} setsid sh -c 'trap \"\" TERM; echo $$ >> {}; yes & while :; do sleep 1; done'",
            pid_file.display()
        )
    };
    for (command, said) in [
        ("echo no such module >&2; exit 3", "no such module"),
        (&stubborn(""), "PORT"),
        (&stubborn("env -i"), "PORT"),
    ] {
        let grade = grade(&[
            "--start",
            command,
            "--rubric",
            "caching",
            "--ready-within",
            "2",
            // It writes beside its folder, so that it can be looked for.
            "--isolate",
            "none",
        ]);
        assert_eq!(grade["status"], "ungradable");
        assert!(
            grade["reason"].as_str().unwrap().contains(said),
            "{}",
            grade["reason"]
        );
    }
    let pids = std::fs::read_to_string(pid_file).unwrap();
    assert_eq!(pids.lines().count(), 2);
    for pid in pids.lines() {
        assert!(!runs(pid), "process {pid} is still there");
    }
}

/// What was killed may wait for its parent as a zombie, which does not run.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, fields)| &fields[..1]);
    state.is_some_and(|state| !["Z", "X"].contains(&state))
}

#[test]
fn an_interrupted_grader_takes_its_service_along_and_one_that_was_killed_clears_up_later() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let out = folder.path().join("out");
    let command = format!("echo $$ > {}; {}", pid_file.display(), student("good"));
    let start = || {
        let _gone = std::fs::remove_file(&pid_file);
        let child = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args(["grade", "--start", &command, "--rubric", "caching"])
            .args(["--isolate", "none", "--out"])
            .arg(&out)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A minute, so that a service which never comes up makes no test that never ends.
        for _ in 0..3000 {
            match std::fs::read_to_string(&pid_file) {
                Ok(pid) if pid.ends_with('\n') => return (child, pid.trim().to_owned()),
                _ => thread::park_timeout(Duration::from_millis(20)),
            }
        }
        panic!("the service has not written its number");
    };
    let signal = |name: &str, child: &Child| {
        let pid = child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    };

    let (mut child, service) = start();
    signal("-TERM", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!runs(&service), "it was interrupted");

    let (mut child, left) = start();
    signal("-KILL", &child);
    child.wait().unwrap();
    assert!(runs(&left), "nobody can clear up after being killed");
    let (mut child, service) = start();
    assert!(!runs(&left), "the next invocation does");
    signal("-TERM", &child);
    child.wait().unwrap();
    assert!(!runs(&service));
}

#[test]
fn a_death_comes_first_with_its_last_words_and_the_service_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let rubric = folder.path().join("small.toml");
    let criterion = |id: &str, measure: &str| {
        format!(
            "[[criterion]]\nid = \"{id}\"\ntitle = \"{id}\"\nmeasure = \"{measure}\"\npoints = 2\nfull = 1\n\
             zero = 0\nwhy = \"{{value}}\"\nhelp = \"try {id}\"\n"
        )
    };
    let text = format!(
        "rubric = \"small\"\nversion = 1\ntitle = \"Small\"\ntotal = 4\npass_at = 2\n{}{}",
        criterion("bad", "bad_input.refused"),
        criterion("batch", "batch.items_right")
    );
    std::fs::write(&rubric, text).unwrap();
    let start = student("f31_dies");
    let output = breaklab(&[
        "--start",
        &start,
        "--rubric",
        rubric.to_str().unwrap(),
        "--out",
        out,
    ]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let before_points = text.split("Small (").next().unwrap();
    assert!(before_points.contains("The service died"), "{text}");
    assert!(before_points.contains("exit status: 1"), "{text}");
    assert!(!before_points.contains("try bad"), "{text}");
    let grade: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("grade.json")).unwrap()).unwrap();
    assert_eq!(flaws(&grade), ["F31"]);
    assert_eq!(grade["flaws"][0]["case"], "bad_input");
    let batch = &grade["rubrics"][0]["criteria"][1];
    assert_eq!(
        batch["points"], 2.0,
        "the cases after it are asked of a service that lives"
    );
}

#[test]
fn a_service_gets_no_secret_of_whoever_grades_it_and_is_handed_what_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_breaklab"))
        .args([
            "grade",
            "--rubric",
            "caching",
            "--json",
            "--env",
            "COURSE_REGION",
            "--start",
        ])
        .arg("echo secret=[$AWS_SECRET_ACCESS_KEY] region=[$COURSE_REGION]; exit 3")
        .arg("--out")
        .arg(folder.path())
        .env("AWS_SECRET_ACCESS_KEY", "hush")
        .env("COURSE_REGION", "eu-1")
        .output()
        .unwrap();
    let grade: Value = serde_json::from_slice(&output.stdout).unwrap();
    let reason = grade["reason"].as_str().unwrap();
    // What Amazon's clients read there is ours.
    assert!(reason.contains("] region=[eu-1]"), "{reason}");
    assert!(!reason.contains("hush"), "{reason}");
}

#[test]
fn a_service_that_asks_as_bedrock_is_asked_is_graded_by_the_same_calls() {
    let folder = tempfile::tempdir().unwrap();
    let command = concat!(
        "exec python3 ",
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/bedrock.py"
    );
    let out = folder.path().to_str().unwrap();
    let start = [
        "--json", "--start", command, "--rubric", "caching", "--out", out,
    ];
    let grade: Value = serde_json::from_slice(&breaklab(&start).stdout).unwrap();
    assert_eq!(grade["status"], "graded", "{}", grade["reason"]);
    assert!(flaws(&grade).is_empty(), "{:?}", flaws(&grade));
    assert_eq!(grade["score"], grade["max_score"], "{grade}");
    let exam = std::fs::read_to_string(folder.path().join("exam.json")).unwrap();
    let exam: Value = serde_json::from_str(&exam).unwrap();
    let cases = exam["cases"].as_object().unwrap().values();
    let attempts: Vec<&Value> = cases
        .filter_map(|case| case["attempts"].as_array())
        .flatten()
        .collect();
    assert!(attempts.len() > 5, "{}", attempts.len());
    for attempt in &attempts {
        assert_eq!(attempt["model"], "us.anthropic.claude-next-v1:0");
        assert_eq!(attempt["max_tokens"], 8000);
        // An overload has Bedrock's own status.
        assert!(
            [200, 503].map(Value::from).contains(&attempt["status"]),
            "{attempt}"
        );
    }
}

#[test]
fn where_services_are_kept_apart_one_cannot_see_the_records_of_others() {
    let class = tempfile::tempdir().unwrap();
    let out = class.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("exam.json"), "somebody's record").unwrap();
    let command = format!("cat {}/exam.json; echo nothing more; exit 3", out.display());
    let output = breaklab(&[
        "--start",
        &command,
        "--rubric",
        "caching",
        "--isolate",
        "bwrap",
        "--out",
        out.to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(2) {
        // Without bubblewrap that is said, with the way out.
        assert!(said.contains("--isolate user"), "{said}");
        return;
    }
    assert!(said.contains("nothing more"), "{said}");
    assert!(!said.contains("somebody's record"), "{said}");
}

#[test]
fn where_services_are_kept_apart_one_reaches_its_api_and_nobody_else() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let look = format!(
        "python3 -c 'import socket; print(\"other\", socket.socket().connect_ex((\"127.0.0.1\", {port})))'; {}",
        student("good")
    );
    for (isolate, reached) in [("bwrap", false), ("bwrap-with-network", true)] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().to_str().unwrap();
        let start = ["--start", &look, "--rubric", "caching"];
        let output =
            breaklab(&[&start[..], &["--isolate", isolate, "--json", "--out", out]].concat());
        if output.status.code() == Some(2) {
            return;
        }
        let grade: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(grade["score"], 20.0, "{grade}");
        let log = std::fs::read_to_string(folder.path().join("service.log")).unwrap();
        assert_eq!(log.contains("other 0"), reached, "{log}");
    }
}
