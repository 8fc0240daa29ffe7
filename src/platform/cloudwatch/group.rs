//! A log group as CloudWatch shows it: a JSON line for each event, with the fields that Logs Insights finds in it.
//!
//! What is found is documented in "Supported logs and discovered fields", Amazon CloudWatch Logs User Guide: of Lambda's own
//! lines the request and the figures of `REPORT`, times in milliseconds and memory in bytes; of a message in JSON its members.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use ground::timeline::Timeline;
use serde_json::{Map, Value, json};

/// The account of all names.
const ACCOUNT: &str = "000000000000";

/// Takes lines. Copies write to the same place.
#[derive(Clone)]
pub struct LogGroup {
    function: Arc<str>,
    name: Arc<str>,
    write: Arc<dyn Fn(&str) + Send + Sync>,
}

impl LogGroup {
    /// The log group of the function `function`; `write` is given each line without its end.
    #[must_use]
    pub fn new(function: &str, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            function: function.into(),
            name: format!("{ACCOUNT}:/aws/lambda/{function}").into(),
            write: Arc::new(write),
        }
    }

    /// The group's name with its account, as events carry it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The function's name.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Writes an event of `stream`.
    pub fn put_now(&self, timeline: Timeline, stream: &str, message: &str) {
        self.put(timeline.unix_ms(timeline.now()), stream, message);
    }

    /// Writes an event of `stream` at `at_unix_ms`, in milliseconds since 1970.
    pub fn put(&self, at_unix_ms: u64, stream: &str, message: &str) {
        (self.write)(&line(&self.name, at_unix_ms, stream, message));
    }
}

/// Name of the stream of an instance that was started at `at_unix_ms`.
pub(in crate::platform) fn stream(at_unix_ms: u64, instance: &str) -> String {
    let day = &time(at_unix_ms)[..10];
    format!("{}/[$LATEST]{instance}", day.replace('-', "/"))
}

/// As Logs Insights writes times, in UTC.
pub(super) fn time(at_unix_ms: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(at_unix_ms);
    let time = humantime::format_rfc3339_millis(time).to_string();
    time.trim_end_matches('Z').replace('T', " ")
}

fn line(group: &str, at_unix_ms: u64, stream: &str, message: &str) -> String {
    let mut event = Map::new();
    event.insert("@timestamp".to_owned(), time(at_unix_ms).into());
    event.insert("@message".to_owned(), message.into());
    event.insert("@logStream".to_owned(), stream.into());
    event.insert("@log".to_owned(), group.into());
    event.extend(found(message));
    Value::Object(event).to_string()
}

/// The fields in a message.
pub(super) fn found(message: &str) -> Map<String, Value> {
    if let Ok(Value::Object(mut members)) = serde_json::from_str(message) {
        members.remove("_aws");
        members.retain(|name, _| !name.starts_with('@'));
        return members;
    }
    let mut fields = Map::new();
    let mut words = message.split_whitespace();
    if let Some(kind @ ("START" | "END" | "REPORT")) = words.next()
        && words.next() == Some("RequestId:")
        && let Some(id) = words.next()
    {
        fields.insert("@type".to_owned(), kind.into());
        fields.insert("@requestId".to_owned(), id.into());
        if kind == "REPORT" {
            fields.extend(message.split('\t').filter_map(figure));
        }
    } else if let Some(id) = message.split_whitespace().find(|word| is_id(word)) {
        fields.insert("@requestId".to_owned(), id.into());
    }
    fields
}

/// A figure of a `REPORT` line.
fn figure(part: &str) -> Option<(String, Value)> {
    let (label, value) = part.split_once(": ")?;
    let number: f64 = value.split_whitespace().next()?.parse().ok()?;
    let (name, scale) = match label {
        "Duration" => ("@duration", 1.0),
        "Billed Duration" => ("@billedDuration", 1.0),
        "Init Duration" => ("@initDuration", 1.0),
        "Memory Size" => ("@memorySize", 1e6),
        "Max Memory Used" => ("@maxMemoryUsed", 1e6),
        _ => return None,
    };
    Some((name.to_owned(), json!(number * scale)))
}

/// An identity, as AWS writes them.
pub(in crate::platform) fn identity([first, second]: [u64; 2]) -> String {
    let hex = format!("{first:016x}{second:016x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

fn is_id(word: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.len() == 36
        && word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && word.split('-').all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f5078a8-a6b1-4b3f-9c64-ab1d5b0b7e34";

    fn event(message: &str) -> Value {
        serde_json::from_str(&line("g", 1_764_000_000_123, "s", message)).unwrap()
    }

    #[test]
    fn the_figures_of_a_report_are_found_as_logs_insights_finds_them() {
        let report = format!(
            "REPORT RequestId: {ID}\tDuration: 15.74 ms\tBilled Duration: 147 ms\tMemory Size: 128 MB\t\
             Max Memory Used: 56 MB\tInit Duration: 130.49 ms"
        );
        let event = event(&report);
        assert_eq!(event["@timestamp"], "2025-11-24 16:00:00.123");
        assert_eq!(
            (&event["@type"], &event["@requestId"]),
            (&json!("REPORT"), &json!(ID))
        );
        let figures = [
            "@duration",
            "@billedDuration",
            "@memorySize",
            "@maxMemoryUsed",
            "@initDuration",
        ];
        assert_eq!(
            figures.map(|name| event[name].as_f64().unwrap()),
            [15.74, 147.0, 1.28e8, 5.6e7, 130.49]
        );
        assert_eq!(event["@message"], report);
    }

    #[test]
    fn members_of_json_are_fields_and_nobody_forges_those_of_cloudwatch() {
        let event = event(r#"{"_aws":{},"Cost":0.5,"@log":"forged","a":{"b":1}}"#);
        assert_eq!((&event["Cost"], &event["a"]["b"]), (&json!(0.5), &json!(1)));
        assert_eq!(event["@log"], "g");
        assert!(event.get("_aws").is_none());
    }

    #[test]
    fn other_lines_are_found_by_the_request_that_they_name() {
        let killed = format!("2025-11-24T16:00:00.123Z {ID} Task timed out after 3.00 seconds");
        assert_eq!(event(&killed)["@requestId"], ID);
        assert!(event("REPORT of a student").get("@type").is_none());
        assert!(event("started\nin two lines").get("@requestId").is_none());
    }
}
