//! Small made-up runs for the tests of this room: consistent, so that no conservation law breaks.

use std::collections::BTreeMap;
use std::time::Duration;

use ground::ledger::{Ledger, Row, Totals};
use ground::limits::Limits;
use ground::prices::ModelPrice;
use ground::usage::Usage;

use super::Story;
use super::plot::{Side, sides as sides_of};
use super::scenarios::scenarios;
use crate::record::{
    Attempt, AttemptEnding, Attempts, Base, ClockKind, Docs, Ending, Latencies, Mode, Record,
    Request, Run, SCHEMA, ServiceSetting, Setting, Subject,
};
use crate::summary::{
    ClaimList, Confidence, Cost, Counts, DocsSummary, Quantiles, RunSummary, Summary, Upstream,
    summarize,
};

/// `rate-limits` and `cost-explosion`, naive and hardened.
pub(crate) fn record() -> Record {
    let naive = |index: u64| {
        if index % 7 < 3 {
            (Ending::RateLimited, 120)
        } else {
            (Ending::Ok, 20_000 + index * 310)
        }
    };
    let hardened = |index: u64| (Ending::Ok, 20_000 + index * 1_400);
    Record {
        schema: SCHEMA.to_owned(),
        version: "0.1.0".to_owned(),
        clock: ClockKind::Virtual,
        speed: 1.0,
        seed: 1,
        host: None,
        interrupted: false,
        runs: vec![
            run("rate-limits", Base::Naive, 100, naive, 2),
            run("rate-limits", Base::Hardened, 100, hardened, 2),
            run(
                "cost-explosion",
                Base::Naive,
                10,
                |_| (Ending::Ok, 36_000),
                20,
            ),
            run(
                "cost-explosion",
                Base::Hardened,
                10,
                |index| (Ending::Ok, if index == 0 { 36_000 } else { 40 }),
                2,
            ),
        ],
    }
}

/// The numbers of `record`, without claims.
pub(crate) fn summary(record: &Record) -> Summary {
    summarize(record, &ClaimList::default(), &[])
}

/// Its first scenario, for plots.
pub(crate) fn sides<'a>(record: &'a Record, summary: &'a Summary) -> Vec<Side<'a>> {
    sides_of(record, &scenarios(summary)[0])
}

/// A story for each of its scenarios.
pub(crate) fn stories() -> Vec<Story> {
    ["rate-limits", "cost-explosion"]
        .map(|scenario| Story {
            scenario: scenario.to_owned(),
            story: "A hundred requests arrive in one minute. The provider refuses what is over its limit.".to_owned(),
            fix: "A queue paced by the limits, and retries that wait as long as they are told.".to_owned(),
            reproduce: format!("breaklab run {scenario} --seed 1"),
        })
        .to_vec()
}

fn run(
    scenario: &str,
    base: Base,
    offered: u64,
    end: impl Fn(u64) -> (Ending, u64),
    usd_cents_an_answer: u64,
) -> Run {
    let requests: Vec<Request> = (0..offered)
        .map(|index| request(scenario, index, end(index)))
        .collect();
    let mut endings = BTreeMap::new();
    let mut latency: BTreeMap<Ending, Latencies> = BTreeMap::new();
    let mut docs = Docs::default();
    for request in &requests {
        *endings.entry(request.ending).or_insert(0) += 1;
        let took = Duration::from_millis(request.ended_ms - request.scheduled_ms);
        latency.entry(request.ending).or_default().record(took);
        docs.add(request.docs);
    }
    let attempts = attempts(&requests);
    Run {
        scenario: scenario.to_owned(),
        title: format!("{offered} requests of one kind"),
        digest: "5e".repeat(32),
        subject: base.into(),
        setting: setting(),
        offered,
        statuses: BTreeMap::from([(200, endings.get(&Ending::Ok).copied().unwrap_or(0))]),
        errors: endings
            .get(&Ending::RateLimited)
            .map(|n| ("429 rate_limit_error".to_owned(), *n))
            .into_iter()
            .collect(),
        makespan_ms: requests
            .iter()
            .map(|request| request.ended_ms)
            .max()
            .unwrap_or(0),
        endings,
        latency,
        lag: Latencies::default(),
        docs,
        ledger: ledger(&attempts, usd_cents_an_answer),
        requests,
        attempts,
        invocations: None,
    }
}

fn request(scenario: &str, index: u64, (ending, took_ms): (Ending, u64)) -> Request {
    let scheduled_ms = if scenario == "rate-limits" {
        index * 600
    } else {
        0
    };
    let ok = ending == Ending::Ok;
    Request {
        index,
        document: format!("src/module_{index}.py"),
        scheduled_ms,
        started_ms: scheduled_ms,
        ended_ms: scheduled_ms + took_ms,
        status: Some(if ok { 200 } else { 429 }),
        ending,
        docs: Docs {
            symbols: 20,
            documented: if ok { 20 } else { 0 },
            ..Docs::default()
        },
        missing: if ok { vec![] } else { vec![(0, 19)] },
    }
}

