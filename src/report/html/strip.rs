//! The first screen: each scenario in a few words and two figures, its variants in a line each.

use maud::{Markup, html};

use crate::report::headline::headline;
use crate::report::judgement::Judgement;
use crate::report::scenarios::Scenario;
use crate::summary::RunSummary;
use crate::text;

use super::chapter::{anchor, class};
use super::{Chapter, Chapters, prose};

/// One card a scenario, in the order of the record; variants of a scenario follow in a line each.
pub(super) fn strip(chapters: &Chapters<'_>) -> Markup {
    let (variants, stories): (Vec<_>, Vec<_>) = chapters
        .scenarios
        .iter()
        .partition(|chapter| is_variant(chapter.scenario.id, chapters));
    html! {
        section aria-labelledby="strip-title" {
            h2 #strip-title .hidden { "What broke and what held" }
            ol.strip.four[stories.len().is_multiple_of(4)] { @for chapter in stories { li { (card(chapter)) } } }
            @if !variants.is_empty() { (lines(&variants)) }
        }
    }
}

/// True when `id` tells another story of this page with other settings, e.g. `rate-limits-at-once`.
fn is_variant(id: &str, chapters: &Chapters<'_>) -> bool {
    chapters.scenarios.iter().any(|other| {
        let rest = id.strip_prefix(other.scenario.id);
        rest.is_some_and(|rest| rest.starts_with('-'))
    })
}

fn card(chapter: &Chapter<'_>) -> Markup {
    let scenario = &chapter.scenario;
    let judgement = Judgement::of(scenario);
    let baseline = scenario.baseline();
    html! {
        h3 { a href=(format!("#{}", anchor(scenario))) { (text::line(scenario.id)) } }
        @if let Some(run) = scenario.compared() {
            @let headline = headline(baseline, run);
            p.what { (headline.what) }
            dl.pair {
                div class=(style(scenario, baseline)) { dt { (text::line(&baseline.mode)) } dd { (headline.before) } }
                div class=(style(scenario, run)) { dt { (text::line(&run.mode)) } dd { (headline.after) } }
            }
            p.change { (change(judgement, &headline.change)) }
            @if !headline.also.is_empty() { p.also { (headline.also) } }
        } @else {
            p.what { (text::line(scenario.title)) }
            p.change { span class=(class(judgement)) { (judgement.mark()) " " (judgement.word()) } }
        }
        @if let Some(story) = chapter.story.filter(|story| !story.fix.is_empty()) {
            p.fix { b { "Fixed by" } " " (prose(&story.fix)) }
        }
    }
}

/// A line a variant.
fn lines(variants: &[&Chapter<'_>]) -> Markup {
    html! {
        h3.lead { "Variants: the same stories with other settings" }
        ol.variants { @for chapter in variants { li { (line(&chapter.scenario)) } } }
    }
}

fn line(scenario: &Scenario<'_>) -> Markup {
    let judgement = Judgement::of(scenario);
    let baseline = scenario.baseline();
    html! {
        a href=(format!("#{}", anchor(scenario))) { (text::line(scenario.id)) }
        @if let Some(run) = scenario.compared() {
            @let headline = headline(baseline, run);
            span.quiet { (headline.what) }
            b class=(style(scenario, baseline)) { (headline.before) span.hidden { " (" (text::line(&baseline.mode)) ")" } }
            b class=(style(scenario, run)) { (headline.after) span.hidden { " (" (text::line(&run.mode)) ")" } }
            (change(judgement, &headline.change))
        } @else {
            span.quiet { (judgement.word()) }
        }
    }
}

/// The difference, with the judgement's mark, whose word is for those who do not see it.
fn change(judgement: Judgement, difference: &str) -> Markup {
    html! {
        span {
            span class=(class(judgement)) { (judgement.mark()) span.hidden { " " (judgement.word()) "," } }
            " " (difference)
        }
    }
}

fn style(scenario: &Scenario<'_>, run: &RunSummary) -> String {
    let slots = scenario.runs.iter().zip(scenario.slots());
    let slot = slots
        .filter(|(other, _)| other.subject == run.subject)
        .map(|(_, slot)| slot)
        .next();
    format!("mode-{}", slot.unwrap_or_default())
}
