//! Which requests the API refuses, and in which words: `path.to.field: Explanation`.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::request::{Block, Content, MessagesRequest, Role};

/// What the checks depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Version 2026-10-21 or later: sampling parameters are gone.
    pub(crate) strict_version: bool,
    /// `count_tokens` knows no `max_tokens`.
    pub(crate) counting: bool,
    /// Fields of beta features are known.
    pub(crate) beta: bool,
    /// Only the shape counts, not the meaning.
    pub(crate) lenient: bool,
}

/// Reads a body, or says what is wrong with it.
pub(crate) fn parse(body: &[u8], rules: Rules) -> Result<MessagesRequest<'_>, ApiError> {
    // Checked once as a whole, the text need not be checked again string by string.
    let read = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    };
    let request: MessagesRequest<'_> =
        read.map_err(|error| ApiError::invalid(explain(body, &error)))?;
    if !rules.counting && request.max_tokens.is_none() {
        return Err(ApiError::invalid("max_tokens: Field required"));
    }
    if rules.lenient {
        return Ok(request);
    }
    match mistake(&request, rules) {
        Some(message) => Err(ApiError::invalid(message)),
        None => Ok(request),
    }
}

const MAX_MESSAGES: usize = 100_000;
const MAX_BREAKPOINTS: usize = 4;
const MIN_THINKING_TOKENS: u64 = 1024;
const EXTRA: &str = "Extra inputs are not permitted";

fn mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    if request.messages.is_empty() {
        return Some("messages: at least one message is required".to_owned());
    }
    if request.messages.len() > MAX_MESSAGES {
        return Some(format!(
            "messages: List should have at most {MAX_MESSAGES} items"
        ));
    }
    beta_mistake(request, rules)
        .or_else(|| sampling_mistake(request, rules))
        .or_else(|| thinking_mistake(request))
        .or_else(|| tool_mistake(request))
        .or_else(|| zero_tokens_mistake(request))
        .or_else(|| content_mistake(request, rules))
        .or_else(|| breakpoints_mistake(request))
}

fn beta_mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    if !rules.beta {
        return request.beta_field().map(|name| format!("{name}: {EXTRA}"));
    }
    // There are no user profiles here, and the API never bills the caller instead.
    let policy = request.billing_policy.as_ref()?;
    (policy.bill_to.as_deref() == Some("user_profile")).then(|| {
        "billing_policy.bill_to: the user profile has not allowed this organization to bill it"
            .to_owned()
    })
}

fn sampling_mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    let given = [
        ("temperature", request.temperature),
        ("top_p", request.top_p),
        ("top_k", request.top_k.map(|k| k as f64)),
    ];
    if rules.strict_version {
        let (name, _) = given.iter().find(|(_, value)| value.is_some())?;
        return Some(format!("{name}: {EXTRA}"));
    }
    let (name, value) = given[..2]
        .iter()
        .find(|(_, v)| v.is_some_and(|v| !(0.0..=1.0).contains(&v)))?;
    let bound = if value.is_some_and(|v| v < 0.0) {
        "greater than or equal to 0"
    } else {
        "less than or equal to 1"
    };
    Some(format!("{name}: Input should be {bound}"))
}

fn thinking_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let thinking = request.thinking.as_ref()?;
    match (thinking.kind.as_str(), thinking.budget_tokens) {
        ("enabled", None) => Some("thinking.enabled.budget_tokens: Field required".to_owned()),
        ("enabled", Some(budget)) if budget < MIN_THINKING_TOKENS => Some(format!(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to {MIN_THINKING_TOKENS}"
        )),
        ("enabled", Some(budget)) if request.max_tokens.is_some_and(|max| budget >= max) => {
            Some("`max_tokens` must be greater than `thinking.budget_tokens`.".to_owned())
        }
        ("enabled" | "adaptive" | "disabled" | "between_tools", _) => None,
        (other, _) => Some(tag_mistake(
            "thinking",
            other,
            "'adaptive', 'between_tools', 'disabled', 'enabled'",
        )),
    }
}

