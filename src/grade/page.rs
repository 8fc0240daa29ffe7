//! The pages of a grade, in the design of the report: one file each that loads and runs nothing.

use maud::{DOCTYPE, Markup, html};

use crate::text::{PAGE_STYLE, line, page_head};

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

impl Section {
    fn new(id: &'static str, title: &str, content: Markup) -> Self {
        Self {
            id,
            title: title.to_owned(),
            content,
        }
    }
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
    html! {
        (DOCTYPE)
        html lang="en" {
            (page_head(&line(&frame.title), &css))
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
