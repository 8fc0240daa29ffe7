//! Calls of tools: forced, chosen, streamed, answered, and structured answers beside them.

use serde_json::{Value, json};

use crate::support::*;

fn with_weather(body: &mut Value, question: &str) {
    body["tools"] = json!([{ "name": "get_weather", "input_schema":
        { "type": "object", "properties": { "city": { "type": "string" } } } }]);
    body["messages"] = json!([{ "role": "user", "content": question }]);
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_called_when_the_question_speaks_of_it_and_its_result_is_answered_in_words() {
    let mock = mock(config());
    let question = "What is the weather in Pune?";
    let answer = message(&mock, |body| with_weather(body, question))
        .await
        .json();
    assert_eq!(answer["stop_reason"], "tool_use");
    let call = &answer["content"][0];
    assert_eq!(call["name"], "get_weather");
    let after = message(&mock, |body| {
        with_weather(body, question);
        let result =
            json!([{ "type": "tool_result", "tool_use_id": call["id"], "content": "31 degrees" }]);
        let turns = body["messages"].as_array_mut().unwrap();
        turns.push(json!({ "role": "assistant", "content": answer["content"] }));
        turns.push(json!({ "role": "user", "content": result }));
    })
    .await
    .json();
    assert_eq!(after["stop_reason"], "end_turn");
    let other = message(&mock, |body| with_weather(body, "What is the time?"))
        .await
        .json();
    assert_eq!(other["stop_reason"], "end_turn");
    let never = message(&mock, |body| {
        with_weather(body, question);
        body["tool_choice"] = json!({ "type": "none" });
    });
    assert_eq!(never.await.json()["stop_reason"], "end_turn");
}

#[tokio::test(start_paused = true)]
async fn tools_bring_a_hidden_prompt_that_is_longer_when_a_call_is_forced() {
    let mock = mock(config());
    let input = async |choice: Option<&str>| {
        let answer = message(&mock, |body| {
            with_weather(body, "What is the time?");
            if let Some(kind) = choice {
                body["tool_choice"] = json!({ "type": kind });
            }
        });
        answer.await.json()["usage"]["input_tokens"]
            .as_u64()
            .unwrap()
    };
    let (auto, forced) = (input(None).await, input(Some("any")).await);
    assert_eq!(forced - auto, 474 - 354);
    assert!(auto > 354);
}

#[tokio::test(start_paused = true)]
async fn a_forced_call_streams_as_on_the_wire() {
    let mock = mock(config());
    let events = message(&mock, |body| {
        with_weather(body, "Go.");
        body["tool_choice"] = json!({ "type": "tool", "name": "get_weather" });
        body["stream"] = json!(true);
    })
    .await
    .events();
    assert_eq!(events[0]["message"]["usage"]["output_tokens"], 26);
    assert_eq!(events[1]["content_block"]["input"], json!({}));
    assert_eq!(
        events[1]["content_block"]["caller"],
        json!({ "type": "direct" })
    );
    assert_eq!(events[2]["type"], "ping");
    assert_eq!(events[3]["delta"]["partial_json"], "");
    let parts = events
        .iter()
        .filter_map(|event| event["delta"]["partial_json"].as_str());
    let input: Value = serde_json::from_str(&parts.collect::<String>()).unwrap();
    assert_eq!(input, json!({ "city": "example" }));
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_a_wanted_form_fits_its_schema() {
    let mock = mock(config());
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" }, "lines": { "type": "integer" } }, "required": ["name", "lines"] });
    let answer = message(&mock, |body| {
        body["output_config"] = json!({ "format": { "type": "json_schema", "schema": schema } });
    })
    .await
    .json();
    let text = answer["content"][0]["text"].as_str().unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value, json!({ "name": "example", "lines": 1 }));
}

#[tokio::test(start_paused = true)]
async fn calls_and_results_must_match() {
    let mock = mock(config());
    let call = |id: &str| json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": id, "name": "f", "input": {} }] });
    let result = |id: &str| json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": id }] });
    let ask = |text: &str| json!({ "role": "user", "content": text });
    let refused = async |turns: Value| {
        let answer = message(&mock, |body| body["messages"] = turns).await;
        (answer.status.as_u16(), answer.text)
    };
    let (status, text) = refused(json!([ask("go"), call("a"), ask("well?")])).await;
    assert_eq!(status, 400);
    assert!(
        text.contains("messages.1: `tool_use` ids were found without `tool_result`"),
        "{text}"
    );
    let (_, text) = refused(json!([ask("go"), call("a"), result("b")])).await;
    assert!(
        text.contains("messages.2.content.0: unexpected `tool_use_id`"),
        "{text}"
    );
    let (_, text) = refused(json!([result("a")])).await;
    assert!(text.contains("messages.0.content.0: unexpected"), "{text}");
    // Turns of one role are one turn.
    let split = json!([ask("go"), call("a"), call("b"), result("a"), result("b")]);
    assert_eq!(refused(split).await.0, 200);
    let tool = |tools: Value| message(&mock, move |body| body["tools"] = tools);
    let twice = json!({ "name": "f", "input_schema": { "type": "object" } });
    for (tools, expected) in [
        (
            json!([{ "input_schema": {} }]),
            "tools.0.custom.name: Field required",
        ),
        (
            json!([{ "name": "a b", "input_schema": {} }]),
            "tools.0.custom.name: String should match",
        ),
        (
            json!([{ "name": "f" }]),
            "tools.0.custom.input_schema: Field required",
        ),
        (
            json!([{ "name": "f", "input_schema": {} }]),
            "tools.0.custom.input_schema.type: Field required",
        ),
        (json!([twice, twice]), "tools: Tool names must be unique."),
    ] {
        let answer = tool(tools).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains(expected), "{}", answer.text);
    }
}
