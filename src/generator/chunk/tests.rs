//! What every way of cutting must keep.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const WIDE: usize = usize::MAX;

fn joined(text: &str, chunks: &[Chunk]) -> String {
    chunks
        .iter()
        .map(|chunk| &text[chunk.range.clone()])
        .collect()
}

#[test]
fn ten_thousand_one_line_functions_are_cut_by_what_their_answers_need() {
    let mut text = String::new();
    for i in 0..10_000 {
        writeln!(text, "def func_{i}(): pass").unwrap();
    }
    let chunks = split(
        "a.py",
        &text,
        None,
        &Budget {
            lines: 2000,
            bytes: WIDE,
            definitions: 100,
        },
    );
    assert_eq!(chunks.len(), 100);
    assert!(chunks.iter().all(|chunk| chunk.definitions == 100));
    assert_eq!((chunks[1].first_line, chunks[1].last_line), (101, 200));
}

#[test]
fn cuts_fall_before_top_level_definitions_with_their_decorators() {
    let body = "    x = 1\n".repeat(6);
    let text =
        format!("# about f\n@cached\ndef f():\n{body}\n# about g\n@cached\ndef g():\n{body}");
    let chunks = split(
        "a.py",
        &text,
        None,
        &Budget {
            lines: 14,
            bytes: WIDE,
            definitions: WIDE,
        },
    );
    assert_eq!(chunks.len(), 2);
    assert!(text[chunks[1].range.clone()].starts_with("# about g\n"));
}

#[test]
fn one_line_of_five_megabytes_is_cut_between_characters() {
    let text = "é".repeat(2_500_000);
    let chunks = split(
        "a.py",
        &text,
        None,
        &Budget {
            lines: 2000,
            bytes: 999_999,
            definitions: 10,
        },
    );
    assert_eq!(joined(&text, &chunks), text);
    assert_eq!(chunks.len(), 6);
    assert!(
        chunks
            .iter()
            .all(|chunk| (chunk.first_line, chunk.last_line) == (1, 1))
    );
}

#[test]
fn halving_ends_with_a_single_line() {
    let text = "def a(): pass\ndef b(): pass\n";
    let halves = halve("a.py", text, None, &whole(text, None)).unwrap();
    assert_eq!(halves.len(), 2);
    assert_eq!((halves[1].first_line, halves[1].last_line), (2, 2));
    assert_eq!(halve("a.py", text, None, &halves[1]), None);
}

proptest! {
    #[test]
    fn chunks_joined_are_the_text_and_within_the_budget(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "def f():\r\n", "    return 'ü'\r\n", "class A:\n", "\n", "  x\n", "λ", "\r", "@d\n", "# c\n", "x = 1",
        ]), 0..80),
        lines in 1usize..20, bytes in 1usize..60, definitions in 1usize..5,
        path in prop::sample::select(vec!["a.py", "a.rs", "a.js", "a.txt"]),
    ) {
        let text: String = pieces.concat();
        let budget = Budget { lines, bytes, definitions };
        let chunks = split(path, &text, None, &budget);
        prop_assert_eq!(joined(&text, &chunks), text.as_str());
        for chunk in &chunks {
            prop_assert!(!text[..chunk.range.end].ends_with('\r') || !text[chunk.range.end..].starts_with('\n'));
            let single = text[chunk.range.clone()].chars().count() <= 2;
            prop_assert!(fits(chunk, &budget) || single, "{:?}", chunk);
        }
        let mut next = 0;
        for chunk in &chunks {
            prop_assert_eq!(chunk.range.start, next);
            prop_assert!(chunk.first_line <= chunk.last_line);
            next = chunk.range.end;
        }
    }

    #[test]
    fn halves_joined_are_the_chunk(count in 1usize..30, defines in any::<bool>()) {
        let line = if defines { "def f(): pass\n" } else { "x = 1\n" };
        let text = line.repeat(count);
        let chunk = whole(&text, None);
        if let Some(parts) = halve("a.py", &text, None, &chunk) {
            prop_assert_eq!(joined(&text, &parts), text.clone());
        } else {
            prop_assert_eq!(count, 1);
        }
    }
}
