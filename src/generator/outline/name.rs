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
        _ => spelt,
    };
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
