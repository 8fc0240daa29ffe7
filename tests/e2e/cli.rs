//! The program as a user types it: good input, bad input, exit codes, files.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{PoisonError, RwLock};

/// Held for writing by who needs the machine to itself, and for reading by everybody else.
static MACHINE: RwLock<()> = RwLock::new(());

pub(crate) fn breaklab(folder: &Path, arguments: &[&str]) -> Output {
    let _others = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
    output(folder, arguments)
}

/// Runs it while no other test runs it.
pub(crate) fn breaklab_alone(folder: &Path, arguments: &[&str]) -> Output {
    let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
    output(folder, arguments)
}

fn output(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_breaklab"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn fails(arguments: &[&str], code: i32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = breaklab(folder.path(), arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{message}");
    message
}

#[test]
fn a_run_writes_every_file_of_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let output = breaklab(folder.path(), &["run", "cost-explosion"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let out = folder.path().join("reports/latest");
    for name in [
        "record.json",
        "summary.json",
        "report.html",
        "report.md",
        "requests.csv",
        "summary.csv",
    ] {
        assert!(out.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    for name in ["plots", "histograms"] {
        assert!(out.join(name).read_dir().unwrap().count() > 0, "{name}");
    }
}

#[test]
fn json_prints_the_summary_of_the_contract_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let output = breaklab(folder.path(), &["run", "cost-explosion", "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["schema"], "breaklab/summary/v1");
    assert_eq!(summary["clock"], "virtual");
    let run = &summary["runs"][0];
    for field in [
        "requests",
        "failure_rate",
        "latency_ms",
        "makespan_s",
        "wall_s",
        "upstream",
        "cost",
        "docs",
    ] {
        assert!(!run[field].is_null(), "{field}");
    }
    assert!(output.stderr.is_empty());
}

#[test]
fn an_unknown_scenario_exits_2_with_the_nearest_name() {
    assert!(fails(&["run", "large-file"], 2).contains("did you mean `large-files`?"));
}

#[test]
fn a_broken_scenario_file_exits_2_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("mine.toml"),
        "id = \"mine\"\ntitle = 3\n",
    )
    .unwrap();
    let output = breaklab(folder.path(), &["run", "mine.toml"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        message.contains("line 2, column 9") && message.contains("expected a string"),
        "{message}"
    );
}

#[test]
fn a_missing_corpus_exits_2_and_names_it() {
    assert!(fails(&["run", "--corpus", "nowhere"], 2).contains("`nowhere`"));
}

#[test]
fn an_out_folder_that_is_a_file_exits_2_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("taken"), "mine").unwrap();
    let output = breaklab(folder.path(), &["run", "--out", "taken"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("taken")).unwrap(),
        "mine"
    );
}

#[test]
fn an_out_folder_keeps_what_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("notes.txt"), "mine").unwrap();
    assert!(
        breaklab(folder.path(), &["run", "cost-explosion", "--out", "out"])
            .status
            .success()
    );
    assert_eq!(
        std::fs::read_to_string(out.join("notes.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn a_speed_without_the_real_clock_is_refused() {
    assert!(fails(&["run", "--speed", "20"], 2).contains("--clock real"));
}

#[test]
fn an_unknown_protection_is_refused_with_the_ones_there_are() {
    assert!(fails(&["run", "--without", "cash"], 2).contains("cache"));
}

#[test]
fn a_report_can_be_made_again_from_the_record_alone() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        breaklab(folder.path(), &["run", "cost-explosion"])
            .status
            .success()
    );
    let page = folder.path().join("reports/latest/report.md");
    let first = std::fs::read_to_string(&page).unwrap();
    std::fs::remove_file(&page).unwrap();
    assert!(breaklab(folder.path(), &["report"]).status.success());
    assert_eq!(std::fs::read_to_string(&page).unwrap(), first);
}

