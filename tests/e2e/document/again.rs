//! What ends a job of `breaklab document`, and what another run into the same folder may do.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_ends_the_job_at_once_and_says_so() {
    let error =
        r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#;
    let server = provider(401, error).await;
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 40);
    let arguments = [
        "code",
        "--out",
        "docs",
        "--base-url",
        &server.uri(),
        "--max-cost-usd",
        "5",
        "--parallel",
        "2",
    ];
    let output = document(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("no further call was made: the API answered 401"),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains("sk-test"), "{}", said(&output));
    let asked = server.received_requests().await.unwrap().len();
    assert!(asked <= 2, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_for_good_is_asked_again_only_when_told_to() {
    let error = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    let server = provider(400, error).await;
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 3);
    let url = server.uri();
    let arguments = [
        "code",
        "--out",
        "docs",
        "--base-url",
        &url,
        "--max-cost-usd",
        "5",
    ];
    let again = [&arguments[..], &["--retry-refused"]].concat();
    for (arguments, asked) in [(&arguments[..], 3), (&arguments[..], 3), (&again[..], 6)] {
        let output = document(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(
            said(&output).contains("m000.py: the API answered 400"),
            "{}",
            said(&output)
        );
        assert_eq!(server.received_requests().await.unwrap().len(), asked);
    }
}

#[test]
fn the_cap_holds_over_all_runs_into_one_folder() {
    let provider = Provider::start(1000.0, 0.0, |_| {});
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 30);
    let arguments = [
        "code",
        "--out",
        "docs",
        "--base-url",
        &provider.url,
        "--max-tokens",
        "1000",
        "--max-cost-usd",
    ];
    let run = |usd: &str| document(folder.path(), &[&arguments[..], &[usd]].concat());
    let first = said(&run("0.05"));
    assert!(
        first.contains("the spending cap of $0.05 is reached"),
        "{first}"
    );
    let spent = provider.mock.ledger().totals.cost_pico;
    assert!(spent > 0 && spent <= 50_000_000_000, "{spent}");
    let second = said(&run("0.05"));
    assert!(second.contains("the spending cap"), "{second}");
    assert!(provider.mock.ledger().totals.cost_pico <= 50_000_000_000);
    let last = run("5");
    assert!(last.status.success(), "{}", said(&last));
    assert_eq!(provider.attempts(), 30);
}

#[test]
fn two_runs_into_one_folder_at_once_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 1);
    std::fs::create_dir_all(folder.path().join("docs/.breaklab")).unwrap();
    let held = std::fs::File::create(folder.path().join("docs/.breaklab/lock")).unwrap();
    held.lock().unwrap();
    let output = document(folder.path(), &["code", "--out", "docs"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("another breaklab is writing to `docs`"),
        "{}",
        said(&output)
    );
    drop(held);
    assert!(
        document(folder.path(), &["code", "--out", "docs"])
            .status
            .success()
    );
}

#[test]
fn a_folder_that_was_begun_otherwise_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 1);
    assert!(
        document(folder.path(), &["code", "--out", "docs"])
            .status
            .success()
    );
    let output = document(
        folder.path(),
        &["code", "--out", "docs", "--max-tokens", "900"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("was begun with model = "),
        "{}",
        said(&output)
    );
}

/// The entries of a page by their headings.
fn entries(page: &str) -> std::collections::BTreeMap<&str, &str> {
    let parts = page.split("\n### `").skip(1);
    parts.map(|part| part.split_once('`').unwrap()).collect()
}

#[test]
fn an_edit_asks_about_what_was_edited_and_leaves_all_else_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let code = |sign: &str, more: &str| {
        let functions: String = (0..30)
            .map(|i| {
                format!(
                    "def f{i}(x):\n    return x {} {i}\n\n\n",
                    if i == 7 { sign } else { "+" }
                )
            })
            .collect();
        format!(
            "import os\n\n{functions}class A:\n    limit = 3\n\n    def run(self):\n        return 1\n{more}"
        )
    };
    let run = |code: String| {
        std::fs::create_dir_all(folder.path().join("code")).unwrap();
        std::fs::write(folder.path().join("code/a.py"), code).unwrap();
        let output = document(folder.path(), &["code", "--out", "docs"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let page = std::fs::read_to_string(folder.path().join("docs/a.py.md")).unwrap();
        (said(&output), page)
    };
    let (_, first) = run(code("+", ""));
    let (said_then, edited) = run(code("*", ""));
    assert!(said_then.contains("1 calls"), "{said_then}");
    let (before, after) = (entries(&first), entries(&edited));
    let changed: Vec<_> = before
        .keys()
        .filter(|name| before[*name] != after[*name])
        .collect();
    assert_eq!(changed, [&"f7"]);
    assert_eq!(
        first.find("### `f0`"),
        edited.find("### `f0`"),
        "what stands before stays as well"
    );

    let (_, longer) = run(code("*", "\n    def stop(self):\n        return 2\n"));
    let all = entries(&longer);
    assert!(
        after
            .keys()
            .all(|name| all[name].trim_end() == after[name].trim_end()),
        "{longer}"
    );
    assert!(all.contains_key("A.stop"), "{longer}");
    // What was there before is paid for.
    let (back, page) = run(code("+", ""));
    assert!(back.contains("0 calls"), "{back}");
    assert_eq!(page, first);
}