fn tool_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let choice = request.tool_choice.as_ref()?;
    let named = |name: &str| {
        request.tools.iter().flatten().any(|tool| {
            serde_json::from_str::<crate::request::Tool<'_>>(tool.get())
                .is_ok_and(|tool| tool.name.as_deref() == Some(name))
        })
    };
    match (choice.kind.as_ref(), choice.name.as_deref()) {
        ("any" | "tool", _) if request.tools.as_ref().is_none_or(Vec::is_empty) => {
            Some("tool_choice: `tools` must be given when `tool_choice` is".to_owned())
        }
        ("tool", None) => Some("tool_choice.tool.name: Field required".to_owned()),
        ("tool", Some(name)) if !named(name) => {
            Some(format!("Tool '{name}' not found in provided tools"))
        }
        ("auto" | "any" | "tool" | "none", _) => None,
        (other, _) => Some(tag_mistake(
            "tool_choice",
            other,
            "'any', 'auto', 'none', 'tool'",
        )),
    }
}

/// `max_tokens: 0` only warms the cache.
fn zero_tokens_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let forced = request
        .tool_choice
        .as_ref()
        .is_some_and(|c| c.kind == "any" || c.kind == "tool");
    let bad = request.max_tokens == Some(0) && (request.stream == Some(true) || forced);
    bad.then(|| "max_tokens: 0 is not supported with `stream` or a forced `tool_choice`".to_owned())
}

fn content_mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    for (i, message) in request.messages.iter().enumerate() {
        match &message.content {
            Content::Text(text) if text.is_empty() => {
                return Some("messages: text content blocks must be non-empty".to_owned());
            }
            Content::Text(_) => {}
            Content::Blocks(blocks) => {
                for (j, block) in blocks.iter().enumerate() {
                    if let Some(mistake) = block_mistake(block, message.role, rules) {
                        return Some(
                            mistake.replace("{path}", &format!("messages.{i}.content.{j}")),
                        );
                    }
                }
            }
        }
    }
    None
}

/// Block types of requests. Server tools add more of the form `…_tool_use` and `…_tool_result`.
const BLOCKS: [&str; 9] = [
    "text",
    "image",
    "document",
    "search_result",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "tool_result",
    "container_upload",
];

fn block_mistake(block: &Block<'_>, role: Role, rules: Rules) -> Option<String> {
    let kind = block.kind.as_ref();
    let known = BLOCKS.contains(&kind)
        || ["_tool_use", "_tool_result", "_reference"]
            .iter()
            .any(|end| kind.ends_with(end));
    if !known {
        let tags = BLOCKS.map(|tag| format!("'{tag}'")).join(", ");
        return Some(tag_mistake("{path}", kind, &tags));
    }
    if kind == "text" {
        match block.text.as_deref() {
            None => return Some("{path}.text.text: Field required".to_owned()),
            Some("") => return Some("messages: text content blocks must be non-empty".to_owned()),
            Some(_) => {}
        }
    }
    let cited = block
        .citations
        .is_some_and(|c| c.get().starts_with('[') && c.get() != "[]");
    if rules.strict_version && kind == "text" && role == Role::User && cited {
        return Some(format!("{{path}}.text.citations: {EXTRA}"));
    }
    if rules.strict_version && kind == "document" && role == Role::Assistant {
        return Some("{path}: document blocks are not permitted in assistant messages".to_owned());
    }
    None
}

fn breakpoints_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let in_content = |content: &Content<'_>| match content {
        Content::Text(_) => 0,
        Content::Blocks(blocks) => blocks.iter().filter(|b| b.cache_control.is_some()).count(),
    };
    let messages: usize = request
        .messages
        .iter()
        .map(|m| in_content(&m.content))
        .sum();
    let tools = request
        .tools
        .iter()
        .flatten()
        .filter(|t| t.get().contains("\"cache_control\""))
        .count();
    let found = messages
        + tools
        + request.system.as_ref().map_or(0, in_content)
        + usize::from(request.cache_control.is_some());
    (found > MAX_BREAKPOINTS).then(|| {
        format!(
            "A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {found}."
        )
    })
}

fn tag_mistake(path: &str, found: &str, expected: &str) -> String {
    format!(
        "{path}: Input tag '{found}' found using 'type' does not match any of the expected tags: \
         {expected}"
    )
}

/// Words for a body that could not be read: the slow way, taken only for bad requests.
fn explain(body: &[u8], error: &serde_json::Error) -> String {
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