#[test]
fn files_that_cannot_be_documented_are_named_and_the_others_are_documented() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("code");
    std::fs::create_dir(&corpus).unwrap();
    std::fs::write(corpus.join("good.py"), "def load():\n    return 1\n").unwrap();
    std::fs::write(corpus.join("empty.py"), "").unwrap();
    std::fs::write(corpus.join("binary.py"), b"\0\x01").unwrap();
    let output = breaklab(
        folder.path(),
        &["run", "slow-processing", "--corpus", "code", "--json"],
    );
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("binary.py: binary") && message.contains("1 files, 2 skipped"),
        "{message}"
    );
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["runs"][1]["docs"]["coverage"], 1.0);
    let claims = summary["claims"].as_array().unwrap();
    let about_ours = claims
        .iter()
        .find(|claim| claim["id"] == "slow-minutes")
        .unwrap();
    assert_eq!(
        about_ours["verdict"], "not-measured",
        "the chapter does not speak of these files"
    );
}

#[test]
fn the_schema_of_scenario_files_knows_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let output = breaklab(folder.path(), &["scenario", "schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for table in ["documents", "load", "platform", "generator", "fault"] {
        assert!(schema["properties"][table].is_object(), "{table}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let said = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = said(&["completions", shell]);
        assert!(
            script.contains("lambda") && script.contains("gateway-limit"),
            "{shell}"
        );
    }
    assert!(said(&["man"]).contains("breaklab\\-doctor"));
    assert!(said(&["man", "run"]).contains("\\-\\-without"));
    let folder = tempfile::tempdir().unwrap();
    said(&["man", "--out", folder.path().to_str().unwrap()]);
    for page in ["breaklab.1", "breaklab-lambda.1", "breaklab-grade.1"] {
        assert!(folder.path().join(page).is_file(), "{page}");
    }
    assert!(said(&["doctor"]).contains("Python"));
    let mut wrong = Command::new(env!("CARGO_BIN_EXE_breaklab"));
    let wrong = wrong.args(["man", "nothing"]).output().unwrap();
    let why = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        why.contains("`nothing` is no command; choose from run,"),
        "{why}"
    );
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn bash_takes_the_completions_as_they_are() {
    let script = "source <(\"$0\" completions bash) && COMP_WORDS=(breaklab lam) COMP_CWORD=1 && _breaklab breaklab lam breaklab && echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_breaklab")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "lambda");
}

#[test]
fn options_are_taken_from_the_environment_unless_they_are_typed_and_a_slip_there_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args(["run", "rate-limits", "--json"])
            .args(arguments)
            .env("BREAKLAB_RUN_OUT", folder.path())
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), json, said)
    };
    let set = [
        ("BREAKLAB_RUN_MODE", "naive"),
        ("BREAKLAB_RUN_SEED", "7"),
        ("BREAKLAB_RUN_LOGS", "1"),
    ];
    let (code, summary, said) = run(&set, &[]);
    assert_eq!((code, &summary["seed"]), (Some(0), &7.into()), "{said}");
    assert_eq!(summary["runs"].as_array().unwrap().len(), 1);
    assert!(folder.path().join("logs/rate-limits.naive.jsonl").exists());
    let (_, summary, said) = run(&set, &["--seed", "8"]);
    assert_eq!(summary["seed"], 8, "{said}");
    let (code, _, said) = run(&[("BREAKLAB_RUN_SEDE", "7")], &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("did you mean BREAKLAB_RUN_SEED?"), "{said}");
}

#[test]
fn a_project_has_defaults_which_are_said_and_give_way_to_what_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |file: &str, arguments: &[&str]| {
        std::fs::write(folder.path().join("breaklab.toml"), file).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_breaklab"))
            .args(["run", "rate-limits", "--json"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), json, said)
    };
    let file = "[run]\nseed = 7\nmode = \"naive\"\nout = \"pages\"\n\n[serve]\nspeed = 60\n";
    let (code, summary, said) = run(file, &[]);
    assert_eq!((code, &summary["seed"]), (Some(0), &7.into()), "{said}");
    assert_eq!(said, "breaklab.toml: --mode=naive --out=pages --seed=7\n");
    assert!(folder.path().join("pages/report.html").exists());
    let (_, summary, _) = run(file, &["--seed", "8", "--mode", "hardened"]);
    assert_eq!(
        (&summary["seed"], &summary["runs"][0]["mode"]),
        (&8.into(), &"hardened".into())
    );
    let (code, _, said) = run("[run]\nsede = 7", &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("did you mean `seed`?"), "{said}");
}
