//! One scenario in full: what was done, what broke, what fixed it, the figures and the pictures.

use maud::{Markup, html};

use crate::record::Base;
use crate::report::EXCERPT;
use crate::report::ablation::Matrix;
use crate::report::judgement::{Judgement, Tone};
use crate::report::rows::rows;
use crate::report::scenarios::Scenario;
use crate::report::verdict::sentence;
use crate::text;
use crate::text::figures::count;

use super::{Chapter, figure, prose};

/// Most modes that stand beside each other.
const MOST_COLUMNS: usize = 3;

/// The section of one scenario.
pub(super) fn chapter(chapter: &Chapter<'_>, matrices: &[Matrix]) -> Markup {
    let scenario = &chapter.scenario;
    let judgement = Judgement::of(scenario);
    let anchor = anchor(scenario);
    let title = format!("{anchor}-title");
    html! {
        section.chapter #(anchor) aria-labelledby=(title) {
            header {
                p.judgement { span class=(class(judgement)) { (judgement.mark()) " " (judgement.word()) } }
                h2 #(title) { (text::line(scenario.id)) }
                p.subtitle { (text::line(scenario.title)) }
            }
            p.verdict { (text::line(&sentence(scenario))) }
            @if scenario.runs.iter().any(|run| run.digest != scenario.baseline().digest) {
                p.note { "These runs had different settings, so their figures are not like for like." }
            }
            (told(chapter))
            (table(scenario))
            (super::cloudwatch::cloudwatch(chapter))
            @match matrices.iter().find(|matrix| matrix.scenario == scenario.id) {
                Some(matrix) => (protections(matrix)),
                None => (how_to_ablate(chapter)),
            }
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
                dd { (prose(&story.story)) }
            }
            @for (run, (text, times)) in errors() {
                dt { "Error seen, " (text::line(&run.mode)) }
                dd { samp { (text::excerpt(text, EXCERPT)) } " " span.quiet { (count(*times)) "×" } }
            }
            @if let Some(story) = chapter.story {
                @if !story.fix.is_empty() {
                    dt { "What fixes it" }
                    dd { (prose(&story.fix)) }
                }
                dt { "Repeat it" }
                dd { code { (text::line(&story.reproduce)) } }
            }
        }
    }
}

/// Modes beside each other while they fit, else one below the other.
fn table(scenario: &Scenario<'_>) -> Markup {
    if scenario.runs.len() > MOST_COLUMNS {
        mode_rows(scenario)
    } else {
        columns(scenario)
    }
}

/// One row a mode.
fn mode_rows(scenario: &Scenario<'_>) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(format!("figures of {}", text::line(scenario.id))) {
            table {
                caption.hidden { "Figures of " (text::line(scenario.id)) ", one row a mode" }
                thead { tr {
                    th scope="col" { "mode" }
                    @for row in rows(scenario) { th.figure scope="col" { (row.label) } }
                } }
                tbody { @for (position, (run, slot)) in scenario.runs.iter().zip(scenario.slots()).enumerate() {
                    tr {
                        th scope="row" { span class=(format!("mode-{slot}")) { (text::line(&run.mode)) } }
                        @for row in rows(scenario) { td.figure { (row.values[position]) (bounds(&row.bounds[position])) } }
                    }
                } }
            }
        }
    }
}

/// Where a figure may lie, below it.
fn bounds(range: &str) -> Markup {
    html! { @if !range.is_empty() { span.bounds { (range) } } }
}

fn columns(scenario: &Scenario<'_>) -> Markup {
    let compared = scenario.runs.len() > 1;
    html! {
        div.scroll role="region" tabindex="0" aria-label=(format!("figures of {}", text::line(scenario.id))) {
            table.modes {
                caption.hidden { "Figures of " (text::line(scenario.id)) ", one column a mode, with 95 % bounds" }
                thead { tr {
                    th scope="col" { "measure" }
                    @for (run, slot) in scenario.runs.iter().zip(scenario.slots()) {
                        th.figure scope="col" { span class=(format!("mode-{slot}")) { (text::line(&run.mode)) } }
                    }
                    @if compared { th scope="col" { "difference" } }
                } }
                tbody { @for row in rows(scenario) {
                    tr {
                        th scope="row" { (row.label) }
                        @for (value, range) in row.values.iter().zip(&row.bounds) {
                            td.figure { (value) (bounds(range)) }
                        }
                        @if compared { td.quiet { (row.change) } }
                    }
                } }
            }
        }
    }
}

/// The command that tells what fixed it, where this run does not.
fn how_to_ablate(chapter: &Chapter<'_>) -> Markup {
    let ran = |base| chapter.scenario.runs.iter().any(|run| run.subject.is(base));
    let story = chapter
        .story
        .filter(|_| ran(Base::Naive) && ran(Base::Hardened));
    html! {
        @if let Some(story) = story {
            p.quiet.ablate {
                "Which protection does it? " code { (text::line(&story.reproduce)) " --ablate" }
                " takes each away from hardened and gives each to naive alone."
            }
        }
    }
}

/// What each protection is good for: taken from hardened, or given to naive alone.
fn protections(matrix: &Matrix) -> Markup {
    html! {
        h3.matrix { "Which protection does it" }
        p.lesson { (text::line(&matrix.lesson)) }
        div.scroll role="region" tabindex="0" aria-label=(format!("protections in {}", text::line(&matrix.scenario))) {
            table {
                caption.hidden { "What each protection does in " (text::line(&matrix.scenario)) }
                thead { tr {
                    th scope="col" { "protection" }
                    th scope="col" { "hardened without it" }
                    th scope="col" { "naive with only it" }
                } }
                tbody { @for line in &matrix.lines {
                    tr {
                        th scope="row" { (text::line(&line.protection)) }
                        td { (line.removed()) }
                        td { (line.alone()) }
                    }
                } }
            }
        }
        @if !matrix.idle.is_empty() { p.quiet { "No difference here: " (text::line(&matrix.idle.join(", "))) "." } }
    }
}

/// The scenario's place in the page.
pub(super) fn anchor(scenario: &Scenario<'_>) -> String {
    format!("scenario-{}", text::file_name(scenario.id))
}

/// The style of a judgement.
pub(super) fn class(judgement: Judgement) -> &'static str {
    match judgement.tone() {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Open => "open",
    }
}
