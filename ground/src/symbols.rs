//! Which symbols a prompt asks about: definitions recognised line by line, without state, so
//! that a file cut at any line end shows the same symbols as the whole file.
//!
//! What counts is pinned line by line in `tests/definitions.tsv`, which the generator's own
//! recogniser must agree with.

use line::{
    after_group, annotation, arrow_function, go_function, js_function, member, named_before,
    split_word, type_alias, type_like,
};

mod line;

/// Names defined in `text`, in order, with repeats: at most one per line. Knows Python, JavaScript
/// and TypeScript, Rust, Go and Java.
pub fn scan(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    // Most lines define nothing, and a million prompts pass here: a vectorised search for line
    // ends and a look at three letters spare the rest of the work.
    memchr::memchr_iter(b'\n', text.as_bytes())
        .chain([text.len()])
        .filter_map(move |end| {
            let line = text[start..end].trim_ascii();
            start = end + 1;
            may_define(line.as_bytes()).then(|| definition(line))?
        })
}

/// Whether `line` begins as keywords of definitions do, or ends as a body or a declaration does.
fn may_define(line: &[u8]) -> bool {
    let [first, second, .., last] = line else {
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
        b'n' => b"ao",
        b'o' => b"v",
        b'p' => b"ru",
        // The most frequent beginning of all defines nothing.
        b'r' if line.starts_with(b"return ") => b"",
        b'r' => b"e",
        b's' => b"ety",
        b't' => b"ry",
        b'u' => b"n",
        b'v' => b"a",
        b'@' => return true,
        b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'$' | b'#' | b'<' | b'*' | 128.. => b"",
        _ => return false,
    };
    seconds.contains(second) || matches!(last, b'{' | b'}' | b';')
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

/// What `prompt` asks to be documented: the names between a line `<definitions>` and a line
/// `</definitions>` before its region, each once, if there are any; otherwise what its region defines.
pub fn asked(prompt: &str) -> impl Iterator<Item = &str> {
    let region = region(prompt);
    let before = &prompt[..region.as_ptr().addr() - prompt.as_ptr().addr()];
    let listed = listed(before).unwrap_or_default();
    let scanned = if listed.is_empty() { region } else { "" };
    listed.lines().chain(scan_as_sent(scanned))
}

/// Names defined in `text`; where it defines none, those in code that it quotes as JSON does, with its
/// line ends written `\n`.
pub fn scan_as_sent(text: &str) -> impl Iterator<Item = &str> {
    let mut plain = scan(text).peekable();
    let quoted = if plain.peek().is_none() { text } else { "" };
    let lines = quoted.split("\\n").skip_while(|_| !quoted.contains("\\n"));
    plain.chain(lines.flat_map(|line| {
        // What stands before the code on its first line is no part of it.
        let line = line.rsplit('"').next().unwrap_or(line);
        scan(line)
    }))
}

/// The lines between the marks of a list.
fn listed(text: &str) -> Option<&str> {
    let open = memchr::memmem::find(text.as_bytes(), b"\n<definitions>\n")?;
    let rest = &text[open + "\n<definitions>\n".len()..];
    rest.split_once("</definitions>\n").map(|(names, _)| names)
}

/// The bare name of a symbol that may be written behind what it stands in, e.g. `run` of `A.run`.
#[must_use]
pub fn bare(symbol: &str) -> &str {
    if symbol.ends_with(']') {
        return symbol;
    }
    symbol.rsplit('.').next().unwrap_or(symbol)
}

/// The name that `line` defines, if it is a definition.
fn definition(line: &str) -> Option<&str> {
    let mut rest = line;
    let mut visible = false;
    loop {
        let (word, after) = split_word(rest);
        let next = after.trim_ascii_start();
        let apart = next.len() < after.len();
        rest = match word {
            "" if rest.starts_with('@') => match annotation(rest)? {
                ("interface", after) => return type_like(after),
                (_, after) => after.trim_ascii_start(),
            },
            "pub" if apart || after.starts_with('(') => after_group(next),
            "function" if apart || after.starts_with('*') => return js_function(next),
            _ if !apart => return member(rest, visible),
            "def" | "fn" => return named_before(after, &['(', '[', '<']),
            "func" => return go_function(after),
            "type" => return type_alias(after),
            "class" | "interface" | "enum" | "struct" | "trait" | "record" => {
                return type_like(after);
            }
            "let" | "var" => return arrow_function(after, false),
            "const" if !CONST_MODIFIES.contains(&split_word(next).0) => {
                return arrow_function(after, true);
            }
            "extern" => next.trim_start_matches(['"', 'C', ' ']),
            "public" | "private" | "protected" => {
                visible = true;
                next
            }
            "export" | "default" | "async" | "unsafe" | "const" | "declare" | "abstract"
            | "static" | "final" | "sealed" | "synchronized" | "native" | "strictfp"
            | "override" | "readonly" => next,
            _ => return member(rest, visible),
        };
    }
}

/// What `const` may stand before without naming a value.
const CONST_MODIFIES: [&str; 5] = ["fn", "unsafe", "async", "extern", "enum"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `LANGUAGE<tab>NAME or -<tab>LINE`.
    const PINNED: &str = include_str!("../tests/definitions.tsv");

    fn pinned() -> impl Iterator<Item = (&'static str, &'static str)> {
        let rows = PINNED.lines().filter(|line| !line.starts_with("//"));
        rows.map(|row| {
            let mut fields = row.splitn(3, '\t').skip(1);
            (fields.next().unwrap(), fields.next().unwrap())
        })
    }

    #[test]
    fn definitions_are_seen_and_statements_and_prose_are_not() {
        for (name, line) in pinned() {
            let expected: &[&str] = if name == "-" { &[] } else { &[name] };
            assert_eq!(scan(line).collect::<Vec<_>>(), expected, "{line}");
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

    #[test]
    fn code_that_is_quoted_as_json_is_seen_where_no_other_is() {
        let quoted = r#"Document this: {"path": "a.py", "code": "def f(a):\n    return a\n\n\ndef g(): pass\n"}"#;
        assert_eq!(scan_as_sent(quoted).collect::<Vec<_>>(), ["f", "g"]);
        let both = "def h(): pass\nprint(\"x\\ndef f(): pass\")\n";
        assert_eq!(scan_as_sent(both).collect::<Vec<_>>(), ["h"]);
        assert_eq!(scan_as_sent("nothing").count(), 0);
    }

    #[test]
    fn a_list_of_definitions_says_what_is_asked() {
        let asked = |prompt| asked(prompt).collect::<Vec<_>>();
        let listed =
            "x\n<definitions>\nA\nA.run\n</definitions>\n<source>\ndef f(): pass\n</source>\n";
        assert_eq!(asked(listed), ["A", "A.run"]);
        let within = "x\n<source>\n<definitions>\nA\n</definitions>\ndef f(): pass\n</source>\n";
        assert_eq!(asked(within), ["f"]);
        assert_eq!(asked("def g(): pass"), ["g"]);
        assert_eq!(
            [bare("A.run"), bare("run"), bare("A.[Symbol.iterator]")],
            ["run", "run", "A.[Symbol.iterator]"]
        );
    }

    proptest! {
        #[test]
        fn any_cut_at_line_ends_sees_the_same_symbols(
            lines in prop::collection::vec(
                prop::sample::select(pinned().map(|(_, line)| line).collect::<Vec<_>>()), 0..30),
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
