//! JSON that the model writes: structured answers and inputs of tools, and documentation in them.

use ground::proof;
use serde_json::{Value, json};

use crate::support::{MODEL, ask, config, mock, request, send};
use mock_claude::MockClaude;

/// Schemas as frameworks send them.
fn schemas() -> Vec<Value> {
    let text = r##"[
        {"type": "object", "required": ["user"], "properties": {"user": {"$ref": "#/$defs/User"}},
         "$defs": {"User": {"type": "object", "required": ["email", "age", "tags"], "properties": {
            "email": {"type": "string", "format": "email"}, "age": {"type": "integer", "minimum": 18},
            "tags": {"type": "array", "minItems": 2, "uniqueItems": true, "items": {"type": "string"}}}}}},
        {"type": "object", "required": ["shape"], "properties": {"shape": {"oneOf": [
            {"type": "object", "required": ["kind", "radius"], "additionalProperties": false,
             "properties": {"kind": {"const": "circle"}, "radius": {"type": "number", "exclusiveMinimum": 0}}},
            {"type": "object", "required": ["kind", "side"], "additionalProperties": false,
             "properties": {"kind": {"const": "square"}, "side": {"type": "number", "exclusiveMinimum": 0}}}]}}},
        {"type": "object", "required": ["code", "pair", "when"], "properties": {
            "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
            "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}],
                     "minItems": 2, "maxItems": 2},
            "when": {"anyOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]}}}
    ]"##;
    serde_json::from_str(text).unwrap()
}

fn is_valid(schema: &Value, value: &Value) -> bool {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema).unwrap().is_valid(value)
}

fn question(text: &str) -> Value {
    json!({"model": MODEL, "max_tokens": 3000, "messages": [{"role": "user", "content": text}]})
}

