//! The table by which answers are read, held against what frameworks really send and against the
//! page for students.

use super::*;
use crate::record::exam::Outcome::{self, Empty, Failed, Partial, Redirected, Unusable, Whole};

/// Bodies as FastAPI 0.165, Starlette 1.10, Flask 3.1, Express 5.3, Fastify 5.12, aiohttp 3.14 and
/// Django REST Framework 3.18 send them, and the words that a user should read.
const FRAMEWORKS: [(u16, &str, &str); 17] = [
    (
        422,
        r#"{"detail":[{"type":"missing","loc":["body","file_path"],"msg":"Field required","input":{}},{"type":"missing","loc":["body","file_content"],"msg":"Field required","input":{}}]}"#,
        "status 422: body.file_path: Field required; body.file_content: Field required",
    ),
    (
        422,
        r#"{"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}]}"#,
        "status 422: body.1: JSON decode error",
    ),
    (
        429,
        r#"{"detail":"Rate limit exceeded"}"#,
        "status 429: Rate limit exceeded",
    ),
    (
        502,
        r#"{"detail":{"type":"upstream","message":"the API is down"}}"#,
        "status 502: the API is down",
    ),
    (
        500,
        "Internal Server Error",
        "status 500: Internal Server Error",
    ),
    (
        500,
        "Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\n    boom()\nRuntimeError: boom\n",
        "status 500: RuntimeError: boom",
    ),
    (
        503,
        "<!doctype html>\n<html lang=en>\n<title>503 Service Unavailable</title>\n<h1>Service Unavailable</h1>\n<p>the API is overloaded</p>\n",
        "status 503: Service Unavailable the API is overloaded",
    ),
    (
        500,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Error: the API is &lt;down&gt; &amp; out<br> &nbsp; &nbsp;at /srv/app.js:2:27<br> &nbsp; &nbsp;at next (/srv/route.js:163:13)</pre>\n</body>\n</html>\n",
        "status 500: Error: the API is <down> & out",
    ),
    (
        404,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot POST /document</pre>\n</body>\n</html>\n",
        "status 404: Cannot POST /document",
    ),
    (
        500,
        "<html><head><style>h1 { color: red }</style><script>alert('no')</script></head><body><h1>It&#39;s down</h1>",
        "status 500: It's down",
    ),
    (
        502,
        r#"{"error":"upstream failed"}"#,
        "status 502: upstream failed",
    ),
    (
        400,
        r#"{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body must have required property 'file_content'"}"#,
        "status 400: body must have required property 'file_content'",
    ),
    (
        400,
        r#"{"file_path":["This field is required."]}"#,
        "status 400: file_path: This field is required.",
    ),
    (
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"},"request_id":"req_1"}"#,
        "status 429: Slow down",
    ),
    (
        500,
        r#"{"errorType":"KeyError","errorMessage":"'file_path'","stackTrace":[]}"#,
        "status 500: 'file_path'",
    ),
    (503, "", "status 503 without a word"),
    (
        500,
        "\u{1b}[31mred\u{1b}[0m\r\n::error::x",
        "status 500: red : :error::x",
    ),
];

#[test]
fn an_error_of_any_framework_is_told_by_its_status_and_first_words() {
    for (status, body, expected) in FRAMEWORKS {
        let reading = read(status, None, body.as_bytes());
        assert_eq!(
            (reading.outcome, reading.told().as_str()),
            (Failed, expected),
            "{body}"
        );
    }
}

fn outcome(status: u16, body: &str) -> Outcome {
    read(status, None, body.as_bytes()).outcome
}

