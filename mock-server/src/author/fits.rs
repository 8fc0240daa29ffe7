//! Whether a value is valid against a schema: what the author holds its own work against.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::decimal::Decimal;
use super::document::{Document, Node};
use super::format;
use super::kind;

/// Whether `value` is valid against `schema`, with formats taken at their word.
pub(crate) fn fits(schema: &Value, value: &Value) -> bool {
    let document = Document::new(schema);
    Judge::new(&document).fits(document.root(), value)
}

/// Holds values against the schemas of one document.
pub(super) struct Judge<'d, 'a> {
    document: &'d Document<'a>,
    /// Whether a text must be in the format that its schema names.
    pub(super) minds_formats: bool,
}

/// The parts of a value that a schema has spoken of.
#[derive(Default)]
struct Seen<'v> {
    names: BTreeSet<&'v str>,
    items: BTreeSet<usize>,
}

impl Seen<'_> {
    fn add(&mut self, other: Self) {
        self.names.extend(other.names);
        self.items.extend(other.items);
    }
}

/// References may go round in circles.
const DEEPEST: usize = 256;

impl<'d, 'a> Judge<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>) -> Self {
        Self {
            document,
            minds_formats: true,
        }
    }

    pub(super) fn fits(&self, node: Node<'a>, value: &Value) -> bool {
        self.judge(node, value, 0).is_some()
    }

    /// What of `value` the schema speaks of; `None` if it is not valid.
    fn judge<'v>(&self, node: Node<'a>, value: &'v Value, depth: usize) -> Option<Seen<'v>> {
        match node.schema {
            Value::Bool(true) => return Some(Seen::default()),
            Value::Object(_) if depth < DEEPEST => {}
            _ => return None,
        }
        let known =
            kind::named(node.schema).is_none_or(|kinds| kinds.iter().any(|k| k.holds(value)));
        let listed = node
            .get("enum")
            .and_then(Value::as_array)
            .is_none_or(|all| all.iter().any(|one| equal(one, value)));
        let constant = node.get("const").is_none_or(|one| equal(one, value));
        if !(known && listed && constant) {
            return None;
        }
        let mut seen = self.branches(node, value, depth)?;
        let own = match value {
            Value::Number(_) => number_fits(node, value),
            Value::String(text) => self.text_fits(node, text),
            Value::Array(items) => self.items_fit(node, items, depth, &mut seen),
            Value::Object(fields) => self.fields_fit(node, fields, depth, &mut seen),
            _ => true,
        };
        own.then_some(seen)
    }

    fn branches<'v>(&self, node: Node<'a>, value: &'v Value, depth: usize) -> Option<Seen<'v>> {
        let judge = |schema| self.judge(self.document.child(node, schema), value, depth + 1);
        let mut seen = Seen::default();
        if let Some(target) = self.document.target(node) {
            seen.add(self.judge(target?, value, depth + 1)?);
        }
        for schema in node.list("allOf") {
            seen.add(judge(schema)?);
        }
        for (keyword, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            let branches = node.list(keyword);
            let valid: Vec<Seen<'v>> = branches.iter().filter_map(judge).collect();
            if !branches.is_empty() && !(1..=most).contains(&valid.len()) {
                return None;
            }
            valid.into_iter().for_each(|other| seen.add(other));
        }
        if node
            .get("not")
            .is_some_and(|schema| judge(schema).is_some())
        {
            return None;
        }
        if let Some(condition) = node.get("if") {
            let met = judge(condition);
            let then = node.get(if met.is_some() { "then" } else { "else" });
            seen.add(met.unwrap_or_default());
            if let Some(schema) = then {
                seen.add(judge(schema)?);
            }
        }
        Some(seen)
    }

    fn text_fits(&self, node: Node<'a>, text: &str) -> bool {
        let length = || text.chars().count();
        let pattern = node.get("pattern").and_then(Value::as_str);
        let format = node.get("format").and_then(Value::as_str);
        node.count("minLength")
            .is_none_or(|least| length() >= least)
            && node.count("maxLength").is_none_or(|most| length() <= most)
            && pattern.is_none_or(|pattern| self.document.matches(pattern, text))
            && (!self.minds_formats
                || format.is_none_or(|format| format::holds(format, text).unwrap_or(true)))
    }

    fn items_fit<'v>(
        &self,
        node: Node<'a>,
        items: &'v [Value],
        depth: usize,
        seen: &mut Seen<'v>,
    ) -> bool {
        let judge = |schema, item| {
            let child = self.document.child(node, schema);
            self.judge(child, item, depth + 1).is_some()
        };
        if !in_range(node, items.len(), "minItems", "maxItems") {
            return false;
        }
        let is_repeated = || {
            items
                .iter()
                .enumerate()
                .any(|(i, item)| items[..i].iter().any(|other| equal(item, other)))
        };
        if node.get("uniqueItems") == Some(&Value::Bool(true)) && is_repeated() {
            return false;
        }
        for (i, item) in items.iter().enumerate() {
            if let Some(schema) = item_schema(node, i) {
                if !judge(schema, item) {
                    return false;
                }
                seen.items.insert(i);
            }
        }
        if let Some(schema) = node.get("contains") {
            let found: Vec<usize> = (0..items.len())
                .filter(|i| judge(schema, &items[*i]))
                .collect();
            let least = node.count("minContains").unwrap_or(1);
            let most = node.count("maxContains").unwrap_or(usize::MAX);
            if !(least..=most).contains(&found.len()) {
                return false;
            }
            seen.items.extend(found);
        }
        if let Some(schema) = node.get("unevaluatedItems") {
            let mut rest = (0..items.len()).filter(|i| !seen.items.contains(i));
            if !rest.all(|i| judge(schema, &items[i])) {
                return false;
            }
            seen.items.extend(0..items.len());
        }
        true
    }

    fn fields_fit<'v>(
        &self,
        node: Node<'a>,
        fields: &'v Map<String, Value>,
        depth: usize,
        seen: &mut Seen<'v>,
    ) -> bool {
        let judge = |schema, value| {
            let child = self.document.child(node, schema);
            self.judge(child, value, depth + 1).is_some()
        };
        let required = node.list("required").iter().filter_map(Value::as_str);
        if !in_range(node, fields.len(), "minProperties", "maxProperties")
            || !required.into_iter().all(|name| fields.contains_key(name))
            || !dependencies_hold(node, fields)
        {
            return false;
        }
        for (name, value) in fields {
            let schemas = property_schemas(self.document, node, name);
            if !schemas.iter().all(|schema| judge(schema, value)) {
                return false;
            }
            if !schemas.is_empty() {
                seen.names.insert(name);
            }
            if let Some(schema) = node.get("propertyNames")
                && !self.fits(
                    self.document.child(node, schema),
                    &Value::from(name.as_str()),
                )
            {
                return false;
            }
        }
        for (_, schema) in dependent_schemas(node).filter(|(name, _)| fields.contains_key(*name)) {
            let child = self.document.child(node, schema);
            match self.judge_fields(child, fields, depth) {
                Some(names) => seen.names.extend(names),
                None => return false,
            }
        }
        if let Some(schema) = node.get("unevaluatedProperties") {
            let mut rest = fields
                .iter()
                .filter(|(name, _)| !seen.names.contains(name.as_str()));
            if !rest.all(|(_, value)| judge(schema, value)) {
                return false;
            }
            seen.names.extend(fields.keys().map(String::as_str));
        }
        true
    }

    fn judge_fields<'v>(
        &self,
        node: Node<'a>,
        fields: &'v Map<String, Value>,
        depth: usize,
    ) -> Option<BTreeSet<&'v str>> {
        let value = Value::Object(fields.clone());
        let names: BTreeSet<String> = self
            .judge(node, &value, depth + 1)?
            .names
            .into_iter()
            .map(str::to_owned)
            .collect();
        Some(
            fields
                .keys()
                .map(String::as_str)
                .filter(|name| names.contains(*name))
                .collect(),
        )
    }
}

