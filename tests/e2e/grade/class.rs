//! Whole classes: changed code, services that cannot be examined, bars for a build, gradebooks.

use std::path::Path;

use super::{breaklab, grade, student};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A class whose students have the services of these files, each in a folder of its own.
fn class(folder: &Path, services: &[(&str, &str)]) -> String {
    let mut roster = "id,command,directory\n".to_owned();
    for (id, service) in services {
        let code = folder.join(id);
        std::fs::create_dir_all(&code).unwrap();
        put(folder, id, service);
        roster += &format!("{id},exec python3 app.py,{}\n", code.display());
    }
    let path = folder.join("roster.csv");
    std::fs::write(&path, roster).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Makes `service` the code of the student `id`.
fn put(folder: &Path, id: &str, service: &str) {
    let students = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/students");
    for name in ["web.py", "calls.py"] {
        std::fs::copy(students.join(name), folder.join(id).join(name)).unwrap();
    }
    let from = students.join(service).with_extension("py");
    std::fs::copy(from, folder.join(id).join("app.py")).unwrap();
}

#[test]
fn changed_code_is_examined_again_and_unchanged_code_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let roster = class(folder.path(), &[("ann", "good"), ("bob", "f04_no_cache")]);
    let out = folder.path().join("class");
    let arguments = [
        "--roster",
        &roster,
        "--out",
        out.to_str().unwrap(),
        "--rubric",
        "caching",
        "--jobs",
        "2",
    ];
    let salt = |id: &str| {
        let exam = std::fs::read(out.join("students").join(id).join("exam.json")).unwrap();
        let exam: serde_json::Value = serde_json::from_slice(&exam).unwrap();
        exam["salt"].as_str().unwrap().to_owned()
    };
    let score = |id: &str| {
        let table = std::fs::read_to_string(out.join("class.csv")).unwrap();
        let line = table.lines().find(|line| line.starts_with(id)).unwrap();
        line.split(',').nth(3).unwrap().to_owned()
    };
    let first = breaklab(&arguments);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert!(said(&first).contains("1 of 2 students"), "{}", said(&first));
    let before = [salt("ann"), salt("bob")];
    assert_eq!(score("ann"), "20");
    assert_ne!(score("bob"), "20");
    put(folder.path(), "bob", "good");
    assert_eq!(breaklab(&arguments).status.code(), Some(0));
    assert_eq!(salt("ann"), before[0], "nothing of hers has changed");
    assert_ne!(salt("bob"), before[1], "he handed in something else");
    assert_eq!(score("bob"), "20");
}

#[test]
fn everybody_gets_feedback_and_a_slow_student_does_not_hold_up_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    let rows = format!(
        "id,command,directory\nlost,exec python3 app.py,{}/nowhere\nslow,sleep 1000,\nann,{},\n",
        folder.path().display(),
        student("good")
    );
    std::fs::write(&roster, rows).unwrap();
    let out = folder.path().join("class");
    let output = breaklab(&[
        "--roster",
        roster.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--rubric",
        "caching",
        "--student-deadline",
        "40",
        "--ready-within",
        "600",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let feedback = |id: &str| {
        let path = out.join("students").join(id).join("feedback.txt");
        std::fs::read_to_string(path).unwrap()
    };
    assert!(feedback("lost").contains("nowhere"), "{}", feedback("lost"));
    assert!(
        feedback("slow").contains("not done within 40 s"),
        "{}",
        feedback("slow")
    );
    let table = std::fs::read_to_string(out.join("class.csv")).unwrap();
    assert!(
        table
            .lines()
            .any(|line| line.starts_with("ann,,graded,20,")),
        "{table}"
    );
    let ids: Vec<&str> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(ids, ["lost", "slow", "ann"], "in the order of the roster");
}

#[test]
fn a_service_that_is_too_slow_ends_in_time_and_what_was_seen_counts() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let service = student("slow");
    let output = breaklab(&[
        "--start",
        &service,
        "--rubric",
        "caching",
        "--student-deadline",
        "20",
        "--out",
        out,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let grade = std::fs::read(folder.path().join("grade.json")).unwrap();
    let grade: serde_json::Value = serde_json::from_slice(&grade).unwrap();
    assert_eq!(grade["status"], "inconclusive", "{grade}");
    assert_eq!(grade["open"], 0.0, "slow is no way around a case: {grade}");
    assert!(
        said(&output).contains("answered too slowly"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_key_that_shows_wrong_documentation_and_no_cache_do_not_pass() {
    for (service, why) in [
        ("f36_leaks_key", "the API key shows"),
        ("f04_no_cache", "there is no cache"),
        ("f05_cache_by_path", "documentation of another content"),
    ] {
        let grade = grade(&["--start", &student(service), "--rubric", "caching"]);
        let caching = &grade["rubrics"][0];
        assert_eq!(caching["passed"], false, "{service}: {caching}");
        let caps = caching["caps"].as_array().unwrap();
        assert_eq!(caps.len(), 1, "{service}: said once: {caps:?}");
        assert!(
            caps[0].as_str().unwrap().contains(why),
            "{service}: {caps:?}"
        );
    }
}

#[test]
fn a_bar_for_a_build_is_passed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let (out, command) = (folder.path().join("grade"), student("f04_no_cache"));
    let out = out.to_str().unwrap();
    let start = ["--start", &command, "--rubric", "caching", "--out", out];
    for (least, code) in [("0", 0), ("20", 1)] {
        let again = ["--from", out, "--rubric", "caching", "--out", out];
        let given = if code == 0 { &start } else { &again };
        let output = breaklab(&[&given[..], &["--fail-under", least]].concat());
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    }
    let wrong = breaklab(&["--from", out, "--fail-under", "many"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        said(&wrong).contains("a number of points"),
        "{}",
        said(&wrong)
    );
}

#[test]
fn a_gradebook_in_which_nobody_is_found_is_an_error_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    put(
        "class.csv",
        "id,email,status,score,max_score\nann,ann@x.edu,graded,20,20\n",
    );
    let export = put("export.csv", "Name,Mail,A3\nAnn,other@x.edu,\n");
    let filled = folder.path().join("filled.csv");
    let output = breaklab(&[
        "fill",
        &export,
        "--from",
        folder.path().to_str().unwrap(),
        "--key",
        "Mail",
        "--column",
        "A3",
        "--out",
        filled.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("choose other --key and --by"),
        "{}",
        said(&output)
    );
    assert!(!filled.exists());
}
