//! The mock inside a test of your own code: behind a real socket on this machine, a hundred times as
//! fast as the API, with a fault that is planted on purpose and a ledger that says what it cost.
//!
//! `cargo run --example mock_in_a_test`; in a test of yours, [`start`] and the asserts stay the same.

use std::error::Error;

use ground::fault::{FaultKind, FaultRule};
use ground::timeline::Timeline;
use mock_claude::{MockClaude, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What your code would be: it asks for documentation, and again while the API is overloaded.
async fn document(base_url: &str, source: &str) -> Result<String, Box<dyn Error>> {
    let body = json!({
        "model": "claude-sonnet-5",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": format!("Document this file:\n\n{source}")}],
    })
    .to_string();
    let client = reqwest::Client::new();
    loop {
        let request = client
            .post(format!("{base_url}/v1/messages"))
            .header("x-api-key", "any")
            .header("anthropic-version", "2023-06-01")
            .header("content-type", "application/json");
        let answer = request.body(body.clone()).send().await?;
        if answer.status().as_u16() == 529 {
            continue;
        }
        let message: Value = serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
        let text = message["content"][0]["text"].as_str();
        return Ok(text.ok_or("an answer without text")?.to_owned());
    }
}

/// Starts a mock on a free port; it ends with the runtime. Returns its address and the mock itself.
async fn start(faults: Vec<FaultRule>) -> Result<(String, MockClaude), Box<dyn Error>> {
    let mut config = Settings::default().into_config();
    config.faults = faults;
    let mock = MockClaude::new(config, Timeline::start(100.0, 0))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(mock_claude::serve(
        listener,
        mock.clone(),
        std::future::pending(),
    ));
    Ok((base_url, mock))
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example shows what it found")]
async fn main() -> Result<(), Box<dyn Error>> {
    // This workspace builds reqwest without a provider of TLS; your own project has one.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    // The first attempt of every question is refused.
    let overloaded = FaultRule {
        attempts: Some(1),
        ..FaultRule::always(FaultKind::Overloaded)
    };
    let (base_url, mock) = start(vec![overloaded]).await?;

    let text = document(&base_url, "def area(radius): return 3.14 * radius ** 2").await?;

    // The mock answers about what really stood in the prompt, so this cannot be canned text.
    assert!(text.contains("area"), "{text}");
    let totals = mock.ledger().totals;
    assert_eq!(
        totals.attempts, 2,
        "the refused attempt and the answered one"
    );
    assert_eq!(totals.by_status[&529], 1);
    println!("{text}");
    println!(
        "{} attempts, {} tokens in, {} out",
        totals.attempts, totals.usage.input_tokens, totals.usage.output_tokens
    );
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
