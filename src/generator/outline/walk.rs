//! Walks a tree and collects what it defines.

use std::sync::Arc;

use tree_sitter::{Node, TreeCursor};

use super::super::grammar::Parsed;
use super::super::syntax;
use super::Definition;
use super::kinds::{Role, role};
use super::name;

/// Most names in a qualified one: hostile text nests without end.
const MAX_SCOPES: usize = 12;

/// What is open around the node at the cursor.
struct Scope {
    /// Depth of its node in the tree.
    level: usize,
    /// Qualified name of what stands in it, without the last part.
    name: Arc<str>,
    /// How many names that has.
    names: usize,
    /// How many definitions there are around what stands in it.
    depth: usize,
    context: Arc<str>,
}

/// What a definition may stand in with its decorators.
#[derive(Clone, Copy, Default)]
struct Wrapper {
    level: usize,
    start: usize,
    row: usize,
    end: usize,
}

struct Walk<'a> {
    /// The text as it was parsed.
    text: &'a str,
    /// The text as it was given: its comments belong to the definitions below them.
    given: &'a str,
    roles: Vec<Role>,
    scopes: Vec<Scope>,
    last_wrapper: Wrapper,
    /// Row of the definition that was found last.
    last_row: usize,
    /// The value that got its name from what it was given to.
    named: Option<usize>,
    found: Vec<Definition>,
}

/// The definitions of a `parsed` text, which was `given`.
pub(super) fn definitions(parsed: &Parsed<'_>, given: &str) -> Vec<Definition> {
    let language = parsed.grammar.language();
    let kinds = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
    let roles = (0..kinds)
        .map(|id| {
            let kind = language
                .node_kind_for_id(id)
                .filter(|_| language.node_kind_is_named(id));
            kind.map_or(Role::Pass, |kind| role(parsed.grammar, kind))
        })
        .collect();
    let outermost = Scope {
        level: 0,
        name: "".into(),
        names: 0,
        depth: 0,
        context: "".into(),
    };
    let mut walk = Walk {
        text: &parsed.text,
        given,
        roles,
        scopes: vec![outermost],
        last_wrapper: Wrapper::default(),
        last_row: 0,
        named: None,
        found: Vec::new(),
    };
    walk.all(&mut parsed.tree.walk());
    // A wrapper begins before what it wraps, but no two of them change places.
    walk.found.sort_by_key(|definition| definition.start);
    walk.found
}

impl Walk<'_> {
    /// Visits every node once, without recursion.
    fn all(&mut self, cursor: &mut TreeCursor<'_>) {
        let mut level = 1;
        loop {
            let descends = self.visit(&cursor.node(), level);
            if descends && cursor.goto_first_child() {
                level += 1;
                continue;
            }
            loop {
                while self.scopes.last().is_some_and(|scope| scope.level == level) {
                    self.scopes.pop();
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                if !cursor.goto_parent() {
                    return;
                }
                level -= 1;
            }
        }
    }

    /// Takes in one node; false when nothing in it can define anything.
    fn visit(&mut self, node: &Node<'_>, level: usize) -> bool {
        let role = self.roles.get(usize::from(node.kind_id())).copied();
        match role.unwrap_or(Role::Pass) {
            Role::Pass => {}
            Role::Skip => return false,
            Role::Wrapper => {
                self.last_wrapper = Wrapper {
                    level,
                    start: node.start_byte(),
                    row: node.start_position().row,
                    end: node.end_byte(),
                }
            }
            Role::Define => {
                if self.named != Some(node.id())
                    && let Some(name) = name::of(node.child_by_field_name("name"), self.text)
                {
                    self.define(node, node.child_by_field_name("name"), &name, level);
                }
            }
            Role::Method => {
                if let Some(name) = name::of(node.child_by_field_name("name"), self.text) {
                    let receiver = name::of_receiver(node, self.text);
                    let name =
                        receiver.map_or(name.clone(), |receiver| format!("{receiver}.{name}"));
                    self.define(node, node.child_by_field_name("name"), &name, level);
                }
            }
            Role::Alias => {
                if let Some(name) = name::of_alias(node, self.text) {
                    self.define(node, node.child_by_field_name("left"), &name, level);
                }
            }
            Role::Given(target, value) => self.give(node, target, value, level),
            Role::Impl => {
                if let Some(name) = name::of_type(node.child_by_field_name("type"), self.text) {
                    self.open(node, &name, level);
                }
            }
            Role::Scope => {
                if let Some(name) = name::of(node.child_by_field_name("name"), self.text) {
                    self.open(node, &name, level);
                }
            }
            Role::Global => {
                if name::is_global(node) {
                    self.define(node, None, "global", level);
                }
            }
        }
        true
    }

    /// `NAME = FUNCTION` in its many forms.
    fn give(&mut self, node: &Node<'_>, target: &str, value: &str, level: usize) {
        let value = node.child_by_field_name(value).and_then(name::function_in);
        let Some(value) = value else {
            return;
        };
        let target = node.child_by_field_name(target);
        if let Some(name) = name::of_target(target, self.text) {
            self.named = Some(value.id());
            self.define(node, target, &name, level);
        }
    }

    /// Takes in the definition at `node`, whose name stands at `spelt`.
    fn define(&mut self, node: &Node<'_>, spelt: Option<Node<'_>>, name: &str, level: usize) {
        let (start, row) = self.start(node, level);
        let scope = self.scopes.last().expect("the outermost scope stays");
        self.found.push(Definition {
            name: format!("{}{name}", scope.name),
            start,
            line: row + 1,
            own_line: spelt.as_ref().unwrap_or(node).start_position().row + 1,
            depth: scope.depth,
            context: Arc::clone(&scope.context),
        });
        self.open(node, name, level);
    }

    /// What follows stands in `name`, until the node at `level` is over.
    fn open(&mut self, node: &Node<'_>, name: &str, level: usize) {
        let scope = self.scopes.last().expect("the outermost scope stays");
        let is_deep = scope.names >= MAX_SCOPES;
        let header = syntax::header(node, self.text).filter(|_| !is_deep);
        let context = match (header, scope.context.is_empty()) {
            (None, _) => Arc::clone(&scope.context),
            (Some(header), true) => header.into(),
            (Some(header), false) => format!("{}\n{header}", scope.context).into(),
        };
        let name = if is_deep {
            Arc::clone(&scope.name)
        } else {
            format!("{}{name}.", scope.name).into()
        };
        let inner = Scope {
            level,
            name,
            names: scope.names + 1,
            depth: scope.depth + 1,
            context,
        };
        self.scopes.push(inner);
    }

    /// Where the definition at `node` begins, and in which row.
    fn start(&mut self, node: &Node<'_>, level: usize) -> (usize, usize) {
        let wrapper = self.last_wrapper;
        let is_wrapped = wrapper.level + 1 == level && node.end_byte() <= wrapper.end;
        let (start, row) = if is_wrapped {
            (wrapper.start, wrapper.row)
        } else {
            (node.start_byte(), node.start_position().row)
        };
        let first_row = if self.found.is_empty() {
            0
        } else {
            self.last_row + 1
        };
        self.last_row = node.start_position().row;
        syntax::with_lines_above(self.given, self.text, (start, row), first_row)
    }
}
