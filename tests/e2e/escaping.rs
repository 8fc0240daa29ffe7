//! The house's law: foreign text is made harmless in the room `text`, and nowhere else.

use std::path::Path;

/// Signs of escaping, as they stand in a source text, and the door to use instead.
const SIGNS: &[(&str, &str)] = &[
    ("\"&lt;", "maud, text::markdown or text::markup"),
    ("\"&gt;", "maud, text::markdown or text::markup"),
    ("\"&amp;", "maud, text::markdown or text::markup"),
    ("\"&quot;", "maud, quick-junit or text::markup"),
    ("\"&#", "text::markdown::inline"),
    ("replace('<'", "maud, text::markdown or text::markup"),
    ("replace('&'", "maud, text::markdown or text::markup"),
    ("replace('|'", "text::markdown::inline"),
    ("replace('`'", "text::markdown::code"),
    ("'\\\\''", "text::shell_word"),
    ("\"\\\\|\"", "text::markdown::inline"),
    ("is_control", "text::line"),
    ("is_ascii_control", "text::line"),
    ("strip_ansi", "text::line"),
    ("\\u{200", "text::line"),
    ("\\u{202", "text::line"),
    ("\\u{206", "text::line"),
    ("\"%0A\"", "text::workflow::annotation"),
    ("\"%0D\"", "text::workflow::annotation"),
    ("\"%20\"", "text::markdown::link"),
    (
        "\"%25\"",
        "text::workflow::annotation or text::markdown::link",
    ),
    ("\"##[\"", "text::line"),
    ("\": :", "text::line"),
    ("'=' | '+'", "text::cell"),
    ("['=', '+'", "text::cell"),
];

/// What `source` escapes by itself, outside of comments and of the tests at its end.
fn breaches(source: &str) -> Vec<String> {
    let code = source.split("\n#[cfg(test)]\nmod tests {").next();
    let mut breaches = Vec::new();
    for (number, line) in (1..).zip(code.unwrap_or_default().lines()) {
        if line.trim_start().starts_with("//") {
            continue;
        }
        let found = SIGNS.iter().filter(|(sign, _)| line.contains(sign));
        breaches.extend(found.map(|(sign, door)| format!("{number}: `{sign}`; use {door}")));
    }
    breaches
}

#[test]
fn no_room_but_text_escapes() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut breaches = Vec::new();
    for entry in ignore::Walk::new(&source) {
        let path = entry.unwrap().into_path();
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        let is_rust = path.extension().is_some_and(|ending| ending == "rs");
        if is_rust && !is_test && !path.starts_with(source.join("text")) {
            let found = self::breaches(&std::fs::read_to_string(&path).unwrap());
            breaches.extend(found.iter().map(|why| format!("{}:{why}", path.display())));
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn escaping_of_any_kind_is_a_breach_unless_a_test_or_a_comment_speaks_of_it() {
    for (line, times) in [
        ("let x = name.replace('<', \"&lt;\");", 2),
        ("let x = name.chars().filter(|c| !c.is_control());", 1),
        ("'\\u{202a}'..='\\u{202e}' => None,", 1),
        ("text.replace('\\n', \"%0A\")", 1),
        ("matches!(first, '=' | '+' | '-')", 1),
        ("text.replace('|', \"\\\\|\")", 2),
        ("// a comment may say &lt; and is_control()", 0),
        ("let x = text::line(name);", 0),
    ] {
        assert_eq!(breaches(line).len(), times, "{line}");
    }
    let tested = "fn a() {}\n#[cfg(test)]\nmod tests {\n    x.is_control()\n}\n";
    assert!(breaches(tested).is_empty());
}
