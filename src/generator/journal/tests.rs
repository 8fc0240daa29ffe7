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
        .unwrap()
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
    std::mem::forget(journal.begin(KEY, [100, 10], AT).unwrap());
    drop(journal.begin(KEY, [100, 10], AT).unwrap());
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

#[test]
fn a_result_of_a_batch_is_paid_for_once_however_often_it_is_read() {
    let (_folder, path) = fresh();
    let name = hex::encode(KEY);
    let book = |batch, name: &str| {
        let journal = Journal::open(&path).unwrap();
        let new = journal.item(batch, name, &Ok(answer("text")), 42, AT);
        (new, journal.earlier().spent_pico)
    };
    assert_eq!(book("msgbatch_a", &name), (true, 42));
    assert_eq!(book("msgbatch_a", &name), (false, 42));
    assert_eq!(
        book("msgbatch_b", &name),
        (true, 84),
        "asked again, answered again"
    );
    assert_eq!(book("msgbatch_b", "not ours"), (false, 84));
}

#[test]
fn nothing_may_be_sent_after_something_could_not_be_written_down() {
    let (_folder, path) = fresh();
    let journal = Journal::open(&path).unwrap();
    let running = journal.begin(KEY, [100, 10], AT).unwrap();
    // As on a full disk: reading works, writing does not.
    journal.write(|disk| disk.pragma_update(None, "query_only", true));
    running.end(&Ok(answer("text")), 42, true, AT);
    journal.write(|disk| disk.pragma_update(None, "query_only", false));
    let refused = journal.begin(KEY, [100, 10], AT).err().unwrap();
    assert!(refused.concerns_all() && refused.is_free() && !refused.is_transient());
    assert!(
        refused.to_string().contains("could not be written down"),
        "{refused}"
    );
    // What was begun stays in the books, with the most that it can cost.
    assert_eq!(Journal::open(&path).unwrap().earlier().spent_pico, 100);
}

#[test]
fn a_journal_that_another_process_holds_is_not_to_be_deleted() {
    let (_folder, path) = fresh();
    drop(Journal::open(&path).unwrap());
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
        .unwrap();
    let message = Journal::open(&path).err().unwrap().to_string();
    assert!(
        message.contains("in use by another process") && !message.contains("delete"),
        "{message}"
    );
}