/// The JSON of a structured answer.
async fn answered(mock: &MockClaude, body: &Value, beta: bool) -> Value {
    let mut request = request(body);
    if beta {
        let name = "structured-outputs-2025-11-13".parse().unwrap();
        request.headers_mut().insert("anthropic-beta", name);
    }
    let answer = send(mock, request).await.unwrap().json();
    let text = answer["content"][0]["text"].as_str();
    serde_json::from_str(text.unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

#[tokio::test(start_paused = true)]
async fn structured_answers_keep_their_schema_in_both_spellings() {
    let mock = mock(config());
    for schema in schemas() {
        let format = json!({"type": "json_schema", "schema": schema});
        let mut new = question("Hello");
        new["output_config"] = json!({"format": format});
        let mut old = question("Hello");
        old["output_format"] = format;
        for (body, beta) in [(new, false), (old, true)] {
            let value = answered(&mock, &body, beta).await;
            assert!(is_valid(&schema, &value), "{schema}\n{value}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn inputs_of_tools_keep_their_schema() {
    let mock = mock(config());
    for schema in schemas() {
        let mut body = question("Hello");
        body["tools"] = json!([{"name": "note", "input_schema": schema}]);
        body["tool_choice"] = json!({"type": "any"});
        let answer = ask(&mock, &body).await.unwrap().json();
        assert!(
            is_valid(&schema, &answer["content"][0]["input"]),
            "{answer}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_no_value_keeps_is_refused_and_costs_nothing() {
    let mock = mock(config());
    let mut body = question("Hello");
    body["output_config"] = json!({"format": {"type": "json_schema",
        "schema": {"type": "object", "required": ["a"], "properties": {"a": {"enum": []}}}}});
    let refused = ask(&mock, &body).await.unwrap();
    assert_eq!(refused.status, 400);
    let message = refused.json()["error"]["message"].to_string();
    assert!(
        message.contains("output_config.format.schema: no value is valid"),
        "{message}"
    );
    assert_eq!(mock.ledger().totals.cost_pico, 0);
}

const CODE: &str = "def alpha(x):\n    return x\n\ndef beta(x):\n    return x\n";

/// The symbols whose genuine codes are in `text`.
fn proven(mock: &MockClaude, text: &str) -> Vec<String> {
    let key = mock.proofs();
    let found = proof::find(text).filter(|found| key.verify(found));
    found.map(|found| found.symbol.to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn documentation_stands_in_the_form_that_is_wanted() {
    let mock = mock(config());
    let text = json!({"type": "string"});
    let entry = json!({"type": "object", "required": ["symbol", "documentation"],
        "properties": {"symbol": text, "documentation": text}});
    for schema in [
        json!({"type": "object", "required": ["markdown"], "properties": {"markdown": text}}),
        json!({"type": "object", "required": ["file_path", "notes"],
               "properties": {"file_path": text, "notes": text}}),
        json!({"type": "object", "required": ["title"], "properties": {"title": text, "body": text}}),
        json!({"type": "object", "required": ["entries"],
               "properties": {"entries": {"type": "array", "items": entry}}}),
        json!({"type": "object", "required": ["docs"], "properties": {"docs": {"type": "array", "items": text}}}),
        json!({"type": "object", "required": ["by_name"], "properties": {
            "by_name": {"type": "object", "additionalProperties": text}}}),
    ] {
        let mut forced = question(CODE);
        forced["tools"] = json!([{"name": "save", "input_schema": schema}]);
        forced["tool_choice"] = json!({"type": "tool", "name": "save"});
        let input = ask(&mock, &forced).await.unwrap().json()["content"][0]["input"].clone();
        let mut structured = question(CODE);
        structured["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
        let value = answered(&mock, &structured, false).await;
        for value in [input, value] {
            assert!(is_valid(&schema, &value), "{schema}\n{value}");
            let text = value.to_string().replace("\\n", "\n");
            assert_eq!(proven(&mock, &text), ["alpha", "beta"], "{schema}\n{value}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn code_is_read_wherever_it_stands() {
    let mock = mock(config());
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let text_document = json!({"type": "document", "title": "a.py",
        "source": {"type": "text", "media_type": "text/plain", "data": CODE}});
    let block_document = json!({"type": "document", "source": {"type": "content", "content": [
        {"type": "text", "text": CODE}]}});
    let turns = json!([{"role": "user", "content": "Read it."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": CODE}]}]);
    let system = json!([{"type": "text", "text": CODE}]);
    for (messages, system) in [
        (user(json!([text_document])), json!("Document it.")),
        (user(json!([block_document])), json!("Document it.")),
        (turns, json!("Document it.")),
        (user(json!("Document it.")), system),
    ] {
        let mut body =
            json!({"model": MODEL, "max_tokens": 3000, "messages": messages, "system": system});
        let answer = ask(&mock, &body).await.unwrap().json();
        let text = answer["content"][0]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(proven(&mock, text), ["alpha", "beta"], "{body}");
        let before = answer["usage"]["input_tokens"].as_u64().unwrap();
        // Twice the code is counted, whatever it is in.
        let twice = body.to_string().replace(
            "def alpha",
            &format!("{}def alpha", "# more\\n".repeat(400)),
        );
        body = serde_json::from_str(&twice).unwrap();
        let after = ask(&mock, &body).await.unwrap().json()["usage"]["input_tokens"]
            .as_u64()
            .unwrap();
        assert_eq!(after - before, 700, "{before} {after}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_broke_off_is_gone_on_with() {
    let mock = mock(config());
    let code: String = (0..8)
        .map(|i| format!("def f{i}(x):\n    return x\n\n"))
        .collect();
    let whole: Vec<String> = (0..8).map(|i| format!("f{i}")).collect();
    for max_tokens in [30, 75, 98, 103, 200] {
        let mut body = question(&code);
        body["max_tokens"] = json!(max_tokens);
        let first = ask(&mock, &body).await.unwrap().json();
        assert_eq!(first["stop_reason"], "max_tokens");
        let cut = first["content"][0]["text"]
            .as_str()
            .unwrap()
            .trim_end()
            .to_owned();
        let prefill =
            json!([{"role": "user", "content": code}, {"role": "assistant", "content": cut}]);
        let asked = json!([{"role": "user", "content": code}, {"role": "assistant", "content": cut},
            {"role": "user", "content": "Go on exactly where you stopped."}]);
        for messages in [prefill, asked] {
            let body = json!({"model": MODEL, "max_tokens": 3000, "messages": messages});
            let rest = ask(&mock, &body).await.unwrap().json();
            let rest = rest["content"][0]["text"].as_str().unwrap();
            let joined = format!("{cut}{rest}");
            assert_eq!(
                proven(&mock, &joined),
                whole,
                "{max_tokens}: {cut:?} + {rest:?}"
            );
            assert_eq!(joined.matches("### `f0`").count(), 1);
        }
    }
}