/// Whether two values are the same to JSON Schema, where 1 and 1.0 are.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => match (Decimal::read(left), Decimal::read(right)) {
            (Some(left), Some(right)) => left.compare(right).is_eq(),
            _ => left.as_f64() == right.as_f64(),
        },
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

/// The schemas that `node` has for the property `name`.
pub(super) fn property_schemas<'a>(
    document: &Document<'a>,
    node: Node<'a>,
    name: &str,
) -> Vec<&'a Value> {
    let own = node.map("properties").and_then(|all| all.get(name));
    let patterns = node.map("patternProperties").into_iter().flatten();
    let matching = patterns
        .filter(|(pattern, _)| document.matches(pattern, name))
        .map(|(_, schema)| schema);
    let mut schemas: Vec<&Value> = own.into_iter().chain(matching).collect();
    if schemas.is_empty() {
        schemas.extend(node.get("additionalProperties"));
    }
    schemas
}

/// The schema that `node` has for the item `index`, in the spelling of 2020-12 or of draft 7.
pub(super) fn item_schema(node: Node<'_>, index: usize) -> Option<&Value> {
    let tuple = match node.list("items") {
        [] => node.list("prefixItems"),
        old => old,
    };
    let rest = match node.get("items") {
        Some(Value::Array(_)) => node.get("additionalItems"),
        other => other,
    };
    tuple.get(index).or(rest)
}

