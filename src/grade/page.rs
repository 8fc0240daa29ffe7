//! The pages of a grade, in the design of the report: one file each that loads and runs nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::text::{PAGE_STYLE, line};

mod bar;
mod class;
mod figures;
mod student;
mod timeline;

pub use class::class;
pub use student::student;

/// What these pages need beyond the style of every page.
const STYLE: &str = include_str!("page/grade.css");

/// A part of a page: where links lead, its heading, and what stands there.
struct Section {
    id: &'static str,
    title: String,
    content: Markup,
}

/// What stands above and below the sections.
struct Frame {
    kicker: &'static str,
    title: String,
    lede: Markup,
    footer: String,
}

/// Sets a page. Nothing on it is loaded from elsewhere; foreign text stays text.
fn page(frame: &Frame, sections: &[Section]) -> String {
    let css = format!("{PAGE_STYLE}{STYLE}");
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        BASE64.encode(Sha256::digest(&css))
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "breaklab: " (line(&frame.title)) }
                style { (PreEscaped(css)) }
            }
            body.grade {
                header {
                    div.top {
                        p.kicker { (frame.kicker) }
                        nav aria-label="contents" {
                            @for section in sections { a href=(format!("#{}", section.id)) { (section.title) } " " }
                        }
                    }
                    h1 { (line(&frame.title)) }
                    (frame.lede)
                }
                main {
                    @for section in sections {
                        section id=(section.id) aria-labelledby=(format!("{}-title", section.id)) {
                            h2 id=(format!("{}-title", section.id)) { (section.title) }
                            (section.content)
                        }
                    }
                }
                footer { p { (line(&frame.footer)) } }
            }
        }
    }
    .into_string()
}

/// A table that scrolls where the screen is too narrow for it, also by keyboard.
fn table(caption: &str, head: &[(&str, bool)], body: &Markup) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(caption) {
            table {
                caption.quiet { (caption) }
                thead { tr {
                    @for (title, is_figure) in head { th.figure[*is_figure] scope="col" { (title) } }
                } }
                (body)
            }
        }
    }
}