#[test]
fn a_success_is_what_its_user_would_call_it() {
    for (body, expected) in [
        (r#"{"documentation":"x"}"#, Whole),
        (
            r#"{"documentation":"x","status":"done","missing":[],"error":null}"#,
            Whole,
        ),
        (
            r#"{"documentation":"x","status":"success","errors":[],"partial":false}"#,
            Whole,
        ),
        ("\u{feff}{\"documentation\":\"x\"}", Whole),
        (r#"{"documentation":"bad \ud800 half"}"#, Whole),
        (r#"{"documentation":"x","missing":["lines 1-2"]}"#, Partial),
        (r#"{"documentation":"x","missing":3}"#, Partial),
        (r#"{"documentation":"x","status":"PARTIAL"}"#, Partial),
        (
            r#"{"documentation":"x","status":"partial","error":{"type":"t","message":"m"}}"#,
            Partial,
        ),
        (
            r#"{"documentation":"x","status":"failed","error":"boom"}"#,
            Failed,
        ),
        (r#"{"documentation":"x","status":"Error"}"#, Failed),
        (r#"{"documentation":"x","error":"boom"}"#, Failed),
        (r#"{"documentation":"","error":{"type":"x"}}"#, Failed),
        (r#"{"documentation":"","missing":["all"]}"#, Failed),
        (r#"{"error":"no"}"#, Failed),
        (r#"{"type":"upstream","message":"no"}"#, Failed),
        (r#"{"detail":"no"}"#, Failed),
        (r#"{"success":false,"message":"no key"}"#, Failed),
        (r#"{"status":503}"#, Failed),
        (r#"{"documentation":""}"#, Empty),
        (r#"{"documentation":" \n","status":"done"}"#, Empty),
        (r#"{"documentation":null}"#, Empty),
        ("", Empty),
        (r#"{"documentation":7}"#, Unusable),
        (r#"{"documentation":{"text":"x"}}"#, Unusable),
        (r#"{"docs":"x"}"#, Unusable),
        ("{}", Unusable),
        ("[1,2]", Unusable),
        ("\"hello\"", Unusable),
        ("<html>hello</html>", Unusable),
        (r#"{"documentation":"x","cost":NaN}"#, Unusable),
    ] {
        assert_eq!(outcome(200, body), expected, "{body}");
        assert_eq!(outcome(201, body), expected, "201 {body}");
    }
    assert_eq!(
        read(200, None, b"{\"documentation\":\"caf\xe9\"}").outcome,
        Unusable
    );
    assert_eq!(outcome(202, "{}"), Unusable);
    assert_eq!(outcome(500, r#"{"documentation":"x"}"#), Failed);
}

#[test]
fn what_is_wrong_with_an_answer_is_said_in_words() {
    for (status, location, body, expected) in [
        (307, Some("/document/"), "", "redirected to /document/"),
        (302, None, "", "no header `Location`"),
        (200, None, r#"{"docs":"x","cost":1}"#, "only: cost, docs"),
        (200, None, r#"{"documentation":[]}"#, "a list, not a text"),
        (
            200,
            None,
            "<!doctype html><h1>Welcome</h1>",
            "HTML page and no JSON: Welcome",
        ),
        (
            200,
            None,
            "hello",
            "no JSON (expected value at line 1 column 1): hello",
        ),
        (202, None, "{}", "`Location`"),
    ] {
        let told = read(status, location, body.as_bytes()).told();
        assert!(told.contains(expected), "{told}");
        assert!(told.starts_with(&format!("status {status}")), "{told}");
    }
    assert_eq!(read(308, Some("/x"), b"").outcome, Redirected);
}

#[test]
fn a_huge_or_endless_page_is_read_in_no_time_and_told_in_few_words() {
    let page = format!("<html>{}", "<script>".repeat(200_000));
    assert_eq!(
        read(500, None, page.as_bytes()).told(),
        "status 500 without a word"
    );
    let long = read(500, None, "word ".repeat(200_000).as_bytes()).told();
    assert!(long.chars().count() < 230 && long.ends_with('…'), "{long}");
}

#[test]
fn our_own_answers_are_read_as_they_are_meant() {
    let answer = |status, missing: &[&str]| Answer {
        file_path: "a.py".to_owned(),
        status,
        documentation: "words".to_owned(),
        missing: missing.iter().map(|gap| (*gap).to_owned()).collect(),
        cached: false,
        note: None,
    };
    let read_back = |answer| read_item(&serde_json::to_value(answer).unwrap()).outcome;
    assert_eq!(read_back(answer(WorkStatus::Done, &[])), Whole);
    assert_eq!(
        read_back(answer(WorkStatus::Partial, &["lines 1-2: no"])),
        Partial
    );
    let JsonAnswer { status, body } = JsonAnswer::error(504, "time_limit", "Task timed out");
    let reading = read(status, None, body.to_string().as_bytes());
    assert_eq!(
        (reading.outcome, reading.kind.as_str()),
        (Failed, "time_limit")
    );
    assert_eq!(reading.words, "Task timed out");
}

const PAGE: &str = include_str!("../../docs/contract.md");

/// The blocks of the page that begin with `start`, each with the word in bold after it.
fn examples(start: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGE.split("```http\n").skip(1).filter_map(move |rest| {
        let (block, after) = rest.split_once("```").expect("every block ends");
        let word = after
            .split("**")
            .nth(1)
            .expect("a bold word follows every example");
        block.starts_with(start).then_some((block, word))
    })
}

#[test]
fn each_answer_on_the_page_is_read_as_the_page_says() {
    let mut words = std::collections::BTreeSet::new();
    for (block, word) in examples("HTTP/1.1 ") {
        let (head, body) = block.split_once("\n\n").unwrap_or((block, ""));
        let status = head[9..12].parse().unwrap();
        let location = head
            .lines()
            .find_map(|line| line.strip_prefix("Location: "));
        let read = match word {
            "goes on" | "has ended" => {
                if ended(status, body.as_bytes()) {
                    "has ended"
                } else {
                    "goes on"
                }
            }
            _ => read(status, location, body.as_bytes()).outcome.into(),
        };
        assert_eq!(read, word, "{block}");
        words.insert(word);
    }
    for outcome in [Whole, Partial, Failed, Empty, Redirected, Unusable] {
        let word: &str = outcome.into();
        assert!(words.contains(word), "the page has no example of `{word}`");
    }
}

#[test]
fn each_request_on_the_page_is_read_as_the_page_says() {
    let mut count = 0;
    for (block, word) in examples("POST ") {
        let (head, body) = block.split_once("\n\n").expect("a request has a body");
        let kind = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Type: "));
        let read = if head.starts_with("POST /documents ") {
            read_batch(body.as_bytes()).map(|batch| batch.files.len())
        } else {
            read_ask(kind, body.as_bytes()).map(|_| 1)
        };
        let said = if read.is_ok() { "accepted" } else { "refused" };
        assert_eq!(said, word, "{block}: {read:?}");
        count += 1;
    }
    assert!(count >= 4, "{count} requests");
}

#[test]
fn each_limit_stands_on_the_page_with_its_number() {
    let source = include_str!("limits.rs");
    let constants = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "));
    let constants: Vec<&str> = constants
        .filter_map(|rest| rest.split(':').next())
        .collect();
    let stated = limits::all();
    let names: Vec<&str> = stated.iter().map(|limit| limit.name).collect();
    assert_eq!(
        names, constants,
        "`limits::all` lists every constant in its order"
    );
    for limit in stated {
        let row = format!("| {} | {} |", limit.what, limit.value);
        assert!(PAGE.contains(&row), "docs/contract.md lacks the row\n{row}");
    }
}

#[test]
fn the_results_of_a_batch_on_the_page_are_read_one_by_one() {
    let (_, rest) = PAGE
        .split_once("```json\n")
        .expect("the page shows a batch's answer");
    let (block, _) = rest.split_once("```").expect("every block ends");
    let json = serde_json::from_str(block).unwrap();
    let outcomes = items(&json)
        .unwrap()
        .iter()
        .map(|item| read_item(item).outcome);
    assert_eq!(outcomes.collect::<Vec<_>>(), [Whole, Failed]);
}
