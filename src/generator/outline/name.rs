//! How definitions are named in a tree.

use tree_sitter::Node;

/// Longest name that is taken: a computed one may be any expression.
const MAX_BYTES: usize = 80;

/// The name that `node` spells, without quotes.
pub(super) fn of(node: Option<Node<'_>>, text: &str) -> Option<String> {
    let node = node?;
    let spelt = &text[node.byte_range()];
    let name = match node.kind() {
        "string" => spelt.trim_matches(['"', '\'', '`']),
        "computed_property_name" => {
            match node.named_child(0).filter(|inner| inner.kind() == "string") {
                Some(inner) => text[inner.byte_range()].trim_matches(['"', '\'']),
                None => spelt,
            }
        }
        "scope_resolution" | "nested_namespace_specifier" | "namespace_name" => {
            return scoped(spelt);
        }
        "setter" => return of(node.named_child(0), text).map(|name| name + "="),
        _ => spelt.trim_matches('`'),
    };
    is_name(name).then(|| name.to_owned())
}

/// `A.B` for `A::B` of Ruby and C++ and for `A\B` of PHP.
fn scoped(spelt: &str) -> Option<String> {
    let name = spelt.replace("::", ".").replace('\\', ".");
    let name = name.trim_start_matches('.');
    is_name(name).then(|| name.to_owned())
}

/// Names are kept on one line and between backticks.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_BYTES && !name.contains(['\n', '\r', '`'])
}

/// The last part of what something is given to: `c` of `a.b.c`, of `{ c: … }`, of `a['c']`.
pub(super) fn of_target(node: Option<Node<'_>>, text: &str) -> Option<String> {
    let node = node?;
    match node.kind() {
        "member_expression" => {
            let name = of(node.child_by_field_name("property"), text)?;
            let object = node
                .child_by_field_name("object")
                .map(|object| &text[object.byte_range()]);
            // `A.prototype.run` is `run` of `A`.
            let owner = object.and_then(|object| object.strip_suffix(".prototype"));
            Some(match owner.filter(|owner| is_name(owner)) {
                Some(owner) => format!("{owner}.{name}"),
                None => name,
            })
        }
        "subscript_expression" => {
            let index = node.child_by_field_name("index")?;
            (index.kind() == "string").then(|| of(Some(index), text))?
        }
        "array_pattern" | "object_pattern" | "parenthesized_expression" => None,
        _ => of(Some(node), text),
    }
}

/// The function or class that `node` is, perhaps in parentheses.
pub(super) fn function_in(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    // Deeper ones are no code that anybody wrote.
    for _ in 0..20 {
        match node.kind() {
            "arrow_function" | "function_expression" | "generator_function" | "class" => {
                return Some(node);
            }
            "parenthesized_expression" => {
                let mut cursor = node.walk();
                let inner = node
                    .named_children(&mut cursor)
                    .find(|child| child.kind() != "comment");
                node = inner?;
            }
            _ => return None,
        }
    }
    None
}

/// The type in the receiver of a Go method: `A` of `(a *A[T])`.
pub(super) fn of_receiver(method: &Node<'_>, text: &str) -> Option<String> {
    let receiver = method.child_by_field_name("receiver")?;
    let parameter = receiver.named_child(0)?;
    of_type(parameter.child_by_field_name("type"), text)
}

/// The name of a type without pointers, references and type arguments, or a text as short as it is
/// written if it is no named type.
pub(super) fn of_type(node: Option<Node<'_>>, text: &str) -> Option<String> {
    let mut node = node?;
    for _ in 0..20 {
        node = match node.kind() {
            "pointer_type" | "parenthesized_type" => node.named_child(0)?,
            "generic_type" | "reference_type" => node.child_by_field_name("type")?,
            "scoped_type_identifier" => node.child_by_field_name("name")?,
            _ => break,
        };
    }
    of(Some(node), text)
}

/// The name of `type NAME = …` and `type NAME[T] = …`; what `type(x).y = z` parses as has none.
pub(super) fn of_alias(alias: &Node<'_>, text: &str) -> Option<String> {
    let left = alias.child_by_field_name("left")?.named_child(0)?;
    match left.kind() {
        "identifier" => of(Some(left), text),
        "generic_type" => of(left.named_child(0), text),
        _ => None,
    }
}

/// Whether an ambient declaration is `declare global { … }`.
pub(super) fn is_global(node: &Node<'_>) -> bool {
    node.child(1).is_some_and(|word| word.kind() == "global")
}

/// The first identifier that stands directly in `node`.
pub(super) fn identifier_in<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .find(|child| child.kind() == "identifier")
}

