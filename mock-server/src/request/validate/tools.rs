//! Mistakes in the tools that a request offers, and in how they may be used.

use std::collections::BTreeSet;

use super::super::message::{MessagesRequest, Tool};
use super::rules::tag_mistake;

/// As the API documents it.
const MAX_NAME: usize = 128;

pub(super) fn mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let mut names = BTreeSet::new();
    for (i, raw) in request.tools.iter().flatten().enumerate() {
        let Ok(tool) = serde_json::from_str::<Tool<'_>>(raw.get()) else {
            return Some(format!("tools.{i}: Input should be a valid dictionary"));
        };
        if let Some(mistake) = tool_mistake(&tool) {
            return Some(format!("tools.{i}.{mistake}"));
        }
        if let Some(name) = tool.name
            && !names.insert(name.into_owned())
        {
            return Some("tools: Tool names must be unique.".to_owned());
        }
    }
    choice_mistake(request, &names)
}

/// What is wrong with a tool of the client's own; the API's server tools are not looked at.
fn tool_mistake(tool: &Tool<'_>) -> Option<String> {
    if tool.kind.as_deref().is_some_and(|kind| kind != "custom") {
        return None;
    }
    let Some(name) = tool.name.as_deref() else {
        return Some("custom.name: Field required".to_owned());
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(allowed) {
        return Some(format!(
            "custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,{MAX_NAME}}}$'"
        ));
    }
    match &tool.input_schema {
        None => Some("custom.input_schema: Field required".to_owned()),
        Some(schema) if !schema.is_object() => {
            Some("custom.input_schema: Input should be a valid dictionary".to_owned())
        }
        Some(schema) if schema.get("type").is_none() => {
            Some("custom.input_schema.type: Field required".to_owned())
        }
        Some(schema) if schema["type"] != "object" => {
            Some("custom.input_schema.type: Input should be 'object'".to_owned())
        }
        Some(_) => None,
    }
}

fn choice_mistake(request: &MessagesRequest<'_>, names: &BTreeSet<String>) -> Option<String> {
    let choice = request.tool_choice.as_ref()?;
    match (choice.kind.as_ref(), choice.name.as_deref()) {
        ("any" | "tool", _) if request.tools.as_ref().is_none_or(Vec::is_empty) => {
            Some("tool_choice: `tools` must be given when `tool_choice` is".to_owned())
        }
        ("tool", None) => Some("tool_choice.tool.name: Field required".to_owned()),
        ("tool", Some(name)) if !names.contains(name) => {
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
