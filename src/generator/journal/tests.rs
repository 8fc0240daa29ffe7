//! The journal over the life of several runs.

use super::*;
use crate::claude::{RateLimits, StopReason, Window};

const KEY: Key = [7; 32];
const AT: Duration = Duration::from_millis(5);

fn api(status: u16, code: Option<&str>) -> CallError {
    CallError::Api {
        status,
        kind: "some_error".into(),
        message: "because".into(),
        code: code.map(str::to_owned),
        retry_after: None,
        should_retry: None,
        limits: None,
    }
}

fn answer(text: &str) -> Message {
    Message {
        text: text.into(),
        stop_reason: StopReason::MaxTokens,
        usage: Usage::default(),
        limits: None,
        request_id: None,
    }
}

fn fresh() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    (folder, path)
}

fn end(journal: &Journal, outcome: &Result<Message, CallError>, pico: u64, counts: bool) {
    journal
        .begin(KEY, [100, 10], AT)
        .end(outcome, pico, counts, AT);
}

#[test]
fn an_answer_outlives_the_process_with_its_stop_reason_and_its_price() {
    let (_folder, path) = fresh();
    end(
        &Journal::open(&path).unwrap(),
        &Ok(answer("text")),
        42,
        true,
    );
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.find(&KEY), Some(Known::Answered(answer("text"))));
    assert_eq!(journal.find(&[8; 32]), None);
    let expected = Earlier {
        attempts: 1,
        cut_off: 0,
        spent_pico: 42,
    };
    assert_eq!(journal.earlier(), expected);
}

#[test]
fn an_attempt_that_a_kill_cut_off_counts_with_the_most_it_can_cost() {
    let (_folder, path) = fresh();
    let journal = Journal::open(&path).unwrap();
    std::mem::forget(journal.begin(KEY, [100, 10], AT));
    drop(journal.begin(KEY, [100, 10], AT));
    let earlier = Journal::open(&path).unwrap().earlier();
    assert_eq!(
        earlier,
        Earlier {
            attempts: 2,
            cut_off: 1,
            spent_pico: 110
        }
    );
}

#[test]
fn only_what_no_asking_mends_is_final_and_only_until_it_is_forgotten() {
    let (_folder, path) = fresh();
    let journal = Journal::open(&path).unwrap();
    for error in [
        api(529, None),
        api(429, None),
        api(401, None),
        CallError::Cut,
    ] {
        end(&journal, &Err(error), 0, true);
        assert_eq!(journal.find(&KEY), None);
    }
    for error in [
        api(400, None),
        api(413, None),
        api(429, Some("enforced_spend_limit_reached")),
    ] {
        end(&journal, &Err(error.clone()), 0, true);
        assert_eq!(journal.find(&KEY), Some(Known::Refused(error)));
        journal.forget_refusals();
        assert_eq!(journal.find(&KEY), None);
    }
}

#[test]
fn failed_attempts_go_on_counting_until_the_call_is_given_up() {
    let (_folder, path) = fresh();
    let journal = Journal::open(&path).unwrap();
    end(&journal, &Err(api(529, None)), 0, true);
    end(&journal, &Err(api(429, None)), 0, false);
    end(&journal, &Err(CallError::Cut), 0, true);
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.attempts(&KEY), 2);
    journal.give_up(&KEY);
    assert_eq!(journal.attempts(&KEY), 0);
}

#[test]
fn a_damaged_answer_counts_as_none() {
    let (_folder, path) = fresh();
    let journal = Journal::open(&path).unwrap();
    end(&journal, &Ok(answer("text")), 0, true);
    let other = Connection::open(&path).unwrap();
    other
        .execute("UPDATE answers SET text = 'next'", [])
        .unwrap();
    assert_eq!(journal.find(&KEY), None);
}

#[test]
fn a_document_is_cut_by_the_limit_that_was_known_when_it_was_cut_first() {
    let (_folder, path) = fresh();
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.plan(&[1; 32], None), None);
    let window = Window {
        limit: 30_000,
        remaining: 1,
        full_at_unix_s: None,
    };
    let limits = RateLimits {
        input_tokens: Some(window),
        ..RateLimits::default()
    };
    end(
        &journal,
        &Ok(Message {
            limits: Some(limits),
            ..answer("text")
        }),
        0,
        true,
    );
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.plan(&[1; 32], Some(50_000)), None, "as before");
    assert_eq!(
        journal.plan(&[2; 32], None),
        Some(30_000),
        "as learnt before"
    );
    assert_eq!(journal.plan(&[3; 32], Some(50_000)), Some(50_000));
}

#[test]
fn files_that_are_no_journal_or_a_newer_one_are_refused_by_name() {
    let (_folder, path) = fresh();
    std::fs::write(
        &path,
        "hello, I am no database at all; I am a text of some length".repeat(90),
    )
    .unwrap();
    let message = Journal::open(&path).err().unwrap().to_string();
    assert!(
        message.contains("journal.sqlite") && message.contains("not a database"),
        "{message}"
    );
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 9)
        .unwrap();
    let message = Journal::open(&path).err().unwrap().to_string();
    assert!(message.contains("newer breaklab"), "{message}");
}

#[test]
fn batches_stay_open_until_their_results_are_read() {
    let (_folder, path) = fresh();
    let journal = Journal::open(&path).unwrap();
    journal.batch_began("msgbatch_a", 3, AT);
    journal.batch_began("msgbatch_b", 4, AT);
    journal.batch_ended("msgbatch_a");
    assert_eq!(Journal::open(&path).unwrap().open_batches(), ["msgbatch_b"]);
}
