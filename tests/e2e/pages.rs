//! The pages of `breaklab document`, read as GitHub reads them, whatever files are called and an API says.

use std::path::Path;
use std::process::Output;

use breaklab::text::{anchor, line};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::document::command;

/// Names that mean something to Markdown, URLs, HTML, terminals or workflows.
const NAMES: [&str; 16] = [
    "__init__.py",
    "hash#tag.py",
    "que?ry.py",
    "per%20cent.py",
    "pipe|x.py",
    "*star*.py",
    "back`tick.py",
    "new\nline.py",
    "<b>&amp;.py",
    "x](http:evil) <img src=y>.py",
    "[id].py",
    "::error::x.py",
    "esc\u{1b}[31mred.py",
    "turn\u{202e}ed.py",
    "ünï 你好.py",
    "-dash.py",
];

fn document(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// Label and decoded target of every link, if there is neither HTML nor a picture on the page.
fn links(page: &str) -> Vec<(String, String)> {
    let (mut links, mut open) = (Vec::new(), None);
    for event in Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => open = Some((String::new(), dest_url)),
            Event::End(TagEnd::Link) => {
                let (label, target) = open.take().unwrap();
                let target = percent_encoding::percent_decode_str(&target)
                    .decode_utf8()
                    .unwrap()
                    .into_owned();
                links.push((label, target));
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some((label, _)) = &mut open {
                    label.push_str(&text);
                }
            }
            Event::Start(Tag::Image { .. }) | Event::Html(_) | Event::InlineHtml(_) => {
                panic!("{event:?} in\n{page}")
            }
            _ => {}
        }
    }
    links
}

#[test]
fn the_index_calls_and_links_every_file_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    for name in NAMES {
        std::fs::write(folder.path().join("src").join(name), "def f():\n    pass\n").unwrap();
    }
    let output = document(folder.path(), &["src", "--out", "out"]);
    assert!(output.status.success(), "{output:?}");
    let index = std::fs::read_to_string(folder.path().join("out/index.md")).unwrap();
    let mut expected: Vec<(String, String)> = NAMES
        .iter()
        .map(|name| (line(name), format!("{name}.md")))
        .collect();
    let mut found = links(&index);
    found.retain(|(_, target)| target != "names.md");
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{index}");
    for (name, target) in found {
        let page = std::fs::read_to_string(folder.path().join("out").join(target)).unwrap();
        assert!(page.starts_with("# `"), "{page}");
        let heading = &anchor::headings("", &page)[0];
        assert_eq!(heading.text, name);
    }
}

#[test]
fn a_list_of_contents_leads_to_the_headings_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut source: String = (0..7)
        .map(|i| format!("function $f{i}() {{}}\nfunction f{i}() {{}}\n"))
        .collect();
    source += "function f1js() {}\n";
    // The page's heading, its path, takes the anchor of the last entry.
    std::fs::write(folder.path().join("f.1.js"), source).unwrap();
    let output = document(folder.path(), &["f.1.js", "--out", "out"]);
    assert!(output.status.success(), "{output:?}");
    let page = std::fs::read_to_string(folder.path().join("out/f.1.js.md")).unwrap();
    let (title, rest) = page.split_once("\n\n").unwrap();
    let headings = anchor::headings(title.trim_matches(['#', ' ', '`']), rest);
    let mut found = links(&page);
    found.retain(|(_, target)| target.starts_with('#'));
    assert!(found.len() >= 14, "{page}");
    for (label, target) in found {
        let heading = headings
            .iter()
            .find(|one| format!("#{}", one.anchor) == target);
        assert_eq!(
            heading.map(|one| one.text.as_str()),
            Some(label.as_str()),
            "{page}"
        );
    }
    assert!(page.contains("[`f1js`](#f1js-1)"), "{page}");
}

#[test]
fn a_page_of_somebody_else_is_not_written_over_by_the_one_for_all_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.py"), "def f():\n    pass\n").unwrap();
    let site = folder.path().join("out/index.html");
    std::fs::create_dir(folder.path().join("out")).unwrap();
    std::fs::write(&site, "mine").unwrap();
    let output = document(folder.path(), &["a.py", "--out", "out", "--html"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(std::fs::read_to_string(&site).unwrap(), "mine");
    assert!(
        document(folder.path(), &["a.py", "--out", "out"])
            .status
            .success()
    );
}

#[test]
fn the_page_for_all_files_leads_to_every_entry_and_loads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    for (name, code) in [
        (
            "a.py",
            "def f():\n    pass\n\nclass A:\n    def f(self):\n        pass\n",
        ),
        (
            "b.cpp",
            "struct A { bool operator<(A b); bool operator==(A b); };\nint f() { return 1; }\n",
        ),
    ] {
        std::fs::write(folder.path().join("src").join(name), code).unwrap();
    }
    let output = document(folder.path(), &["src", "--out", "out", "--html"]);
    assert!(output.status.success(), "{output:?}");
    let page = std::fs::read_to_string(folder.path().join("out/index.html")).unwrap();
    let after = |mark: &str| -> Vec<String> {
        let parts = page.split(mark).skip(1);
        parts
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect()
    };
    let ids = after("id=\"");
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    let targets = after("href=\"#");
    assert!(targets.len() >= 8, "{targets:?}");
    assert!(
        targets.iter().all(|target| ids.contains(target)),
        "{targets:?} {ids:?}"
    );
    assert!(page.contains("href=\"../src/a.py#L5\""), "{page}");
    assert!(
        !page.contains("src=\"") && !page.contains("http://") && !page.contains("https://"),
        "{page}"
    );
    assert_eq!(page.matches("<h1").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_api_says_neither_commands_a_terminal_nor_a_workflow_nor_a_page() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.py"), "def f():\n    pass\n").unwrap();
    let api = MockServer::start().await;
    let said = "bad \u{1b}[31mred\u{1b}[0m\n::error::x ##[error]\u{9b}2J | <script>alert(1)</script> \u{202e}";
    let body = serde_json::json!({
        "type": "error",
        "error": { "type": "invalid_request_error", "message": said },
    });
    Mock::given(any())
        .respond_with(ResponseTemplate::new(400).set_body_json(body))
        .mount(&api)
        .await;
    let url = api.uri();
    let arguments = [
        "a.py",
        "--out",
        "out",
        "--base-url",
        &url,
        "--max-cost-usd",
        "1",
    ];
    let output = document(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let page = |name: &str| std::fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let printed = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    for text in printed.iter().chain(&[page("a.py.md"), page("index.md")]) {
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
        assert!(
            !text.contains("[31m") && !text.contains("##[error"),
            "{text}"
        );
        let mut lines = text.lines();
        assert!(
            lines.all(|line| !line.trim_start().starts_with("::")),
            "{text}"
        );
    }
    assert!(printed[0].contains("bad red"), "{}", printed[0]);
    for name in ["a.py.md", "index.md"] {
        links(&page(name));
    }
}
