//! What the figures stand on, and where the raw data is.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::record::{ClockKind, FunctionSetting, Record, Run, ServiceSetting, Subject};
use crate::report::Data;
use crate::report::hgrm;
use crate::summary::{RunSummary, Summary};
use crate::text;
use crate::text::figures::{count, number, seconds};

/// Clock, seed and version in one line.
pub(super) fn line(record: &Record, summary: &Summary) -> Markup {
    html! {
        p.quiet { (clock(record, summary)) ", seed " (record.seed) ", breaklab " (text::line(&record.version)) "." }
    }
}

fn clock(record: &Record, summary: &Summary) -> String {
    match (summary.agreement.first(), record.clock) {
        (Some(run), _) => format!(
            "Virtual time beside real sockets at {}× speed",
            number(run.speed)
        ),
        (None, ClockKind::Virtual) => {
            "Simulated in virtual time: the same bytes for the same seed".to_owned()
        }
        (None, ClockKind::Real) => {
            format!(
                "Measured over real sockets at {}× speed",
                number(record.speed)
            )
        }
    }
}

/// Settings of every scenario and the files beside the page.
pub(super) fn basis(record: &Record, summary: &Summary, data: Data) -> Markup {
    let mut shown: Vec<&Run> = vec![];
    for run in told(record, summary) {
        if !shown
            .iter()
            .any(|other: &&Run| other.scenario == run.scenario && other.setting == run.setting)
        {
            shown.push(run);
        }
    }
    html! {
        section #basis aria-labelledby="basis-title" {
            h2 #basis-title { "What the figures stand on" }
            dl.told {
                dt { "Program" } dd { "breaklab " (text::line(&record.version)) ", seed " (record.seed) }
                dt { "Clock" }
                dd { (clock(record, summary)) }
                dt { "Host" } dd { (host(record)) }
                @for (mode, protections) in protections(&told(record, summary)) {
                    dt { "Protections, " (text::line(&mode)) } dd { (protections) }
                }
                @for (word, meaning, used) in WORDS {
                    @if summary.runs.iter().any(used) { dt { (word) } dd { (meaning) } }
                }
            }
            @for run in shown { (setting(run)) }
            h3 #data { "Raw data" }
            @match data {
                Data::Beside => (files(record, summary)),
                Data::Absent => p.quiet {
                    "This page was written without its data. The command of a scenario, with " code { "--out DIR" }
                    ", writes both again."
                }
            }
        }
    }
}

/// Links to what stands in the same folder.
fn files(record: &Record, summary: &Summary) -> Markup {
    let histograms = told(record, summary).into_iter().flat_map(|run| {
        let endings = run.latency.keys();
        endings.map(move |&ending| hgrm::file(run, ending.name()) + ".hgrm")
    });
    html! {
        ul.files {
            @for (file, what) in FILES { li { a href=(file) { (file) } " " span.quiet { (what) } } }
        }
        details {
            summary { "Latencies of every run and ending, as HDR percentiles" }
            ul.files { @for file in histograms { li { a href=(file) { (file) } } } }
        }
    }
}

/// A word, its meaning, and whether the figures of a run need it.
type Word = (&'static str, &'static str, fn(&RunSummary) -> bool);

/// Words of this page that are not everybody's.
const WORDS: [Word; 5] = [
    (
        "× shortest possible",
        "T/T*: the time until the last ending over T*, the shortest that the provider’s limits, latencies and forced \
         faults leave to any client. 1× cannot be beaten.",
        |run| run.limit_s.is_some(),
    ),
    (
        "95 % bounds",
        "Small print below a figure. Exact for independent requests: Clopper-Pearson for shares, order statistics for \
         percentiles. A percentile that needs more samples than there are is left out.",
        |_| true,
    ),
    (
        "Latency",
        "Of answers only, from the moment at which a request was due, so that a late start counts.",
        |_| true,
    ),
    (
        "Platform’s own bill",
        "What Lambda, API Gateway and the cache’s table cost beside the provider. Of the billed time, the share is told in which a \
         call to the provider was in flight: paid for waiting.",
        |run| run.platform.is_some(),
    ),
    (
        "Symbols documented",
        "Functions and classes whose entry carries the provider’s token for just this source and this run.",
        |run| run.docs.symbols > 0,
    ),
];

