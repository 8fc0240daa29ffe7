//! What each door makes of what comes to it.

use super::anchor::{Anchors, headings};
use super::workflow::{Level, annotation};
use super::*;

mod properties;

#[test]
fn sequences_go_as_a_whole_and_leave_nothing_behind() {
    for (text, left) in [
        ("bad \u{1b}[31mred\u{1b}[0m", "bad red"),
        ("\u{1b}[38;2;1;2;3mx\u{1b}[m", "x"),
        ("a\u{1b}[2J\u{1b}[1;1Hb", "ab"),
        ("\u{1b}]0;title\u{7}text", "text"),
        (
            "\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\",
            "link",
        ),
        ("\u{1b}Pq#0;2\u{1b}\\x", "x"),
        ("\u{1b}(B\u{1b}cx\u{1b}7", "x"),
        ("\u{9b}31mred \u{9d}0;t\u{9c}x", "red x"),
        ("cut off \u{1b}[3", "cut off "),
        ("\u{1b}]0;never ends\nnext", "next"),
        ("[31m is text", "[31m is text"),
    ] {
        assert_eq!(line(text).trim_start(), left, "{text:?}");
    }
}

#[test]
fn what_cannot_be_seen_is_shown_and_what_can_stays() {
    for (text, shown) in [
        ("a\tb\r\nc\nd", "a b c d"),
        ("a\0b\u{7}c\u{7f}", "a␀b␇c␡"),
        (
            "a\u{202e}b\u{2066}c\u{200b}d\u{ad}e\u{e0041}f",
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f",
        ),
        (
            "👩‍💻 ❤\u{fe0f} می\u{200c}خواهم naïve 你好",
            "👩‍💻 ❤\u{fe0f} می\u{200c}خواهم naïve 你好",
        ),
        ("adm\u{200d}in", "adm\u{fffd}in"),
    ] {
        assert_eq!(line(text), shown, "{text:?}");
    }
}

#[test]
fn no_word_begins_a_command_and_names_of_code_stay() {
    for (text, safe) in [
        ("::error::x", ": :error::x"),
        ("a :::warning file=b", "a : : :warning file=b"),
        (
            "std::fmt ##[error]x ##vso[y] ## [z] a##b",
            "std::fmt # #[error]x # #vso[y] ## [z] a##b",
        ),
        ("###[group]", "## #[group]"),
    ] {
        assert_eq!(line(text), safe);
    }
    assert_eq!(block("a\n  ::error::b\n\tc"), "a\n  : :error::b\n\tc");
}

#[test]
fn an_excerpt_is_cut_after_cleaning() {
    assert_eq!(excerpt(&"x".repeat(10_000), 320).chars().count(), 321);
    assert_eq!(excerpt("abc", 3), "abc");
    assert_eq!(excerpt("ab\u{1b}[31mcd", 3), "abc…");
}

#[test]
fn an_annotation_is_one_command_whatever_it_says() {
    let text = annotation(Level::Error, "a,b: 9 %\n::stop::", "first\n::warning::x");
    assert_eq!(
        text,
        "::error title=a%2Cb%3A 9 %25 %3A %3Astop%3A%3A::first%0A: :warning::x\n"
    );
}

