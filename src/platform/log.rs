//! What the service logs: a line for each file that ended.

use std::time::Duration;

use ground::usage::Usage;
use serde_json::{Value, json};

use crate::text::excerpt;

/// A file has ended.
#[derive(Debug, Clone)]
pub struct Event {
    /// When, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// Number of the request.
    pub number: u64,
    /// The file.
    pub path: String,
    /// HTTP status.
    pub status: u16,
    /// `done`, `partial`, or the error's words.
    pub outcome: String,
    /// How long it took, in simulated time.
    pub took: Duration,
    /// What Lambda itself writes when its time limit has killed it.
    pub killed: Option<String>,
    /// No call was made for it.
    pub cached: bool,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Human,
    /// CloudWatch's embedded metric format: JSON lines from which it makes metrics.
    Emf,
}

impl Event {
    /// The event as log lines. A killed file also gets the line that Lambda itself would write.
    #[must_use]
    pub fn lines(&self, format: LogFormat, mode: &str, platform: &str) -> String {
        let line = match format {
            LogFormat::Human => self.human(),
            LogFormat::Emf => self.emf(mode, platform),
        };
        match &self.killed {
            Some(killed) => format!("{killed}\n{line}"),
            None => line,
        }
    }

    fn human(&self) -> String {
        let seconds = self.took.as_secs_f64();
        let cached = if self.cached { ", cached" } else { "" };
        format!(
            "request {} {}: {} {} in {seconds:.2} s{cached}",
            self.number,
            short(&self.path),
            self.status,
            short(&self.outcome),
        )
    }

    fn emf(&self, mode: &str, platform: &str) -> String {
        let metrics = [
            ("Latency", "Milliseconds"),
            ("Requests", "Count"),
            ("Failed", "Count"),
            ("Cached", "Count"),
        ];
        json!({
            "_aws": directive(self.at_unix_ms, &metrics),
            "Mode": mode,
            "Platform": platform,
            "Latency": self.took.as_millis() as u64,
            "Requests": 1,
            "Failed": u64::from(self.status != 200),
            "Cached": u64::from(self.cached),
            "request": self.number,
            "file_path": short(&self.path),
            "status": self.status,
            "outcome": short(&self.outcome),
        })
        .to_string()
    }
}

/// A call to Claude was answered.
#[derive(Debug, Clone)]
pub struct Call {
    /// When, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// Number of the request that it was made for.
    pub number: u64,
    /// What is billed.
    pub usage: Usage,
    /// The same in dollars.
    pub cost_usd: f64,
}

impl Call {
    /// The call in CloudWatch's embedded metric format.
    #[must_use]
    pub fn emf(&self, mode: &str, platform: &str) -> String {
        let metrics = [
            ("Cost", "None"),
            ("InputTokens", "Count"),
            ("OutputTokens", "Count"),
        ];
        json!({
            "_aws": directive(self.at_unix_ms, &metrics),
            "Mode": mode,
            "Platform": platform,
            "Cost": self.cost_usd,
            "InputTokens": self.usage.prompt_tokens(),
            "OutputTokens": self.usage.output_tokens,
            "request": self.number,
        })
        .to_string()
    }
}

/// The `_aws` member of the specification, which names the metrics among the members beside it.
fn directive(at_unix_ms: u64, metrics: &[(&str, &str)]) -> Value {
    let metric = |(name, unit): &(&str, &str)| json!({ "Name": name, "Unit": unit });
    json!({
        "Timestamp": at_unix_ms,
        "CloudWatchMetrics": [{
            "Namespace": "breaklab",
            "Dimensions": [["Mode", "Platform"]],
            "Metrics": metrics.iter().map(metric).collect::<Vec<_>>(),
        }],
    })
}

/// Characters of a client's text in a log line: CloudWatch refuses an event of more than 256 KB.
const LONGEST: usize = 400;

fn short(text: &str) -> String {
    excerpt(text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            at_unix_ms: 1_700_000_000_000,
            number: 7,
            path: "a\u{1b}[2J.py".to_owned(),
            status: 504,
            outcome: "Task timed out after 300.00 seconds".to_owned(),
            took: Duration::from_secs(301),
            killed: Some("Task timed out after 300.00 seconds".to_owned()),
            cached: false,
        }
    }

    #[test]
    fn a_killed_file_is_logged_in_the_words_of_lambda() {
        let lines = event().lines(LogFormat::Human, "naive", "lambda");
        assert_eq!(
            lines,
            "Task timed out after 300.00 seconds\n\
             request 7 a.py: 504 Task timed out after 300.00 seconds in 301.00 s"
        );
    }

    /// Units that CloudWatch knows, of those that fit here.
    const UNITS: [&str; 2] = ["Milliseconds", "Count"];

    #[test]
    fn emf_events_keep_to_the_specification() {
        let long = Event {
            path: "é".repeat(2_000_000),
            ..event()
        };
        let text = long.emf("naive", "lambda");
        assert!(
            text.len() < 256 * 1024 && !text.contains('\n'),
            "{}",
            text.len()
        );
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let aws = json["_aws"].as_object().unwrap();
        assert_eq!(
            aws.keys().collect::<Vec<_>>(),
            ["CloudWatchMetrics", "Timestamp"]
        );
        assert_eq!(
            aws["Timestamp"], 1_700_000_000_000_u64,
            "milliseconds since 1970"
        );
        let [directive] = aws["CloudWatchMetrics"].as_array().unwrap().as_slice() else {
            panic!("one directive");
        };
        let directive = directive.as_object().unwrap();
        assert_eq!(
            directive.keys().collect::<Vec<_>>(),
            ["Dimensions", "Metrics", "Namespace"]
        );
        assert!((1..=1024).contains(&directive["Namespace"].as_str().unwrap().len()));
        for set in directive["Dimensions"].as_array().unwrap() {
            let set = set.as_array().unwrap();
            assert!(set.len() <= 30);
            for name in set {
                let value = json[name.as_str().unwrap()].as_str().unwrap();
                assert!((1..=1024).contains(&value.len()), "{name}");
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            assert!(
                (1..=1024).contains(&name.len()) && json[name].is_number(),
                "{name}"
            );
            assert!(
                UNITS.contains(&metric["Unit"].as_str().unwrap()),
                "{metric}"
            );
        }
        assert_eq!(
            (&json["Latency"], &json["Failed"]),
            (&301_000.into(), &1.into())
        );
    }
}