fn host(record: &Record) -> String {
    let Some(host) = &record.host else {
        return match record.clock {
            ClockKind::Virtual => "any: simulated time does not depend on the machine".to_owned(),
            ClockKind::Real => "not recorded".to_owned(),
        };
    };
    let build = if host.optimised {
        "release build"
    } else {
        "debug build, so the times are not to be quoted"
    };
    let (os, arch) = (text::line(&host.os), text::line(&host.arch));
    format!("{os} on {arch}, {} processors, {build}", host.cpus)
}

/// The runs without those that only serve the matrix of protections.
fn told<'a>(record: &'a Record, summary: &Summary) -> Vec<&'a Run> {
    let numbers = summary.runs.iter().map(|run| summary.is_trial(run));
    let marked = record.runs.iter().zip(numbers);
    marked
        .filter_map(|(run, is_trial)| (!is_trial).then_some(run))
        .collect()
}

/// Each mode with protections and their names, as far as they are the same in all scenarios.
fn protections(told: &[&Run]) -> Vec<(String, String)> {
    let mut modes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut order: Vec<String> = vec![];
    for run in told {
        let (mode, names) = (run.subject.to_string(), protection_names(&run.subject));
        if !order.contains(&mode) {
            order.push(mode.clone());
        }
        modes.entry(mode).or_default().insert(names);
    }
    let only = |mode: &String| {
        let names = modes.get(mode).filter(|names| names.len() == 1)?;
        names.first().filter(|names| !names.is_empty()).cloned()
    };
    let named = order.into_iter().map(|mode| (only(&mode), mode));
    named
        .filter_map(|(names, mode)| Some((mode, names?)))
        .collect()
}

fn protection_names(subject: &Subject) -> String {
    let names: Vec<String> = subject.protections().map(|one| one.to_string()).collect();
    names.join(", ")
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
        h3 { (text::line(&run.scenario)) }
        dl.told {
            dt { "Documents" } dd { (text::line(&setting.documents)) }
            dt { "Arrivals" } dd { (text::line(&setting.arrivals)) }
            @if let Some(service) = &setting.service {
                (told_of(service, setting.time_limit_ms))
            } @else {
                dt { "Service" }
                dd { "only seen from outside: its model, limits and cost are not known" }
                @if let Some(limit) = setting.time_limit_ms {
                    dt { "Given up after" } dd { (seconds(limit as f64 / 1000.0)) }
                }
            }
            dt { "Settings digest" } dd { code { (text::line(&run.digest)) } }
        }
    }
}

/// What the platform's own bill is made of.
fn billed(functions: &FunctionSetting) -> Markup {
    html! {
        ", gateway " (text::line(&functions.gateway))
        @if let Some(limit) = functions.gateway_limit_ms { " (" (seconds(limit as f64 / 1000.0)) " for an answer)" }
        ", " (count(functions.memory_mb)) " MB, billed by " (text::line(&functions.prices)) " of "
        (text::line(&functions.prices_as_of)) ", cold starts included, without a free tier"
    }
}

/// What the harness knows of a service of its own.
fn told_of(service: &ServiceSetting, time_limit_ms: Option<u64>) -> Markup {
    html! {
        dt { "Model" } dd { (text::line(&service.model)) ", tier " (text::line(&service.tier)) }
        dt { "Limits" }
        dd {
            @match service.limits {
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
            (text::line(&service.platform))
            @if let Some(limit) = time_limit_ms { ", killed after " (seconds(limit as f64 / 1000.0)) }
            @if let Some(functions) = &service.functions { (billed(functions)) }
        }
        dt { "Prices" }
        dd {
            "book " (text::line(&service.prices)) " of " (text::line(&service.prices_as_of)) ", ₹" (number(service.inr_per_usd)) " a dollar"
        }
    }
}
