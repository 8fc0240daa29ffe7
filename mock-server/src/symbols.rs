//! Which symbols a prompt asks about: definitions recognised line by line, without state, so
//! that a file cut at any line end shows the same symbols as the whole file.

/// Names defined in `text`, in order, with repeats: at most one per line. Knows Python, JavaScript
/// and TypeScript, Rust, Go and Java.
pub fn scan(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    // Most lines define nothing, and a million prompts pass here: a vectorised search for line
    // ends and a look at two letters spare the rest of the work.
    memchr::memchr_iter(b'\n', text.as_bytes())
        .chain([text.len()])
        .filter_map(move |end| {
            let line = &text[start..end];
            start = end + 1;
            may_define(line).then(|| definition(line))?
        })
}

/// Whether `line` begins with the first two letters of a word that definitions begin with.
fn may_define(line: &str) -> bool {
    let [first, second, ..] = line.trim_ascii_start().as_bytes() else {
        return false;
    };
    let seconds: &[u8] = match first {
        b'a' => b"bs",
        b'c' => b"lo",
        b'd' => b"e",
        b'e' => b"nx",
        b'f' => b"inu",
        b'i' => b"n",
        b'l' => b"e",
        b'n' => b"a",
        b'p' => b"ru",
        b's' => b"ety",
        b't' => b"ry",
        b'u' => b"n",
        b'v' => b"a",
        _ => b"",
    };
    seconds.contains(second)
}

/// The part of a prompt that is scanned: what stands between the first line that starts with
/// `<source` and the last line that starts with `</source>`, or everything without such a pair.
#[must_use]
pub fn region(prompt: &str) -> &str {
    let open = if prompt.starts_with("<source") {
        Some(0)
    } else {
        memchr::memmem::find(prompt.as_bytes(), b"\n<source").map(|newline| newline + 1)
    };
    let marked = open.and_then(|open| {
        let end_of_open = open + prompt[open..].find('\n')?;
        let close = prompt.rfind("\n</source>")?;
        // An empty region shares the newline between both markers.
        prompt.get(end_of_open + 1..close + 1)
    });
    marked.unwrap_or(prompt)
}

/// The name that `line` defines, if it is a definition.
fn definition(line: &str) -> Option<&str> {
    let mut rest = line.trim_ascii();
    let mut visible = false;
    loop {
        let (word, after) = split_word(rest);
        let next = after.trim_ascii_start();
        rest = match word {
            "def" | "fn" => return named_before(after, &['(', '[', '<']),
            "function" => return named_before(after.trim_start_matches('*'), &['(', '<']),
            "func" => return go_function(after),
            "type" => return go_type(after),
            "class" | "interface" | "enum" | "struct" | "trait" => return type_like(after),
            "let" | "var" => return arrow_function(after),
            "const" if !matches!(split_word(next).0, "fn" | "unsafe" | "async" | "extern") => {
                return arrow_function(after);
            }
            "pub" => after_group(next),
            "extern" => next.trim_start_matches(['"', 'C', ' ']),
            "public" | "private" | "protected" => {
                visible = true;
                next
            }
            "export" | "default" | "async" | "unsafe" | "const" | "declare" | "abstract"
            | "static" | "final" | "sealed" | "synchronized" | "native" | "strictfp" => next,
            _ => return if visible { java_method(rest) } else { None },
        };
    }
}

/// The leading run of ASCII letters, and what follows it.
fn split_word(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_alphanumeric() && byte != b'_');
    text.split_at(end.unwrap_or(text.len()))
}

/// The identifier that follows white space, and what follows it.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let start = text.trim_ascii_start();
    let end = start
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '$')
        .unwrap_or(start.len());
    let apart = start.len() < text.len();
    let named = apart && start.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$');
    named.then(|| start.split_at(end))
}

fn named_before<'a>(after: &'a str, openers: &[char]) -> Option<&'a str> {
    let (name, rest) = identifier(after)?;
    rest.trim_ascii_start().starts_with(openers).then_some(name)
}

