//! What our own service writes to its log group: Lambda's lines, a line for each call to Claude with its cost, and the
//! function's metrics, both in the embedded metric format.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ground::chance::mix;
use ground::prices::{PICO_PER_USD, Prices};
use ground::timeline::Timeline;
use ground::usage::Usage;
use serde_json::{Value, json};

use super::group::{LogGroup, identity, stream, time};
use super::lines::{self, Figures};
use crate::platform::settings::Platform;
use crate::record::FunctionSetting;
use crate::text::excerpt;

/// Characters of an error in a line: CloudWatch refuses an event of more than 256 KB.
const LONGEST: usize = 400;
/// Draws for identities, apart from all others.
const IDENTITY: u64 = 0x6c6f_6773;

/// The log of a function that is ours. Copies share it.
#[derive(Clone)]
pub struct FunctionLog(Arc<Inner>);

struct Inner {
    group: LogGroup,
    setting: FunctionSetting,
    prices: Prices,
    timeline: Timeline,
    seed: u64,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    begun: u64,
    /// The latest invocation for each request.
    latest: BTreeMap<u64, Place>,
}

/// Where an invocation writes.
#[derive(Clone)]
struct Place {
    number: u64,
    id: String,
    stream: String,
}

/// How an invocation ended.
#[derive(Debug)]
pub(in crate::platform) enum Outcome {
    Result,
    Error(String),
    TimedOut(Duration),
}

/// An invocation that is under way. When it is dropped, its end is written.
pub(in crate::platform) struct Invocation {
    log: FunctionLog,
    request: u64,
    place: Place,
    since: Duration,
    init: Option<Duration>,
    at_once: usize,
    /// Nothing where it was left in the middle.
    pub(in crate::platform) outcome: Option<Outcome>,
}

impl FunctionLog {
    /// The log of a function on `platform` in `group`; nothing where the platform runs no functions. `prices` are
    /// those of the model, `seed` draws the identities.
    #[must_use]
    pub fn new(
        group: LogGroup,
        platform: &Platform,
        prices: Prices,
        timeline: Timeline,
        seed: u64,
    ) -> Option<Self> {
        Some(Self(Arc::new(Inner {
            group,
            setting: platform.functions()?,
            prices,
            timeline,
            seed,
            running: Mutex::default(),
        })))
    }

    /// A call for `request` was answered and will be billed.
    pub fn called(&self, request: u64, usage: Usage) {
        let place = self.running().latest.get(&request).cloned();
        let Some(place) = place else { return };
        let usd = self.0.prices.cost_pico(usage) as f64 / PICO_PER_USD;
        let figures = [
            ("Cost", "None", json!(usd)),
            ("InputTokens", "Count", usage.prompt_tokens().into()),
            ("OutputTokens", "Count", usage.output_tokens.into()),
        ];
        let line = self.metrics(&figures, &place.id);
        self.put(&place.stream, &line);
    }

    /// Lambda had no instance for a request, which leaves no other line.
    pub(in crate::platform) fn throttled(&self) {
        let id = identity([mix(&[self.0.seed, IDENTITY]), self.now_ms()]);
        let line = self.metrics(&[("Throttles", "Count", json!(1))], &id);
        self.put("throttles", &line);
    }

    /// An event was given to the instance `instance`, which has just taken `init` to start if this is its first.
    pub(in crate::platform) fn begin(
        &self,
        request: u64,
        instance: u64,
        init: Option<Duration>,
    ) -> Invocation {
        let seed = mix(&[self.0.seed, IDENTITY]);
        let (place, at_once) = {
            let mut running = self.running();
            running.begun += 1;
            let number = running.begun;
            let place = Place {
                number,
                id: identity([mix(&[seed, number]), mix(&[seed, number, request])]),
                stream: stream(self.now_ms(), &instance_name(seed, instance)),
            };
            running.latest.insert(request, place.clone());
            (place, running.latest.len())
        };
        self.put(&place.stream, &lines::start(&place.id));
        Invocation {
            log: self.clone(),
            request,
            place,
            since: self.0.timeline.now(),
            init,
            at_once,
            outcome: None,
        }
    }

    /// `figures` by name and unit, in the embedded metric format.
    fn metrics(&self, figures: &[(&str, &str, Value)], id: &str) -> String {
        let named = |(name, unit, _): &(&str, &str, Value)| json!({ "Name": name, "Unit": unit });
        let mut line = json!({
            "_aws": {
                "Timestamp": self.now_ms(),
                "CloudWatchMetrics": [{
                    "Namespace": "breaklab",
                    "Dimensions": [["FunctionName"]],
                    "Metrics": figures.iter().map(named).collect::<Vec<_>>(),
                }],
            },
            "FunctionName": self.0.group.function(),
            "requestId": id,
        });
        for (name, _, value) in figures {
            line[*name] = value.clone();
        }
        line.to_string()
    }

    fn put(&self, stream: &str, message: &str) {
        self.0.group.put(self.now_ms(), stream, message);
    }

    fn now_ms(&self) -> u64 {
        let timeline = self.0.timeline;
        timeline.unix_ms(timeline.now())
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn instance_name(seed: u64, instance: u64) -> String {
    let half = |part: u64| mix(&[seed, instance, part]);
    format!("{:016x}{:016x}", half(1), half(2))
}

impl Drop for Invocation {
    fn drop(&mut self) {
        let Self { log, place, .. } = self;
        {
            let mut running = log.running();
            let latest = running.latest.get(&self.request);
            if latest.is_some_and(|latest| latest.number == place.number) {
                running.latest.remove(&self.request);
            }
        }
        let put = |line: &str| log.put(&place.stream, line);
        let now = time(log.now_ms()).replace(' ', "T");
        let id = place.id.as_str();
        match &self.outcome {
            Some(Outcome::Error(words)) => {
                put(&format!(
                    "[ERROR]\t{now}Z\t{id}\t{}",
                    excerpt(words, LONGEST)
                ));
            }
            Some(Outcome::TimedOut(limit)) => {
                put(&format!("{now}Z {}", lines::killed(id, *limit)));
            }
            Some(Outcome::Result) | None => {}
        }
        let took = log.0.timeline.now().saturating_sub(self.since);
        let figures = Figures {
            id,
            took,
            init: self.init,
            memory_mb: log.0.setting.memory_mb,
            peak_mb: None,
        };
        let status = matches!(self.outcome, Some(Outcome::TimedOut(_))).then_some("timeout");
        put(&lines::end(id));
        put(&lines::report(&figures, status));
        let failed = matches!(self.outcome, Some(Outcome::Error(_) | Outcome::TimedOut(_)));
        let count = |value: u64| Value::from(value);
        put(&log.metrics(
            &[
                ("Invocations", "Count", count(1)),
                ("Errors", "Count", count(u64::from(failed))),
                (
                    "Duration",
                    "Milliseconds",
                    json!(took.as_secs_f64() * 1000.0),
                ),
                ("ConcurrentExecutions", "Count", count(self.at_once as u64)),
            ],
            id,
        ));
    }
}