/// Names and the schemas that hold for the whole object where the name is there.
pub(super) fn dependent_schemas(node: Node<'_>) -> impl Iterator<Item = (&str, &Value)> {
    let new = node.map("dependentSchemas").into_iter().flatten();
    let old = node.map("dependencies").into_iter().flatten();
    new.chain(old.filter(|(_, schema)| !schema.is_array()))
        .map(|(name, schema)| (name.as_str(), schema))
}

/// Names, and the names that must be there with them.
pub(super) fn dependent_names(node: Node<'_>) -> impl Iterator<Item = (&str, &Vec<Value>)> {
    let new = node.map("dependentRequired").into_iter().flatten();
    let old = node.map("dependencies").into_iter().flatten();
    new.chain(old)
        .filter_map(|(name, needs)| Some((name.as_str(), needs.as_array()?)))
}

fn dependencies_hold(node: Node<'_>, fields: &Map<String, Value>) -> bool {
    let mut given = dependent_names(node).filter(|(name, _)| fields.contains_key(*name));
    given.all(|(_, needs)| {
        let mut needs = needs.iter().filter_map(Value::as_str);
        needs.all(|name| fields.contains_key(name))
    })
}

fn in_range(node: Node<'_>, count: usize, least: &str, most: &str) -> bool {
    node.count(least).is_none_or(|least| count >= least)
        && node.count(most).is_none_or(|most| count <= most)
}

fn number_fits(node: Node<'_>, value: &Value) -> bool {
    let order = |keyword| {
        let bound = node.get(keyword).filter(|bound| bound.is_number())?;
        Some(match (Decimal::read(value), Decimal::read(bound)) {
            (Some(value), Some(bound)) => value.compare(bound),
            _ => value.as_f64()?.total_cmp(&bound.as_f64()?),
        })
    };
    // Draft 4 says by a boolean that a bound is exclusive.
    let is_exclusive = |keyword| node.get(keyword) == Some(&Value::Bool(true));
    let step = node.get("multipleOf").and_then(Decimal::read);
    order("minimum").is_none_or(|o| o.is_gt() || (o.is_eq() && !is_exclusive("exclusiveMinimum")))
        && order("maximum")
            .is_none_or(|o| o.is_lt() || (o.is_eq() && !is_exclusive("exclusiveMaximum")))
        && order("exclusiveMinimum").is_none_or(std::cmp::Ordering::is_gt)
        && order("exclusiveMaximum").is_none_or(std::cmp::Ordering::is_lt)
        && step
            .is_none_or(|step| Decimal::read(value).is_some_and(|value| value.is_multiple_of(step)))
}