fn attempts(requests: &[Request]) -> Attempts {
    let mut attempts = Attempts {
        sent: requests.len() as u64,
        ..Attempts::default()
    };
    for request in requests {
        *attempts
            .by_status
            .entry(request.status.unwrap_or(0))
            .or_insert(0) += 1;
        *attempts
            .by_ending
            .entry(AttemptEnding::Answered)
            .or_insert(0) += 1;
        if request.ending == Ending::Ok {
            attempts.replied_input_tokens += 1000;
            attempts.replied_output_tokens += 600;
        }
        attempts.rows.push(Attempt {
            request: request.index,
            call: 0,
            attempt: 0,
            started_ms: request.started_ms,
            head_ms: Some(request.ended_ms),
            ended_ms: request.ended_ms,
            status: request.status,
            ending: AttemptEnding::Answered,
        });
    }
    attempts
}

fn ledger(attempts: &Attempts, usd_cents_an_answer: u64) -> Ledger {
    let rows = attempts.rows.iter().map(row).collect();
    let mut ledger = Ledger {
        totals: Totals::default(),
        rows,
    };
    let whole = attempts.by_status.get(&200).copied().unwrap_or(0);
    let totals = &mut ledger.totals;
    totals.attempts = attempts.sent;
    totals.by_status = attempts.by_status.clone();
    totals
        .by_ending
        .insert(ground::ledger::Ending::Complete, whole);
    totals
        .by_ending
        .insert(ground::ledger::Ending::Refused, attempts.sent - whole);
    totals.replied.input_tokens = attempts.replied_input_tokens;
    totals.replied.output_tokens = attempts.replied_output_tokens;
    totals.usage = totals.replied;
    totals.cost_pico = whole * usd_cents_an_answer * 10_000_000_000;
    ledger
}

fn row(attempt: &Attempt) -> Row {
    let ok = attempt.status == Some(200);
    let usage = Usage {
        input_tokens: 1000,
        output_tokens: 600,
        ..Usage::default()
    };
    Row {
        seq: attempt.request,
        request_id: format!("req_{}", attempt.request),
        call: format!("{:08x}", attempt.request),
        digest: attempt.request,
        seen: 0,
        model: "claude-test".to_owned(),
        arrived_ms: attempt.started_ms,
        ended_ms: attempt.ended_ms,
        service_ms: attempt.ended_ms - attempt.started_ms,
        status: attempt.status,
        fault: None,
        ending: if ok {
            ground::ledger::Ending::Complete
        } else {
            ground::ledger::Ending::Refused
        },
        usage: if ok { usage } else { Usage::default() },
        cost_pico: 0,
        max_tokens: 1024,
    }
}

fn setting() -> Setting {
    let service = ServiceSetting {
        model: "claude-test".to_owned(),
        tier: "start".to_owned(),
        limits: Some(Limits {
            requests_per_minute: 50,
            input_tokens_per_minute: 30_000,
            output_tokens_per_minute: 8_000,
        }),
        platform: "lambda".to_owned(),
        prices: "chapter".to_owned(),
        prices_as_of: "2026-01-01".to_owned(),
        inr_per_usd: 83.3,
        price: Some(ModelPrice {
            input: 15.0,
            output: 75.0,
            cache_write_5m: None,
            cache_write_1h: None,
            cache_read: None,
        }),
        functions: None,
    };
    Setting {
        service: Some(service),
        time_limit_ms: Some(300_000),
        documents: "one file of 1,000 lines".to_owned(),
        real_files: false,
        arrivals: "100 over a minute".to_owned(),
    }
}

/// A mode by its name, or else a run that a comparison gave this name.
pub(crate) fn subject(name: &str) -> Subject {
    match name.parse::<Mode>() {
        Ok(mode) => mode.into(),
        Err(_) => Subject::from(Base::Hardened).compared(name.to_owned()),
    }
}

/// Numbers of one run: answers, other endings, seconds, rupees.
pub(crate) fn run_summary(
    mode: &str,
    ok: u64,
    ends: &[(Ending, u64)],
    makespan_s: f64,
    inr: f64,
) -> RunSummary {
    let failed: u64 = ends.iter().map(|(_, count)| count).sum();
    let mut endings: BTreeMap<Ending, u64> = ends.iter().copied().collect();
    endings.insert(Ending::Ok, ok);
    RunSummary {
        scenario: "s".to_owned(),
        title: "a scenario".to_owned(),
        digest: String::new(),
        mode: mode.to_owned(),
        subject: subject(mode),
        requests: Counts {
            offered: ok + failed,
            ok,
            failed,
            ..Counts::default()
        },
        endings,
        failure_rate: Some(failed as f64 / (ok + failed) as f64),
        latency_ms: Quantiles::default(),
        failed_latency_ms: Quantiles::default(),
        makespan_s,
        limit_s: None,
        wall_s: None,
        upstream: Upstream {
            attempts: ok + failed,
            by_status: BTreeMap::new(),
            input_tokens: 0,
            output_tokens: 0,
        },
        cost: Cost {
            usd: inr / 80.0,
            inr,
            wasted_usd: 0.0,
            parts: None,
        },
        platform: None,
        docs: DocsSummary {
            symbols: 10,
            documented: 10,
            coverage: Some(1.0),
            duplicates: 0,
            out_of_order: 0,
            foreign: 0,
        },
        top_error: None,
        lag_ms: Quantiles::default(),
        confidence: Confidence::default(),
        saturated: None,
        violations: vec![],
    }
}
