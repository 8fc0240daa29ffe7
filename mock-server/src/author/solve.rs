//! The author: decides between the branches of a schema and writes a value for what remains.

use serde_json::{Value, json};
use typed_arena::Arena;

use super::chance::Chance;
use super::document::{Document, Node};
use super::fits::{self, Judge};
use super::kind::{self, Kind};
use super::{negate, number, text};

/// Which optional properties are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Optional {
    Seldom,
    All,
}

/// Writes one value; what it meets on the way is kept until then.
pub(super) struct Author<'d, 'a> {
    pub(super) document: &'d Document<'a>,
    /// Schemas that are made up on the way, such as the opposite of one.
    arena: &'a Arena<Value>,
    pub(super) chance: Chance,
    pub(super) optional: Optional,
    steps_left: u32,
    /// The schemas of the places around the one that is being written.
    path: Vec<Node<'a>>,
    /// How often the same place was written before and did not fit, or had to differ.
    pub(super) variety: usize,
    /// The property that is being written.
    name: String,
}

/// All schemas that rule one place, and the choices that are still open in them.
#[derive(Debug, Clone, Default)]
pub(super) struct Place<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    choices: Vec<Choice<'a>>,
}

/// Branches, one of which must hold: each is a row of schemas.
type Choice<'a> = Vec<Vec<Node<'a>>>;

/// Places that are tried before a schema counts as contradictory.
const STEPS: u32 = 30_000;
/// Tries of one place.
const TRIES: usize = 12;
/// More schemas do not rule one place; the opposite of an opposite could go on for ever.
const MOST_SCHEMAS: usize = 300;
/// Values nest no deeper.
const DEEPEST: usize = 48;

impl<'d, 'a> Author<'d, 'a> {
    pub(super) fn new(
        document: &'d Document<'a>,
        arena: &'a Arena<Value>,
        chance: Chance,
        optional: Optional,
    ) -> Self {
        Self {
            document,
            arena,
            chance,
            optional,
            steps_left: STEPS,
            path: vec![],
            variety: 0,
            name: String::new(),
        }
    }

    pub(super) fn write(&mut self) -> Option<Value> {
        self.solve(vec![self.document.root()], Place::default())
    }

    /// A value for a part of the value that is being written, the property `name` if it is one.
    pub(super) fn part(
        &mut self,
        around: &Place<'a>,
        name: &str,
        nodes: Vec<Node<'a>>,
    ) -> Option<Value> {
        if self.path.len() > DEEPEST * 4 {
            return None;
        }
        let (length, outer) = (
            self.path.len(),
            std::mem::replace(&mut self.name, name.to_owned()),
        );
        self.path.extend(&around.nodes);
        let value = self.solve(nodes, Place::default());
        self.path.truncate(length);
        self.name = outer;
        value
    }

    /// A schema that is made up, at the place of `node`.
    pub(super) fn made(&self, node: Node<'a>, schema: Value) -> Node<'a> {
        node.with(self.arena.alloc(schema))
    }

    /// Whether one of `nodes` leads back to a schema around it.
    pub(super) fn comes_back(&self, around: &Place<'a>, nodes: &[Node<'a>]) -> bool {
        nodes.iter().any(|node| {
            let mut node = *node;
            // A chain of references is short, and a circle of them must end.
            for _ in 0..16 {
                if self
                    .path
                    .iter()
                    .chain(&around.nodes)
                    .any(|outer| outer.is(node))
                {
                    return true;
                }
                match self.document.target(node) {
                    Some(Some(target)) => node = target,
                    _ => return false,
                }
            }
            true
        })
    }

    /// Takes the schemas of `todo` into `place`, decides what is to be decided, and writes.
    fn solve(&mut self, mut todo: Vec<Node<'a>>, mut place: Place<'a>) -> Option<Value> {
        self.steps_left = self.steps_left.checked_sub(1)?;
        while let Some(node) = todo.pop() {
            match node.schema {
                Value::Bool(true) => continue,
                Value::Object(_) => {}
                _ => return None,
            }
            if place.nodes.iter().any(|known| known.is(node)) {
                continue;
            }
            if place.nodes.len() == MOST_SCHEMAS {
                return None;
            }
            place.nodes.push(node);
            self.take_conjuncts(node, &mut todo)?;
            self.take_choices(node, &mut place.choices);
        }
        if kind::allowed(&place.nodes).is_empty() {
            return None;
        }
        let Some(mut choice) = place.choices.pop() else {
            return self.write_place(&place);
        };
        // A branch that leads back to where we are is taken last, so that the value ends.
        choice.sort_by_cached_key(|branch| self.comes_back(&place, branch));
        let start = self.start(choice.len());
        for i in 0..choice.len() {
            let branch = choice[(start + i) % choice.len()].clone();
            let value = self.solve(branch, place.clone());
            if value.is_some() || self.steps_left == 0 {
                return value;
            }
        }
        None
    }

    /// The branch to begin with: the first, unless the value has to differ.
    fn start(&mut self, branches: usize) -> usize {
        match self.variety {
            0 => 0,
            _ => self.chance.below(branches),
        }
    }

    /// Adds what must hold together with `node`.
    fn take_conjuncts(&self, node: Node<'a>, todo: &mut Vec<Node<'a>>) -> Option<()> {
        if let Some(target) = self.document.target(node) {
            todo.push(target?);
        }
        let parts = node.list("allOf").iter();
        todo.extend(parts.map(|part| self.document.child(node, part)));
        Some(())
    }

