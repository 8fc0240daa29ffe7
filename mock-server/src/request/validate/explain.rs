//! Words for a body that could not be read: the slow way, taken only for bad requests.

use serde_json::{Map, Value};

use super::super::message::MessagesRequest;
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
        let mut reader = serde_json::Deserializer::from_slice(body);
        let read = serde_path_to_error::deserialize::<_, MessagesRequest<'_>>(&mut reader);
        match read {
            Err(wrong) => {
                let path = wrong.path().to_string().replace('[', ".").replace(']', "");
                in_words(path.trim_start_matches('.'), &wrong.inner().to_string())
            }
            // It was read this time, so that there is nothing left to say about its shape.
            Ok(_) => in_words("", &error.to_string()),
        }
    })
}

/// The reader's `text` about the field at `path`, in the API's words.
fn in_words(path: &str, text: &str) -> String {
    let text = text.split(" at line ").next().unwrap_or(text);
    let quoted = |start: &str| text.strip_prefix(start)?.split('`').next();
    // The reader's path already ends with a field that it does not know.
    let named = |name: &str| match path {
        "" | "." => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    if let Some(name) = quoted("missing field `") {
        return format!("{}: Field required", named(name));
    }
    if let Some(name) = quoted("unknown field `") {
        return format!("{}: {EXTRA}", named(name));
    }
    let expected = text
        .rsplit_once("expected ")
        .map_or("", |(_, expected)| expected);
    let words = match expected {
        _ if text.starts_with("unknown variant") => choices(expected),
        "u64" | "u32" if text.contains("integer `-") => {
            "Input should be greater than or equal to 0".to_owned()
        }
        "u64" | "u32" | "usize" | "i64" => "Input should be a valid integer".to_owned(),
        "f64" | "f32" => "Input should be a valid number".to_owned(),
        "a boolean" => "Input should be a valid boolean".to_owned(),
        "a sequence" => "Input should be a valid list".to_owned(),
        expected if expected.starts_with("struct ") || expected == "a map" => {
            "Input should be a valid dictionary".to_owned()
        }
        "a string or a list of content blocks" => {
            "Input should be a valid string or list".to_owned()
        }
        expected if expected.contains("string") => "Input should be a valid string".to_owned(),
        _ => "Input is not valid".to_owned(),
    };
    match path {
        "" | "." => format!("Invalid request body: {words}"),
        path => format!("{path}: {words}"),
    }
}

/// "`a`, `b`" or "one of `a`, `b`, `c`" as a list of choices.
fn choices(expected: &str) -> String {
    let names: Vec<String> = expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|name| format!("'{name}'"))
        .collect();
    match names.split_last() {
        Some((last, [])) => format!("Input should be {last}"),
        Some((last, others)) => format!("Input should be {} or {last}", others.join(", ")),
        None => "Input is not valid".to_owned(),
    }
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
    if let Some(mistake) = fields
        .get("system")
        .filter(|system| !system.is_null())
        .and_then(content_mistake)
    {
        return Some(format!("system{mistake}"));
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
    let is_system = fields.get("role").is_some_and(|role| role == "system");
    let may_lack_content = is_system && fields.contains_key("output_config");
    for name in ["role", "content"] {
        let may_lack = may_lack_content && name == "content";
        if !may_lack && !fields.contains_key(name) {
            return Some(format!(".{name}: Field required"));
        }
    }
    if !["user", "assistant", "system"]
        .iter()
        .any(|role| fields["role"] == *role)
    {
        return Some(".role: Input should be 'user', 'assistant' or 'system'".to_owned());
    }
    let known = ["role", "content", "clear_at", "output_config"];
    if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Some(format!(".{name}: {EXTRA}"));
    }
    let mistake = fields.get("content").and_then(content_mistake);
    mistake.map(|mistake| format!(".content{mistake}"))
}

/// What is wrong with a string or a list of blocks, and where below it.
fn content_mistake(content: &Value) -> Option<String> {
    match content {
        Value::String(_) => None,
        Value::Array(blocks) => blocks
            .iter()
            .enumerate()
            .find_map(|(j, block)| block_mistake(block).map(|words| format!(".{j}{words}"))),
        _ => Some(": Input should be a valid string or list".to_owned()),
    }
}

/// Fields of blocks that are texts.
const TEXTS: [&str; 8] = [
    "text",
    "thinking",
    "signature",
    "id",
    "name",
    "tool_use_id",
    "title",
    "context",
];

fn block_mistake(block: &Value) -> Option<String> {
    let Value::Object(fields) = block else {
        return Some(": Input should be a valid dictionary".to_owned());
    };
    let kind = match fields.get("type") {
        None => return Some(".type: Field required".to_owned()),
        Some(Value::String(kind)) => kind,
        Some(_) => return Some(".type: Input should be a valid string".to_owned()),
    };
    let is_odd = |name: &&&str| {
        fields
            .get(**name)
            .is_some_and(|value| !value.is_string() && !value.is_null())
    };
    if let Some(name) = TEXTS.iter().find(is_odd) {
        return Some(format!(".{kind}.{name}: Input should be a valid string"));
    }
    let mark = fields.get("cache_control").filter(|mark| !mark.is_null());
    if let Some(words) = mark.and_then(cache_mistake) {
        return Some(format!(".{kind}.cache_control{words}"));
    }
    let inner = fields.get("content").filter(|inner| !inner.is_null());
    inner
        .filter(|_| kind == "tool_result")
        .and_then(content_mistake)
        .map(|mistake| format!(".{kind}.content{mistake}"))
}

fn cache_mistake(mark: &Value) -> Option<String> {
    let Value::Object(fields) = mark else {
        return Some(": Input should be a valid dictionary".to_owned());
    };
    match (fields.get("type"), fields.get("ttl")) {
        (None, _) => Some(".type: Field required".to_owned()),
        (Some(kind), _) if kind != "ephemeral" => {
            Some(".type: Input should be 'ephemeral'".to_owned())
        }
        (_, Some(ttl)) if ttl != "5m" && ttl != "1h" => {
            Some(".ephemeral.ttl: Input should be '5m' or '1h'".to_owned())
        }
        _ => fields
            .keys()
            .find(|name| !["type", "ttl"].contains(&name.as_str()))
            .map(|name| format!(".{name}: {EXTRA}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readers_words_become_the_apis() {
        for (path, text, words) in [
            (
                "thinking",
                "missing field `type` at line 1 column 2",
                "thinking.type: Field required",
            ),
            (
                "tool_choice.type",
                "invalid type: integer `1`, expected a string",
                "tool_choice.type: Input should be a valid string",
            ),
            (
                "tools",
                "invalid type: map, expected a sequence",
                "tools: Input should be a valid list",
            ),
            (
                "a.b",
                "unknown variant `x`, expected `y` or `z`",
                "a.b: Input should be 'y' or 'z'",
            ),
            (
                "thinking.budget_tokens",
                "invalid value: integer `-1`, expected u64",
                "thinking.budget_tokens: Input should be greater than or equal to 0",
            ),
            (
                "",
                "unknown field `x`, expected one of `y`",
                "x: Extra inputs are not permitted",
            ),
        ] {
            assert_eq!(in_words(path, text), words);
        }
    }
}
