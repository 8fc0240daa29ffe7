//! A schema as a whole: where its references lead.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

use super::pattern::Pattern;

/// Why no value could be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum NoValue {
    #[error("the reference `{0}` leads nowhere in this schema")]
    Reference(String),
    #[error("the pattern `{0}` is not a regular expression")]
    Pattern(String),
    #[error("no value is valid against this schema")]
    Contradiction,
}

/// A schema somewhere in the document, and the resource (`$id`) from which its references start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) schema: &'a Value,
    resource: usize,
}

impl<'a> Node<'a> {
    /// The value of a keyword.
    pub(super) fn get(self, keyword: &str) -> Option<&'a Value> {
        self.schema.get(keyword)
    }

    /// A keyword that is a count.
    pub(super) fn count(self, keyword: &str) -> Option<usize> {
        let value = self.get(keyword)?;
        let whole = value.as_f64().filter(|number| number.fract() == 0.0);
        value
            .as_u64()
            .or(whole.map(|number| number as u64))
            .map(|number| number as usize)
    }

    /// A keyword that is a map of schemas.
    pub(super) fn map(self, keyword: &str) -> Option<&'a Map<String, Value>> {
        self.get(keyword)?.as_object()
    }

    /// The schemas in the array `keyword`.
    pub(super) fn list(self, keyword: &str) -> &'a [Value] {
        let list = self.get(keyword).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }

    /// A schema that was made up at this place.
    pub(super) fn with(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    pub(super) fn is(self, other: Node<'_>) -> bool {
        std::ptr::eq(self.schema, other.schema)
    }
}

