//! What CloudWatch would show of a scenario: the metrics by which a service is watched, and what they keep silent about.

use maud::{Markup, html};

use crate::report::rows::lost;
use crate::report::scenarios::Scenario;
use crate::summary::{Bill, RunSummary};
use crate::text;
use crate::text::figures::{ABSENT, count, millis};

use super::Chapter;

/// A metric: the namespace, its name, its value.
type Metric = (&'static str, &'static str, fn(&Bill) -> String);

const METRICS: [Metric; 5] = [
    ("AWS/Lambda", "Invocations", |bill| {
        count(bill.counts.invocations)
    }),
    ("AWS/Lambda", "Errors", |bill| count(bill.counts.errors)),
    ("AWS/Lambda", "Throttles", |bill| {
        count(bill.counts.throttled)
    }),
    ("AWS/Lambda", "Duration, average", |bill| {
        millis(bill.mean_duration_ms())
    }),
    ("AWS/ApiGateway", "Count", |bill| {
        count(bill.counts.gateway_requests)
    }),
];

/// The panel; nothing where nothing runs as a function.
pub(super) fn cloudwatch(chapter: &Chapter<'_>) -> Markup {
    let scenario = &chapter.scenario;
    if scenario.runs.iter().all(|run| run.platform.is_none()) {
        return html! {};
    }
    let value = |run: &RunSummary, value: fn(&Bill) -> String| {
        run.platform
            .as_ref()
            .map_or_else(|| ABSENT.to_owned(), value)
    };
    html! {
        details.cloudwatch {
            summary { "What CloudWatch would show" }
            @if let Some(silent) = silent(scenario) { p { (silent) } }
            div.scroll role="region" tabindex="0" aria-label=(format!("CloudWatch of {}", text::line(scenario.id))) {
                table {
                    caption.hidden { "Metrics of CloudWatch in " (text::line(scenario.id)) ", one column a mode" }
                    thead { tr {
                        th scope="col" { "metric" }
                        @for (run, slot) in scenario.runs.iter().zip(scenario.slots()) {
                            th.figure scope="col" { span class=(format!("mode-{slot}")) { (text::line(&run.mode)) } }
                        }
                    } }
                    tbody {
                        @for (namespace, name, of) in METRICS { tr {
                            th scope="row" { (name) " " span.quiet { (namespace) } }
                            @for run in &scenario.runs { td.figure { (value(run, of)) } }
                        } }
                        tr {
                            th scope="row" { "clients without documentation " span.quiet { "in no metric" } }
                            @for run in &scenario.runs { td.figure { (lost(run)) } }
                        }
                    }
                }
            }
            @if let Some(story) = chapter.story {
                p.quiet { "The lines behind it: " code { (text::line(&story.reproduce)) " --logs" } ", then " code { "breaklab logs" } "." }
            }
        }
    }
}

/// That clients get nothing while no function fails.
fn silent(scenario: &Scenario<'_>) -> Option<String> {
    let run = scenario.runs.iter().find(|run| {
        let failed = run
            .platform
            .as_ref()
            .is_some_and(|bill| bill.counts.errors > 0);
        run.platform.is_some() && !failed && run.requests.lost() > 0
    })?;
    Some(format!(
        "{}: no function fails, but {} clients get nothing. An alarm on Errors stays silent; watch the gateway’s 5XXError and Lambda’s \
         Throttles.",
        text::line(&run.mode),
        lost(run)
    ))
}
