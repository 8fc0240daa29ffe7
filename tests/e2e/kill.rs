//! `breaklab document` killed: what was answered is never paid for again, and the end is the same.

use std::path::Path;
use std::process::Child;

use ground::chance::mix;
use rusqlite::Connection;

use crate::document::{command, pages, write_code};
use crate::machine::until;
use crate::provider::Provider;

const PARALLEL: u64 = 4;

/// What a journal says about all runs so far.
#[derive(Debug)]
struct Told {
    answered: u64,
    distinct: u64,
    cut_off: u64,
}

fn told(out: &Path) -> Told {
    let journal = Connection::open(out.join(".breaklab/journal.sqlite")).unwrap();
    let count = |what: &str| {
        let select = format!("SELECT count(*) FROM {what}");
        journal.query_row(&select, [], |row| row.get(0)).unwrap()
    };
    Told {
        answered: count("attempts WHERE outcome = 'answered'"),
        distinct: count("answers"),
        cut_off: count("attempts WHERE ended_ms IS NULL"),
    }
}

fn start(folder: &Path, out: &str, provider: &Provider) -> Child {
    let parallel = PARALLEL.to_string();
    let arguments = [
        "code",
        "--out",
        out,
        "--base-url",
        &provider.url,
        "--max-cost-usd",
        "500",
        "--parallel",
        &parallel,
    ];
    command(folder, &arguments).spawn().unwrap()
}

/// The provider of one run. Each run gets a fresh one: the mock would word an answer to the same
/// question differently the second time, as a model would.
fn provider() -> Provider {
    // Slow enough that no stall of this machine makes a call look hung and be asked twice.
    Provider::start(10.0, 0.0, |_| {})
}

/// Kills a job of `files` files `kills` times at random moments, lets it end, and compares.
#[expect(clippy::print_stdout, reason = "the long one shows its figures")]
fn killed_and_resumed(files: usize, kills: u64) {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), files);
    let whole = provider();
    assert!(
        start(folder.path(), "whole", &whole)
            .wait()
            .unwrap()
            .success()
    );
    let calls = whole.attempts();
    let mut asked = 0;
    for kill in 0..kills {
        let provider = provider();
        let mut child = start(folder.path(), "killed", &provider);
        // From before the first call to after some rounds of them.
        let calls = mix(&[7, kill]) % (files as u64 / kills);
        until("so many calls", || provider.attempts() >= calls);
        child.kill().unwrap();
        child.wait().unwrap();
        asked += provider.attempts();
    }
    let last = provider();
    assert!(
        start(folder.path(), "killed", &last)
            .wait()
            .unwrap()
            .success()
    );
    asked += last.attempts();
    let told = told(&folder.path().join("killed"));
    println!(
        "{files} files, {kills} kills: {calls} calls uninterrupted, {asked} with kills; {told:?}"
    );
    assert_eq!(
        pages(&folder.path().join("killed")),
        pages(&folder.path().join("whole"))
    );
    assert_eq!(
        (told.answered, told.distinct),
        (calls, calls),
        "nothing was answered twice"
    );
    assert!(told.cut_off <= kills * PARALLEL, "{told:?}");
    assert!(
        asked >= calls && asked <= calls + told.cut_off,
        "{asked} {told:?}"
    );
}

#[test]
fn a_job_killed_at_random_moments_ends_like_one_that_was_not() {
    killed_and_resumed(60, 4);
}

/// `cargo test --test e2e -- --ignored --nocapture two_hundred`
#[test]
#[ignore = "takes minutes; the same with four kills runs always"]
fn a_job_killed_two_hundred_times_ends_like_one_that_was_not() {
    killed_and_resumed(1_600, 200);
}

#[cfg(unix)]
#[test]
fn an_interrupt_waits_for_the_calls_in_flight_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 200);
    let first = provider();
    let child = start(folder.path(), "docs", &first);
    until("a call after an answer", || first.attempts() > PARALLEL);
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(
        text.contains("files were not begun; run the same command again"),
        "{text}"
    );
    let told_first = told(&folder.path().join("docs"));
    assert!(
        told_first.answered > 0 && told_first.cut_off == 0,
        "{told_first:?}"
    );
    assert_eq!(told_first.answered, first.attempts());
    let second = provider();
    assert!(
        start(folder.path(), "docs", &second)
            .wait()
            .unwrap()
            .success()
    );
    assert_eq!(first.attempts() + second.attempts(), 200);
}
