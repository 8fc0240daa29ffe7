//! The summary as Markdown, for a pull request or a hand-in.

use std::fmt::Write;

use crate::record::{ClockKind, Record};
use crate::summary::{Agreement, Claim, ClaimVerdict, Summary};

use super::ablation::{Matrix, matrices};
use super::agreement;
use super::judgement::Judgement;
use super::magnitude::magnitude;
use super::rows::rows;
use super::scenarios::{Scenario, scenarios};
use super::verdict::{overall, sentence};
use super::{EXCERPT, Story};
use crate::text;
use crate::text::figures::{ABSENT, number};
use crate::text::markdown::{code, inline as escaped, marked};

/// The whole report as GitHub-flavoured Markdown. Foreign text is escaped.
#[must_use]
pub fn markdown(record: &Record, summary: &Summary, stories: &[Story]) -> String {
    let mut page = Page(String::new());
    page.line("# breaklab report");
    page.line("");
    let invalid = summary.runs.iter().filter(|run| !run.violations.is_empty());
    for run in invalid {
        for violation in &run.violations {
            page.line(&format!(
                "> **INVALID** {} ({}): {}",
                escaped(&run.scenario),
                escaped(&run.mode),
                escaped(violation)
            ));
        }
    }
    page.line(&format!("**{}**", escaped(&overall(summary))));
    page.line("");
    if let Some(magnitude) = magnitude(summary) {
        page.line(&escaped(&magnitude));
        page.line("");
    }
    if summary.interrupted {
        page.line("Interrupted: what had finished is here, the rest is missing.");
        page.line("");
    }
    page.agreement(&summary.agreement);
    let matrices = matrices(summary);
    for scenario in scenarios(summary) {
        page.scenario(&scenario, stories);
        for matrix in matrices
            .iter()
            .filter(|matrix| matrix.scenario == scenario.id)
        {
            page.matrix(matrix);
        }
    }
    page.claims(&summary.claims);
    page.basis(record);
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        writeln!(self.0, "{text}").expect("a String takes any text");
    }

    fn scenario(&mut self, scenario: &Scenario<'_>, stories: &[Story]) {
        let judgement = Judgement::of(scenario);
        self.line(&format!(
            "## {} {}: {}",
            judgement.mark(),
            escaped(scenario.id),
            escaped(scenario.title)
        ));
        self.line("");
        self.line(&escaped(&sentence(scenario)));
        self.line("");
        let story = stories.iter().find(|story| story.scenario == scenario.id);
        if let Some(story) = story {
            let fix = match story.fix.as_str() {
                "" => String::new(),
                fix => format!(" Fixed by: {}", marked(fix)),
            };
            self.line(&(marked(&story.story) + &fix));
            self.line("");
        }
        let modes: Vec<String> = scenario.runs.iter().map(|run| escaped(&run.mode)).collect();
        self.line(&format!("| | {} | |", modes.join(" | ")));
        self.line(&format!("|---|{}---|", "--:|".repeat(modes.len())));
        for row in rows(scenario) {
            let cells = row.values.iter().zip(&row.bounds);
            let cells: Vec<_> = cells
                .map(|(value, bounds)| bounded(value, bounds))
                .collect();
            let (label, change) = (row.label, row.change);
            self.line(&format!("| {label} | {} | {change} |", cells.join(" | ")));
        }
        self.line("");
        let errors = scenario
            .runs
            .iter()
            .filter_map(|run| run.top_error.as_ref().map(|error| (run, error)));
        for (run, (text, times)) in errors {
            self.line(&format!(
                "- most frequent error, {} ({times}×): {}",
                escaped(&run.mode),
                escaped(&text::excerpt(text, EXCERPT))
            ));
        }
        if let Some(story) = story {
            self.line(&format!("- repeat it: {}", code(&story.reproduce)));
        }
        self.line("");
    }

    fn agreement(&mut self, agreements: &[Agreement]) {
        if agreements.is_empty() {
            return;
        }
        self.line("## Virtual against real");
        self.line("");
        self.line(&escaped(&agreement::verdict(agreements)));
        self.line("");
        self.line("| run | figure | virtual | real | difference | noise to expect |");
        self.line("|---|---|--:|--:|--:|--:|");
        for run in agreements {
            for line in agreement::lines(run) {
                self.line(&format!(
                    "| {}, {} | {} | {} | {} | {} | {} |",
                    escaped(&run.scenario),
                    escaped(&run.mode),
                    line.name,
                    line.simulated,
                    line.measured,
                    line.difference(),
                    line.noise(),
                ));
            }
        }
        self.line("");
        self.line(agreement::NOISE);
        self.line("");
    }

    fn matrix(&mut self, matrix: &Matrix) {
        self.line(&format!(
            "Which protection does it: {}",
            escaped(&matrix.lesson)
        ));
        self.line("");
        self.line("| protection | hardened without it | naive with only it |");
        self.line("|---|---|---|");
        for line in &matrix.lines {
            let [protection, removed, alone] =
                [&line.protection, line.removed(), line.alone()].map(escaped);
            self.line(&format!("| {protection} | {removed} | {alone} |"));
        }
        self.line("");
        if !matrix.idle.is_empty() {
            self.line(&format!(
                "No difference here: {}.",
                escaped(&matrix.idle.join(", "))
            ));
            self.line("");
        }
    }

    fn claims(&mut self, claims: &[Claim]) {
        if claims.is_empty() {
            return;
        }
        self.line("## The chapter's figures");
        self.line("");
        self.line("| verdict | the chapter says | claimed | ours | unit | why |");
        self.line("|---|---|--:|--:|---|---|");
        for claim in claims {
            self.line(&format!(
                "| {}{} | {} | {} | {} | {} | {} |",
                verdict(claim.verdict),
                if claim.by_arithmetic {
                    " by its own figures"
                } else {
                    ""
                },
                escaped(&claim.says),
                number(claim.claimed),
                claim.measured.map_or_else(|| ABSENT.to_owned(), number),
                escaped(&claim.unit),
                escaped(&claim.why),
            ));
        }
        self.line("");
    }

    fn basis(&mut self, record: &Record) {
        self.line("## What the figures stand on");
        self.line("");
        let clock = match record.clock {
            ClockKind::Virtual => "virtual time, exact and repeatable".to_owned(),
            ClockKind::Real => format!("real sockets at {}× speed", number(record.speed)),
        };
        self.line(&format!(
            "- breaklab {}, seed {}, {clock}",
            escaped(&record.version),
            record.seed
        ));
        let mut said: Vec<String> = vec![];
        for run in &record.runs {
            let setting = &run.setting;
            let work = format!(
                "{}; {}",
                escaped(&setting.documents),
                escaped(&setting.arrivals)
            );
            let upstream = match &setting.service {
                None => "only seen from outside".to_owned(),
                Some(service) => format!(
                    "{} on tier {}, platform {}, price book {} of {} at {} rupees a dollar",
                    escaped(&service.model),
                    escaped(&service.tier),
                    escaped(&service.platform),
                    escaped(&service.prices),
                    escaped(&service.prices_as_of),
                    number(service.inr_per_usd),
                ),
            };
            let text = format!("- {}: {upstream}; {work}", escaped(&run.scenario));
            if !said.contains(&text) {
                self.line(&text);
                said.push(text);
            }
        }
        self.line(BRACKETS);
    }
}

