//! Scripted answers, and the judgement on clients.

use std::time::Duration;

use ground::fault::FaultKind;
use mock_claude::{AnswerRule, Config, MockClaude, ScriptedUsage, StopReason, ToolCall};
use serde_json::{Value, json};

use crate::support::*;

fn scripted(answers: Vec<AnswerRule>) -> MockClaude {
    mock(Config {
        answers,
        ..config()
    })
}

fn says(text: &str) -> AnswerRule {
    AnswerRule {
        text: Some(text.to_owned()),
        ..AnswerRule::default()
    }
}

async fn text(mock: &MockClaude, question: &str) -> String {
    let answer = ask(mock, &body(question, false)).await.unwrap().json();
    answer["content"][0]["text"]
        .as_str()
        .unwrap_or("")
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_first_rule_that_matches_answers() {
    let mock = scripted(vec![
        AnswerRule {
            if_text: Some("REFUND".to_owned()),
            ..says("five days")
        },
        AnswerRule {
            if_pattern: Some("^order [0-9]+$".to_owned()),
            ..says("on its way")
        },
        AnswerRule {
            if_model: Some("claude-al*".to_owned()),
            ..says("an alias")
        },
    ]);
    assert_eq!(text(&mock, "my refund?").await, "five days");
    assert_eq!(text(&mock, "order 66").await, "on its way");
    assert!(
        text(&mock, "order of things")
            .await
            .starts_with("I did not find")
    );
    let mut alias = body("hello", false);
    alias["model"] = json!("claude-alias");
    let answer = ask(&mock, &alias).await.unwrap().json();
    assert_eq!(answer["content"][0]["text"], "an alias");
}

#[tokio::test(start_paused = true)]
async fn rules_count_the_requests_that_they_match() {
    let mock = scripted(vec![
        AnswerRule {
            times: Some(2),
            ..says("early")
        },
        AnswerRule {
            nth: Some(2),
            ..says("later")
        },
        says("rest"),
    ]);
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(text(&mock, "x").await);
    }
    assert_eq!(seen, ["early", "early", "rest", "later", "rest"]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_calls_tools_and_sees_their_results() {
    let input = json!({"id": 7}).as_object().unwrap().clone();
    let mock = scripted(vec![
        AnswerRule {
            if_result_of: Some("get_order".to_owned()),
            ..says("It is blue.")
        },
        AnswerRule {
            if_tool: Some("get_order".to_owned()),
            tool_calls: vec![ToolCall {
                name: "get_order".to_owned(),
                input: input.clone(),
            }],
            text: Some("Let me see.".to_owned()),
            ..AnswerRule::default()
        },
    ]);
    let tools = json!([{"name": "get_order", "input_schema": {"type": "object"}}]);
    let mut first = body("order", false);
    first["tools"] = tools.clone();
    let answer = ask(&mock, &first).await.unwrap().json();
    assert_eq!(answer["stop_reason"], "tool_use");
    assert_eq!(answer["content"][0]["text"], "Let me see.");
    assert_eq!(answer["content"][1]["input"], Value::Object(input));
    let mut second = body("order", true);
    second["tools"] = tools;
    second["messages"] = json!([{"role": "user", "content": "order"},
        {"role": "assistant", "content": answer["content"]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": answer["content"][1]["id"]}]}]);
    let streamed = ask(&mock, &second).await.unwrap();
    let spelled: String = streamed
        .events()
        .iter()
        .filter_map(|event| event["delta"]["text"].as_str())
        .collect();
    assert_eq!(spelled, "It is blue.");
}

#[tokio::test(start_paused = true)]
async fn usage_stop_reason_fault_and_delay_are_as_scripted_and_the_books_agree() {
    let usage = ScriptedUsage {
        input_tokens: Some(100),
        output_tokens: Some(20),
        cache_read_input_tokens: Some(900),
        ..ScriptedUsage::default()
    };
    let refusal = AnswerRule {
        stop_reason: Some(StopReason::Refusal),
        usage: Some(usage),
        delay_ms: Some(5_000.0),
        ..AnswerRule::default()
    };
    let broken = AnswerRule {
        fault: Some(FaultKind::Overloaded),
        nth: Some(1),
        ..AnswerRule::default()
    };
    let mock = scripted(vec![broken, refusal]);
    assert_eq!(ask(&mock, &body("x", false)).await.unwrap().status, 529);
    let start = tokio::time::Instant::now();
    let answer = ask(&mock, &body("x", false)).await.unwrap().json();
    assert_eq!(start.elapsed(), Duration::from_secs(5 + 2));
    assert_eq!(answer["stop_reason"], "refusal");
    assert_eq!(answer["usage"]["cache_read_input_tokens"], 900);
    let totals = mock.ledger().totals;
    assert_eq!(
        (totals.usage.input_tokens, totals.usage.output_tokens),
        (100, 20)
    );
    assert_eq!(
        (totals.charged_input_tokens, totals.charged_output_tokens),
        (100, 20)
    );
}

#[test]
fn rules_that_make_no_sense_are_refused_and_idle_ones_are_named() {
    let refused = |rule: AnswerRule| {
        let config = Config {
            answers: vec![says("a"), rule],
            ..config()
        };
        config.check().unwrap_err().to_string()
    };
    assert!(refused(AnswerRule::default()).starts_with("answer 2: says nothing"));
    assert!(
        refused(AnswerRule {
            if_pattern: Some("(".to_owned()),
            ..says("x")
        })
        .contains("`if_pattern` is not a regular")
    );
    assert!(
        refused(AnswerRule {
            if_text: Some(String::new()),
            ..says("x")
        })
        .contains("`if_text` is empty")
    );
    assert!(
        refused(AnswerRule {
            delay_ms: Some(-1.0),
            ..says("x")
        })
        .contains("`delay_ms` must be")
    );
    let idle = |answers: Vec<AnswerRule>| {
        Config {
            answers,
            ..config()
        }
        .idle_answers()
    };
    let number = |answers| {
        idle(answers)
            .into_iter()
            .map(|(number, ..)| number)
            .collect::<Vec<_>>()
    };
    let of_model = |model: &str| AnswerRule {
        if_model: Some(model.to_owned()),
        ..says("x")
    };
    assert_eq!(
        number(vec![
            of_model("gpt-4"),
            of_model("claude-alias"),
            of_model("claude*")
        ]),
        [1]
    );
    assert_eq!(number(vec![says("a"), says("b")]), [2]);
    assert_eq!(
        number(vec![
            AnswerRule {
                times: Some(1),
                ..says("a")
            },
            says("b")
        ]),
        [0; 0]
    );
    assert_eq!(
        number(vec![AnswerRule {
            nth: Some(0),
            ..says("a")
        }]),
        [1]
    );
}

#[tokio::test(start_paused = true)]
async fn good_clients_are_not_accused() {
    let mock = mock(config());
    for _ in 0..30 {
        ask(&mock, &body(SOURCE, false)).await.unwrap();
    }
    assert!(mock.verdict().clean, "{:?}", mock.verdict());
    // One failure, and a retry as the SDKs make it.
    forced(
        &mock,
        false,
        &[
            ("x-mock-fault", "overloaded"),
            ("x-stainless-retry-count", "0"),
        ],
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    forced(&mock, false, &[("x-stainless-retry-count", "1")])
        .await
        .unwrap();
    // A refused call that somebody repeats minutes later is a call of its own.
    for _ in 0..2 {
        forced(&mock, false, &[("x-mock-fault", "permission")])
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
    }
    assert!(mock.verdict().clean, "{:?}", mock.verdict());
}

#[tokio::test(start_paused = true)]
async fn storms_and_double_payment_are_found_with_their_request_ids() {
    let mock = mock(config());
    let mut last = String::new();
    for _ in 0..12 {
        let refused = forced(&mock, false, &[("x-mock-fault", "server_error")])
            .await
            .unwrap();
        refused.header("request-id").clone_into(&mut last);
    }
    let both = [body("def a(): pass", false), body("def a(): pass", false)];
    let (one, two) = tokio::join!(ask(&mock, &both[0]), ask(&mock, &both[1]));
    assert!(one.is_ok() && two.is_ok());
    let verdict = mock.verdict();
    let names: Vec<&str> = verdict
        .findings
        .iter()
        .map(|finding| finding.rule.name())
        .collect();
    assert_eq!(names, ["retry_storm", "duplicate_spending"]);
    assert_eq!(verdict.findings[0].evidence, [last]);
}
