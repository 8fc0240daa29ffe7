//! The opposite of a schema, as a choice of schemas that can be written.

use serde_json::{Map, Value, json};

use super::decimal::Decimal;
use super::document::Node;

/// Schemas of which any value holds one that breaks `node`. An empty schema among them means: there
/// is no telling, try and see.
pub(super) fn negate(node: Node<'_>) -> Vec<Value> {
    let Value::Object(keywords) = node.schema else {
        let opposite = !node.schema.as_bool().unwrap_or(false);
        return vec![Value::Bool(opposite)];
    };
    let mut ways: Vec<Value> = Vec::new();
    for (keyword, value) in keywords {
        ways.extend(break_keyword(keyword, value, node.schema));
    }
    if ways.is_empty() && !keywords.is_empty() && !is_only_words(keywords) {
        ways.push(json!({}));
    }
    ways
}

fn is_only_words(keywords: &Map<String, Value>) -> bool {
    let words = [
        "title",
        "description",
        "$comment",
        "examples",
        "default",
        "format",
    ];
    keywords.keys().all(|word| words.contains(&word.as_str()))
}

/// Ways to break one keyword.
fn break_keyword(keyword: &str, value: &Value, schema: &Value) -> Vec<Value> {
    let not = |schema: &Value| json!({ "not": schema });
    let list = || value.as_array().into_iter().flatten();
    let count = value.as_u64();
    let of = |kind: &str, keyword: &str, limit: Option<u64>| -> Vec<Value> {
        limit
            .map(|limit| json!({"type": kind, keyword: limit}))
            .into_iter()
            .collect()
    };
    match keyword {
        "type" => {
            let named: Vec<&str> = match value {
                Value::String(one) => vec![one],
                _ => list().filter_map(Value::as_str).collect(),
            };
            other_types(&named)
        }
        "minimum" => vec![json!({"type": "number", "exclusiveMaximum": value})],
        "maximum" => vec![json!({"type": "number", "exclusiveMinimum": value})],
        "exclusiveMinimum" if value.is_number() => vec![json!({"type": "number", "maximum": value})],
        "exclusiveMaximum" if value.is_number() => vec![json!({"type": "number", "minimum": value})],
        "multipleOf" => off_step(value),
        "minLength" => of("string", "maxLength", count.and_then(|n| n.checked_sub(1))),
        "maxLength" => of("string", "minLength", count.map(|n| n + 1)),
        "minItems" => of("array", "maxItems", count.and_then(|n| n.checked_sub(1))),
        "maxItems" => of("array", "minItems", count.map(|n| n + 1)),
        "minProperties" => of("object", "maxProperties", count.and_then(|n| n.checked_sub(1))),
        "maxProperties" => of("object", "minProperties", count.map(|n| n + 1)),
        "pattern" => vec![json!({"type": "string"})],
        "required" => list()
            .filter_map(Value::as_str)
            .map(|name| json!({"type": "object", "properties": {name: false}}))
            .collect(),
        "properties" => value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, part)| {
                json!({"type": "object", "required": [name], "properties": {name: not(part)}})
            })
            .collect(),
        "additionalProperties" | "unevaluatedProperties" | "propertyNames" => vec![json!({"type": "object", "minProperties": 1})],
        "unevaluatedItems" => vec![json!({"type": "array", "minItems": 1})],
        "items" if !value.is_array() => vec![json!({"type": "array", "contains": not(value)})],
        "contains" => vec![json!({"type": "array", "items": not(value)})],
        "uniqueItems" => vec![json!({"type": "array", "minItems": 2})],
        "allOf" => list().map(not).collect(),
        "anyOf" => vec![json!({"allOf": list().map(not).collect::<Vec<_>>()})],
        "not" => vec![value.clone()],
        "if" => {
            let branch = |keyword, condition: Value| {
                let part = schema.get(keyword)?;
                Some(json!({"allOf": [condition, not(part)]}))
            };
            let ways = [branch("then", value.clone()), branch("else", not(value))];
            ways.into_iter().flatten().collect()
        }
        "$ref" | "const" | "enum" | "oneOf" | "prefixItems" | "patternProperties"
        | "dependentRequired" | "dependentSchemas" | "$dynamicRef"
        | "minContains" | "maxContains" => {
            vec![json!({})]
        }
        _ => vec![],
    }
}

fn other_types(named: &[&str]) -> Vec<Value> {
    let all = ["string", "integer", "boolean", "object", "array", "null"];
    let is_named =
        |kind: &&str| named.contains(kind) || (*kind == "integer" && named.contains(&"number"));
    let mut others: Vec<Value> = all
        .into_iter()
        .filter(|kind| !is_named(kind))
        .map(|kind| json!({ "type": kind }))
        .collect();
    if named.contains(&"integer") && !named.contains(&"number") {
        others.push(json!({"type": "number"}));
    }
    others
}

/// A number that is no multiple of `step`: half a step off.
fn off_step(step: &Value) -> Vec<Value> {
    let half = Decimal::read(step).and_then(Decimal::half);
    let finer = half.and_then(Decimal::to_value);
    let mut ways = vec![json!({"type": "number"})];
    ways.extend(finer.map(|finer| json!({"type": "number", "multipleOf": finer})));
    ways
}
