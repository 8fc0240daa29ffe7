//! `breaklab grade` on services of every kind. Needs python3 for the services in tests/students.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;

mod class;
mod instructor;
mod process;

fn student(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/students")
        .join(name);
    format!("exec python3 {}.py", path.display())
}

fn breaklab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_breaklab"))
        .arg("grade")
        .args(arguments)
        .output()
        .unwrap()
}

fn grade(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["--json", "--out", folder.path().to_str().unwrap()];
    all.extend(arguments);
    let output = breaklab(&all);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn flaws(grade: &Value) -> Vec<&str> {
    grade["flaws"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flaw| flaw["id"].as_str().unwrap())
        .collect()
}

/// A free port, for services that are there before the grader.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn each_flaw_of_a_rubric_is_named_and_no_other() {
    // The whole table, against all rubrics, is `tests/students/run`: it takes minutes.
    let cases = [
        ("f04_no_cache", "caching", "F4"),
        ("f05_cache_by_path", "caching", "F5"),
        ("f06_ignores_options", "caching", "F6"),
        ("f38_pries", "caching", "F38"),
        ("f07_lossy_key", "caching", "F7"),
        ("f08_stampede", "caching", "F8"),
        ("f09_cached_failure", "caching", "F9"),
        ("f14_cuts_inside", "chunking", "F14"),
        ("f16_out_of_order", "chunking", "F16"),
        ("f17_silent_hole", "chunking", "F17"),
        ("f18_ignores_stop_reason", "chunking", "F18"),
        ("f02_own_text", "chunking", "F2"),
    ];
    for pair in cases.chunks(2) {
        thread::scope(|scope| {
            for (name, rubric, flaw) in pair {
                scope.spawn(move || {
                    let grade = grade(&["--start", &student(name), "--rubric", rubric]);
                    assert_eq!(flaws(&grade), [*flaw], "{name}");
                });
            }
        });
    }
}

#[test]
fn a_good_service_gets_its_points_again_and_a_changed_rubric_needs_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let start = student("good");
    let first = breaklab(&[
        "--start", &start, "--rubric", "caching", "--out", out, "--json", "--format", "all",
    ]);
    let first: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(
        (first["score"].as_f64(), flaws(&first).len()),
        (Some(20.0), 0)
    );
    assert!(folder.path().join("gradescope.json").exists());
    let again = grade(&["--start", &start, "--rubric", "caching"]);
    assert_eq!(
        again["score"], first["score"],
        "an unchanged service keeps its score"
    );

    let rubric = include_str!("../../scenarios/rubrics/caching.toml");
    let harder = folder.path().join("harder.toml");
    let text = rubric
        .replace("total = 20", "total = 23")
        .replacen("points = 7", "points = 10", 1);
    std::fs::write(&harder, text).unwrap();
    let other = folder.path().join("again");
    let regrade = breaklab(&[
        "--from",
        out,
        "--rubric",
        harder.to_str().unwrap(),
        "--out",
        other.to_str().unwrap(),
        "--diff",
        out,
    ]);
    let text = String::from_utf8_lossy(&regrade.stdout).into_owned();
    assert!(
        text.contains("20 -> 23 of 23") && text.contains("caching/repeat: 7 -> 10"),
        "{text}"
    );
    assert!(
        text.contains("rubric `caching` itself has changed"),
        "{text}"
    );
}

/// Answers every connection on a fresh port with `answer`, for ever.
fn hostile(answer: impl Fn(&mut std::net::TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = std::sync::Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = std::sync::Arc::clone(&answer);
            thread::spawn(move || {
                let mut stream = stream;
                let mut head = [0; 4096];
                let _request = stream.read(&mut head);
                answer(&mut stream);
            });
        }
    });
    url
}

fn say(text: &'static str) -> impl Fn(&mut std::net::TcpStream) + Send + Sync {
    move |stream| {
        let _gone = stream.write_all(text.as_bytes());
    }
}

