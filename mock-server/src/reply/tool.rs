//! Calls of tools: the input is made up from the tool's schema.

use ground::chance::digest;
use serde_json::{Map, Value, json};

use crate::request::{MessagesRequest, Tool};

use super::content::Content;
use super::ids;
use super::thinking;

/// The call of a tool that answers `request`, if one does: the tool that `tool_choice` forces, or,
/// where the model may choose, the first tool that the `prompt` speaks of.
pub(crate) fn call(request: &MessagesRequest<'_>, call: &str, prompt: &str) -> Option<Content> {
    let tools = request.tools.iter().flatten();
    let mut tools = tools.filter_map(|raw| serde_json::from_str::<Tool<'_>>(raw.get()).ok());
    let choice = request.tool_choice.as_ref();
    let kind = choice.map_or("auto", |choice| choice.kind.as_ref());
    let wanted = choice.and_then(|choice| choice.name.as_deref());
    let tool = match kind {
        "any" => tools.next(),
        "tool" => tools.find(|tool| tool.name.as_deref() == wanted),
        // What a tool found is answered in words.
        "auto" if !thinking::follows_a_tool(request) => {
            tools.find(|tool| is_named_in(tool, prompt))
        }
        _ => None,
    }?;
    let input = tool
        .input_schema
        .as_ref()
        .map_or_else(|| json!({}), |schema| example(schema, 0));
    Some(Content::Tool {
        id: ids::tool_use(digest(call.as_bytes())),
        name: tool.name?.into_owned(),
        input: input.to_string(),
    })
}

/// Whether `prompt` has a word of the tool's name in it, as "weather" of `get_weather`; short words
/// such as "get" do not count.
fn is_named_in(tool: &Tool<'_>, prompt: &str) -> bool {
    let (prompt, name) = (prompt.to_lowercase(), tool.name.as_deref().unwrap_or(""));
    let mut words = name.split(['_', '-']).filter(|word| word.len() > 3);
    words.any(|word| prompt.contains(&word.to_lowercase()))
}

/// Schemas nest and may refer to themselves; deeper levels are left empty.
const MAX_DEPTH: usize = 8;

/// A value that fits the commonest parts of JSON Schema.
pub(crate) fn example(schema: &Value, depth: usize) -> Value {
    if let Some(first) = schema["enum"].get(0).or_else(|| schema.get("const")) {
        return first.clone();
    }
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") => json!("example"),
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1.5)),
        Some("boolean") => json!(true),
        Some("array") if depth < MAX_DEPTH => json!([example(&schema["items"], depth + 1)]),
        Some("array") => json!([]),
        Some("null") => Value::Null,
        _ => {
            let properties = schema["properties"]
                .as_object()
                .filter(|_| depth < MAX_DEPTH);
            let fields = properties.into_iter().flatten();
            let examples = fields.map(|(name, part)| (name.clone(), example(part, depth + 1)));
            Value::Object(examples.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_fits_the_schema() {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "string"}, "unit": {"enum": ["c", "f"]},
            "days": {"type": "array", "items": {"type": "integer", "minimum": 3}},
        }});
        let expected = json!({"city": "example", "unit": "c", "days": [3]});
        assert_eq!(example(&schema, 0), expected);
    }
}
