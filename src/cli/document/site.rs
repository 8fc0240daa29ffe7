//! `--html`: all pages of a job as one that needs no network, with a field that finds names and what they are.

use maud::{DOCTYPE, PreEscaped, html};

use super::page::Page;
use crate::text::{PAGE_STYLE, line, rendered, scripted_head};

const STYLE: &str = include_str!("site.css");
const SCRIPT: &str = include_str!("site.js");

/// One page with all of `pages`, of which each has its text. `mark` stands above it.
pub(super) fn site(mark: &str, pages: &[Page]) -> String {
    let css = format!("{PAGE_STYLE}{STYLE}");
    let prefix = |file: usize| format!("f{file}-");
    let entries: Vec<_> = pages
        .iter()
        .enumerate()
        .flat_map(|(file, page)| page.entries.iter().map(move |entry| (file, page, entry)))
        .collect();
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            (scripted_head("documentation", &css, SCRIPT))
            body.docs {
                a.skip href="#files" { "Skip to the files" }
                header {
                    h1 { "Documentation" }
                    (PreEscaped(rendered(mark, "", "", 1)))
                    div.find {
                        label for="find" { "Find a name, a file or a word of what it is" }
                        input #find type="search" autocomplete="off" spellcheck="false" aria-describedby="told";
                        p.quiet #told role="status" { (entries.len()) " of " (entries.len()) }
                    }
                }
                nav aria-label="Names" {
                    ul.names tabindex="0" {
                        @for (file, page, entry) in &entries {
                            li {
                                a href=(format!("#{}{}", prefix(*file), entry.anchor)) { code { (line(&entry.name)) } }
                                " " (line(&entry.summary)) " " span { (line(&page.path)) }
                            }
                        }
                    }
                }
                main #files {
                    @for (file, page) in pages.iter().enumerate() {
                        section aria-labelledby=(format!("f{file}")) {
                            h2 #(format!("f{file}")) { (line(&page.path)) }
                            (PreEscaped(rendered(page.text.as_deref().unwrap_or(""), &page.path, &prefix(file), 3)))
                        }
                    }
                }
                footer { "Written by breaklab " (env!("CARGO_PKG_VERSION")) "; the pages beside this one hold the same." }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    html.into_string()
}
