//! The headings of a Markdown text, and the anchors that GitHub gives them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

/// What an anchor does not keep: all but letters, marks, digits, connecting punctuation, dashes and
/// spaces. Source: html-pipeline's table of contents, `[^\p{Word}\- ]`, whose `Word` has no joiners.
static DROPPED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[^\w\- ]|[\u200c\u200d]").expect("the pattern is ours and valid")
});

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// What it says, without marks.
    pub text: String,
    /// What a link to it names behind its `#`.
    pub anchor: String,
    /// Byte at which it begins.
    pub start: usize,
}

/// The headings of `markdown`, which stands on a page below a heading that says `title`.
#[must_use]
pub fn headings(title: &str, markdown: &str) -> Vec<Heading> {
    let mut anchors = Anchors::default();
    anchors.next(title);
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let (mut headings, mut open) = (Vec::new(), None::<(usize, String)>);
    let mut images = 0_u32;
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => open = Some((range.start, String::new())),
            // What stands for a picture is no text of the heading.
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images -= 1,
            Event::Text(part) | Event::Code(part) if images == 0 => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((start, text)) = open.take() {
                    let anchor = anchors.next(&text);
                    headings.push(Heading {
                        text,
                        anchor,
                        start,
                    });
                }
            }
            _ => {}
        }
    }
    headings
}

/// The anchors of one page, of which no two are equal.
#[derive(Debug, Default)]
pub struct Anchors(BTreeMap<String, u32>);

impl Anchors {
    /// The anchor of the page's next heading: in lower case, without punctuation, with dashes for
    /// spaces, and with a number where it was there before.
    pub fn next(&mut self, text: &str) -> String {
        let lower = text.to_lowercase();
        let plain = DROPPED.replace_all(&lower, "").replace(' ', "-");
        let mut anchor = plain.clone();
        while self.0.contains_key(&anchor) {
            let times = self.0.entry(plain.clone()).or_default();
            *times += 1;
            anchor = format!("{plain}-{times}");
        }
        self.0.insert(anchor.clone(), 0);
        anchor
    }
}
