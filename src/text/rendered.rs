//! Markdown that a model wrote, as HTML that can do nothing: no tag of its own, no link but to the web, to a
//! place on the page or to a file beside it.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::anchor::Anchors;
use super::line::kept_lines;

/// `markdown` as HTML. No heading is above the level `top`; their anchors are those of a page that is
/// called `title`, behind `prefix`, and so are links to them.
#[must_use]
pub fn rendered(markdown: &str, title: &str, prefix: &str, top: usize) -> String {
    let text = kept_lines(markdown);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events: Vec<Event<'_>> = Parser::new_ext(&text, options).collect();
    let mut anchors = Anchors::default();
    anchors.next(title);
    let mut ids = heading_texts(&events)
        .into_iter()
        .map(|text| format!("{prefix}{}", anchors.next(&text)));
    let events = events.iter().cloned().map(|event| match event {
        Event::Html(tag) | Event::InlineHtml(tag) => Event::Text(tag),
        Event::Start(Tag::Heading { level, classes, .. }) => Event::Start(Tag::Heading {
            level: below(level, top),
            id: ids.next().map(CowStr::from),
            classes,
            attrs: Vec::new(),
        }),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level, top))),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: harmless(dest_url, prefix),
            title,
            id,
        }),
        // A picture would be asked for somewhere else: its words stay.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => Event::Text("".into()),
        other => other,
    });
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, events);
    out
}

fn heading_texts(events: &[Event<'_>]) -> Vec<String> {
    let (mut texts, mut is_open) = (Vec::new(), false);
    for event in events {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                is_open = true;
                texts.push(String::new());
            }
            Event::End(TagEnd::Heading(_)) => is_open = false,
            Event::Text(part) | Event::Code(part) if is_open => {
                texts
                    .last_mut()
                    .into_iter()
                    .for_each(|text| text.push_str(part));
            }
            _ => {}
        }
    }
    texts
}

fn below(level: HeadingLevel, top: usize) -> HeadingLevel {
    HeadingLevel::try_from(top).map_or(level, |top| level.max(top))
}

/// A link that can run nothing: `javascript:` and its like lead nowhere.
fn harmless<'a>(link: CowStr<'a>, prefix: &str) -> CowStr<'a> {
    if let Some(place) = link.strip_prefix('#') {
        return format!("#{prefix}{place}").into();
    }
    let scheme = link
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        None | Some("http" | "https" | "mailto") => link,
        // A colon behind a slash belongs to a file's name.
        Some(scheme) if scheme.contains(['/', '.']) => link,
        Some(_) => "#".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_writes_cannot_run_and_headings_are_linked() {
        let text = "# T\n\n### `f`\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) [y](#f) ![z](https://e.org/p.png)\n\n### `f`\n\n[a](../a.py#L3) [b](JavaScript:1) <b onclick=x>\n";
        let html = rendered(text, "a.py", "p1-", 3);
        for bad in [
            "<script",
            "href=\"javascript:",
            "href=\"JavaScript:",
            "<img",
            "<b ",
        ] {
            assert!(!html.contains(bad), "{bad}: {html}");
        }
        for good in [
            "<h3 id=\"p1-t\">",
            "<h3 id=\"p1-f\">",
            "<h3 id=\"p1-f-1\">",
            "href=\"#p1-f\"",
            "href=\"../a.py#L3\"",
            "&lt;script&gt;",
            "z",
        ] {
            assert!(html.contains(good), "{good}: {html}");
        }
    }
}
