//! The gate as CI uses it: green only when it is proven, and never by accident.

use std::path::Path;

use breaklab::selftest::Mutation;

use crate::cli::breaklab;

/// Runs `rate-limits` into `out`.
fn run_into(folder: &Path, out: &str, more: &[&str]) {
    let mut arguments = vec!["run", "rate-limits", "--quiet", "--out", out];
    arguments.extend(more);
    assert!(breaklab(folder, &arguments).status.success());
}

fn gate(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut arguments = vec!["gate", "--baseline", "base", "--current", "now"];
    arguments.extend(more);
    let output = breaklab(folder, &arguments);
    let text = in_one_line(&output.stdout) + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// The text as if the terminal were wide enough for all of it.
fn in_one_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn two_runs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run_into(folder.path(), "base", &[]);
    run_into(folder.path(), "now", &[]);
    folder
}

/// Changes the first place in `now/summary.json` behind `after` where `from` stands.
fn edit(folder: &Path, after: &str, from: &str, to: &str) {
    let path = folder.join("now/summary.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text.find(after).unwrap();
    let at = start + text[start..].find(from).unwrap();
    let edited = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
    std::fs::write(&path, edited).unwrap();
}

#[test]
fn equal_runs_pass_and_a_worse_one_fails_in_every_format() {
    let folder = two_runs();
    let (code, text) = gate(folder.path(), &["--out", "verdict"]);
    assert_eq!(code, Some(0), "{text}");
    for file in ["gate.json", "gate.md", "gate.junit.xml", "benchmark.json"] {
        assert!(
            folder
                .path()
                .join("verdict")
                .join(file)
                .metadata()
                .unwrap()
                .len()
                > 0,
            "{file}"
        );
    }
    edit(
        folder.path(),
        "\"mode\": \"hardened\"",
        "\"attempts\": ",
        "\"attempts\": 9",
    );
    let (code, text) = gate(folder.path(), &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("rate-limits hardened") && text.contains("attempts"),
        "{text}"
    );
    let (code, text) = gate(folder.path(), &["--github", "--format", "json"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("\"verdict\": \"failed\"")
            && text.contains("::error title=rate-limits hardened")
    );
}

#[test]
fn nothing_that_is_missing_broken_or_incomparable_passes() {
    let truncated = |folder: &Path| {
        let path = folder.join("now/summary.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    };
    type Harm = Box<dyn Fn(&Path)>;
    let harms: Vec<(&str, Harm, &str)> = vec![
        (
            "missing",
            Box::new(|f| std::fs::remove_file(f.join("base/summary.json")).unwrap()),
            "cannot read",
        ),
        ("truncated", Box::new(truncated), "no whole summary"),
        (
            "layout",
            Box::new(|f| edit(f, "{", "summary/v1", "summary/v9")),
            "summary/v9",
        ),
        (
            "earlier",
            Box::new(|f| edit(f, "{", "\"subject\": ", "\"was\": ")),
            "from an earlier breaklab",
        ),
        (
            "version",
            Box::new(|f| edit(f, "{", "\"version\": \"0", "\"version\": \"9")),
            "run from 9.1.0",
        ),
        (
            "interrupted",
            Box::new(|f| edit(f, "{", "\"interrupted\": false", "\"interrupted\": true")),
            "interrupted",
        ),
        (
            "clock",
            Box::new(|f| edit(f, "{", "\"virtual\"", "\"real\"")),
            "clock",
        ),
        (
            "seed",
            Box::new(|f| edit(f, "{", "\"seed\": 1", "\"seed\": 2")),
            "--seed 1",
        ),
        (
            "no samples",
            Box::new(|f| {
                edit(
                    f,
                    "\"mode\": \"hardened\"",
                    "\"offered\": 100",
                    "\"offered\": 0",
                )
            }),
            "no request was offered",
        ),
        (
            "not a number",
            Box::new(|f| {
                edit(
                    f,
                    "\"mode\": \"hardened\"",
                    "\"makespan_s\": ",
                    "\"makespan_s\": null, \"x\": ",
                )
            }),
            "no whole summary",
        ),
    ];
    for (name, harm, why) in harms {
        let folder = two_runs();
        harm(folder.path());
        let (code, text) = gate(folder.path(), &[]);
        assert_eq!(code, Some(3), "{name}: {text}");
        assert!(text.contains(why), "{name}: {text}");
    }
}

#[test]
fn a_run_is_never_its_own_baseline() {
    let folder = tempfile::tempdir().unwrap();
    run_into(folder.path(), "now", &[]);
    let accept = [
        "gate",
        "accept",
        "now",
        "--baseline",
        "base",
        "--reason",
        "first figures",
    ];
    assert!(breaklab(folder.path(), &accept).status.success());
    let (code, text) = gate(folder.path(), &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("one and the same run"), "{text}");
    run_into(folder.path(), "now", &[]);
    assert_eq!(gate(folder.path(), &[]).0, Some(0));
}

#[test]
fn a_baseline_keeps_its_reasons_and_notices_that_it_was_changed() {
    let folder = two_runs();
    for reason in ["first figures", "a faster cache"] {
        let accept = [
            "gate",
            "accept",
            "now",
            "--baseline",
            "base",
            "--reason",
            reason,
        ];
        assert!(breaklab(folder.path(), &accept).status.success());
    }
    let kept = std::fs::read_to_string(folder.path().join("base/baseline.json")).unwrap();
    assert!(kept.contains("first figures") && kept.contains("a faster cache"));
    let blank = [
        "gate",
        "accept",
        "now",
        "--baseline",
        "base",
        "--reason",
        " ",
    ];
    assert_eq!(breaklab(folder.path(), &blank).status.code(), Some(3));
    let path = folder.path().join("base/summary.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"ok\": ", "\"ok\": 1", 1)).unwrap();
    let (code, text) = gate(folder.path(), &[]);
    assert_eq!(code, Some(3));
    assert!(text.contains("changed after it was accepted"), "{text}");
}

#[test]
fn a_baseline_does_not_shrink_by_accident() {
    let folder = two_runs();
    let accept = |more: &[&str]| {
        let mut arguments = vec!["gate", "accept", "now", "--baseline", "base"];
        arguments.extend(["--reason", "because"]);
        arguments.extend(more);
        let output = breaklab(folder.path(), &arguments);
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    run_into(folder.path(), "now", &["--mode", "hardened"]);
    let (code, why) = accept(&[]);
    assert!(
        code == Some(3) && why.contains("lacks 1 of the 2 runs"),
        "{why}"
    );
    assert_eq!(accept(&["--fewer"]).0, Some(0));
}

#[test]
fn a_scenario_that_is_gone_or_has_other_settings_is_not_passed() {
    let folder = tempfile::tempdir().unwrap();
    run_into(folder.path(), "base", &[]);
    run_into(folder.path(), "now", &["--mode", "hardened"]);
    let (code, text) = gate(folder.path(), &[]);
    assert_eq!(code, Some(3));
    assert!(
        text.contains("breaklab run rate-limits --mode naive"),
        "{text}"
    );
    run_into(folder.path(), "now", &["--requests", "60"]);
    let (code, text) = gate(folder.path(), &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("settings are not those of the baseline"),
        "{text}"
    );
}

#[test]
fn rules_that_cannot_be_used_pass_nothing() {
    let folder = two_runs();
    for (text, why) in [
        ("", "empty"),
        ("[[rule]]\nmetric = \"p95\"\nat_most = 1", "unknown variant"),
        (
            "[[rule]]\nmetric = \"p95_ms\"\nat_most = \"1 USD\"",
            "in ms",
        ),
        ("[[rule]]\nmetric = \"p95_ms\"\nat_most = nan", "finite"),
        (
            "[[rule]]\nmetric = \"ok\"\nscenario = \"nowhere\"\nat_least = 1",
            "no run fits",
        ),
        (
            "[[rule]]\nmetric = \"makespan_over_limit\"\nat_most = -1e300\nmode = \"outside\"",
            "no run fits",
        ),
        (
            "[[rule]]\nmetric = \"ok\"\nmode = \"elsewhere\"\nat_least = 1",
            "choose from naive, sdk, hardened",
        ),
    ] {
        std::fs::write(folder.path().join("rules.toml"), text).unwrap();
        let (code, said) = gate(folder.path(), &["--rules", "rules.toml"]);
        assert_eq!(code, Some(3), "{text}: {said}");
        assert!(said.contains(why), "{text}: {said}");
    }
    std::fs::write(
        folder.path().join("rules.toml"),
        "[[rule]]\nmetric = \"ok\"\nmode = \"naive\"\nat_least = 100",
    )
    .unwrap();
    assert_eq!(gate(folder.path(), &["--rules", "rules.toml"]).0, Some(1));
}

#[test]
fn pairs_of_equal_commands_pass_and_too_few_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_breaklab");
    let command = format!("{program} run cost-explosion --quiet");
    let output = breaklab(
        folder.path(),
        &[
            "gate", "run", "--pairs", "7", "--a", &command, "--b", &command, "--all",
        ],
    );
    let text = in_one_line(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("would have been seen"), "{text}");
    let few = breaklab(
        folder.path(),
        &[
            "gate", "run", "--pairs", "3", "--a", &command, "--b", &command,
        ],
    );
    assert_eq!(few.status.code(), Some(2));
    let worse = format!("{command} --without cache");
    let other = breaklab(
        folder.path(),
        &["gate", "run", "--a", &command, "--b", &worse],
    );
    assert_eq!(
        other.status.code(),
        Some(3),
        "a mode that is not in both has no pairs"
    );
    let broken = breaklab(
        folder.path(),
        &["gate", "run", "--a", &command, "--b", "false"],
    );
    assert_eq!(broken.status.code(), Some(3));
    for (b, why) in [
        (format!("{command} --mode hardened"), "that of --b does not"),
        (
            format!("{command} --seed 2"),
            "the seeds of the runs differ",
        ),
        (
            // Whatever it measures on a busy machine, it is no run in virtual time.
            format!("{command} --clock real --speed 1000 --out {{out}} || true"),
            "the clocks of the runs differ",
        ),
    ] {
        let output = breaklab(folder.path(), &["gate", "run", "--a", &command, "--b", &b]);
        let text = in_one_line(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{b}: {text}");
        assert!(text.contains(why), "{b}: {text}");
    }
}

#[test]
fn the_gate_finds_every_mutation_and_raises_no_false_alarm() {
    let trials = breaklab::selftest::selftest(&breaklab::gate::RuleSet::builtin(), 1).unwrap();
    for trial in &trials {
        assert!(trial.right(), "{trial:?}");
    }
}

#[test]
fn a_gate_that_cannot_go_red_fails_its_own_test() {
    let rules = "[[rule]]\nmetric = \"ok\"\nat_least = 0\n";
    let blind = breaklab::gate::RuleSet::parse(rules).unwrap();
    let trial = breaklab::selftest::try_one(&blind, Mutation::ExtraCall, 1).unwrap();
    assert!(!trial.right(), "{trial:?}");
}

#[test]
fn the_judgement_has_the_fields_of_its_schema_and_no_others() {
    let folder = two_runs();
    gate(folder.path(), &["--out", "verdict"]);
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let said = read(&std::fs::read_to_string(folder.path().join("verdict/gate.json")).unwrap());
    let schema = read(include_str!("../../docs/gate.schema.json"));
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let finding = &schema["properties"]["findings"]["items"];
    assert_eq!(keys(&said), keys(&schema["properties"]));
    assert_eq!(said["schema"], schema["properties"]["schema"]["const"]);
    assert!(
        schema["properties"]["verdict"]["enum"]
            .as_array()
            .unwrap()
            .contains(&said["verdict"])
    );
    for found in said["findings"].as_array().unwrap() {
        assert_eq!(keys(found), keys(&finding["properties"]));
        assert!(
            finding["properties"]["verdict"]["enum"]
                .as_array()
                .unwrap()
                .contains(&found["verdict"])
        );
    }
}
