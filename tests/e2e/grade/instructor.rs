//! What an instructor asks for beyond one examination: cases of one's own, parts of a class, the same service again,
//! Lambda handlers.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{breaklab, grade, student};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A rubric with two cases: files that are written, and files that are given, two of whose definitions
/// are called alike.
fn own_rubric(folder: &Path) -> PathBuf {
    std::fs::write(
        folder.join("a.py"),
        "class Money:\n    def main(self):\n        return 1\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("b.py"),
        "def main():\n    pass\n\ndef Only_Here():\n    pass\n",
    )
    .unwrap();
    let text = r#"
rubric = "own"
version = 1
title = "Cases of one's own"
total = 10
pass_at = 5

[[case]]
id = "overloaded_morning"
documents = { files = 3, lines = 36 }
load = { requests = 6, arrivals = "spread", over_s = 1 }
fault = [{ kind = "overloaded", attempts = 1 }]

[[case]]
id = "given"
documents = { paths = ["a.py", "b.py"] }
load = { requests = 4, arrivals = "closed", workers = 2 }

[[criterion]]
id = "through"
title = "An overloaded API does not show"
measure = "overloaded_morning.valid"
points = 6
full = 1
zero = 0
why = "{value} of the requests came through."
help = "Ask again."

[[criterion]]
id = "given"
title = "Given files are documented"
measure = "given.valid"
points = 4
full = 1
zero = 0
why = "{value} are documented."
help = "Document them."
"#;
    let path = folder.join("own.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_rubric_defines_cases_of_its_own_from_files_arrivals_and_faults() {
    let folder = tempfile::tempdir().unwrap();
    let rubric = own_rubric(folder.path());
    let path = rubric.to_str().unwrap();
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let good = [
        "--start",
        &student("good"),
        "--rubric",
        path,
        "--json",
        "--out",
        out,
    ];
    let good: Value = serde_json::from_slice(&breaklab(&good).stdout).unwrap();
    assert_eq!(good["score"], 10.0, "{good}");
    let naive = grade(&["--start", &student("naive"), "--rubric", path]);
    let criteria = &naive["rubrics"][0]["criteria"];
    assert_eq!(
        [&criteria[0]["points"], &criteria[1]["points"]],
        [3.0, 4.0],
        "{naive}"
    );
    assert!(
        criteria[0]["evidence"][0]
            .as_str()
            .unwrap()
            .contains("status 529"),
        "{naive}"
    );
    // A case that has changed is another case: the old record says nothing about it.
    std::fs::write(&rubric, read(&rubric).replace("lines = 36", "lines = 48")).unwrap();
    let again = breaklab(&["--from", out, "--rubric", path, "--json", "--out", out]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["status"], "inconclusive", "{again}");
    assert_eq!(again["rubrics"][0]["criteria"][1]["points"], 4.0, "{again}");
    std::fs::write(
        &rubric,
        read(&rubric).replace("\"overloaded\"", "\"overlooked\""),
    )
    .unwrap();
    let lint = breaklab(&["rubric", "lint", path]);
    assert_eq!(lint.status.code(), Some(1));
    assert!(
        said(&lint).contains("case `overloaded_morning`") && said(&lint).contains("overlooked"),
        "{}",
        said(&lint)
    );
}

#[test]
fn parts_of_a_class_that_were_graded_apart_are_one_class() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let roster = at("roster.csv");
    let rows = format!(
        "id,email,command\nann,ann@example.org,{}\nbob,,{}\ncy,,exec nothing-like-this\n",
        student("good"),
        student("f04_no_cache")
    );
    std::fs::write(&roster, rows).unwrap();
    for shard in ["1/2", "2/2"] {
        let out = at(&shard.replace('/', "of"));
        let output = breaklab(&[
            "--roster", &roster, "--shard", shard, "--rubric", "caching", "--out", &out,
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let merge = |parts: &[&str]| {
        let parts: Vec<String> = parts.iter().map(|part| at(part)).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        breaklab(&[&["merge", "--out", &at("whole")], &parts[..]].concat())
    };
    let done = merge(&["2of2", "1of2"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let table = read(&folder.path().join("whole/class.csv"));
    let starts = [
        "id,",
        "ann,ann@example.org,graded,20,",
        "bob,,graded,",
        "cy,,ungradable,",
    ];
    for (line, start) in table.lines().zip(starts) {
        assert!(line.starts_with(start), "{table}");
    }
    let page = read(&folder.path().join("whole/class.html"));
    assert!(page.contains("students/bob/feedback.html"), "{page}");
    assert!(
        folder
            .path()
            .join("whole/students/bob/feedback.html")
            .exists()
    );
    for (parts, expected) in [
        (&["1of2"][..], "2/2"),
        (&["1of2", "1of2"], "same shard"),
        (&["1of2", "nowhere"], "cannot read"),
    ] {
        let output = merge(parts);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
    let onto_itself = breaklab(&["merge", "--out", &at("1of2"), &at("1of2"), &at("2of2")]);
    assert_eq!(onto_itself.status.code(), Some(2));
    assert!(
        !read(&folder.path().join("1of2/students/ann/grade.json")).is_empty(),
        "nothing that was finished is lost"
    );
    let other = [
        "--roster",
        &roster,
        "--shard",
        "2/2",
        "--rubric",
        "retry",
        "--out",
        &at("2of2"),
    ];
    assert_eq!(breaklab(&other).status.code(), Some(0));
    let output = merge(&["1of2", "2of2"]);
    assert!(
        said(&output).contains("different rubrics"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_service_that_is_examined_again_says_whether_its_points_moved() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let service = student("good");
    let start = ["--start", &service, "--rubric", "caching", "--out", out];
    let output = breaklab(&[&start[..], &["--repeat", "2", "--fail-under", "20"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("2 of 2 examinations gave equal points: 20 of 20"),
        "{}",
        said(&output)
    );
    let repeats: Value = serde_json::from_str(&read(&folder.path().join("repeat.json"))).unwrap();
    assert_eq!(repeats["scores"], serde_json::json!([20.0, 20.0]));
}

#[test]
fn a_lambda_handler_is_put_behind_a_gateway_and_one_that_was_started_as_a_server_is_told() {
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/students/handlers");
    let folder = handlers.to_str().unwrap();
    for (handler, points) in [("app.lambda_handler", 9.0), ("index.handler", 16.0)] {
        let grade = grade(&["--lambda", handler, "--dir", folder, "--rubric", "caching"]);
        // What one instance keeps in memory, no other sees.
        assert_eq!(grade["score"], points, "{grade}");
    }
    let bare = grade(&[
        "--start",
        "exec python3 app.py",
        "--dir",
        folder,
        "--rubric",
        "caching",
    ]);
    let reason = bare["reason"].as_str().unwrap();
    assert!(reason.contains("--lambda app.handler"), "{reason}");
    let unknown = breaklab(&["--lambda", "app", "--dir", folder]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        said(&unknown).contains("MODULE.FUNCTION"),
        "{}",
        said(&unknown)
    );
}
