//! Words for a body that could not be read: the slow way, taken only for bad requests.

use serde_json::{Map, Value};

use super::rules::EXTRA;

/// What is wrong with `body`, which could not be read because of `error`.
pub(super) fn explain(body: &[u8], error: &serde_json::Error) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return format!("The request body is not valid JSON: {error}");
    };
    let Value::Object(fields) = value else {
        return "Input should be a valid dictionary".to_owned();
    };
    shape_mistake(&fields).unwrap_or_else(|| {
        // What remains are unknown fields and odd nested shapes.
        let text = error.to_string();
        let unknown = text
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split('`').next());
        match unknown {
            Some(name) if fields.contains_key(name) => format!("{name}: {EXTRA}"),
            _ => format!("Invalid request body: {text}"),
        }
    })
}

/// A field, what it must be, and the words if it is not.
type Check = (&'static str, fn(&Value) -> bool, &'static str);

fn shape_mistake(fields: &Map<String, Value>) -> Option<String> {
    for name in ["model", "messages"] {
        if !fields.contains_key(name) {
            return Some(format!("{name}: Field required"));
        }
    }
    if !fields["model"].is_string() {
        return Some("model: Input should be a valid string".to_owned());
    }
    match fields.get("max_tokens") {
        None => {}
        Some(Value::Number(n)) if n.as_i64().is_some_and(|n| n < 0) => {
            return Some("max_tokens: Input should be greater than or equal to 0".to_owned());
        }
        Some(value) if !value.is_u64() => {
            return Some("max_tokens: Input should be a valid integer".to_owned());
        }
        Some(_) => {}
    }
    let simple: [Check; 5] = [
        (
            "stream",
            Value::is_boolean,
            "Input should be a valid boolean",
        ),
        (
            "temperature",
            Value::is_number,
            "Input should be a valid number",
        ),
        ("top_p", Value::is_number, "Input should be a valid number"),
        ("top_k", Value::is_u64, "Input should be a valid integer"),
        (
            "stop_sequences",
            Value::is_array,
            "Input should be a valid list",
        ),
    ];
    for (name, is_right, words) in simple {
        if fields
            .get(name)
            .is_some_and(|value| !value.is_null() && !is_right(value))
        {
            return Some(format!("{name}: {words}"));
        }
    }
    let Value::Array(messages) = &fields["messages"] else {
        return Some("messages: Input should be a valid list".to_owned());
    };
    messages.iter().enumerate().find_map(|(i, message)| {
        message_mistake(message).map(|mistake| format!("messages.{i}{mistake}"))
    })
}

fn message_mistake(message: &Value) -> Option<String> {
    let Value::Object(fields) = message else {
        return Some(": Input should be a valid dictionary".to_owned());
    };
    for name in ["role", "content"] {
        if !fields.contains_key(name) {
            return Some(format!(".{name}: Field required"));
        }
    }
    if !["user", "assistant", "system"]
        .iter()
        .any(|role| fields["role"] == *role)
    {
        return Some(".role: Input should be 'user', 'assistant' or 'system'".to_owned());
    }
    if let Some(name) = fields
        .keys()
        .find(|name| !["role", "content"].contains(&name.as_str()))
    {
        return Some(format!(".{name}: {EXTRA}"));
    }
    match &fields["content"] {
        Value::String(_) => None,
        Value::Array(blocks) => blocks.iter().enumerate().find_map(|(j, block)| {
            let words = match block.get("type") {
                _ if !block.is_object() => ": Input should be a valid dictionary",
                None => ".type: Field required",
                Some(kind) if !kind.is_string() => ".type: Input should be a valid string",
                Some(_) if block.get("text").is_some_and(|text| !text.is_string()) => {
                    ".text.text: Input should be a valid string"
                }
                Some(_) => return None,
            };
            Some(format!(".content.{j}{words}"))
        }),
        _ => Some(".content: Input should be a valid string or list".to_owned()),
    }
}
