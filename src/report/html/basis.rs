//! What the figures stand on, and where the raw data is.

use maud::{Markup, html};

use crate::record::{ClockKind, Record, Run};
use crate::report::figures::{count, number, seconds};
use crate::report::plain::plain;

/// Clock, seed and version in one line.
pub(super) fn line(record: &Record) -> Markup {
    html! {
        p.quiet {
            @match record.clock {
                ClockKind::Virtual => "Simulated in virtual time, exact and repeatable",
                ClockKind::Real => { "Measured over real sockets at " (number(record.speed)) "× speed" }
            }
            ", seed " (record.seed) ", breaklab " (plain(&record.version)) "."
        }
    }
}

/// Settings of every scenario and the files beside the page.
pub(super) fn basis(record: &Record) -> Markup {
    let mut shown: Vec<&Run> = vec![];
    for run in &record.runs {
        if !shown
            .iter()
            .any(|other| other.scenario == run.scenario && other.setting == run.setting)
        {
            shown.push(run);
        }
    }
    html! {
        section #basis aria-labelledby="basis-title" {
            h2 #basis-title { "What the figures stand on" }
            @for run in shown { (setting(run)) }
            h3 #data { "Raw data" }
            ul.files {
                @for (file, what) in FILES { li { a href=(file) { (file) } " " span.quiet { (what) } } }
            }
        }
    }
}

const FILES: [(&str, &str); 4] = [
    ("record.json", "every fact that was observed"),
    ("summary.json", "every number on this page"),
    ("requests.csv", "one line a request"),
    ("summary.csv", "one line a run"),
];

fn setting(run: &Run) -> Markup {
    let setting = &run.setting;
    html! {
        h3 { (plain(&run.scenario)) }
        dl.told {
            dt { "Documents" } dd { (plain(&setting.documents)) }
            dt { "Arrivals" } dd { (plain(&setting.arrivals)) }
            dt { "Model" } dd { (plain(&setting.model)) ", tier " (plain(&setting.tier)) }
            dt { "Limits" }
            dd {
                @match setting.limits {
                    Some(limits) => {
                        (count(limits.requests_per_minute)) " requests, "
                        (count(limits.input_tokens_per_minute)) " input tokens and "
                        (count(limits.output_tokens_per_minute)) " output tokens a minute"
                    }
                    None => "none",
                }
            }
            dt { "Platform" }
            dd {
                (plain(&setting.platform))
                @if let Some(limit) = setting.time_limit_ms { ", killed after " (seconds(limit as f64 / 1000.0)) }
            }
            dt { "Prices" }
            dd {
                "book " (plain(&setting.prices)) " of " (plain(&setting.prices_as_of)) ", ₹" (number(setting.inr_per_usd)) " a dollar"
            }
            dt { "Settings digest" } dd { code { (plain(&run.digest)) } }
        }
    }
}
