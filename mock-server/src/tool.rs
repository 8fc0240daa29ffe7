//! Calls of tools: the input is made up from the tool's schema.

use serde_json::{Map, Value, json};

use crate::ids;
use crate::mix::digest;
use crate::request::{MessagesRequest, Tool};
use crate::wire::Content;

/// The call that the request forces by its `tool_choice`, if it does.
pub(crate) fn call(request: &MessagesRequest<'_>, call: &str) -> Option<Content> {
    let choice = request.tool_choice.as_ref()?;
    let wanted = match choice.kind.as_ref() {
        "any" => None,
        "tool" => choice.name.as_deref(),
        _ => return None,
    };
    let tool = request.tools.iter().flatten().find_map(|raw| {
        let tool: Tool<'_> = serde_json::from_str(raw.get()).ok()?;
        (wanted.is_none() || tool.name.as_deref() == wanted).then_some(tool)
    })?;
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

/// Schemas nest and may refer to themselves; deeper levels are left empty.
const MAX_DEPTH: usize = 8;

/// A value that fits the commonest parts of JSON Schema.
fn example(schema: &Value, depth: usize) -> Value {
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