#[test]
fn markdown_stays_text() {
    for (text, escaped) in [
        ("__init__.py", "\\_\\_init\\_\\_.py"),
        ("a|b\nc", "a\\|b c"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        (
            "x](http:evil) <img src=y>",
            "x&#93;(http:evil) &lt;img src=y&gt;",
        ),
        (
            "see https://a.b or www.c.d",
            "see https&#58;//a.b or www&#46;c.d",
        ),
        ("- a", "\\- a"),
        ("12) a", "12\\) a"),
        ("1.5 of 2", "1.5 of 2"),
        ("C:\\dir", "C:\\\\dir"),
    ] {
        assert_eq!(markdown::inline(text), escaped);
    }
    assert_eq!(markdown::code("a`b"), "``a`b``");
    assert_eq!(markdown::code("`a"), "`` `a ``");
    assert_eq!(
        markdown::marked("waits for `retry-after` *now*"),
        "waits for `retry-after` \\*now\\*"
    );
    assert_eq!(
        markdown::link("a#b c.py", "dir/a#b c?%.py.md"),
        "[a\\#b c.py](dir/a%23b%20c%3F%25.py.md)"
    );
}

#[test]
fn anchors_are_those_of_github() {
    // Made by the package github-slugger, one after the other on one page.
    const SLUGS: [(&str, &str); 21] = [
        ("A.f", "af"),
        ("A.f", "af-1"),
        ("af", "af-2"),
        ("af-1", "af-1-1"),
        ("Hello, World!", "hello-world"),
        ("a  b", "a--b"),
        ("__init__", "__init__"),
        ("operator==(const T&)", "operatorconst-t"),
        ("Größe", "größe"),
        ("你好，世界", "你好世界"),
        ("naïve café", "naïve-café"),
        ("e\u{301}", "e\u{301}"),
        ("I\u{307}", "i\u{307}"),
        ("ΑΣ", "ας"),
        ("😄 emoji", "-emoji"),
        ("x²½", "x"),
        ("Ⅷ", "ⅷ"),
        ("٣", "٣"),
        ("a‿b", "a‿b"),
        ("a\u{200d}b", "ab"),
        ("", ""),
    ];
    let mut anchors = Anchors::default();
    for (text, slug) in SLUGS {
        assert_eq!(anchors.next(text), slug, "{text:?}");
    }
}

#[test]
fn only_headings_have_anchors_and_marks_are_no_part_of_them() {
    let page = "# Docs\n\n### `A.f(self)`\n\n```\n### `no`\n```\n\n### *x* [y](z) &amp; <b>w</b>\n\nSet\n---\n\n> ## Docs\n";
    let found: Vec<_> = headings("a.py", page)
        .into_iter()
        .map(|heading| (heading.text, heading.anchor))
        .collect();
    let pairs: Vec<_> = found
        .iter()
        .map(|(text, anchor)| (text.as_str(), anchor.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("Docs", "docs"),
            ("A.f(self)", "afself"),
            ("x y & w", "x-y--w"),
            ("Set", "set"),
            ("Docs", "docs-1")
        ]
    );
    assert_eq!(headings("Docs", page)[0].anchor, "docs-1");
}

#[test]
fn cells_words_and_attributes_cannot_be_left() {
    assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
    assert_eq!(cell(" \t@SUM"), "'  @SUM");
    assert_eq!(cell("a=b"), "a=b");
    assert_eq!([of_cell("'@ann"), of_cell("'tis")], ["@ann", "'tis"]);
    assert_eq!(shell_word("reports/latest"), "reports/latest");
    assert_eq!(shell_word("it's here"), "'it'\\''s here'");
    assert_eq!(markup("a\"b<c>&\n"), "a&quot;b&lt;c&gt;&amp; ");
}

#[test]
fn file_names_stay_as_they_are_or_are_told_apart() {
    for name in ["ann", "Ann@x.edu", "rate_limits.naive", "a-b"] {
        assert_eq!(file_name(name), name);
    }
    let odd = [
        "../../etc/passwd",
        "",
        ".",
        "..",
        "-rf",
        ".hidden",
        "CON",
        "com1.txt",
        "a/b",
        "a\\b",
        "李雷",
        "韩梅",
    ];
    let names: std::collections::BTreeSet<String> =
        odd.iter().map(|text| file_name(text)).collect();
    assert_eq!(names.len(), odd.len(), "{names:?}");
    assert!(file_name("../../etc/passwd").starts_with("etc-passwd-"));
}

#[test]
fn a_paragraph_breaks_between_words_and_keeps_what_belongs_together() {
    assert_eq!(
        wrapped("see /long/path now", "- ", "  ", 8),
        "- see\n  /long/path\n  now\n"
    );
    assert_eq!(wrapped("aaa 12 % bb", "", "", 8), "aaa 12 %\nbb\n");
    assert_eq!(wrapped("aaaa 12 %, bb", "", "", 8), "aaaa\n12 %, bb\n");
    assert_eq!(
        wrapped("try this: breaklab run --out a b", "", "  ", 12),
        "try this:\n  breaklab run --out a b\n"
    );
    assert_eq!(wrapped("你好 世界 你好", "", "", 9), "你好 世界\n你好\n");
    assert_eq!(wrapped("", "- ", "  ", 9), "-\n");
}

#[test]
fn columns_are_those_of_a_terminal() {
    assert_eq!(cut("你好世界", 5), "你好…");
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(left("abc", 3), "a… ");
    assert_eq!(right("ab", 4), "  ab");
    assert_eq!(cut("abc", 0), "");
}
