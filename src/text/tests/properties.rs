//! Each door lets nothing harmful through, whatever comes in, and loses nothing.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use crate::text::anchor::Anchors;
use crate::text::workflow::{Level, annotation};
use crate::text::*;

/// Pieces that matter to one door or another, in any order, between any other text.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\u{1b}[31m",
        "\u{1b}[2",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;http://evil\u{1b}\\",
        "\u{1b}P1$q\u{9c}",
        "\u{9b}1m",
        "\u{9d}0;x",
        "\u{1b}",
        "\u{7}",
        "\r",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\u{85}",
        "\u{2028}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "\u{e0041}",
        "\u{ad}",
        "\u{ffff}",
        "::error::x",
        ":",
        "::",
        "##[error]",
        "##vso[x]",
        "#",
        "[",
        "<script>",
        "&lt;",
        "\"",
        "'",
        "|",
        "`",
        "``",
        "*",
        "_",
        "__init__",
        "\\",
        "](http:x)",
        "<b>",
        "![x](y)",
        "http://x.y",
        "www.x.y",
        "@me",
        "1. ",
        "- ",
        "+ ",
        "=",
        "    ",
        "%",
        " %",
        " ",
        "=1+1",
        "-",
        "../",
        "/",
        "CON",
        ".",
        "你好",
        "👩‍💻",
        "❤\u{fe0f}",
        "é",
        "e\u{301}",
        ": breaklab run",
        "a",
        "word",
    ]);
    let piece = prop_oneof![3 => pieces.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Why a line could do harm on a terminal, in a log or in a workflow.
fn harm(line: &str) -> Option<&'static str> {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    if line.chars().any(char::is_control) {
        Some("a control character")
    } else if line.chars().any(turns) {
        Some("an invisible character")
    } else if line
        .split(char::is_whitespace)
        .any(|word| word.starts_with("::"))
    {
        Some("a command")
    } else if line.contains("##[") || line.contains("##vso[") {
        Some("a bracketed command")
    } else {
        None
    }
}

proptest! {
    #[test]
    fn a_line_is_harmless_wherever_it_is_broken(text in hostile()) {
        let safe = line(&text);
        prop_assert_eq!(harm(&safe), None, "{:?}", safe);
        prop_assert_eq!(line(&safe), safe);
        prop_assert_eq!(harm(&excerpt(&text, 9)), None);
    }

    #[test]
    fn every_line_of_a_block_is_harmless(text in hostile()) {
        for row in block(&text).split('\n') {
            prop_assert_eq!(harm(&row.replace('\t', " ")), None, "{:?}", row);
        }
    }

    #[test]
    fn a_paragraph_fits_and_loses_no_word(text in hostile(), columns in 5_usize..40) {
        let paragraph = wrapped(&text, "* ", "  ", columns);
        let mut words = Vec::new();
        for row in paragraph.lines() {
            prop_assert_eq!(harm(row), None, "{:?}", row);
            let alone = row[2.min(row.len())..].trim_matches(' ');
            let whole = !alone.contains(' ') || alone.starts_with("breaklab ") || alone.contains(" %");
            prop_assert!(row.width() <= columns || whole, "{:?} in {}", row, columns);
            words.extend(alone.split(' ').filter(|word| !word.is_empty()).map(str::to_owned));
        }
        let all: Vec<String> = line(&text).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        prop_assert_eq!(words, all);
    }

    #[test]
    fn what_is_cut_fits(text in hostile(), columns in 0_usize..20) {
        let text = line(&text);
        prop_assert!(cut(&text, columns).width() <= columns);
        prop_assert!(left(&text, columns).width() >= columns);
    }

    #[test]
    fn an_annotation_is_one_line(title in hostile(), message in hostile()) {
        let text = annotation(Level::Warning, &title, &message);
        prop_assert_eq!(text.matches('\n').count(), 1);
        let (head, _) = text["::warning title=".len()..].split_once("::").unwrap();
        prop_assert!(!head.contains(',') && !head.contains(':'));
    }

    #[test]
    fn a_cell_starts_no_formula_and_an_attribute_is_not_left(text in hostile()) {
        let shown = cell(&text);
        prop_assert!(!shown.trim_start().starts_with(['=', '+', '-', '@']));
        prop_assert_eq!(harm(&shown), None);
        let value = markup(&text);
        prop_assert!(!value.contains(['<', '>', '"']));
    }

    #[test]
    fn a_file_name_is_one_normal_component(text in hostile()) {
        let name = file_name(&text);
        let parts: Vec<_> = std::path::Path::new(&name).components().collect();
        prop_assert!(matches!(parts.as_slice(), [std::path::Component::Normal(_)]));
        prop_assert!(name.len() < 100 && !name.starts_with(['.', '-']) && !name.ends_with('.'));
        prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_@.".contains(&byte)));
    }

    #[test]
    fn markdown_reads_as_one_paragraph_of_the_same_text(text in hostile()) {
        let escaped = markdown::inline(&text);
        prop_assert_eq!(shown(&escaped, &[]), line(&text).split_whitespace().collect::<Vec<_>>().join(" "));
    }

    #[test]
    fn code_in_markdown_reads_as_the_same_text(text in hostile()) {
        let said = shown(&markdown::code(&text), &["code"]);
        prop_assert_eq!(said, line(&text).split_whitespace().collect::<Vec<_>>().join(" "));
    }

    #[test]
    fn a_link_leads_to_the_file_and_is_called_so(text in hostile()) {
        let path = line(&text);
        let page = markdown::link(&text, &path);
        let targets: Vec<String> = pulldown_cmark::Parser::new(&page)
            .filter_map(|event| match event {
                pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
                _ => None,
            })
            .collect();
        prop_assert_eq!(targets.len(), 1, "{}", page);
        let target = percent_encoding::percent_decode_str(&targets[0]).decode_utf8().unwrap();
        prop_assert_eq!(target, path);
    }

    #[test]
    fn no_two_anchors_of_a_page_are_equal(texts in prop::collection::vec("[ab -]{0,3}(-1)?", 0..20)) {
        let mut anchors = Anchors::default();
        let all: Vec<String> = texts.iter().map(|text| anchors.next(text)).collect();
        let different: std::collections::BTreeSet<&String> = all.iter().collect();
        prop_assert_eq!(different.len(), all.len());
    }
}

/// The text that a reader of `markdown` sees, if that is one paragraph with nothing but `tags` in it.
fn shown(markdown: &str, tags: &[&str]) -> String {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let options = Options::ENABLE_GFM
        | Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH;
    let mut text = String::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(part) => text += &part,
            Event::Code(part) if tags.contains(&"code") => text += &part,
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
            other => return format!("{other:?} in {markdown}"),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
