//! The first screen: each scenario in a few words and two figures.

use maud::{Markup, html};

use crate::report::headline::headline;
use crate::report::judgement::Judgement;
use crate::report::plain::plain;
use crate::report::scenarios::Scenario;
use crate::summary::RunSummary;

use super::{Chapter, Chapters, prose};

/// One card a scenario, in the order of the record.
pub(super) fn strip(chapters: &Chapters<'_>) -> Markup {
    html! {
        section aria-labelledby="strip-title" {
            h2 #strip-title .hidden { "What broke and what held" }
            ol.strip { @for chapter in &chapters.scenarios { li { (card(chapter)) } } }
        }
    }
}

fn card(chapter: &Chapter<'_>) -> Markup {
    let scenario = &chapter.scenario;
    let judgement = Judgement::of(scenario);
    let baseline = scenario.baseline();
    html! {
        h3 { a href=(format!("#{}", super::chapter::anchor(scenario))) { (plain(scenario.id)) } }
        @if let Some(run) = scenario.compared() {
            @let headline = headline(baseline, run);
            p.what { (headline.what) }
            dl.pair {
                div class=(style(scenario, baseline)) { dt { (plain(&baseline.mode)) } dd { (headline.before) } }
                div class=(style(scenario, run)) { dt { (plain(&run.mode)) } dd { (headline.after) } }
            }
            p.change { span class=(super::chapter::class(judgement)) { (judgement.mark()) } " " (headline.change) }
            @if !headline.also.is_empty() { p.also { (headline.also) } }
        }
        @if let Some(story) = chapter.story { p.fix { b { "Fixed by" } " " (prose(&story.fix)) } }
    }
}

fn style(scenario: &Scenario<'_>, run: &RunSummary) -> String {
    let slots = scenario.runs.iter().zip(scenario.slots());
    let slot = slots
        .filter(|(other, _)| other.mode == run.mode)
        .map(|(_, slot)| slot)
        .next();
    format!("mode-{}", slot.unwrap_or_default())
}