#[test]
fn whatever_an_endpoint_does_it_is_ungradable_with_a_reason_and_gets_no_points() {
    let endpoints = [
        (
            "hangs",
            hostile(|_| {
                loop {
                    thread::park()
                }
            }),
        ),
        ("closes", hostile(|_| ())),
        (
            "html",
            hostile(say(
                "HTTP/1.1 200 OK\r\ncontent-length: 22\r\nconnection: close\r\n\r\n<html>\u{1b}[31m</html>\n",
            )),
        ),
        (
            "redirects",
            hostile(say(
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            )),
        ),
        ("nonsense", hostile(say("SSH-2.0-OpenSSH_9.9\r\n"))),
        (
            "canned",
            hostile(say(
                "HTTP/1.1 200 OK\r\ncontent-length: 25\r\nconnection: close\r\n\r\n{\"documentation\":\"great\"}",
            )),
        ),
        (
            "endless",
            hostile(|stream| {
                let _gone =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5368709120\r\n\r\n");
                while stream.write_all(&[b'x'; 65536]).is_ok() {}
            }),
        ),
        ("down", format!("http://127.0.0.1:{}", free_port())),
    ];
    for (name, url) in endpoints {
        let upstream = format!("127.0.0.1:{}", free_port());
        let grade = grade(&[
            "--endpoint",
            &url,
            "--upstream",
            &upstream,
            "--rubric",
            "caching",
            "--deadline",
            "3",
        ]);
        assert_eq!(grade["status"], "ungradable", "{name}");
        let reason = grade["reason"].as_str().unwrap();
        assert!(
            !reason.is_empty() && !reason.contains('\u{1b}'),
            "{name}: {reason}"
        );
        assert_eq!(grade["score"], 0.0, "{name}");
    }
}

#[test]
fn a_missing_folder_and_records_of_another_version_are_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let said = |arguments: &[&str]| {
        let output = breaklab(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let gone = folder.path().join("gone");
    let gone = gone.to_str().unwrap();
    let text = said(&["--start", "python3 app.py", "--dir", gone, "--out", out]);
    assert!(text.contains("the folder") && text.contains(gone), "{text}");

    let old = r#"{"schema":"breaklab/exam/v1","plays":{}}"#;
    std::fs::write(folder.path().join("exam.json"), old).unwrap();
    let text = said(&["--from", out, "--out", out]);
    assert!(
        text.contains("breaklab/exam/v1") && text.contains("again"),
        "{text}"
    );
}

#[test]
fn a_class_is_graded_whatever_one_student_does_and_taken_up_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    let out = folder.path().join("class");
    let rows = format!(
        "id,email,command\nann,ann@x.edu,{}\nbob,bob@x.edu,\"sleep 100\"\n=eve,eve@x.edu,{}\n",
        student("good"),
        student("f04_no_cache"),
    );
    std::fs::write(&roster, rows).unwrap();
    let (roster, out) = (roster.to_str().unwrap(), out.to_str().unwrap());
    let arguments = [
        "--roster",
        roster,
        "--out",
        out,
        "--rubric",
        "caching",
        "--ready-within",
        "15",
        "--format",
        "gradescope",
    ];
    let output = breaklab(&arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let table = std::fs::read_to_string(Path::new(out).join("class.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[1].starts_with("ann,ann@x.edu,graded,20,20,100,"),
        "{table}"
    );
    assert!(
        lines[2].starts_with("bob,bob@x.edu,ungradable,,,,"),
        "{table}"
    );
    assert!(lines[3].starts_with("'=eve,eve@x.edu,graded,"), "{table}");
    assert!(Path::new(out).join("students/ann/gradescope.json").exists());
    let before = std::fs::read_to_string(Path::new(out).join("students/ann/exam.json")).unwrap();
    assert_eq!(breaklab(&arguments).status.code(), Some(0));
    let after = std::fs::read_to_string(Path::new(out).join("students/ann/exam.json")).unwrap();
    assert_eq!(before, after, "ann was not examined again");

    let export = folder.path().join("export.csv");
    std::fs::write(
        &export,
        "Name,Email address,A3\r\nAnn,ann@x.edu,\r\nBob,bob@x.edu,4\r\n",
    )
    .unwrap();
    let filled = folder.path().join("filled.csv");
    let output = breaklab(&[
        "fill",
        export.to_str().unwrap(),
        "--from",
        out,
        "--key",
        "Email address",
        "--column",
        "A3",
        "--out",
        filled.to_str().unwrap(),
    ]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = std::fs::read_to_string(filled).unwrap();
    assert_eq!(
        text,
        "Name,Email address,A3\r\nAnn,ann@x.edu,20\r\nBob,bob@x.edu,4\r\n"
    );
}

#[test]
fn rubrics_are_linted_and_remote_targets_need_permission() {
    let output = breaklab(&["rubric", "lint"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4);
    let output = breaklab(&["--endpoint", "http://example.com/document"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--allow-remote"));
}
