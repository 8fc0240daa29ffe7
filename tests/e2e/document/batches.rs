//! `breaklab document --batch`: half the price, the same pages, nothing paid for twice.

use super::*;

#[test]
fn batches_cost_half_and_say_the_same() {
    let provider = Provider::start(1000.0, 2.0, |_| {});
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 20);
    let run = |out: &str, more: &[&str]| {
        let arguments = [
            "code",
            "--out",
            out,
            "--base-url",
            &provider.url,
            "--max-cost-usd",
            "50",
        ];
        let output = document(folder.path(), &[&arguments[..], more].concat());
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let cost = |said: &str| -> f64 {
        let (_, rest) = said.split_once("tokens: $").unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    };
    let (single, batch) = (run("single", &[]), run("batch", &["--batch"]));
    assert!(
        (cost(&batch) * 2.0 / cost(&single) - 1.0).abs() < 0.02,
        "{single}{batch}"
    );
    let rows = provider.mock.ledger().rows;
    let paid = rows.iter().filter(|row| row.usage.input_tokens > 0).count();
    assert_eq!(paid, 20, "a batch makes no calls of its own");
    let pages = |out: &str| {
        pages(&folder.path().join(out))
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(pages("single"), pages("batch"));
    let again = run("batch", &["--batch"]);
    assert!(
        again.contains("20 already paid for") && cost(&again) == 0.0,
        "{again}"
    );
}

#[test]
fn a_batch_that_was_going_on_at_a_kill_is_read_and_not_paid_for_twice() {
    let provider = Provider::start(1.0, 3600.0, |_| {});
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 5);
    let arguments = [
        "code",
        "--out",
        "docs",
        "--base-url",
        &provider.url,
        "--max-cost-usd",
        "50",
    ];
    let mut first = command(folder.path(), &[&arguments[..], &["--batch"]].concat())
        .spawn()
        .unwrap();
    let journal = folder.path().join("docs/.breaklab/journal.sqlite");
    until("a batch in the journal", || knows_a_batch(&journal));
    first.kill().unwrap();
    first.wait().unwrap();
    let without = document(folder.path(), &arguments);
    assert!(
        said(&without).contains("is still going on; add --batch"),
        "{}",
        said(&without)
    );
    provider.mock.set_speed(10_000.0);
    let output = document(folder.path(), &[&arguments[..], &["--batch"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("5 whole"), "{}", said(&output));
    assert!(
        !said(&output).contains("5 questions"),
        "a second batch: {}",
        said(&output)
    );
}

/// While its owner writes to it, a journal may have no such table yet, or be locked.
fn knows_a_batch(journal: &Path) -> bool {
    let open = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let count = |disk: &Connection| {
        disk.query_row("SELECT count(*) FROM batches WHERE id <> ''", [], |row| {
            row.get::<_, u64>(0)
        })
    };
    open.and_then(|disk| count(&disk))
        .is_ok_and(|count| count > 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_batches_is_named() {
    let server = MockServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 1);
    let arguments = [
        "code",
        "--out",
        "docs",
        "--batch",
        "--base-url",
        &server.uri(),
        "--max-cost-usd",
        "5",
    ];
    let output = document(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("has no Message Batches (it answered 404); leave out --batch"),
        "{}",
        said(&output)
    );
}
