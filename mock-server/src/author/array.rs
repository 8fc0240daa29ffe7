//! Arrays: tuples, lists, distinct items, and items that must occur.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::document::Node;
use super::fits;
use super::solve::{Author, Place};

/// Tries to find an item that is not there yet.
const DISTINCT_TRIES: usize = 40;
/// Places in a tuple at which a needed item is tried.
const MOST_PLACES: usize = 8;
/// No array that is made up is longer.
const LONGEST: usize = 20_000;

/// Items that must occur so often.
struct Needed<'a> {
    node: Node<'a>,
    schema: &'a Value,
    count: usize,
}

impl<'a> Author<'_, 'a> {
    /// An array for a place that may be one.
    pub(super) fn array(&mut self, place: &Place<'a>) -> Option<Value> {
        let counts = |keyword| {
            place
                .nodes
                .iter()
                .filter_map(move |node| node.count(keyword))
        };
        let least = counts("minItems").max().unwrap_or(0);
        let most = counts("maxItems").min().unwrap_or(usize::MAX);
        let needed = needed(place);
        let tuple = place.nodes.iter().map(|node| tuple(*node)).max();
        let tuple = tuple.unwrap_or(0).min(MOST_PLACES);
        // Needed items follow the tuple if they can, each in a place of its own; if not, they stand
        // in the tuple, or share their places.
        let firsts = || std::iter::once(tuple).chain(0..tuple);
        let placements = firsts().flat_map(|first| [(first, true), (first, false)]);
        let placements = placements.take(if needed.is_empty() { 1 } else { usize::MAX });
        placements.into_iter().find_map(|(first, is_spread)| {
            let starts = starts(&needed, first, is_spread);
            self.row(place, &needed, &starts, least..=most)
        })
    }

    /// An array whose needed items begin at `starts`.
    fn row(
        &mut self,
        place: &Place<'a>,
        needed: &[Needed<'a>],
        starts: &[usize],
        lengths: RangeInclusive<usize>,
    ) -> Option<Value> {
        let is_set = place
            .nodes
            .iter()
            .any(|node| node.get("uniqueItems") == Some(&Value::Bool(true)));
        let ends = starts
            .iter()
            .zip(needed)
            .map(|(start, need)| start + need.count);
        let fewest = ends.max().unwrap_or(0).max(*lengths.start());
        let length = self.usual_length(place).min(*lengths.end()).max(fewest);
        if length > *lengths.end() || length > LONGEST {
            return None;
        }
        let mut items: Vec<Value> = Vec::with_capacity(length);
        for i in 0..length {
            let mut nodes = self.item_nodes(place, i);
            for (need, start) in needed.iter().zip(starts) {
                if (*start..start + need.count).contains(&i) {
                    nodes.push(self.document.child(need.node, need.schema));
                } else if self.variety > 0 {
                    // Others must not be counted with them.
                    let other = json!({ "not": need.schema });
                    nodes.push(self.made(need.node, other));
                }
            }
            match self.item(place, nodes, is_set.then_some(&items)) {
                Some(item) => items.push(item),
                // What need not be there is left out.
                None if i >= fewest => break,
                None => return None,
            }
        }
        Some(Value::Array(items))
    }

    /// As many items as a model would write where nothing is said: a tuple is filled, a list has one.
    fn usual_length(&self, place: &Place<'a>) -> usize {
        let tuple = place
            .nodes
            .iter()
            .map(|node| tuple(*node))
            .max()
            .unwrap_or(0);
        let next = self.item_nodes(place, tuple);
        let is_closed = next.iter().any(|node| node.schema == &Value::Bool(false));
        match tuple {
            0 if is_closed || self.comes_back(place, &next) => 0,
            0 => 1,
            _ => tuple,
        }
    }

    /// All that the schemas of `place` say about the item `index`.
    fn item_nodes(&self, place: &Place<'a>, index: usize) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        for node in &place.nodes {
            let schema = fits::item_schema(*node, index);
            nodes.extend(schema.map(|schema| self.document.child(*node, schema)));
        }
        if nodes.is_empty() {
            for node in &place.nodes {
                let schema = node.get("unevaluatedItems");
                nodes.extend(schema.map(|schema| self.document.child(*node, schema)));
            }
        }
        nodes
    }

    fn item(
        &mut self,
        place: &Place<'a>,
        nodes: Vec<Node<'a>>,
        others: Option<&Vec<Value>>,
    ) -> Option<Value> {
        let Some(others) = others else {
            return self.part(place, "", nodes);
        };
        let before = self.variety;
        for attempt in 0..DISTINCT_TRIES + others.len() {
            self.variety = before + attempt;
            let item = self.part(place, "", nodes.clone());
            self.variety = before;
            let item = item?;
            if !others.iter().any(|other| fits::equal(other, &item)) {
                return Some(item);
            }
        }
        None
    }
}

/// Where each of the needed items begins.
fn starts(needed: &[Needed<'_>], first: usize, is_spread: bool) -> Vec<usize> {
    let mut next = first;
    let mut starts = Vec::with_capacity(needed.len());
    for need in needed {
        starts.push(next);
        if is_spread {
            next += need.count;
        }
    }
    starts
}

fn needed<'a>(place: &Place<'a>) -> Vec<Needed<'a>> {
    let contains = |node: &Node<'a>| {
        let schema = node.get("contains")?;
        let count = node.count("minContains").unwrap_or(1);
        Some(Needed {
            node: *node,
            schema,
            count,
        })
    };
    place.nodes.iter().filter_map(contains).collect()
}

/// How many items have schemas of their own.
fn tuple(node: Node<'_>) -> usize {
    node.list("prefixItems").len().max(node.list("items").len())
}
