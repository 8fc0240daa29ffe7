//! HTML pages: the style of ours, and the text of others, as web servers and frameworks answer errors with one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

/// The style sheet of every page that we write: colours in light and in dark, type, tables, print.
pub const PAGE_STYLE: &str = include_str!("page.css");

/// The head of a page that loads and runs nothing: `css` is its only style.
#[must_use]
pub fn page_head(title: &str, css: &str) -> Markup {
    head(title, css, "")
}

/// The same of a page that runs `script` and nothing else, which the page has to hold word for word.
#[must_use]
pub fn scripted_head(title: &str, css: &str, script: &str) -> Markup {
    head(title, css, &format!("script-src '{}'; ", digest(script)))
}

fn digest(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(Sha256::digest(text)))
}

fn head(title: &str, css: &str, allowed: &str) -> Markup {
    let policy = format!(
        "default-src 'none'; {allowed}style-src '{}'; base-uri 'none'; form-action 'none'",
        digest(css)
    );
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { "breaklab: " (title) }
            style { (PreEscaped(css)) }
        }
    }
}

/// Elements of a page whose text no reader sees.
const UNSEEN: [&str; 3] = ["script", "style", "title"];

/// The text that an HTML page shows, not yet harmless: without tags, one line a block, the commonest
/// entities read.
#[must_use]
pub fn shown(html: &str) -> String {
    // Letters keep their places when they are made small, so both texts are cut alike.
    let small = html.to_ascii_lowercase();
    let (mut text, mut at) = (String::new(), 0);
    while let Some(start) = small[at..].find('<').map(|start| at + start) {
        text += &html[at..start];
        text.push('\n');
        let unseen = UNSEEN
            .iter()
            .find(|name| small[start + 1..].starts_with(**name));
        // A tag or an element that does not end hides the rest, as in a browser.
        let close = unseen.map_or(Some(start), |name| {
            small[start..]
                .find(&format!("</{name}"))
                .map(|end| start + end)
        });
        let end = close.and_then(|close| Some(close + small[close..].find('>')? + 1));
        at = end.unwrap_or(small.len());
    }
    entities(&(text + &html[at..]))
}

fn entities(text: &str) -> String {
    const NAMED: [(&str, &str); 7] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&nbsp;", " "),
    ];
    let named = NAMED
        .iter()
        .fold(text.to_owned(), |text, (entity, letter)| {
            text.replace(entity, letter)
        });
    // Last, so that `&amp;lt;` stays `&lt;`.
    named.replace("&amp;", "&")
}