/// The whole schema that a client sent.
#[derive(Debug)]
pub(super) struct Document<'a> {
    root: &'a Value,
    /// Address and schema of each resource; the first is the document.
    resources: Vec<(String, &'a Value)>,
    /// Named places: resource and name.
    anchors: BTreeMap<(usize, &'a str), Node<'a>>,
    references: Vec<(Node<'a>, &'a str)>,
    /// Every pattern in the document; `None` if it is no regular expression.
    patterns: BTreeMap<&'a str, Option<Pattern>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        let address = root.get("$id").and_then(Value::as_str).unwrap_or("");
        let mut document = Self {
            root,
            resources: vec![(without_fragment(address).to_owned(), root)],
            anchors: BTreeMap::new(),
            references: vec![],
            patterns: BTreeMap::new(),
        };
        document.read(root, 0, 0);
        document
    }

    fn read(&mut self, schema: &'a Value, resource: usize, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match schema {
            Value::Array(parts) => {
                for part in parts {
                    self.read(part, resource, depth + 1);
                }
            }
            Value::Object(fields) => {
                let resource = self.enter(schema, resource);
                self.note(fields, schema, resource);
                for (name, part) in fields {
                    if !["enum", "const", "examples", "default"].contains(&name.as_str()) {
                        self.read(part, resource, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// The resource of a schema that stands in `resource`; its own, if it has an address.
    fn enter(&mut self, schema: &'a Value, resource: usize) -> usize {
        match schema.get("$id").and_then(Value::as_str) {
            Some(id) if !std::ptr::eq(schema, self.root) && !id.starts_with('#') => {
                let address = join(&self.resources[resource].0, without_fragment(id));
                self.resources.push((address, schema));
                self.resources.len() - 1
            }
            _ => resource,
        }
    }

    fn note(&mut self, fields: &'a Map<String, Value>, schema: &'a Value, resource: usize) {
        let node = Node { schema, resource };
        let text = |name| fields.get(name).and_then(Value::as_str);
        for name in ["$anchor", "$dynamicAnchor"] {
            if let Some(anchor) = text(name) {
                self.anchors.entry((resource, anchor)).or_insert(node);
            }
        }
        // Draft 7 names a place by an `$id` that is only a fragment.
        if let Some(anchor) = text("$id").and_then(|id| id.strip_prefix('#')) {
            self.anchors.entry((resource, anchor)).or_insert(node);
        }
        for name in ["$ref", "$dynamicRef", "$recursiveRef"] {
            self.references
                .extend(text(name).map(|reference| (node, reference)));
        }
        let names = fields.get("patternProperties").and_then(Value::as_object);
        let names = names.into_iter().flat_map(Map::keys).map(String::as_str);
        for pattern in text("pattern").into_iter().chain(names) {
            let read = || Pattern::new(pattern);
            self.patterns.entry(pattern).or_insert_with(read);
        }
    }

    pub(super) fn root(&self) -> Node<'a> {
        Node {
            schema: self.root,
            resource: 0,
        }
    }

    /// Refuses what cannot be read at all.
    pub(super) fn check(&self) -> Result<(), NoValue> {
        let lost = |(node, reference): &&(Node<'a>, &str)| self.follow(*node, reference).is_none();
        if let Some((_, reference)) = self.references.iter().find(lost) {
            return Err(NoValue::Reference((*reference).to_owned()));
        }
        match self.patterns.iter().find(|(_, read)| read.is_none()) {
            Some((pattern, _)) => Err(NoValue::Pattern((*pattern).to_owned())),
            None => Ok(()),
        }
    }

    /// Whether `text` matches `pattern`; one that cannot be read is matched by nothing.
    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        match self.patterns.get(pattern) {
            Some(read) => read.as_ref().is_some_and(|read| read.matches(text)),
            // A pattern from a description is in no table.
            None => Pattern::new(pattern).is_some_and(|read| read.matches(text)),
        }
    }

    /// A part of `node`.
    pub(super) fn child(&self, node: Node<'a>, schema: &'a Value) -> Node<'a> {
        let has_address = schema.get("$id").is_some_and(Value::is_string);
        let resource = if has_address {
            self.resource_of(schema).unwrap_or(node.resource)
        } else {
            node.resource
        };
        Node { schema, resource }
    }

    fn resource_of(&self, schema: &Value) -> Option<usize> {
        self.resources
            .iter()
            .position(|(_, own)| std::ptr::eq(*own, schema))
    }

    /// What `node` refers to, by any of the three keywords.
    pub(super) fn target(&self, node: Node<'a>) -> Option<Option<Node<'a>>> {
        let reference = ["$ref", "$dynamicRef", "$recursiveRef"]
            .into_iter()
            .find_map(|keyword| node.get(keyword).and_then(Value::as_str))?;
        Some(self.follow(node, reference))
    }

    fn follow(&self, node: Node<'a>, reference: &str) -> Option<Node<'a>> {
        let (address, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = match address {
            "" => node.resource,
            _ => {
                let wanted = join(&self.resources[node.resource].0, address);
                self.resources.iter().position(|(own, _)| *own == wanted)?
            }
        };
        let start = Node {
            schema: self.resources[resource].1,
            resource,
        };
        if fragment.is_empty() {
            return Some(start);
        }
        let fragment = decode(fragment);
        match fragment.strip_prefix('/') {
            Some(pointer) => self.walk(start, pointer),
            None => self
                .anchors
                .iter()
                .find(|((own, name), _)| *own == resource && *name == fragment)
                .map(|(_, node)| *node),
        }
    }

    fn walk(&self, start: Node<'a>, pointer: &str) -> Option<Node<'a>> {
        pointer.split('/').try_fold(start, |node, part| {
            let name = part.replace("~1", "/").replace("~0", "~");
            let next = match node.schema {
                Value::Object(fields) => fields.get(&name)?,
                Value::Array(parts) => parts.get(name.parse::<usize>().ok()?)?,
                _ => return None,
            };
            Some(self.child(node, next))
        })
    }
}

/// Deeper nesting than any reader of JSON takes.
const DEEPEST: usize = 128;

fn without_fragment(address: &str) -> &str {
    address.split('#').next().unwrap_or("")
}

/// `reference` as seen from `base`.
fn join(base: &str, reference: &str) -> String {
    let scheme = |text: &str| {
        let end = text.find(':')?;
        let is_name = text[..end]
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        is_name.then_some(end)
    };
    if scheme(reference).is_some() || base.is_empty() {
        return reference.to_owned();
    }
    let authority = scheme(base)
        .filter(|end| base[*end..].starts_with("://"))
        .map_or(0, |end| {
            let rest = &base[end + 3..];
            end + 3 + rest.find('/').unwrap_or(rest.len())
        });
    let kept = if reference.starts_with('/') {
        &base[..authority]
    } else {
        &base[..base.rfind('/').map_or(authority, |end| end + 1)]
    };
    format!("{kept}{reference}")
}

fn decode(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| hex::decode(hex).ok());
        match hex {
            Some(decoded) if *first == b'%' => {
                bytes.extend(decoded);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
