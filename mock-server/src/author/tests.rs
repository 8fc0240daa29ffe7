use serde_json::{Value, json};

use super::*;

fn write(schema: &Value, seed: u64, fullness: Fullness) -> Result<Value, NoValue> {
    super::write(schema, seed, fullness).map(|written| written.value)
}

/// Writes values for `schema` under several seeds and has a validator of someone else's judge them.
fn check(schema: &Value) -> Value {
    let judge = jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("{schema}: {error}"));
    for fullness in [Fullness::Full, Fullness::Sparse] {
        for seed in 0..4 {
            let value =
                write(schema, seed, fullness).unwrap_or_else(|error| panic!("{error}: {schema}"));
            let errors: Vec<String> = judge.iter_errors(&value).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{schema}\n{value}\n{errors:?}");
        }
    }
    write(schema, 1, Fullness::Sparse).unwrap()
}

#[test]
fn every_keyword_is_kept() {
    for schema in keywords() {
        check(&schema);
    }
}

fn keywords() -> Vec<Value> {
    let text = r##"[
        {"type": "string", "minLength": 12}, {"type": "string", "maxLength": 2},
        {"type": "string", "minLength": 3, "maxLength": 3, "pattern": "^[a-c]+$"},
        {"type": "string", "pattern": "^[A-Z]{2}\\d{3,}$", "minLength": 30},
        {"type": "string", "pattern": "foo", "minLength": 10},
        {"type": "string", "pattern": "^(?=.*\\d)(?!x)[a-z\\d]{6,9}$"},
        {"allOf": [{"pattern": "^[a-z]+$"}, {"pattern": "z$"}, {"maxLength": 4}], "type": "string"},
        {"type": "string", "format": "email", "minLength": 80},
        {"type": "string", "format": "date-time"}, {"format": "ipv6", "type": "string"},
        {"type": "integer", "minimum": 7}, {"type": "integer", "exclusiveMaximum": -3},
        {"type": "integer", "minimum": 10, "maximum": 20, "multipleOf": 7},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
        {"type": "number", "multipleOf": 0.05, "minimum": 3.01, "maximum": 3.06},
        {"type": "integer", "multipleOf": 2.5}, {"type": "number", "minimum": 1e18},
        {"type": "number", "not": {"type": "integer"}},
        {"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer", "minimum": 1},
        {"enum": ["a", 3, null]}, {"const": {"a": [1]}}, {"enum": [1, 2, 3], "minimum": 3},
        {"type": "array", "minItems": 3, "items": {"type": "integer"}},
        {"type": "array", "uniqueItems": true, "minItems": 2, "items": {"type": "boolean"}},
        {"type": "array", "uniqueItems": true, "minItems": 9, "items": {"type": "string"}},
        {"type": "array", "uniqueItems": true, "minItems": 4, "items": {"enum": [1, 2, 3, 4]}},
        {"type": "array", "uniqueItems": true, "minItems": 5, "items": {"type": "object",
            "properties": {"id": {"type": "integer", "minimum": 1, "maximum": 5}}, "required": ["id"]}},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false},
        {"type": "array", "prefixItems": [{"type": "integer"}], "minItems": 3},
        {"type": "array", "contains": {"const": "x"}, "minContains": 2, "items": {"type": "string"}},
        {"type": "array", "contains": {"type": "integer"}, "maxContains": 1, "minItems": 3},
        {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 50}, "maxItems": 1},
        {"type": "array", "allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}]},
        {"type": "object", "required": ["x", "y"]}, {"type": "object", "minProperties": 3},
        {"type": "object", "minProperties": 2, "patternProperties": {"^n_[a-z]+$": {"type": "number"}},
         "additionalProperties": false},
        {"type": "object", "propertyNames": {"pattern": "^[A-Z]{2}$"}, "minProperties": 3,
         "additionalProperties": {"type": "string", "minLength": 1}},
        {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "minProperties": 2},
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
         "maxProperties": 1},
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
         "required": ["a"], "dependentRequired": {"a": ["b", "c"]}},
        {"type": "object", "required": ["a"], "dependentSchemas": {"a":
            {"properties": {"b": {"const": 7}}, "required": ["b"]}}},
        {"type": "object", "allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}],
         "properties": {"b": {"type": "integer"}}, "unevaluatedProperties": false},
        {"type": "array", "prefixItems": [{"type": "integer"}], "unevaluatedItems": false},
        {"anyOf": [{"type": "string", "maxLength": 1}, {"type": "number"}], "minLength": 2},
        {"oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]},
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"},
        {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
        {"oneOf": [{"type": "number"}, {"type": "integer"}]},
        {"not": {"type": "string"}}, {"not": {"type": ["string", "integer", "number", "object"]}},
        {"type": "string", "not": {"minLength": 5}}, {"not": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
        {"type": "object", "not": {"required": ["a", "b"]}, "required": ["a"]},
        {"type": "boolean", "not": {"const": false}}, {"type": "integer", "not": {"enum": [1, 2, 0]}},
        {"type": "object", "not": {"properties": {"kind": {"const": "a"}}}},
        {"type": "array", "not": {"items": {"type": "string"}}},
        {"type": "integer", "not": {"multipleOf": 2}}, {"type": "string", "not": {"pattern": "^e"}},
        {"if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
         "then": {"required": ["x"]}, "else": {"required": ["y"]}, "type": "object",
         "properties": {"kind": {"enum": ["b"]}}, "required": ["kind"]},
        {"type": "integer", "if": {"minimum": 10}, "then": {"multipleOf": 7}, "else": {"maximum": -5}},
        {"$defs": {"node": {"type": "object", "properties": {"value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
            "required": ["value", "children", "next"], "additionalProperties": false}},
         "$ref": "#/$defs/node"},
        {"$defs": {"expr": {"oneOf": [{"$ref": "#/$defs/sum"}, {"type": "number"}]},
                   "sum": {"type": "object", "required": ["left", "right"], "additionalProperties": false,
                           "properties": {"left": {"$ref": "#/$defs/expr"}, "right": {"$ref": "#/$defs/expr"}}}},
         "$ref": "#/$defs/sum"},
        {"$id": "https://example.com/root", "$ref": "item#count", "$defs": {"i": {"$id": "item",
            "$defs": {"c": {"$anchor": "count", "type": "integer", "minimum": 3}}}}},
        {"$defs": {"a/b c": {"const": 5}}, "$ref": "#/$defs/a~1b%20c"},
        {"definitions": {"p": {"type": "integer", "exclusiveMinimum": 0}},
         "properties": {"p": {"$ref": "#/definitions/p", "maximum": 2}}, "required": ["p"]},
        {"type": ["null", "string"], "minLength": 4}, {"type": "null"}, true, {},
        {"type": "boolean"}, {"minimum": 5}, {"items": {"type": "string"}, "minItems": 1}
    ]"##;
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_schema_that_contradicts_itself_has_no_value() {
    for schema in [
        json!(false),
        json!({"not": {}}),
        json!({"type": "string", "minLength": 5, "maxLength": 3}),
        json!({"type": "integer", "minimum": 3, "maximum": 2}),
        json!({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 4}),
        json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"enum": ["a"], "type": "integer"}),
        json!({"const": 1, "enum": [2, 3]}),
        json!({"type": "object", "properties": {"a": false}, "required": ["a"]}),
        json!({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"type": "boolean"}}),
        json!({"type": "array", "items": {"type": "string"}, "contains": {"type": "integer"}}),
        json!({"type": "object", "required": ["a", "b"], "maxProperties": 1}),
        json!({"type": "string", "pattern": "^a$", "minLength": 2}),
        json!({"$defs": {"n": {"type": "object", "required": ["n"],
            "properties": {"n": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}),
        json!({"type": "integer", "multipleOf": 10, "minimum": 11, "maximum": 19}),
    ] {
        assert_eq!(
            write(&schema, 0, Fullness::Sparse),
            Err(NoValue::Contradiction),
            "{schema}"
        );
    }
}

#[test]
fn what_leads_nowhere_is_named() {
    let lost = json!({"properties": {"a": {"$ref": "#/$defs/none"}}});
    let reference = NoValue::Reference("#/$defs/none".to_owned());
    assert_eq!(write(&lost, 0, Fullness::Sparse), Err(reference));
    let broken = json!({"type": "string", "pattern": "("});
    assert_eq!(
        write(&broken, 0, Fullness::Sparse),
        Err(NoValue::Pattern("(".to_owned()))
    );
}

#[test]
fn a_form_is_filled_in_as_a_model_does() {
    let schema = json!({"type": "object", "properties": {
        "city": {"type": "string"}, "unit": {"enum": ["c", "f"]},
        "in_background": {"type": "boolean"}, "force": {"type": "boolean"},
        "note": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer", "minimum": 3}},
    }, "required": ["city", "unit", "force", "days"]});
    let values: Vec<Value> = (0..200)
        .map(|seed| write(&schema, seed, Fullness::Sparse).unwrap())
        .collect();
    let with = |name: &str| {
        values
            .iter()
            .filter(|value| value.get(name).is_some())
            .count()
    };
    assert_eq!(
        values[0],
        json!({"city": "example", "unit": "c", "force": false, "days": [3]})
    );
    assert_eq!(with("in_background"), 0);
    assert!((1..50).contains(&with("note")), "{}", with("note"));
    let must =
        json!({"type": "object", "properties": {"sure": {"const": true}}, "required": ["sure"]});
    assert_eq!(
        write(&must, 0, Fullness::Sparse).unwrap(),
        json!({"sure": true})
    );
}

#[test]
fn constraints_in_a_description_are_heeded_unless_they_contradict() {
    let schema = json!({"type": "string", "description": "A code {minLength: 30, maxLength: 31}"});
    let value = write(&schema, 0, Fullness::Sparse).unwrap();
    assert!(
        (30..=31).contains(&value.as_str().unwrap().len()),
        "{value}"
    );
    let odd = json!({"type": "string", "description": "{minLength: 9, maxLength: 1}"});
    assert_eq!(write(&odd, 0, Fullness::Sparse).unwrap(), "example");
    let pair = json!({"type": "array",
        "description": "{maxItems: 2, minItems: 2, prefixItems: [{'type': 'integer'}, {'type': 'null'}]}"});
    assert_eq!(write(&pair, 0, Fullness::Sparse).unwrap(), json!([1, null]));
}

#[test]
fn the_same_seed_writes_the_same_value() {
    let schema = json!({"type": "string", "pattern": "^[a-z]{12}$"});
    let value = |seed| write(&schema, seed, Fullness::Sparse).unwrap();
    assert_eq!(value(5), value(5));
    assert_ne!(value(5), value(6));
}

mod random;