/// Skips Rust's `(crate)` and the like.
fn after_group(text: &str) -> &str {
    match text
        .strip_prefix('(')
        .and_then(|inside| inside.split_once(')'))
    {
        Some((_, rest)) => rest.trim_ascii_start(),
        None => text,
    }
}

fn go_function(after: &str) -> Option<&str> {
    if after.trim_ascii_start().starts_with('(') {
        let (_, method) = after.split_once(')')?;
        return named_before(method, &['(']);
    }
    named_before(after, &['(', '['])
}

fn go_type(after: &str) -> Option<&str> {
    const KINDS: [&str; 22] = [
        "struct",
        "interface",
        "func",
        "map",
        "chan",
        "string",
        "bool",
        "error",
        "byte",
        "rune",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
    ];
    let (name, rest) = identifier(after)?;
    let kind = match rest
        .strip_prefix('[')
        .and_then(|generics| generics.split_once(']'))
    {
        Some((parameters, kind)) if !parameters.is_empty() => kind,
        _ => rest,
    };
    let kind = kind.trim_ascii_start();
    (kind.starts_with(['*', '[']) || KINDS.contains(&split_word(kind).0)).then_some(name)
}

fn type_like(after: &str) -> Option<&str> {
    let (name, rest) = identifier(after)?;
    let tail = rest.trim_ascii();
    let is_body = match tail.bytes().next() {
        // A bare name at the end of a line is prose unless it looks like a type.
        None => name.starts_with(char::is_uppercase),
        Some(b'(') => rest.starts_with('('),
        Some(b'{' | b'<' | b'[' | b';') => true,
        Some(b':') => {
            let body = tail[1..].trim_ascii_start();
            body.is_empty()
                || body.starts_with(['#', '"', '\''])
                || ["pass", "..."].contains(&body)
                || body.ends_with('{')
        }
        Some(_) => ["extends", "implements", "permits", "where"].contains(&split_word(tail).0),
    };
    is_body.then_some(name)
}

/// `NAME = (…) =>`, `NAME = async x =>`, `NAME = function`; a parameter list may run on.
fn arrow_function(after: &str) -> Option<&str> {
    let (name, rest) = identifier(after)?;
    let (annotation, value) = rest.split_once('=')?;
    let annotation = annotation.trim_ascii();
    if value.starts_with(['=', '>']) || !(annotation.is_empty() || annotation.starts_with(':')) {
        return None;
    }
    let value = value.trim_ascii();
    let value = match split_word(value) {
        ("async", function) => function.trim_ascii_start(),
        _ => value,
    };
    let is_function = if value.starts_with('(') {
        match matching_parenthesis(value) {
            Some(close) => {
                let rest = value[close + 1..].trim_ascii_start();
                rest.starts_with("=>") || rest.starts_with(':')
            }
            None => value.ends_with(['(', ',']),
        }
    } else if value.starts_with('<') {
        value.contains("=>")
    } else {
        let (word, rest) = split_word(value);
        word == "function" || (!word.is_empty() && rest.trim_ascii_start().starts_with("=>"))
    };
    is_function.then_some(name)
}

fn matching_parenthesis(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.bytes().position(|byte| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        depth == 0
    })
}

