//! The control listener over its socket.

use std::net::SocketAddr;

use mock_claude::{MockClaude, control};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;

async fn start() -> (SocketAddr, MockClaude) {
    // More rows than TOML could write.
    let mut config = mock_claude::Config {
        max_rows: usize::MAX,
        ..config()
    };
    config.profiles[0].latency = INSTANT;
    let mock = mock(config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(control::serve(listener, mock.clone(), "token".to_owned()));
    (address, mock)
}

async fn call(address: SocketAddr, token: &str, line: &str, body: &str) -> (String, String) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: c\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

/// The whole answer to a request without a token.
async fn without_token(address: SocketAddr, line: &str, accept: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request =
        format!("{line} HTTP/1.1\r\nhost: c\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(crate) async fn json(address: SocketAddr, line: &str, body: &str) -> Value {
    serde_json::from_str(&call(address, "token", line, body).await.1).unwrap()
}

#[tokio::test]
async fn nothing_is_shown_without_the_token() {
    let (address, _) = start().await;
    assert!(
        call(address, "wrong", "GET /ledger", "")
            .await
            .0
            .contains("401")
    );
    assert!(
        call(address, "token", "GET /ledger", "")
            .await
            .0
            .contains("200")
    );
}

#[tokio::test]
async fn a_browser_gets_a_page_that_tells_nothing_and_its_script_asks_with_the_token() {
    let (address, mock) = start().await;
    for (line, kind) in [
        ("GET /", "text/html"),
        ("GET /page.css", "text/css"),
        ("GET /page.js", "text/javascript"),
    ] {
        let file = without_token(address, line, "text/html,*/*").await;
        assert!(file.contains(&format!("content-type: {kind}")), "{file}");
        assert!(file.contains("content-security-policy: default-src 'none'"));
    }
    assert!(without_token(address, "GET /", "*/*").await.contains("401"));
    assert!(
        call(address, "wrong", "GET /live", "")
            .await
            .0
            .contains("401")
    );
    ask(&mock, &body(SOURCE, false)).await.unwrap();
    let live = json(address, "GET /live", "").await;
    assert_eq!(live["totals"]["attempts"], 1);
    assert_eq!(live["last"][0]["status"], 200);
    assert_eq!(live["limits"], json!([]));
    let limited = json!({ "config": { "limits": { "requests_per_minute": 5,
        "input_tokens_per_minute": 1_000, "output_tokens_per_minute": 1_000 } } });
    json(address, "PATCH /config", &limited.to_string()).await;
    ask(&mock, &body(SOURCE, false)).await.unwrap();
    let live = json(address, "GET /live", "").await;
    let requests = json!({ "limit": 5, "remaining": 4 });
    assert_eq!(live["limits"][0]["requests"], requests);
    assert_eq!(live["last"][0]["seq"], 1);
}

#[tokio::test]
async fn ledger_journal_invariants_and_metrics_tell_the_same() {
    let (address, mock) = start().await;
    for i in 0..3 {
        ask(&mock, &body(&format!("def f{i}(): pass"), false))
            .await
            .unwrap();
    }
    assert_eq!(
        json(address, "GET /ledger", "").await["totals"]["attempts"],
        3
    );
    assert_eq!(json(address, "GET /verify", "").await["holds"], true);
    let page = json(address, "GET /attempts?limit=2", "").await;
    assert_eq!(
        (&page["has_more"], &page["last"]),
        (&json!(true), &json!(1))
    );
    let rest = json(address, "GET /attempts?after=1", "").await;
    assert_eq!(rest["rows"].as_array().unwrap().len(), 1);
    assert_eq!(json(address, "GET /verdict", "").await["clean"], true);
    let metrics = call(address, "token", "GET /metrics", "").await.1;
    assert!(
        metrics.contains("mock_claude_heads_total{status=\"200\"} 3"),
        "{metrics}"
    );
    json(address, "POST /reset", "").await;
    assert_eq!(
        json(address, "GET /ledger", "").await["totals"]["attempts"],
        0
    );
}

#[tokio::test]
async fn a_change_applies_whole_or_not_at_all() {
    let (address, mock) = start().await;
    let patch = json!({ "config": { "faults": [{ "kind": "overloaded" }] },
                        "options": { "refusals_use_quota": true, "keys": ["key", "other"] } });
    let shown = json(address, "PATCH /config", &patch.to_string()).await;
    assert_eq!(shown["options"]["refusals_use_quota"], true);
    assert_eq!(shown["config"]["secret"], "…");
    assert_eq!(shown["options"]["keys"], json!(["…", "…"]));
    assert_eq!(ask(&mock, &body("hi", false)).await.unwrap().status, 529);
    let bad = json!({ "config": { "faults": [], "max_rows": -1 } });
    let refused = json(address, "PATCH /config", &bad.to_string()).await;
    assert!(
        refused["error"].as_str().unwrap().starts_with("config: "),
        "{refused}"
    );
    assert_eq!(ask(&mock, &body("hi", false)).await.unwrap().status, 529);
    let healed = json!({ "config": { "faults": [] } });
    json(address, "PATCH /config", &healed.to_string()).await;
    assert_eq!(ask(&mock, &body("hi", false)).await.unwrap().status, 200);
    let typo = json(address, "PATCH /config", "{\"confg\":{}}").await;
    assert!(typo["error"].as_str().unwrap().contains("confg"));
}

#[tokio::test]
async fn a_cancelled_batch_costs_nothing_and_an_ended_one_half() {
    let (address, mock) = start().await;
    let requests =
        json!({ "requests": [{ "custom_id": "a", "params": body("def f(): pass", false) }] });
    let create = async || {
        let mut request = request(&requests);
        *request.uri_mut() = "/v1/messages/batches".parse().unwrap();
        send(&mock, request).await.unwrap().json()
    };
    let cost = async || {
        json(address, "GET /ledger", "").await["batches"]["usd"]
            .as_f64()
            .unwrap()
    };
    let batch = create().await;
    assert_eq!(cost().await, 0.0);
    let mut cancel = request(&Value::Null);
    let path = format!(
        "/v1/messages/batches/{}/cancel",
        batch["id"].as_str().unwrap()
    );
    *cancel.uri_mut() = path.parse().unwrap();
    send(&mock, cancel).await.unwrap();
    assert_eq!(cost().await, 0.0);
    json(
        address,
        "PATCH /config",
        "{\"options\":{\"batch_delay_s\":0.0}}",
    )
    .await;
    create().await;
    // 12 tokens in at 3 dollars a million, 55 out at 15, at half the price.
    assert!((cost().await - (12.0 * 3.0 + 55.0 * 15.0) / 2e6).abs() < 1e-12);
}
