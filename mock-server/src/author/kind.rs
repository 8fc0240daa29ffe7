//! The types of JSON values, and which of them a schema allows.

use serde_json::Value;

use super::decimal::Decimal;
use super::document::Node;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Integer,
    /// Any number, whole or not.
    Number,
    Boolean,
    Object,
    Array,
    Null,
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::String,
        Self::Integer,
        Self::Number,
        Self::Boolean,
        Self::Object,
        Self::Array,
        Self::Null,
    ];

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "object" => Self::Object,
            "array" => Self::Array,
            "null" => Self::Null,
            _ => return None,
        })
    }

    pub(super) fn holds(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => is_whole(value),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::Null => value.is_null(),
        }
    }

    /// Whether every value of this type is of the type `other`.
    fn is_a(self, other: Self) -> bool {
        self == other || (self == Self::Integer && other == Self::Number)
    }
}

/// Whether `value` is a number without a fraction.
fn is_whole(value: &Value) -> bool {
    match Decimal::read(value) {
        Some(number) => number.is_multiple_of(Decimal::whole(1)),
        None => value.as_f64().is_some_and(|number| number.fract() == 0.0),
    }
}

/// The types that `schema` names.
pub(super) fn named(schema: &Value) -> Option<Vec<Kind>> {
    match schema.get("type")? {
        Value::String(name) => Some(Kind::named(name).into_iter().collect()),
        Value::Array(names) => Some(
            names
                .iter()
                .filter_map(|name| Kind::named(name.as_str()?))
                .collect(),
        ),
        _ => None,
    }
}

/// The types that all of `nodes` allow, the most telling one first.
pub(super) fn allowed(nodes: &[Node<'_>]) -> Vec<Kind> {
    let lists: Vec<Vec<Kind>> = nodes.iter().filter_map(|node| named(node.schema)).collect();
    let suits = |kind: &Kind| {
        lists
            .iter()
            .all(|list| list.iter().any(|other| kind.is_a(*other)))
    };
    let implied = nodes.iter().filter_map(|node| implied(*node));
    let declared = lists.iter().flatten().copied();
    // A value of `null` is what is left when nothing else can be said.
    let (some, none): (Vec<Kind>, Vec<Kind>) = implied
        .chain(declared)
        .chain(Kind::ALL)
        .filter(suits)
        .partition(|kind| *kind != Kind::Null);
    let mut kinds = Vec::with_capacity(Kind::ALL.len());
    for kind in some.into_iter().chain(none) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// The type that a schema without `type` speaks of.
fn implied(node: Node<'_>) -> Option<Kind> {
    let words: [(Kind, &[&str]); 4] = [
        (
            Kind::Object,
            &[
                "properties",
                "required",
                "patternProperties",
                "additionalProperties",
                "propertyNames",
                "minProperties",
                "maxProperties",
                "dependentRequired",
                "dependentSchemas",
            ],
        ),
        (
            Kind::Array,
            &[
                "items",
                "prefixItems",
                "contains",
                "minItems",
                "uniqueItems",
            ],
        ),
        (
            Kind::String,
            &["pattern", "minLength", "maxLength", "format"],
        ),
        (
            Kind::Number,
            &[
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf",
            ],
        ),
    ];
    let says =
        |(_, keywords): &(Kind, &[&str])| keywords.iter().any(|word| node.get(word).is_some());
    words
        .iter()
        .find(|entry| says(entry))
        .map(|(kind, _)| *kind)
}
