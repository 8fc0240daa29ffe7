//! Reads logs: our own log groups, what `aws logs filter-log-events` and `aws logs tail` print, and plain lines, e.g. of a terminal.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::group::{found, time};
use crate::text;

/// An event of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `2026-11-27 14:16:59.123` in UTC, where it is known.
    pub at: Option<String>,
    /// What was logged.
    pub message: String,
    /// What Logs Insights finds in it.
    pub fields: Map<String, Value>,
}

impl Event {
    /// The message in one line; of metrics without what tells CloudWatch to make them.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.message.contains("\"_aws\"") {
            return Value::Object(self.fields.clone()).to_string();
        }
        text::line(&self.message)
    }

    /// The event as a JSON line with its fields.
    #[must_use]
    pub fn json(&self) -> String {
        let mut event = Map::new();
        if let Some(at) = &self.at {
            event.insert("@timestamp".to_owned(), at.clone().into());
        }
        event.insert("@message".to_owned(), self.message.clone().into());
        event.extend(self.fields.clone());
        Value::Object(event).to_string()
    }
}

/// Gives `each` the events of `log` in order. Lines that are no events are messages.
///
/// # Errors
/// When the log cannot be read.
pub fn read(log: impl BufRead, mut each: impl FnMut(Event)) -> std::io::Result<()> {
    let mut lines = log.lines();
    while let Some(line) = lines.next() {
        let line = line?;
        match serde_json::from_str(&line) {
            Ok(Value::Object(event)) => of_json(event, &line, &mut each),
            // A document over several lines.
            Err(error) if error.is_eof() && line.trim_start().starts_with('{') => {
                let mut document = line;
                for more in lines.by_ref() {
                    document.push('\n');
                    document.push_str(&more?);
                }
                match serde_json::from_str(&document) {
                    Ok(Value::Object(event)) => of_json(event, &document, &mut each),
                    _ => document.lines().for_each(|line| each(plain(line))),
                }
            }
            _ => each(plain(&line)),
        }
    }
    Ok(())
}

/// The time of the last event that has one.
///
/// # Errors
/// When the log cannot be read.
pub fn last(log: impl BufRead) -> std::io::Result<Option<String>> {
    let mut last = None;
    read(log, |event| last = last.take().max(event.at))?;
    Ok(last)
}

fn of_json(mut event: Map<String, Value>, text: &str, each: &mut impl FnMut(Event)) {
    if let Some(Value::Array(events)) = event.get_mut("events").map(Value::take) {
        for event in events {
            if let Some(message) = event["message"].as_str() {
                each(Event {
                    at: event["timestamp"].as_u64().map(time),
                    message: message.trim_end().to_owned(),
                    fields: found(message),
                });
            }
        }
        return;
    }
    match event.get("@message").and_then(Value::as_str) {
        Some(message) => each(Event {
            at: event
                .get("@timestamp")
                .and_then(Value::as_str)
                .map(str::to_owned),
            message: message.to_owned(),
            fields: found(message),
        }),
        None => each(plain(text)),
    }
}

fn plain(line: &str) -> Event {
    let (at, message) = of_tail(line).map_or((None, line), |(at, message)| (Some(at), message));
    Event {
        at,
        message: message.to_owned(),
        fields: found(message),
    }
}

/// Time and message of a line as `aws logs tail` prints it: time with `+00:00`, stream, message.
fn of_tail(line: &str) -> Option<(String, &str)> {
    let (at, rest) = line.split_once(' ')?;
    let (stream, message) = rest.split_once(' ')?;
    let at = at.strip_suffix("+00:00")?.replace('T', " ");
    let is_time = humantime::parse_rfc3339_weak(&at).is_ok();
    (is_time && stream.contains("[$")).then_some((at, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(log: &str) -> Vec<(Option<String>, String)> {
        let mut events = vec![];
        read(log.as_bytes(), |event| {
            events.push((event.at, event.message))
        })
        .unwrap();
        events
    }

    #[test]
    fn a_log_group_an_answer_of_aws_and_a_terminal_are_read_alike() {
        let at = || Some("2025-11-24 16:00:00.123".to_owned());
        let end = || "END RequestId: 1".to_owned();
        let group = r#"{"@timestamp":"2025-11-24 16:00:00.123","@message":"END RequestId: 1"}"#;
        assert_eq!(all(group), [(at(), end())]);
        let answer = "{\n \"events\": [\n  {\"timestamp\": 1764000000123, \"message\": \"END RequestId: 1\\n\"}\n ]\n}\n";
        assert_eq!(all(answer), [(at(), end())]);
        assert_eq!(all("END RequestId: 1\n"), [(None, end())]);
        let tail = "2025-11-24T16:00:00.123000+00:00 2025/11/24/[$LATEST]ab12 END RequestId: 1";
        let at = Some("2025-11-24 16:00:00.123000".to_owned());
        assert_eq!(all(tail), [(at, end())]);
    }

    #[test]
    fn whatever_is_no_event_is_a_message() {
        for odd in ["{\"Cost\":1}", "{broken", "[1]", "plain"] {
            assert_eq!(all(odd), [(None, odd.to_owned())], "{odd}");
        }
    }

    #[test]
    fn the_last_time_is_the_latest_whatever_the_order() {
        let event = |at: &str| format!("{{\"@timestamp\":\"{at}\",\"@message\":\"m\"}}\n");
        let log = ["2025-01-02", "2025-01-01"].map(event).concat() + "plain\n";
        assert_eq!(last(log.as_bytes()).unwrap().as_deref(), Some("2025-01-02"));
    }
}
