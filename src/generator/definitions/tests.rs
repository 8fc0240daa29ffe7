//! The lines that are pinned, and agreement with the mock.

use ground::symbols;
use proptest::prelude::*;

use super::*;

/// `LANGUAGE<tab>NAME or -<tab>LINE`.
const PINNED: &str = include_str!("../../../ground/tests/definitions.tsv");

fn pinned() -> impl Iterator<Item = (Option<&'static str>, &'static str)> {
    PINNED
        .lines()
        .filter(|line| !line.starts_with("//"))
        .map(|line| {
            let (_, rest) = line.split_once('\t').unwrap();
            let (name, line) = rest.split_once('\t').unwrap();
            ((name != "-").then_some(name), line)
        })
}

#[test]
fn definitions_are_seen_and_statements_and_prose_are_not() {
    for (expected, line) in pinned() {
        assert_eq!(name(line), expected, "{line}");
    }
}

#[test]
fn this_project_looks_the_same_to_the_mock() {
    let mut lines = 0;
    for file in [
        include_str!("../definitions.rs"),
        include_str!("words.rs"),
        include_str!("../chunk.rs"),
        include_str!("../chunk/tests.rs"),
        include_str!("../../generator.rs"),
        include_str!("../bulk.rs"),
        include_str!("../document.rs"),
    ] {
        let ours: Vec<&str> = file.lines().filter_map(name).collect();
        assert_eq!(ours, symbols::scan(file).collect::<Vec<_>>());
        lines += ours.len();
    }
    assert!(lines > 60, "{lines}");
}

proptest! {
    /// Two recognisers, one meaning: made of what lines are made of, in any order.
    #[test]
    fn the_mock_recognises_the_same(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "public", "static", "async", "export", "const", "def", "fn", "function", "func", "class", "type",
            "record", "enum", "let", "pub", "extern", "\"C\"", "default", "if", "return", "new", "void", "List<T>",
            "name", "Größe", "$x", "_y", "#z", "*", "(", ")", "()", "(a, b)", "<T>", "[", "]", "{", "}", "{}", ";",
            ":", "=", "==", "=>", ",", ".", "@A", "@interface", "throws E", "?", " ", " ", "  ", "\t", "constructor",
        ]), 0..12),
        end in prop::sample::select(vec!["", " {", ";", ") {", "(", ","]),
    ) {
        let line = pieces.concat() + end;
        prop_assert_eq!(name(&line), symbols::scan(&line).next(), "{:?}", line);
    }
}
