//! Objects: what is required, what goes with it, and as many more properties as must be there.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document::Node;
use super::fits::{self, Judge};
use super::kind::{self, Kind};
use super::pattern::Pattern;
use super::solve::{Author, Optional, Place};

/// One optional property in so many is written.
const SELDOM: usize = 12;
/// Tries to find a name that is allowed and not there yet.
const NAME_TRIES: usize = 60;
/// No object that is made up has more properties.
const MOST: usize = 5_000;

impl<'a> Author<'_, 'a> {
    /// An object for a place that may be one.
    pub(super) fn object(&mut self, place: &Place<'a>) -> Option<Value> {
        let counts = |keyword| {
            place
                .nodes
                .iter()
                .filter_map(move |node| node.count(keyword))
        };
        let least = counts("minProperties").max().unwrap_or(0);
        let most = counts("maxProperties").min().unwrap_or(usize::MAX);
        let required = required(place);
        if required.len() > most || least > most || least > MOST {
            return None;
        }
        let mut fields = Map::new();
        for name in &required {
            let nodes = self.property_nodes(place, name);
            let value = self.part(place, name, nodes)?;
            fields.insert(name.clone(), value);
        }
        self.add_declared(place, &mut fields, least, most);
        self.add_invented(place, &mut fields, least)?;
        Some(Value::Object(fields))
    }

    /// Adds declared properties that need not be there: seldom, unless more are needed.
    fn add_declared(
        &mut self,
        place: &Place<'a>,
        fields: &mut Map<String, Value>,
        least: usize,
        most: usize,
    ) {
        let is_form = fields.is_empty()
            && place
                .nodes
                .iter()
                .all(|node| node.get("required").is_none());
        for name in declared(place) {
            let nodes = self.property_nodes(place, name);
            let is_needed = fields.len() < least;
            let is_wanted =
                is_needed || self.is_wanted(place, &nodes, is_form && fields.is_empty());
            if !is_wanted
                || fields.len() >= most
                || fields.contains_key(name)
                || !self.is_name(place, name)
            {
                continue;
            }
            if let Some(value) = self.part(place, name, nodes) {
                fields.insert(name.to_owned(), value);
                self.complete(place, name, fields, most);
            }
        }
    }

    /// Whether an optional property is written; `is_first` says that the object would be empty
    /// without it although nobody has said what is required.
    fn is_wanted(&mut self, place: &Place<'a>, nodes: &[Node<'a>], is_first: bool) -> bool {
        if self.comes_back(place, nodes) {
            return false;
        }
        match self.optional {
            Optional::All => self.variety < 4,
            // A place that is tried again is written as plainly as can be.
            Optional::Seldom if self.variety > 0 => false,
            Optional::Seldom => {
                let is_flag = kind::allowed(nodes).first() == Some(&Kind::Boolean);
                !is_flag && (is_first || self.chance.below(SELDOM) == 0)
            }
        }
    }

    /// Adds what must be there together with `name`, or takes it out again.
    fn complete(
        &mut self,
        place: &Place<'a>,
        name: &str,
        fields: &mut Map<String, Value>,
        most: usize,
    ) {
        let mut names: BTreeSet<String> = fields.keys().cloned().collect();
        close_over_dependencies(place, &mut names);
        let missing: Vec<String> = names
            .into_iter()
            .filter(|name| !fields.contains_key(name))
            .collect();
        let mut more = Map::new();
        for name in &missing {
            let nodes = self.property_nodes(place, name);
            if let Some(value) = self.part(place, name, nodes) {
                more.insert(name.clone(), value);
            }
        }
        if more.len() == missing.len() && fields.len() + more.len() <= most {
            fields.extend(more);
        } else {
            fields.remove(name);
        }
    }

    /// Adds properties under names of our own until there are enough.
    fn add_invented(
        &mut self,
        place: &Place<'a>,
        fields: &mut Map<String, Value>,
        least: usize,
    ) -> Option<()> {
        let mut tries = 0;
        while fields.len() < least {
            tries += 1;
            if tries > NAME_TRIES + least {
                return None;
            }
            let Some(name) = self.invent_name(place, tries) else {
                continue;
            };
            if fields.contains_key(&name) || !self.is_name(place, &name) {
                continue;
            }
            let nodes = self.property_nodes(place, &name);
            if let Some(value) = self.part(place, &name, nodes) {
                fields.insert(name, value);
            }
        }
        Some(())
    }

    /// A name after the patterns of properties, after the schema of names, or a plain one.
    fn invent_name(&mut self, place: &Place<'a>, attempt: usize) -> Option<String> {
        let patterns: Vec<&'a String> = place
            .nodes
            .iter()
            .flat_map(|node| node.map("patternProperties").into_iter().flatten())
            .map(|(pattern, _)| pattern)
            .collect();
        let names: Vec<Node<'a>> = self.name_nodes(place).collect();
        if let Some(first) = names.first().copied() {
            let mut nodes = names;
            nodes.push(self.made(first, json!({"type": "string"})));
            let before = self.variety;
            self.variety = before + attempt - 1;
            let name = self.part(place, "", nodes);
            self.variety = before;
            if let Some(Value::String(name)) = name {
                return Some(name);
            }
        }
        match patterns.as_slice() {
            [] => Some(format!("extra_{attempt}")),
            // Every third name is a plain one: what no pattern speaks of may be allowed too.
            _ if attempt.is_multiple_of(3) => Some(format!("extra_{attempt}")),
            some => {
                let pattern = Pattern::new(some[attempt % some.len()])?;
                Some(pattern.write(&mut self.chance, attempt % 8 + 1, false))
            }
        }
    }

    fn name_nodes(&self, place: &Place<'a>) -> impl Iterator<Item = Node<'a>> {
        let document = self.document;
        let nodes = place.nodes.clone().into_iter();
        nodes.filter_map(move |node| Some(document.child(node, node.get("propertyNames")?)))
    }

    fn is_name(&self, place: &Place<'a>, name: &str) -> bool {
        let (judge, name) = (Judge::new(self.document), Value::from(name));
        self.name_nodes(place).all(|node| judge.fits(node, &name))
    }

    /// All that the schemas of `place` say about the property `name`.
    fn property_nodes(&self, place: &Place<'a>, name: &str) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        for node in &place.nodes {
            let schemas = fits::property_schemas(self.document, *node, name).into_iter();
            nodes.extend(schemas.map(|schema| self.document.child(*node, schema)));
        }
        if nodes.is_empty() {
            for node in &place.nodes {
                let schema = node.get("unevaluatedProperties");
                nodes.extend(schema.map(|schema| self.document.child(*node, schema)));
            }
        }
        nodes
    }
}

/// The names that must be there.
fn required(place: &Place<'_>) -> BTreeSet<String> {
    let lists = place.nodes.iter().flat_map(|node| node.list("required"));
    let mut names = lists.filter_map(Value::as_str).map(str::to_owned).collect();
    close_over_dependencies(place, &mut names);
    names
}

/// Adds the names that must be there because others are.
fn close_over_dependencies(place: &Place<'_>, names: &mut BTreeSet<String>) {
    loop {
        let before = names.len();
        for node in &place.nodes {
            for (name, needs) in fits::dependent_names(*node) {
                if names.contains(name) {
                    names.extend(needs.iter().filter_map(Value::as_str).map(str::to_owned));
                }
            }
        }
        if names.len() == before {
            return;
        }
    }
}

/// The names that the schemas of `place` give to properties.
fn declared<'a>(place: &Place<'a>) -> Vec<&'a str> {
    let maps = place
        .nodes
        .iter()
        .flat_map(|node| node.map("properties").into_iter().flatten());
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in maps {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}