/// Where the name of `node` stands, or the word that stands for it.
pub(super) fn spelt_at<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let words = [
        "variable_declaration",
        "property_element",
        "constructor",
        "companion",
        "operator",
        "this",
    ];
    node.child_by_field_name("name").or_else(|| {
        let mut cursor = node.walk();
        node.children(&mut cursor)
            .find(|child| words.contains(&child.kind()))
    })
}

/// What a node defines that has no field for its name, or a sign for a name.
pub(super) fn special(node: &Node<'_>, text: &str) -> Option<String> {
    let field = |name| of(node.child_by_field_name(name), text);
    match node.kind() {
        "destructor_declaration" => field("name").map(|name| format!("~{name}")),
        "operator_declaration" => {
            let sign = node.child_by_field_name("operator")?;
            Some(format!("operator{}", &text[sign.byte_range()]))
        }
        "conversion_operator_declaration" => field("type").map(|kind| format!("operator {kind}")),
        "indexer_declaration" => Some("this".to_owned()),
        "companion_object" => field("name").or_else(|| Some("Companion".to_owned())),
        "secondary_constructor" => Some("constructor".to_owned()),
        "type_alias" => field("type"),
        _ => None,
    }
}

/// The name of a property that has code, as a getter has: one without is a mere field.
pub(super) fn of_property(node: &Node<'_>, text: &str) -> Option<String> {
    let child = |kind: &str| {
        let mut cursor = node.walk();
        node.named_children(&mut cursor)
            .find(|child| child.kind() == kind)
    };
    let has_body = |accessor: Node<'_>| {
        let mut cursor = accessor.walk();
        accessor.child_by_field_name("body").is_some()
            || accessor
                .named_children(&mut cursor)
                .any(|inner| inner.kind() == "function_body")
    };
    if let Some(name) = node.child_by_field_name("name") {
        let value = node.child_by_field_name("value");
        let is_computed = value.is_some_and(|value| value.kind() == "arrow_expression_clause");
        let accessors = node.child_by_field_name("accessors");
        let has_code = accessors.is_some_and(|accessors| {
            let mut cursor = accessors.walk();
            accessors.named_children(&mut cursor).any(has_body)
        });
        return (is_computed || has_code).then(|| of(Some(name), text))?;
    }
    if child("property_hook_list").is_some() {
        return of(child("property_element")?.child_by_field_name("name"), text);
    }
    let has_code = [child("getter"), child("setter")]
        .into_iter()
        .flatten()
        .any(has_body);
    has_code.then(|| of(child("variable_declaration")?.named_child(0), text))?
}

/// The name of a Kotlin function, behind the type that it extends.
pub(super) fn of_extension(function: &Node<'_>, text: &str) -> Option<String> {
    let spelt = function.child_by_field_name("name")?;
    let name = of(Some(spelt), text)?;
    let is_extension = spelt
        .prev_sibling()
        .is_some_and(|before| before.kind() == ".");
    let receiver = spelt.prev_named_sibling().filter(|_| is_extension);
    Some(
        match receiver.and_then(|receiver| of_user_type(receiver, text)) {
            Some(receiver) => format!("{receiver}.{name}"),
            None => name,
        },
    )
}

/// The last name of a Kotlin type, without type arguments and question mark.
fn of_user_type(node: Node<'_>, text: &str) -> Option<String> {
    let mut node = node;
    for _ in 0..20 {
        node = match node.kind() {
            "nullable_type" | "parenthesized_type" => node.named_child(0)?,
            _ => break,
        };
    }
    let mut cursor = node.walk();
    let names = node.named_children(&mut cursor);
    let last = names.filter(|child| child.kind() == "identifier").last();
    of(last, text)
}

/// The name of a Ruby method of one object; `self` is what it stands in.
pub(super) fn of_singleton(method: &Node<'_>, text: &str) -> Option<String> {
    let name = of(method.child_by_field_name("name"), text)?;
    let object = method.child_by_field_name("object")?;
    match object.kind() {
        "self" => Some(name),
        _ => Some(format!("{}.{name}", of(Some(object), text)?)),
    }
}

/// The constant that a new Ruby class is given to: `A = Struct.new(…) do … end`.
pub(super) fn of_constant(assignment: &Node<'_>, text: &str) -> Option<String> {
    let value = assignment
        .child_by_field_name("right")
        .filter(|value| value.kind() == "call")?;
    let spelt = |field| {
        value
            .child_by_field_name(field)
            .map(|node| &text[node.byte_range()])
    };
    let makes = matches!(
        (spelt("receiver")?, spelt("method")?),
        ("Struct" | "Class" | "Module", "new") | ("Data", "define")
    );
    let left = assignment.child_by_field_name("left")?;
    let is_constant = matches!(left.kind(), "constant" | "scope_resolution");
    (makes && is_constant).then(|| of(Some(left), text))?
}
