//! Loops of agents: which tool is called when, and that loops end.

use mock_claude::{Config, MockClaude, Options};
use serde_json::{Value, json};

use crate::support::*;

fn tool(name: &str) -> Value {
    json!({"name": name, "input_schema": {"type": "object", "properties": {
        "city": {"type": "string"}, "days": {"type": "integer"}, "in_background": {"type": "boolean"}},
        "required": ["city"]}})
}

/// Lets an agent run until it is answered in words or by the tool `last`, and names what it called.
async fn run(
    mock: &MockClaude,
    tools: &[Value],
    choice: &str,
    question: &str,
    last: &str,
) -> Vec<String> {
    let mut turns = vec![json!({"role": "user", "content": question})];
    let mut called = Vec::new();
    for _ in 0..10 {
        let body = json!({"model": MODEL, "max_tokens": 1000, "tools": tools,
            "tool_choice": {"type": choice}, "messages": turns});
        let answer = ask(mock, &body).await.unwrap().json();
        let content = answer["content"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"))
            .clone();
        let Some(call) = content.iter().find(|block| block["type"] == "tool_use") else {
            return called;
        };
        called.push(call["name"].as_str().unwrap().to_owned());
        if call["name"] == last {
            return called;
        }
        turns.push(json!({"role": "assistant", "content": content}));
        turns.push(json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": call["id"], "content": "done"}]}));
    }
    panic!("no end: {called:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_not_asked_again_and_loops_end() {
    let mock = mock(config());
    let question = "What is the weather in Pune, and what does the calendar say?";
    let three = [
        tool("get_weather"),
        tool("read_calendar"),
        tool("final_result"),
    ];
    assert_eq!(
        run(&mock, &three, "any", question, "final_result").await,
        ["get_weather", "read_calendar", "final_result"]
    );
    assert_eq!(
        run(&mock, &three, "auto", question, "").await,
        ["get_weather", "read_calendar"]
    );
    // An output tool may be called after the type that it fills in.
    let typed = [tool("get_weather"), tool("WeatherReport")];
    assert_eq!(
        run(&mock, &typed, "any", "Weather in Pune?", "WeatherReport").await,
        ["get_weather", "WeatherReport"]
    );
    let reversed = [tool("WeatherReport"), tool("look_up")];
    assert_eq!(
        run(&mock, &reversed, "any", "Pune, please", "look_up").await,
        ["WeatherReport", "look_up"]
    );
    assert_eq!(run(&mock, &three, "auto", "Hello", "").await, [""; 0]);
    assert_eq!(run(&mock, &three, "none", question, "").await, [""; 0]);
}

/// Claude Code sends several of them before each question, and they name all of its tools.
#[tokio::test(start_paused = true)]
async fn what_an_agent_adds_to_a_question_calls_no_tool() {
    let reminder = "<system-reminder>\nUse bash and edit often.\n</system-reminder>";
    let block = |text: &str| json!({"type": "text", "text": text});
    let tools = json!([tool("bash"), tool("edit"), tool("read")]);
    let called = async |content: Value| {
        let body = json!({"model": MODEL, "max_tokens": 1000, "tools": tools,
            "messages": [{"role": "user", "content": content}]});
        let answer = ask(&mock(config()), &body).await.unwrap().json();
        answer["content"][0]["name"].as_str().map(str::to_owned)
    };
    let with_words = json!([block(reminder), block("Read notes.txt")]);
    assert_eq!(called(with_words).await.as_deref(), Some("read"));
    let alone = json!([block("<task>Edit the notes</task>")]);
    assert_eq!(called(alone).await.as_deref(), Some("edit"));
}

#[tokio::test(start_paused = true)]
async fn a_new_question_may_call_the_same_tool_again() {
    let mock = mock(config());
    let call = json!([{"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}]);
    let result = json!([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "31"}]);
    let body = json!({"model": MODEL, "max_tokens": 1000, "tools": [tool("get_weather")], "messages": [
        {"role": "user", "content": "Weather in Pune?"}, {"role": "assistant", "content": call},
        {"role": "user", "content": result}, {"role": "assistant", "content": "31 degrees"},
        {"role": "user", "content": "And the weather in Goa?"}]});
    let answer = ask(&mock, &body).await.unwrap().json();
    assert_eq!(answer["stop_reason"], "tool_use", "{answer}");
}

#[tokio::test(start_paused = true)]
async fn flags_stay_off_and_the_apis_own_tools_get_plausible_input() {
    let mock = mock(config());
    for i in 0..40 {
        let mut body = body(&format!("Weather number {i}?"), false);
        body["tools"] = json!([tool("get_weather")]);
        let answer = ask(&mock, &body).await.unwrap().json();
        assert_eq!(
            answer["content"][0]["input"].get("in_background"),
            None,
            "{answer}"
        );
    }
    for (kind, name, key) in [
        ("bash_20250124", "bash", "command"),
        (
            "text_editor_20250728",
            "str_replace_based_edit_tool",
            "path",
        ),
        ("memory_20250818", "memory", "path"),
        ("computer_20250124", "computer", "action"),
    ] {
        let mut body = body("Hello", false);
        body["tools"] = json!([{"type": kind, "name": name}]);
        body["tool_choice"] = json!({"type": "tool", "name": name});
        let answer = ask(&mock, &body).await.unwrap().json();
        assert!(answer["content"][0]["input"][key].is_string(), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn tools_that_the_api_runs_are_never_left_to_the_client() {
    let mock = mock(config());
    for (kind, name, result) in [
        (
            "web_search_20250305",
            "web_search",
            Some("web_search_tool_result"),
        ),
        (
            "web_fetch_20250910",
            "web_fetch",
            Some("web_fetch_tool_result"),
        ),
        (
            "code_execution_20250522",
            "code_execution",
            Some("code_execution_tool_result"),
        ),
        (
            "code_execution_20250825",
            "code_execution",
            Some("bash_code_execution_tool_result"),
        ),
        (
            "tool_search_tool_regex_20251119",
            "tool_search_tool_regex",
            None,
        ),
    ] {
        for stream in [false, true] {
            let mut body = body("Hello", stream);
            body["tools"] = json!([{"type": kind, "name": name}]);
            body["tool_choice"] = json!({"type": "any"});
            let answer = ask(&mock, &body).await.unwrap();
            let blocks: Vec<Value> = if stream {
                let events = answer.events().into_iter();
                events
                    .filter(|event| event["type"] == "content_block_start")
                    .map(|event| event["content_block"].clone())
                    .collect()
            } else {
                answer.json()["content"].as_array().unwrap().clone()
            };
            let kinds: Vec<&str> = blocks
                .iter()
                .map(|block| block["type"].as_str().unwrap())
                .collect();
            match result {
                Some(result) => assert_eq!(kinds, ["server_tool_use", result, "text"]),
                None => assert_eq!(kinds, ["text"]),
            }
            if result.is_some() {
                assert_eq!(blocks[0]["id"], blocks[1]["tool_use_id"]);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn threads_are_refused_with_the_code_on_which_sdks_fall_back() {
    let mock = mock(config());
    let mut request = request(&{
        let mut body = body(SOURCE, false);
        body["thread"] = json!({"type": "create"});
        body
    });
    let beta = "message-threads-2026-08-12".parse().unwrap();
    request.headers_mut().insert("anthropic-beta", beta);
    let refused = send(&mock, request).await.unwrap();
    assert_eq!(refused.status, 400);
    let code = &refused.json()["error"]["details"]["error_code"];
    assert_eq!(code, "thread_unsupported_request");
}

#[tokio::test(start_paused = true)]
async fn limits_are_shown_as_they_were_at_admission() {
    let limited = Config {
        limits: limits(50, 100_000, 100_000),
        ..config()
    };
    let mock = mock(limited);
    let remaining = "anthropic-ratelimit-requests-remaining";
    // Each answer takes six seconds, in which the bucket is filled again.
    for _ in 0..2 {
        let answer = forced(&mock, false, &[]).await.unwrap();
        assert_eq!(answer.header(remaining), "49");
    }
    let both = [body("def a(): pass", false), body("def b(): pass", false)];
    let (one, two) = tokio::join!(ask(&mock, &both[0]), ask(&mock, &both[1]));
    assert_eq!(
        (
            one.unwrap().header(remaining),
            two.unwrap().header(remaining)
        ),
        ("49", "48")
    );
    let refused = forced(&mock, false, &[("x-mock-fault", "rate_limit")])
        .await
        .unwrap();
    assert_eq!(
        (refused.status.as_u16(), refused.header(remaining)),
        (429, "0")
    );
    let unlimited = with_options(config(), Options::default());
    let refused = forced(&unlimited, false, &[("x-mock-fault", "rate_limit")])
        .await
        .unwrap();
    assert!(refused.headers.get(remaining).is_none());
    assert!(!refused.text.contains("rate limit of"), "{}", refused.text);
}
