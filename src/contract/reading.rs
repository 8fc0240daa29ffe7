//! What an answer says, decided as its user would: one table for everybody who reads one.

use serde_json::Value;

use super::{job, json, words};
use crate::record::exam::Outcome;

/// What an answer says, or that there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// HTTP status; absent for an item of a batch, which has none of its own.
    pub status: Option<u16>,
    /// What its user would call it.
    pub outcome: Outcome,
    /// Text of the documentation, if there is any.
    pub documentation: Option<String>,
    /// The error's `type`; empty when it has none.
    pub kind: String,
    /// The error's first words, what is missing, or what is wrong with the answer; empty when it is whole.
    pub words: String,
}

impl Reading {
    /// What is known where no whole answer came: `outcome`, and why in `words`.
    #[must_use]
    pub fn without_answer(outcome: Outcome, words: &str) -> Self {
        of(outcome, words.to_owned())
    }

    /// Status and first words, e.g. `status 429: Rate limit exceeded`.
    #[must_use]
    pub fn told(&self) -> String {
        match (self.status, self.words.as_str()) {
            (Some(status), "") => format!("status {status} without a word"),
            (Some(status @ 200..=299), words) if self.outcome == Outcome::Failed => {
                format!("status {status} with an error: {words}")
            }
            (Some(status), words) => format!("status {status}: {words}"),
            (None, words) => words.to_owned(),
        }
    }
}

/// Reads an answer to `POST /document`, or the last answer about a job. `location` is the header.
#[must_use]
pub fn read(status: u16, location: Option<&str>, body: &[u8]) -> Reading {
    let reading = match status {
        200..=299 => succeeded(status, body),
        300..=399 => redirected(location),
        400.. => failed(body),
        _ => unusable("a status that is no final answer".to_owned()),
    };
    Reading {
        status: Some(status),
        ..reading
    }
}

/// Reads one item of a batch's answer.
#[must_use]
pub fn read_item(item: &Value) -> Reading {
    match item {
        Value::Object(_) => read_object(item),
        other => unusable(format!(
            "{} where an object was expected",
            json::kind(other)
        )),
    }
}

fn succeeded(status: u16, body: &[u8]) -> Reading {
    if body.trim_ascii().is_empty() {
        return of(Outcome::Empty, "an answer without a body".to_owned());
    }
    let reading = match json::parse(body) {
        Ok(json) => read_item(&json),
        Err(_) if words::is_html(&String::from_utf8_lossy(body)) => unusable(format!(
            "an HTML page and no JSON: {}",
            words::of_body(body)
        )),
        Err(error) => unusable(format!("no JSON ({error}): {}", words::of_body(body))),
    };
    if status == 202 && reading.documentation.is_none() {
        return unusable("no header `Location`, which says where the job is".to_owned());
    }
    reading
}

fn redirected(location: Option<&str>) -> Reading {
    let to = location.map_or_else(
        || "to nowhere: there is no header `Location`".to_owned(),
        |to| {
            format!(
                "to {}; name that address itself, no redirect is followed",
                words::first_words(to)
            )
        },
    );
    of(Outcome::Redirected, format!("redirected {to}"))
}

fn failed(body: &[u8]) -> Reading {
    let json = json::parse(body).unwrap_or_default();
    Reading {
        kind: kind(&json),
        ..of(Outcome::Failed, words::of_body(body))
    }
}

/// Fields that say what lacks in a documentation that is there.
const GAPS: [&str; 5] = [
    "missing",
    "errors",
    "partial",
    "incomplete",
    "failed_chunks",
];

/// The table for an object that came with a success: an error makes it failed, gaps make it partial,
/// and without a text it is never whole.
fn read_object(json: &Value) -> Reading {
    let text = json["documentation"]
        .as_str()
        .filter(|text| !text.trim().is_empty());
    let state = job::status_word(json).unwrap_or_default();
    let incomplete = ["partial", "incomplete"].contains(&state.as_str());
    let lacks = GAPS
        .iter()
        .map(|name| &json[*name])
        .find(|gap| json::says(gap));
    if says_failed(json, &state, incomplete, text.is_some()) {
        return Reading {
            kind: kind(json),
            ..of(Outcome::Failed, words::of_json(json))
        };
    }
    match text {
        Some(text) if incomplete || lacks.is_some() => Reading {
            documentation: Some(text.to_owned()),
            ..of(
                Outcome::Partial,
                lacks
                    .or(json.get("error"))
                    .map_or_else(String::new, words::of_json),
            )
        },
        Some(text) => Reading {
            documentation: Some(text.to_owned()),
            ..of(Outcome::Whole, String::new())
        },
        None if incomplete || lacks.is_some() => of(
            Outcome::Failed,
            lacks.map_or_else(|| "nothing but gaps".to_owned(), words::of_json),
        ),
        None => without_text(json),
    }
}

/// Whether an answer calls itself failed: by its `status`, a flag, or an error. An error beside a
/// text that calls itself partial tells what lacks; without a text any form of error counts.
fn says_failed(json: &Value, state: &str, incomplete: bool, has_text: bool) -> bool {
    let state = ["failed", "failure", "error"].contains(&state)
        || json["status"].as_u64().is_some_and(|status| status >= 400);
    let flag = ["success", "ok"].iter().any(|name| json[*name] == false);
    let error = json::says(&json["error"]) && !(incomplete && has_text);
    let flat = json["type"].is_string() && json["message"].is_string();
    let bare = !has_text && (flat || json::says(&json["detail"]));
    state || flag || error || bare
}

/// A success without a text: empty where the field is there, else none of the contract.
fn without_text(json: &Value) -> Reading {
    match &json["documentation"] {
        Value::Null if json.get("documentation").is_none() => {
            let fields = json.as_object().into_iter().flatten();
            let names: Vec<&str> = fields.map(|(name, _)| name.as_str()).take(8).collect();
            let has = match names.as_slice() {
                [] => "the object is empty".to_owned(),
                names => format!("there are only: {}", names.join(", ")),
            };
            unusable(words::first_words(&format!(
                "no field `documentation`; {has}"
            )))
        }
        Value::Null | Value::String(_) => of(
            Outcome::Empty,
            "`documentation` is empty, and no error says why".to_owned(),
        ),
        other => unusable(format!(
            "`documentation` is {}, not a text",
            json::kind(other)
        )),
    }
}

/// The `type` of an error: beside its message, where the contract has it, or at the top.
fn kind(json: &Value) -> String {
    let nested = json.pointer("/error/type").or(json.pointer("/detail/type"));
    let kind = nested.or(json.get("type")).and_then(Value::as_str);
    words::first_words(kind.unwrap_or_default())
}

fn unusable(words: String) -> Reading {
    of(Outcome::Unusable, words)
}

fn of(outcome: Outcome, words: String) -> Reading {
    Reading {
        status: None,
        outcome,
        documentation: None,
        kind: String::new(),
        words,
    }
}
