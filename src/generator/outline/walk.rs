//! Walks a tree and collects what it defines.

use std::collections::HashSet;
use std::sync::Arc;

use tree_sitter::{Node, TreeCursor};

use super::super::grammar::Parsed;
use super::super::syntax;
use super::Definition;
use super::declarator;
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
    /// Depth of the outermost body of a function around the cursor, where that matters.
    body: Option<usize>,
    /// Which of `found` are only declared here.
    declared: Vec<usize>,
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
        body: None,
        declared: Vec::new(),
        found: Vec::new(),
    };
    walk.all(&mut parsed.tree.walk());
    walk.leave_out_declared();
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
                if self.body == Some(level) {
                    self.body = None;
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
                // Kotlin's entries of an enumeration have no field for their name.
                let spelt = node.child_by_field_name("name");
                let spelt = spelt.or_else(|| name::identifier_in(node));
                if let Some(name) = name::of(spelt, self.text) {
                    self.open(node, &name, level);
                }
            }
            Role::Bodied => self.bodied(node, level),
            Role::Declarator => self.function(node, level),
            Role::Prototype => self.prototypes(node, level),
            Role::Typedef => self.aliases(node, level),
            Role::Friend => {
                let inner = node.named_child(0);
                return inner.is_some_and(|inner| inner.kind() == "function_definition");
            }
            Role::Body => self.body = self.body.or(Some(level)),
            Role::Special => self.named_by(node, name::special(node, self.text), level),
            Role::Property => self.named_by(node, name::of_property(node, self.text), level),
            Role::Extension => self.named_by(node, name::of_extension(node, self.text), level),
            Role::Singleton => self.named_by(node, name::of_singleton(node, self.text), level),
            Role::Constant => self.named_by(node, name::of_constant(node, self.text), level),
            Role::Global => {
                if name::is_global(node) {
                    self.define(node, None, "global", level);
                }
            }
        }
        true
    }

    fn named_by(&mut self, node: &Node<'_>, name: Option<String>, level: usize) {
        if let Some(name) = name {
            self.define(node, name::spelt_at(node), &name, level);
        }
    }

    fn bodied(&mut self, node: &Node<'_>, level: usize) {
        let spelt = node.child_by_field_name("name");
        let has_body = node.child_by_field_name("body").is_some();
        if let Some(spelt) = spelt.filter(|_| has_body)
            && let Some(name) = declarator::qualified(spelt, self.text)
        {
            self.define(node, Some(spelt), &name, level);
        }
    }

    /// A function of C or C++ with its body.
    fn function(&mut self, node: &Node<'_>, level: usize) {
        let declared = node.child_by_field_name("declarator");
        if let Some((spelt, name)) = declared.and_then(|it| declarator::function(it, self.text))
            && self.is_function(node, &name)
        {
            self.define(node, Some(spelt), &name, level);
        }
    }

    /// Functions of C or C++ that are declared here, and defined perhaps elsewhere.
    fn prototypes(&mut self, node: &Node<'_>, level: usize) {
        if self.body.is_some() {
            return;
        }
        let mut cursor = node.walk();
        let declarators: Vec<_> = node
            .children_by_field_name("declarator", &mut cursor)
            .collect();
        for declared in declarators {
            if let Some((spelt, name)) = declarator::function(declared, self.text)
                && self.is_function(node, &name)
            {
                self.declared.push(self.found.len());
                self.add(node, Some(spelt), &name, level);
            }
        }
    }

    /// Whether `node` declares the function `name`, and is no macro that looks like one: it says
    /// what it returns, or it is a constructor, a destructor or a conversion.
    fn is_function(&self, node: &Node<'_>, name: &str) -> bool {
        if node.child_by_field_name("type").is_some() {
            return true;
        }
        let last = ground::symbols::bare(name);
        let scope = self.scopes.last().map_or("", |scope| &scope.name);
        last.starts_with('~')
            || last.starts_with("operator")
            || last != name
            || scope.trim_end_matches('.').rsplit('.').next() == Some(name)
    }

    fn aliases(&mut self, node: &Node<'_>, level: usize) {
        let of_type = node.child_by_field_name("type");
        let tag = of_type.and_then(|of_type| of_type.child_by_field_name("name"));
        let tag = tag.map(|tag| &self.text[tag.byte_range()]);
        let has_body = of_type.is_some_and(|it| it.child_by_field_name("body").is_some());
        let mut cursor = node.walk();
        let declarators: Vec<_> = node
            .children_by_field_name("declarator", &mut cursor)
            .collect();
        for declared in declarators {
            if let Some((spelt, name)) = declarator::alias(declared, self.text)
                // `typedef struct A { … } A;` defines one thing.
                && !(has_body && tag == Some(&name))
            {
                self.add(node, Some(spelt), &name, level);
            }
        }
    }

    /// Drops what is only declared if this file defines it too.
    fn leave_out_declared(&mut self) {
        if self.declared.is_empty() {
            return;
        }
        let mut is_declared = vec![false; self.found.len()];
        self.declared.iter().for_each(|at| is_declared[*at] = true);
        let defined: HashSet<String> = self
            .found
            .iter()
            .zip(&is_declared)
            .filter(|(_, declared)| !**declared)
            .map(|(definition, _)| definition.name.clone())
            .collect();
        let mut declared = is_declared.into_iter();
        self.found.retain(|definition| {
            let is_declared = declared.next().unwrap_or(false);
            !is_declared || !defined.contains(&definition.name)
        });
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

    /// Takes in the definition at `node`, whose name stands at `spelt`; what follows stands in it.
    fn define(&mut self, node: &Node<'_>, spelt: Option<Node<'_>>, name: &str, level: usize) {
        self.add(node, spelt, name, level);
        self.open(node, name, level);
    }

    fn add(&mut self, node: &Node<'_>, spelt: Option<Node<'_>>, name: &str, level: usize) {
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
