//! N processes that know nothing of each other write what one would have written.

use std::path::Path;

use crate::cli::breaklab;

const STORIES: [&str; 3] = ["cost-explosion", "rate-limits", "large-files-one-liners"];

fn run_once(folder: &Path, out: &str, more: &[&str]) {
    let mut arguments = vec!["run", "--quiet", "--out", out];
    arguments.extend(STORIES);
    arguments.extend(more);
    let output = breaklab(folder, &arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn merge(folder: &Path, dirs: &[&str]) -> (Option<i32>, String) {
    let mut arguments = vec!["merge", "--out", "merged"];
    arguments.extend(dirs);
    let output = breaklab(folder, &arguments);
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn shards() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        run_once(
            folder.path(),
            &shard.replace('/', "of"),
            &["--shard", shard],
        );
    }
    folder
}

#[test]
fn four_shards_are_byte_for_byte_one_run_in_any_order() {
    let folder = shards();
    run_once(folder.path(), "whole", &[]);
    let (code, why) = merge(folder.path(), &["3of4", "1of4", "4of4", "2of4"]);
    assert_eq!(code, Some(0), "{why}");
    let read = |dir: &str| std::fs::read(folder.path().join(dir).join("record.json")).unwrap();
    assert!(read("merged") == read("whole"), "the records differ");
    let gate = ["gate", "--baseline", "whole", "--current", "merged"];
    assert_eq!(breaklab(folder.path(), &gate).status.code(), Some(0));
}

#[test]
fn missing_double_mixed_and_broken_shards_are_refused() {
    let folder = shards();
    let (code, why) = merge(folder.path(), &["1of4", "2of4", "4of4"]);
    assert!(
        code == Some(2) && why.contains("shards 3 of 4 are missing"),
        "{why}"
    );
    let (code, why) = merge(folder.path(), &["1of4", "2of4", "3of4", "3of4", "4of4"]);
    assert!(code == Some(2) && why.contains("both shard 3"), "{why}");
    run_once(folder.path(), "other", &["--shard", "3/4", "--seed", "2"]);
    let (code, why) = merge(folder.path(), &["1of4", "2of4", "other", "4of4"]);
    assert!(code == Some(2) && why.contains("seeds differ"), "{why}");
    run_once(
        folder.path(),
        "other",
        &["--shard", "3/4", "--requests", "7"],
    );
    let (code, why) = merge(folder.path(), &["1of4", "2of4", "other", "4of4"]);
    assert!(code == Some(2) && why.contains("settings differ"), "{why}");
    let (code, why) = merge(folder.path(), &["1of4", "nowhere"]);
    assert!(code == Some(2) && why.contains("--shard"), "{why}");
}

#[test]
fn a_shard_is_no_baseline_and_no_run_to_judge() {
    let folder = shards();
    let gate = ["gate", "--baseline", "1of4", "--current", "2of4"];
    let output = breaklab(folder.path(), &gate);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("breaklab merge"));
    run_once(folder.path(), "1of4", &[]);
    let accept = [
        "gate",
        "accept",
        "1of4",
        "--baseline",
        "base",
        "--reason",
        "whole again",
    ];
    assert!(breaklab(folder.path(), &accept).status.success());
}

#[test]
fn a_share_that_cannot_be_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    for shard in ["0/2", "3/2", "x", "1/0"] {
        assert_eq!(
            breaklab(folder.path(), &["run", "--shard", shard])
                .status
                .code(),
            Some(2),
            "{shard}"
        );
    }
    let empty = breaklab(folder.path(), &["run", "cost-explosion", "--shard", "9/9"]);
    assert_eq!(empty.status.code(), Some(2));
}

/// The shell line of the Kubernetes manifest, and its figures.
fn kubernetes() -> (String, Vec<u64>) {
    let text = include_str!("../../docs/cluster/kubernetes-job.yaml");
    let line = text
        .lines()
        .find(|line| line.contains("exec breaklab"))
        .unwrap();
    let line = line
        .trim()
        .trim_start_matches("- ")
        .trim_matches('\'')
        .to_owned();
    let figures = ["completions: ", "parallelism: "].map(|key| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(key))
            .unwrap();
        line.parse().unwrap()
    });
    assert!(text.contains("kind: Job") && text.contains("completionMode: Indexed"));
    (line, figures.to_vec())
}

/// What `man sbatch` takes as the value of each directive that we use.
fn is_sbatch_value(directive: &str, value: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().is_ok_and(|number| number > 0);
    match directive {
        "--job-name" => !value.is_empty(),
        "--array" => value
            .split_once('-')
            .is_some_and(|(a, b)| number(a) && number(b)),
        "--cpus-per-task" => number(value),
        "--mem" => value.strip_suffix(['K', 'M', 'G', 'T']).is_some_and(number),
        "--time" => {
            let parts: Vec<&str> = value.split(':').collect();
            parts.len() == 3 && parts.iter().all(|part| part.parse::<u64>().is_ok())
        }
        // Every task of the array needs a log of its own.
        "--output" => value.contains("%a"),
        _ => false,
    }
}

#[test]
fn the_slurm_script_has_directives_that_sbatch_reads() {
    let text = include_str!("../../docs/cluster/slurm-array.sh");
    let mut directives = 0;
    // sbatch stops reading directives at the first line that is no comment.
    for line in text.lines().take_while(|line| line.starts_with('#')) {
        let Some(directive) = line.strip_prefix("#SBATCH ") else {
            continue;
        };
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        assert!(is_sbatch_value(name, value), "{line}");
        directives += 1;
    }
    assert_eq!(
        directives,
        text.matches("#SBATCH").count(),
        "one stands too late"
    );
    assert!(text.starts_with("#!") && directives > 0);
    assert!(!is_sbatch_value("--aray", "1-4") && !is_sbatch_value("--time", "30m"));
}

#[test]
fn the_kubernetes_manifest_and_the_slurm_script_play_shards_that_merge() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_breaklab");
    let (line, figures) = kubernetes();
    assert_eq!(figures, [4, 4]);
    assert!(line.contains("--shard \"$shard/4\""), "{line}");
    let reports = folder.path().join("kubernetes");
    let line = line
        .replace("/reports/", &format!("{}/", reports.display()))
        .replace(
            "exec breaklab run",
            &format!("exec {program} run {}", STORIES.join(" ")),
        );
    let slurm = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cluster/slurm-array.sh");
    for index in 0..4 {
        let pod = std::process::Command::new("sh")
            .args(["-c", &line])
            .env("JOB_COMPLETION_INDEX", index.to_string())
            .status();
        assert!(pod.unwrap().success());
        let task = std::process::Command::new("bash")
            .arg(slurm)
            .args(STORIES)
            .current_dir(folder.path())
            .env("BREAKLAB", program)
            .env("SLURM_ARRAY_TASK_ID", (index + 1).to_string())
            .env("SLURM_ARRAY_TASK_COUNT", "4")
            .status();
        assert!(task.unwrap().success());
    }
    for dir in ["kubernetes", "reports"] {
        let dirs: Vec<String> = (1..=4).map(|shard| format!("{dir}/{shard}")).collect();
        let dirs: Vec<&str> = dirs.iter().map(String::as_str).collect();
        let (code, why) = merge(folder.path(), &dirs);
        assert_eq!(code, Some(0), "{dir}: {why}");
    }
}
