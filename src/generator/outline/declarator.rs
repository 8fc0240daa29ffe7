//! How C and C++ spell what they declare: the name stands inside of pointers, parameters and scopes.

use tree_sitter::Node;

use super::name;

/// Most declarators inside each other; deeper ones are no code that anybody wrote.
const MAX_DEPTH: usize = 20;

/// The function that `declarator` declares, qualified as it is written; none for a variable, a
/// pointer to a function among them.
pub(super) fn function<'t>(declarator: Node<'t>, text: &str) -> Option<(Node<'t>, String)> {
    let mut node = declarator;
    let mut takes_parameters = false;
    for _ in 0..MAX_DEPTH {
        node = match node.kind() {
            "function_declarator" => {
                takes_parameters = true;
                node.child_by_field_name("declarator")?
            }
            "parenthesized_declarator" => first_declarator(&node)?,
            "pointer_declarator" | "reference_declarator" | "attributed_declarator" => {
                takes_parameters = false;
                inner(&node)?
            }
            "array_declarator" | "init_declarator" => return None,
            _ => break,
        };
    }
    let converts = is_conversion(&node);
    let spelt = qualified(node, text).filter(|_| takes_parameters || converts)?;
    Some((node, spelt))
}

/// The type that `declarator` of a `typedef` names.
pub(super) fn alias<'t>(declarator: Node<'t>, text: &str) -> Option<(Node<'t>, String)> {
    let mut node = declarator;
    for _ in 0..MAX_DEPTH {
        if node.kind() == "type_identifier" {
            return Some((node, name::of(Some(node), text)?));
        }
        node = inner(&node)?;
    }
    None
}

fn inner<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    node.child_by_field_name("declarator")
        .or_else(|| first_declarator(node))
}

fn first_declarator<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).find(|child| {
        let kind = child.kind();
        kind.ends_with("declarator") || kind.ends_with("identifier")
    })
}

/// Whether a name ends in `operator TYPE`, whose parameters are part of the name's node.
fn is_conversion(node: &Node<'_>) -> bool {
    match node.kind() {
        "operator_cast" => true,
        "qualified_identifier" => {
            let last = node.child_by_field_name("name");
            last.is_some_and(|last| is_conversion(&last))
        }
        _ => false,
    }
}

/// The name at `node` behind its scopes, without template arguments: `A.run` of `A<T>::run`.
pub(super) fn qualified(node: Node<'_>, text: &str) -> Option<String> {
    let mut node = node;
    let mut scopes = String::new();
    for _ in 0..MAX_DEPTH {
        node = match node.kind() {
            "qualified_identifier" => {
                if let Some(scope) = node.child_by_field_name("scope") {
                    scopes.push_str(&simple(scope, text)?);
                    scopes.push('.');
                }
                node.child_by_field_name("name")?
            }
            _ => return Some(scopes + &simple(node, text)?),
        };
    }
    None
}

/// The parameters of a conversion, behind the pointers of its type.
fn parameters(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    for _ in 0..MAX_DEPTH {
        if let Some(parameters) = node.child_by_field_name("parameters") {
            return Some(parameters);
        }
        node = inner(&node)?;
    }
    None
}

fn simple(node: Node<'_>, text: &str) -> Option<String> {
    match node.kind() {
        "template_type" | "template_function" | "template_method" | "dependent_name" => name::of(
            node.child_by_field_name("name").or(node.named_child(0)),
            text,
        ),
        "nested_namespace_specifier" => {
            let mut cursor = node.walk();
            let parts = node.named_children(&mut cursor);
            let parts: Option<Vec<String>> = parts.map(|part| simple(part, text)).collect();
            parts.map(|parts| parts.join("."))
        }
        "operator_cast" => {
            let end = parameters(node)?.start_byte();
            let spelt = text[node.start_byte()..end].split_ascii_whitespace();
            Some(spelt.collect::<Vec<_>>().join(" "))
        }
        "operator_name" | "destructor_name" => {
            let spelt = text[node.byte_range()].split_ascii_whitespace();
            let spelt = spelt.collect::<Vec<_>>().join(" ");
            // `operator ==` is `operator==`, but `operator new` keeps its blank.
            let sign = spelt
                .strip_prefix("operator ")
                .filter(|sign| !sign.starts_with(|letter: char| letter.is_alphabetic()));
            Some(sign.map_or(spelt.clone(), |sign| format!("operator{sign}")))
        }
        _ => name::of(Some(node), text),
    }
}
