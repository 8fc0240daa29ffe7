//! The service's counters, and their text for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;

use ground::prices::PICO_PER_USD;

use super::log::Event;
use crate::record::Attempts;

/// Upper bounds of the latency histogram's buckets, in simulated seconds.
const BOUNDS: [f64; 9] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Counts since the start.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Files being worked on.
    pub(super) in_flight: u64,
    by_status: BTreeMap<u16, u64>,
    cached: u64,
    time_limits: u64,
    ended: u64,
    buckets: [u64; BOUNDS.len()],
    seconds: f64,
}

impl Meter {
    pub(super) fn ended(&mut self, event: &Event) {
        *self.by_status.entry(event.status).or_default() += 1;
        self.ended += 1;
        self.cached += u64::from(event.cached);
        self.time_limits += u64::from(event.killed.is_some());
        let seconds = event.took.as_secs_f64();
        self.seconds += seconds;
        for (count, bound) in self.buckets.iter_mut().zip(BOUNDS) {
            *count += u64::from(seconds <= bound);
        }
    }

    pub(super) fn refused(&mut self) {
        *self.by_status.entry(400).or_default() += 1;
    }

    /// The text exposition format, version 0.0.4.
    pub(super) fn text(
        &self,
        upstream: Option<&Attempts>,
        jobs: usize,
        spent_pico: Option<u64>,
    ) -> String {
        let mut text = String::new();
        family(
            &mut text,
            "breaklab_files_total",
            "counter",
            "Files that ended, by HTTP status.",
        );
        for (status, count) in &self.by_status {
            sample(
                &mut text,
                &format!("breaklab_files_total{{status=\"{status}\"}}"),
                count,
            );
        }
        single(
            &mut text,
            "breaklab_files_in_flight",
            "gauge",
            "Files being worked on.",
            self.in_flight,
        );
        single(
            &mut text,
            "breaklab_jobs_running",
            "gauge",
            "Jobs that have not ended.",
            jobs as u64,
        );
        single(
            &mut text,
            "breaklab_files_cached_total",
            "counter",
            "Files answered without a call.",
            self.cached,
        );
        single(
            &mut text,
            "breaklab_time_limits_total",
            "counter",
            "Files killed by the platform's time limit.",
            self.time_limits,
        );
        self.latency(&mut text);
        if let Some(attempts) = upstream {
            upstream_text(&mut text, attempts);
        }
        if let Some(pico) = spent_pico {
            let name = "breaklab_upstream_cost_usd_total";
            family(&mut text, name, "counter", "US dollars that calls cost.");
            sample(&mut text, name, &(pico as f64 / PICO_PER_USD));
        }
        text
    }

    fn latency(&self, text: &mut String) {
        let name = "breaklab_file_seconds";
        family(
            text,
            name,
            "histogram",
            "Time of a file, in simulated seconds.",
        );
        for (bound, count) in BOUNDS.iter().zip(self.buckets) {
            sample(text, &format!("{name}_bucket{{le=\"{bound}\"}}"), &count);
        }
        sample(text, &format!("{name}_bucket{{le=\"+Inf\"}}"), &self.ended);
        sample(text, &format!("{name}_sum"), &self.seconds);
        sample(text, &format!("{name}_count"), &self.ended);
    }
}

fn upstream_text(text: &mut String, attempts: &Attempts) {
    family(
        text,
        "breaklab_upstream_attempts_total",
        "counter",
        "Attempts sent upstream, by HTTP status.",
    );
    for (status, count) in &attempts.by_status {
        sample(
            text,
            &format!("breaklab_upstream_attempts_total{{status=\"{status}\"}}"),
            count,
        );
    }
    family(
        text,
        "breaklab_upstream_tokens_total",
        "counter",
        "Tokens in the usage of whole answers.",
    );
    let tokens = [
        ("input", attempts.replied_input_tokens),
        ("output", attempts.replied_output_tokens),
    ];
    for (kind, count) in tokens {
        sample(
            text,
            &format!("breaklab_upstream_tokens_total{{kind=\"{kind}\"}}"),
            &count,
        );
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _infallible = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn sample(text: &mut String, name: &str, value: &impl std::fmt::Display) {
    let _infallible = writeln!(text, "{name} {value}");
}

fn single(text: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    family(text, name, kind, help);
    sample(text, name, &value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_file_is_counted_by_status_and_in_every_bucket_that_holds_it() {
        let mut meter = Meter::default();
        meter.ended(&Event {
            at_unix_ms: 0,
            number: 0,
            path: "a.py".to_owned(),
            status: 200,
            outcome: "done".to_owned(),
            took: Duration::from_secs(3),
            killed: None,
            cached: true,
        });
        let text = meter.text(None, 0, Some(2_500_000_000));
        for line in [
            "breaklab_files_total{status=\"200\"} 1",
            "breaklab_file_seconds_bucket{le=\"2.5\"} 0",
            "breaklab_file_seconds_bucket{le=\"5\"} 1",
            "breaklab_file_seconds_bucket{le=\"+Inf\"} 1",
            "breaklab_files_cached_total 1",
            "breaklab_upstream_cost_usd_total 0.0025",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
