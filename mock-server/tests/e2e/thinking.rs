//! Thinking before the answer: JSON and stream, budget, display, price and tampering.

use serde_json::{Value, json};

use crate::support::*;

/// Enabled thinking with this budget.
fn enabled(body: &mut Value, budget: u64) {
    body["max_tokens"] = json!(3000);
    body["thinking"] = json!({ "type": "enabled", "budget_tokens": budget });
}

#[tokio::test(start_paused = true)]
async fn an_answer_begins_with_a_signed_thought_that_is_billed_as_output() {
    let mock = mock(config());
    let plain = message(&mock, |_| ()).await.json();
    let answer = message(&mock, |body| enabled(body, 2000)).await.json();
    let thought = &answer["content"][0];
    assert_eq!(thought["type"], "thinking");
    assert!(!thought["thinking"].as_str().unwrap().is_empty());
    assert!(thought["signature"].as_str().unwrap().len() > 50);
    assert_eq!(answer["content"][1]["type"], "text");
    let usage = &answer["usage"];
    let tokens = usage["output_tokens_details"]["thinking_tokens"].as_u64();
    // 60 for any question and 20 for its one symbol.
    assert_eq!(tokens, Some(80));
    let plain_tokens = plain["usage"]["output_tokens"].as_u64().unwrap();
    assert_eq!(usage["output_tokens"].as_u64(), Some(plain_tokens + 80));
    assert!(plain["usage"].get("output_tokens_details").is_none());
    assert_eq!(
        mock.ledger().totals.usage.output_tokens,
        2 * plain_tokens + 80
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_thinks_first_signs_it_and_says_the_same_as_the_json() {
    let mock = mock(config());
    let whole = message(&mock, |body| enabled(body, 2000)).await.json();
    let events = message(&mock, |body| {
        enabled(body, 2000);
        body["stream"] = json!(true);
    })
    .await
    .events();
    let of_block = |index: u64| {
        let mine = |event: &&Value| event["index"] == index;
        events.iter().filter(mine).collect::<Vec<_>>()
    };
    let kinds = |events: &[&Value]| -> Vec<String> {
        let mut kinds: Vec<String> = events
            .iter()
            .map(|event| {
                let kind = event["delta"]["type"].as_str();
                kind.or(event["type"].as_str()).unwrap().to_owned()
            })
            .collect();
        kinds.dedup();
        kinds
    };
    assert_eq!(
        kinds(&of_block(0)),
        [
            "content_block_start",
            "thinking_delta",
            "signature_delta",
            "content_block_stop"
        ]
    );
    assert_eq!(
        kinds(&of_block(1)),
        ["content_block_start", "text_delta", "content_block_stop"]
    );
    let spelt = |index: u64, field: &str| -> String {
        let deltas = of_block(index).into_iter();
        deltas
            .filter_map(|event| event["delta"][field].as_str())
            .collect()
    };
    assert_eq!(
        spelt(0, "thinking"),
        whole["content"][0]["thinking"].as_str().unwrap()
    );
    // Proof tokens differ between the calls, the length of the text does not.
    let text = whole["content"][1]["text"].as_str().unwrap();
    assert_eq!(spelt(1, "text").len(), text.len());
    let last = &events[events.len() - 2];
    assert_eq!(
        last["usage"]["output_tokens_details"]["thinking_tokens"],
        80
    );
    assert_eq!(
        last["usage"]["output_tokens"],
        whole["usage"]["output_tokens"]
    );
}

#[tokio::test(start_paused = true)]
async fn budget_effort_and_max_tokens_bound_the_thought() {
    let mock = mock(config());
    let source = "def f(): pass\n".repeat(200);
    let mut wanted = body(&source, false);
    enabled(&mut wanted, 1500);
    let tokens = |answer: &Answer| {
        answer.json()["usage"]["output_tokens_details"]["thinking_tokens"].as_u64()
    };
    let answer = ask(&mock, &wanted).await.unwrap();
    assert_eq!(tokens(&answer), Some(1500));
    wanted["thinking"] = json!({ "type": "adaptive" });
    wanted["output_config"] = json!({ "effort": "low" });
    let answer = ask(&mock, &wanted).await.unwrap();
    assert_eq!(tokens(&answer), Some((60 + 200 * 20) / 4));
    wanted["max_tokens"] = json!(100);
    let cut = ask(&mock, &wanted).await.unwrap().json();
    assert_eq!(cut["stop_reason"], "max_tokens");
    assert_eq!(cut["usage"]["output_tokens"], 100);
    assert_eq!(cut["content"].as_array().unwrap().len(), 1);
    wanted["thinking"] = json!({ "type": "disabled" });
    let plain = ask(&mock, &wanted).await.unwrap().json();
    assert_eq!(plain["content"][0]["type"], "text");
}

#[tokio::test(start_paused = true)]
async fn an_omitted_thought_takes_its_time_and_its_price_but_shows_nothing() {
    let mock = mock(config());
    let change = |stream: bool| {
        move |body: &mut Value| {
            enabled(body, 2000);
            body["thinking"]["display"] = json!("omitted");
            body["stream"] = json!(stream);
        }
    };
    let whole = message(&mock, change(false)).await.json();
    assert_eq!(whole["content"][0]["thinking"], "");
    assert_eq!(
        whole["usage"]["output_tokens_details"]["thinking_tokens"],
        80
    );
    let start = tokio::time::Instant::now();
    let events = message(&mock, change(true)).await.events();
    let tokens = whole["usage"]["output_tokens"].as_u64().unwrap();
    // A second to the first token, then ten tokens a second.
    assert_eq!(start.elapsed().as_millis() as u64 / 100, 10 + tokens);
    let deltas = |kind: &str| events.iter().filter(|e| e["delta"]["type"] == kind).count();
    assert_eq!(
        (deltas("thinking_delta"), deltas("signature_delta")),
        (0, 1)
    );
    assert!(deltas("text_delta") > 10);
}

#[tokio::test(start_paused = true)]
async fn thoughts_come_back_unchanged_or_not_at_all() {
    let mock = mock(config());
    let answer = message(&mock, |body| enabled(body, 2000)).await.json();
    let mut next = body(SOURCE, false);
    next["messages"] = json!([
        { "role": "user", "content": SOURCE },
        { "role": "assistant", "content": answer["content"] },
        { "role": "user", "content": "And the rest?" },
    ]);
    assert_eq!(ask(&mock, &next).await.unwrap().status, 200);
    next["messages"][1]["content"][0]["thinking"] = json!("I changed my mind.");
    let refused = ask(&mock, &next).await.unwrap();
    assert_eq!(refused.status, 400);
    let message = refused.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.starts_with("messages.1.content.0: `thinking` or"),
        "{message}"
    );
    let block = next["messages"][1]["content"][0].as_object_mut().unwrap();
    block.remove("signature");
    let refused = ask(&mock, &next).await.unwrap();
    assert!(
        refused
            .text
            .contains("messages.1.content.0.thinking.signature: Field required")
    );
}