/// What the brackets in the tables mean.
const BRACKETS: &str = "- in brackets: 95 % bounds, exact for independent requests (Clopper-Pearson for shares, \
     order statistics for percentiles); a p99 has an upper one from 368 answers on";

/// A figure, and where it may lie.
fn bounded(value: &str, bounds: &str) -> String {
    if bounds.is_empty() {
        value.to_owned()
    } else {
        format!("{value} ({bounds})")
    }
}

/// A claim's verdict as it is spelt in the summary.
pub(super) fn verdict(verdict: ClaimVerdict) -> &'static str {
    match verdict {
        ClaimVerdict::Reproduced => "reproduced",
        ClaimVerdict::Contradicted => "contradicted",
        ClaimVerdict::NotMeasured => "not measured",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::summary::Bounds;

    #[test]
    fn the_page_tells_verdict_story_figures_and_command() {
        let record = fixture::record();
        let page = markdown(&record, &fixture::summary(&record), &fixture::stories());
        for part in [
            "**The naive service broke in both scenarios;",
            "| cost |",
            "Fixed by: A queue",
            "`breaklab run rate-limits --seed 1`",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
    }

    #[test]
    fn hostile_names_and_errors_stay_text() {
        let mut record = fixture::record();
        record.runs[0].errors = [(
            "<script>alert(1)</script> | [x](javascript:1) \u{1b}[2J".to_owned(),
            9,
        )]
        .into();
        let page = markdown(&record, &fixture::summary(&record), &[]);
        assert!(
            !page.contains("<script>") && !page.contains("](") && !page.contains('\u{1b}'),
            "{page}"
        );
    }

    #[test]
    fn figures_carry_their_bounds_in_brackets() {
        let record = fixture::record();
        let mut summary = fixture::summary(&record);
        summary.runs[0].confidence.failure_rate = Bounds {
            low: Some(0.34),
            high: Some(0.54),
        };
        let page = markdown(&record, &summary, &[]);
        assert!(page.contains("(34 % – 54 %)"), "{page}");
        assert!(page.contains("in brackets: 95 % bounds"));
    }

    #[test]
    fn an_invalid_run_is_marked_before_the_verdict() {
        let record = fixture::record();
        let mut summary = fixture::summary(&record);
        summary.runs[1].violations = vec!["a and b differ".to_owned()];
        let page = markdown(&record, &summary, &[]);
        assert!(page.find("**INVALID**").unwrap() < page.find("The naive service").unwrap());
    }
}