/// `Type NAME(` or the constructor `NAME(` behind a visibility, in a line that can be a declaration.
fn java_method(rest: &str) -> Option<&str> {
    let (before, _) = rest.split_once('(')?;
    if before.contains(['=', '.', '"', ';']) || !rest.ends_with(['{', ';', ')', ',', '(', '}']) {
        return None;
    }
    let start = before
        .rfind(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '$')
        .map_or(0, |at| {
            at + before[at..].chars().next().map_or(1, char::len_utf8)
        });
    let name = &before[start..];
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEFINITIONS: &[(&str, &str)] = &[
        ("def f(x):", "f"),
        ("    async def g (self):", "g"),
        ("def generic[T](x: T) -> T:", "generic"),
        ("class A:", "A"),
        ("class b(Base): pass", "b"),
        ("class Größe:", "Größe"),
        ("export default function main() {", "main"),
        ("function* walk(tree) {", "walk"),
        ("export const add = (a, b) => a + b", "add"),
        ("const load: Loader = async (url) => {", "load"),
        ("let twice = x => x * 2;", "twice"),
        ("const many = (", "many"),
        ("const old = function () {", "old"),
        ("export interface Shape<T> {", "Shape"),
        ("export abstract class Node extends Base {", "Node"),
        ("pub(crate) async fn run(self) {", "run"),
        ("pub const fn zero() -> u8 { 0 }", "zero"),
        ("pub unsafe extern \"C\" fn abi(x: i32);", "abi"),
        ("pub struct Unit;", "Unit"),
        ("enum Kind {", "Kind"),
        ("pub trait Walk: Sized {", "Walk"),
        ("func Serve(w Writer) {", "Serve"),
        ("func (s *Server) Close() error {", "Close"),
        ("type Server struct {", "Server"),
        ("type List[T any] struct {", "List"),
        ("type Celsius float64", "Celsius"),
        ("public final class Main", "Main"),
        ("public static void main(String[] args) {", "main"),
        (
            "  protected List<String> names(int n) throws IOException {",
            "names",
        ),
        ("public Main(int x) {", "Main"),
    ];

    const PROSE: &[&str] = &[
        "class of 2020",
        "class imbalance: we see it often",
        "the class A:",
        "def",
        "def x = 3",
        "function that returns",
        "type checking is done",
        "type = 3",
        "const x = (a + b) * 2;",
        "const ys = (xs || []).map(x => x)",
        "const f = call(x => x)",
        "let x = 5;",
        "return f(x)",
        "private final Map<K, V> cache = new HashMap<>();",
        "public opinion (see below)",
        "public:",
        "default: return f();",
        "struct file *f = open();",
        "# def commented():",
        "impl Walk for A {",
        "enum values are listed",
        "interface to the disk",
        "",
        "}",
    ];

    #[test]
    fn definitions_of_five_languages_are_seen() {
        for (line, name) in DEFINITIONS {
            assert_eq!(scan(line).collect::<Vec<_>>(), [*name], "{line}");
        }
    }

    #[test]
    fn prose_and_statements_are_not() {
        for line in PROSE {
            assert_eq!(scan(line).collect::<Vec<_>>(), [""; 0], "{line}");
        }
    }

    #[test]
    fn the_region_lies_between_the_first_and_the_last_marker() {
        assert_eq!(
            region("x\n<source path=\"a\">\nA\n</source>\nB\n</source>\nC"),
            "A\n</source>\nB\n"
        );
        assert_eq!(region("<source>\nA\n</source>"), "A\n");
        assert_eq!(region("<source>\n</source>"), "");
        assert_eq!(region("<source>\nA"), "<source>\nA");
        assert_eq!(region("</source>\n<source>\nA"), "</source>\n<source>\nA");
    }

    proptest! {
        #[test]
        fn any_cut_at_line_ends_sees_the_same_symbols(
            lines in prop::collection::vec(prop::sample::select(
                DEFINITIONS.iter().map(|d| d.0).chain(PROSE.iter().copied()).collect::<Vec<_>>()), 0..30),
            cut in 0usize..30,
        ) {
            let cut = cut.min(lines.len());
            let (head, tail) = (lines[..cut].join("\n"), lines[cut..].join("\n"));
            let whole = lines.join("\n");
            let parts: Vec<&str> = scan(&head).chain(scan(&tail)).collect();
            prop_assert_eq!(scan(&whole).collect::<Vec<_>>(), parts);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}", prefix in prop::sample::select(
            vec!["class ", "def ", "public ", "const x = ", "func (", "type ", "pub(", "extern "])) {
            let _ = scan(&format!("{prefix}{text}")).count();
        }
    }
}