    fn take_choices(&self, node: Node<'a>, choices: &mut Vec<Choice<'a>>) {
        let child = |part| self.document.child(node, part);
        if let any @ [_, ..] = node.list("anyOf") {
            choices.push(any.iter().map(|part| vec![child(part)]).collect());
        }
        if let one @ [_, ..] = node.list("oneOf") {
            choices.push(self.exclusive(node, one));
        }
        if let Some(schema) = node.get("not") {
            choices.push(self.opposites(child(schema)));
        }
        if let Some(condition) = node.get("if") {
            let condition = child(condition);
            let otherwise = self.opposites(condition).into_iter();
            let branch = |keyword| node.get(keyword).map(child);
            let met = std::iter::once(condition).chain(branch("then")).collect();
            let unmet = otherwise.map(|way| way.into_iter().chain(branch("else")).collect());
            choices.push(std::iter::once(met).chain(unmet).collect());
        }
        for (name, schema) in fits::dependent_schemas(node) {
            let absent = self.made(node, json!({"properties": {name: false}}));
            let present = self.made(node, json!({"required": [name]}));
            choices.push(vec![vec![absent], vec![present, child(schema)]]);
        }
    }

    /// The branches of a `oneOf`: each alone, and then each with the opposites of all others.
    fn exclusive(&self, node: Node<'a>, one: &'a [Value]) -> Choice<'a> {
        let child = |part| self.document.child(node, part);
        let mut branches: Choice<'a> = one.iter().map(|part| vec![child(part)]).collect();
        if one.len() <= MOST_EXCLUSIVE {
            branches.extend(one.iter().enumerate().map(|(i, part)| {
                let others = one.iter().enumerate().filter(|(j, _)| *j != i);
                let opposite = |(_, other): (usize, &'a Value)| {
                    self.made(child(other), json!({ "not": other }))
                };
                std::iter::once(child(part))
                    .chain(others.map(opposite))
                    .collect()
            }));
        }
        branches
    }

    /// Ways to break `node`.
    fn opposites(&self, node: Node<'a>) -> Choice<'a> {
        let target = self.document.target(node).flatten();
        let is_only_reference = node.schema.as_object().is_some_and(|all| all.len() == 1);
        let node = target.filter(|_| is_only_reference).unwrap_or(node);
        let ways = negate::negate(node).into_iter();
        ways.map(|way| vec![self.made(node, way)]).collect()
    }

    /// A value where nothing is left to decide.
    fn write_place(&mut self, place: &Place<'a>) -> Option<Value> {
        if let Some(listed) = self.listed(place) {
            return listed;
        }
        if let Some(example) = self.example(place) {
            return Some(example);
        }
        let before = self.variety;
        for kind in kind::allowed(&place.nodes) {
            for attempt in 0..TRIES {
                self.variety = before + attempt;
                let written = self.write_kind(place, kind);
                self.variety = before;
                let Some(value) = written else { break };
                if self.suits(place, &value, true) {
                    return Some(value);
                }
            }
        }
        None
    }

    fn write_kind(&mut self, place: &Place<'a>, kind: Kind) -> Option<Value> {
        match kind {
            Kind::String => text::write(
                self.document,
                &place.nodes,
                &self.name,
                self.variety,
                &mut self.chance,
            ),
            Kind::Integer | Kind::Number => number::write(&place.nodes, kind, self.variety),
            Kind::Boolean => Some(Value::Bool(self.variety % 2 == 1)),
            Kind::Object => self.object(place),
            Kind::Array => self.array(place),
            Kind::Null => Some(Value::Null),
        }
    }

    fn suits(&self, place: &Place<'a>, value: &Value, minds_formats: bool) -> bool {
        let mut judge = Judge::new(self.document);
        judge.minds_formats = minds_formats;
        place.nodes.iter().all(|node| judge.fits(*node, value))
    }

    /// A value of `const` or `enum`, if there is one of them; then there is no other choice.
    fn listed(&mut self, place: &Place<'a>) -> Option<Option<Value>> {
        let constant = |node: &Node<'a>| node.get("const").map(std::slice::from_ref);
        let list = |node: &Node<'a>| node.get("enum")?.as_array().map(Vec::as_slice);
        let values = place
            .nodes
            .iter()
            .find_map(|node| constant(node).or_else(|| list(node)))?;
        // What has a list of its own is not held against a format beside it.
        let fitting: Vec<&Value> = values
            .iter()
            .filter(|value| self.suits(place, value, false))
            .collect();
        let chosen = self.variety % fitting.len().max(1);
        Some(fitting.get(chosen).map(|value| (*value).clone()))
    }

    /// The first of the schema's own examples that fits, as long as nothing has to differ.
    fn example(&self, place: &Place<'a>) -> Option<Value> {
        if self.variety > 0 {
            return None;
        }
        let examples = place.nodes.iter().flat_map(|node| node.list("examples"));
        let mut examples = examples.filter(|value| !value.is_boolean());
        examples
            .find(|value| self.suits(place, value, true))
            .cloned()
    }
}

/// Unions with more branches are told apart by the branches themselves.
const MOST_EXCLUSIVE: usize = 12;
