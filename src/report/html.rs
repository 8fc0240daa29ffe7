//! The page: one file that needs nothing else, works without scripts, and can be mailed.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::record::Record;
use crate::summary::Summary;

use super::ablation::matrices;
use super::magnitude::magnitude;
use super::plot::{self, Plot};
use super::scenarios::{Scenario, scenarios};
use super::verdict::overall;
use super::{Data, ReportError, Story};
use crate::text;

mod agreement;
mod basis;
mod chapter;
mod claims;
mod cloudwatch;
mod strip;

/// The whole report as one HTML file. Foreign text is escaped, the page can load and run nothing.
pub fn html(
    record: &Record,
    summary: &Summary,
    stories: &[Story],
    data: Data,
) -> Result<String, ReportError> {
    let chapters = chapters(record, summary, stories)?;
    Ok(page(record, summary, &chapters, data))
}

/// The parts that are told and drawn, before they are set.
pub(super) struct Chapters<'a> {
    comparison: Plot,
    agreement: Option<Plot>,
    scenarios: Vec<Chapter<'a>>,
}

/// One scenario.
struct Chapter<'a> {
    scenario: Scenario<'a>,
    story: Option<&'a Story>,
    plots: Vec<Plot>,
}

impl Chapters<'_> {
    /// Every picture of the report.
    pub(super) fn plots(&self) -> impl Iterator<Item = &Plot> {
        std::iter::once(&self.comparison)
            .chain(&self.agreement)
            .chain(self.scenarios.iter().flat_map(|chapter| &chapter.plots))
    }
}

/// Draws everything.
pub(super) fn chapters<'a>(
    record: &'a Record,
    summary: &'a Summary,
    stories: &'a [Story],
) -> Result<Chapters<'a>, ReportError> {
    let scenarios = scenarios(summary);
    let comparison = plot::bars(&scenarios)?;
    let chapters = scenarios
        .into_iter()
        .map(|scenario| chapter(record, scenario, stories));
    Ok(Chapters {
        comparison,
        agreement: plot::agreement(&summary.agreement)?,
        scenarios: chapters.collect::<Result<_, _>>()?,
    })
}

fn chapter<'a>(
    record: &'a Record,
    scenario: Scenario<'a>,
    stories: &'a [Story],
) -> Result<Chapter<'a>, ReportError> {
    let sides = plot::sides(record, &scenario);
    let id = scenario.id;
    let plots = [
        plot::timeline(id, &sides)?,
        plot::upstream(id, &sides)?,
        plot::coverage(id, &sides)?,
        plot::money(id, &sides)?,
        plot::histogram(id, &sides)?,
        plot::percentiles(id, &sides)?,
    ];
    Ok(Chapter {
        story: stories.iter().find(|story| story.scenario == scenario.id),
        plots: plots.into_iter().flatten().collect(),
        scenario,
    })
}

/// Sets the page.
pub(super) fn page(
    record: &Record,
    summary: &Summary,
    chapters: &Chapters<'_>,
    data: Data,
) -> String {
    let css = format!("{}{}", text::PAGE_STYLE, plot::style());
    let verdict = overall(summary);
    let matrices = matrices(summary);
    markup! {
        (DOCTYPE)
        html lang="en" {
            (text::page_head(&text::line(&verdict), &css))
            body {
                a.skip href="#scenarios" { "Skip to the scenarios" }
                header {
                    div.top {
                        p.kicker { "breaklab report" }
                        (contents(summary))
                    }
                    h1 { (text::line(&verdict)) }
                    @if let Some(magnitude) = magnitude(summary) { p.lede { (text::line(&magnitude)) } }
                    (basis::line(record, summary))
                    (warnings(summary))
                }
                main {
                    (strip::strip(chapters))
                    section #overview aria-labelledby="overview-title" {
                        h2 #overview-title { "Side by side" }
                        (figure(&chapters.comparison))
                    }
                    (agreement::agreement(&summary.agreement, chapters.agreement.as_ref()))
                    div #scenarios {
                        @for chapter in &chapters.scenarios { (chapter::chapter(chapter, &matrices)) }
                    }
                    (claims::claims(&summary.claims))
                    (basis::basis(record, summary, data))
                }
                footer { p { "Made by breaklab " (text::line(&record.version)) " from " code { "record.json" } "; the same record gives the same page, byte for byte." } }
            }
        }
    }
    .into_string()
}

