//! One scenario in full: what was done, what broke, what fixed it, the figures and the pictures.

use maud::{Markup, html};

use crate::report::figures::count;
use crate::report::plain::{excerpt, plain, slug};
use crate::report::rows::rows;
use crate::report::scenarios::Scenario;
use crate::report::verdict::{Judgement, sentence};

use super::{Chapter, figure};

/// The section of one scenario.
pub(super) fn chapter(chapter: &Chapter<'_>) -> Markup {
    let scenario = &chapter.scenario;
    let judgement = Judgement::of(scenario);
    let anchor = anchor(scenario);
    let title = format!("{anchor}-title");
    html! {
        section.chapter #(anchor) aria-labelledby=(title) {
            header {
                p.judgement { span class=(class(judgement)) { (judgement.mark()) " " (judgement.word()) } }
                h2 #(title) { (plain(scenario.id)) }
                p.subtitle { (plain(scenario.title)) }
            }
            p.verdict { (plain(&sentence(scenario))) }
            (told(chapter))
            (table(scenario))
            @for plot in &chapter.plots { (figure(plot)) }
        }
    }
}

fn told(chapter: &Chapter<'_>) -> Markup {
    let errors = || {
        chapter
            .scenario
            .runs
            .iter()
            .filter_map(|run| run.top_error.as_ref().map(|error| (run, error)))
    };
    html! {
        dl.told {
            @if let Some(story) = chapter.story {
                dt { "What happens" }
                dd { (plain(&story.story)) }
            }
            @for (run, (text, times)) in errors() {
                dt { "Error seen, " (plain(&run.mode)) }
                dd { samp { (excerpt(text)) } " " span.quiet { (count(*times)) "×" } }
            }
            @if let Some(story) = chapter.story {
                dt { "What fixes it" }
                dd { (plain(&story.fix)) }
                dt { "Repeat it" }
                dd { code { (plain(&story.reproduce)) } }
            }
        }
    }
}

fn table(scenario: &Scenario<'_>) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(format!("figures of {}", plain(scenario.id))) {
            table {
                caption.hidden { "Figures of " (plain(scenario.id)) ", one column a mode" }
                thead { tr {
                    th scope="col" { "measure" }
                    @for (position, run) in scenario.runs.iter().enumerate() {
                        th.figure scope="col" { span class=(format!("mode-{}", position % 4)) { (plain(&run.mode)) } }
                    }
                    th scope="col" { "difference" }
                } }
                tbody { @for row in rows(scenario) {
                    tr {
                        th scope="row" { (row.label) }
                        @for value in &row.values { td.figure { (value) } }
                        td.quiet { (row.change) }
                    }
                } }
            }
        }
    }
}

/// The scenario's place in the page.
pub(super) fn anchor(scenario: &Scenario<'_>) -> String {
    format!("scenario-{}", slug(scenario.id))
}

/// The style of a judgement.
pub(super) fn class(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Held => "good",
        Judgement::Broke | Judgement::Invalid => "bad",
        Judgement::NoDifference | Judgement::Alone => "open",
    }
}
