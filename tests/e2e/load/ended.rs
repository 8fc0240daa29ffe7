//! What a load says when it ends: interrupted, with few answers, or in shards.

use super::*;

#[test]
fn what_is_in_flight_at_an_interrupt_is_counted() {
    let (tell, told) = std::sync::mpsc::channel();
    let address = serve(move |_| {
        tell.send(()).unwrap();
        std::future::pending()
    });
    let folder = tempfile::tempdir().unwrap();
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_breaklab"))
        .args([
            "load",
            "--json",
            "--requests",
            "5000",
            "--arrivals",
            "rate:100",
        ])
        .args(["--endpoint", &format!("http://{address}")])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    told.iter().take(20).for_each(drop);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &summary["runs"][0];
    assert_eq!(output.status.code(), Some(130), "{run}");
    assert_eq!(run["requests"]["offered"], 5000);
    assert_eq!(run["requests"]["dropped"], 5000);
    assert_eq!(run["violations"], serde_json::json!([]));
}

#[test]
fn the_terminal_says_what_so_few_answers_are_worth() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = format!("http://{}", service(200, DOCUMENTED, false));
    let arguments = ["load", "--endpoint", &endpoint, "--arrivals", "rate:200"];
    let output = breaklab(folder.path(), &arguments);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    // No failure in 100 is not 0 %: Clopper and Pearson end at 3.62 %.
    assert!(
        text.contains("failure rate 0.00 %, 95 % interval 0.00 % to 3.62 %"),
        "{text}"
    );
    let to = text
        .lines()
        .find(|line| line.trim_start().starts_with("to "))
        .unwrap();
    let p99 = to.split_whitespace().nth(4);
    assert_eq!(
        p99,
        Some("–"),
        "100 samples cannot bound a p99 from above: {text}"
    );
    let histograms = folder.path().join("reports/latest/histograms");
    for file in [
        "load.outside.ok.hgrm",
        "load.outside.ok.csv",
        "load.outside.lag.csv",
    ] {
        assert!(histograms.join(file).is_file(), "{file}");
    }
}

#[test]
fn shards_of_a_load_merge_into_all_of_its_requests() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = format!("http://{}", service(200, DOCUMENTED, false));
    for shard in ["1/3", "2/3", "3/3"] {
        let out = shard.replace('/', "of");
        let arguments = [
            "load",
            "--endpoint",
            &endpoint,
            "--arrivals",
            "poisson:200",
            "--requests",
            "100",
            "--shard",
            shard,
            "--out",
            &out,
        ];
        let code = breaklab(folder.path(), &arguments).status.code();
        assert!(matches!(code, Some(0 | SATURATED)), "{code:?}");
    }
    assert!(
        breaklab(
            folder.path(),
            &["merge", "1of3", "2of3", "3of3", "--out", "all"]
        )
        .status
        .success()
    );
    let record: breaklab::record::Record =
        serde_json::from_slice(&std::fs::read(folder.path().join("all/record.json")).unwrap())
            .unwrap();
    let run = &record.runs[0];
    let seen: Vec<u64> = run.requests.iter().map(|request| request.index).collect();
    assert_eq!((run.offered, seen), (100, (0..100).collect()));
    assert_eq!(breaklab::summary::violations(run), Vec::<String>::new());
}