/// Where things are, for those who do not read from top to bottom.
fn contents(summary: &Summary) -> Markup {
    markup! {
        nav aria-label="contents" {
            a href="#overview" { "Side by side" } " "
            a href="#scenarios" { "Scenarios" } " "
            @if !summary.agreement.is_empty() { a href="#agreement" { "Virtual against real" } " " }
            @if !summary.claims.is_empty() { a href="#claims" { "Claims" } " " }
            a href="#basis" { "Assumptions" } " "
            a href="#data" { "Raw data" }
        }
    }
}

fn warnings(summary: &Summary) -> Markup {
    markup! {
        @for run in &summary.runs {
            @for violation in &run.violations {
                p.invalid role="alert" {
                    strong { "INVALID" } " " (text::line(&run.scenario)) " (" (text::line(&run.mode)) "): " (text::line(violation))
                    ". The figures of this run mean nothing."
                }
            }
        }
        @if summary.interrupted {
            p.invalid { strong { "Interrupted" } " What had finished is here, the rest is missing." }
        }
    }
}

/// Words of an author, in which backticks mark code.
fn prose(text: &str) -> Markup {
    let text = text::line(text);
    markup! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A picture with its title, its reading aid and its words.
fn figure(plot: &Plot) -> Markup {
    markup! {
        h3.plot { (plot.title) }
        figure {
            div.wide role="img" aria-label=(text::line(&plot.alternative)) { (PreEscaped(plot.wide.inline())) }
            div.narrow role="img" aria-label=(text::line(&plot.alternative)) { (PreEscaped(plot.narrow.inline())) }
            figcaption { (plot.caption) }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::report::fixture;

    fn rendered(record: &Record) -> String {
        html(
            record,
            &fixture::summary(record),
            &fixture::stories(),
            Data::Beside,
        )
        .unwrap()
    }

    #[test]
    fn the_page_loads_nothing_and_runs_nothing() {
        let page = rendered(&fixture::record());
        for forbidden in [
            "<script",
            "src=",
            "@import",
            "url(",
            " style=",
            "onload",
            "javascript:",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        let links = page
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        for link in links {
            assert!(!link.contains(':'), "{link}");
        }
    }

    #[test]
    fn a_page_without_its_data_links_to_no_file() {
        let record = fixture::record();
        let page = html(&record, &fixture::summary(&record), &[], Data::Absent).unwrap();
        let mut links = page.split("href=\"").skip(1);
        assert!(links.all(|link| link.starts_with('#')));
        assert!(page.contains("written without its data"));
    }

    #[test]
    fn hostile_text_stays_text() {
        let mut record = fixture::record();
        let hostile = "</style><script>alert('x')</script>\"'&\u{1b}[2J\u{202e}".to_owned();
        record.runs[0].errors = [(hostile.clone(), 9)].into();
        for run in &mut record.runs[..2] {
            run.title.clone_from(&hostile);
            run.setting.documents.clone_from(&hostile);
            run.requests[0].document.clone_from(&hostile);
            run.scenario.clone_from(&hostile);
        }
        record.runs[1].subject = record.runs[1].subject.compared(hostile);
        let page = rendered(&record);
        assert!(
            !page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{202e}')
        );
        assert_eq!(page.matches("</style>").count(), 1);
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn the_style_sheet_is_the_one_that_the_policy_allows() {
        let page = rendered(&fixture::record());
        let css = page
            .split_once("<style>")
            .unwrap()
            .1
            .split_once("</style>")
            .unwrap()
            .0;
        assert!(page.contains(&format!("'sha256-{}'", BASE64.encode(Sha256::digest(css)))));
    }

    #[test]
    fn runs_without_a_protection_make_a_matrix_and_no_column() {
        let mut record = fixture::record();
        let without = crate::record::Run {
            subject: fixture::subject("hardened-without-cache"),
            ..record.runs[2].clone()
        };
        record.runs.push(without);
        let page = rendered(&record);
        assert!(
            page.contains("hardened without it") && page.contains("<th scope=\"row\">cache</th>")
        );
        assert!(!page.contains("hardened-without-cache"));
    }

    #[test]
    fn an_invalid_run_is_announced_at_the_top() {
        let record = fixture::record();
        let mut summary = fixture::summary(&record);
        summary.runs[0].violations = vec!["attempts <sent> differ".to_owned()];
        let page = html(&record, &summary, &[], Data::Beside).unwrap();
        assert!(page.find("INVALID").unwrap() < page.find("<main").unwrap());
        assert!(page.contains("attempts &lt;sent&gt; differ"));
    }
}
