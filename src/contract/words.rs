//! The first words of an error, in whatever form a framework writes it.

use serde_json::Value;

use super::json;
use crate::text;

/// Characters that are kept.
const LONGEST: usize = 200;
/// Bytes of a text or a page in which they are looked for.
const READ: usize = 64 << 10;
/// How Python begins a traceback, whose last line says what went wrong.
const TRACEBACK: &[u8] = b"Traceback (most recent call last)";
/// Items of a list of errors that are told.
const TOLD: usize = 3;
/// Fields that hold an error's words, the most telling first: those of the contract, FastAPI, Flask,
/// Express, Fastify, Spring, RFC 9457 and Lambda.
const FIELDS: [&str; 12] = [
    "message",
    "msg",
    "detail",
    "error",
    "errors",
    "errorMessage",
    "error_message",
    "error_description",
    "description",
    "reason",
    "title",
    "name",
];

/// The first words of a body: an error's own, those of an HTML page, or the text itself. Empty when
/// it says nothing.
pub(super) fn of_body(body: &[u8]) -> String {
    if let Ok(json) = json::parse(body) {
        return of_json(&json);
    }
    if body.trim_ascii_start().starts_with(TRACEBACK) {
        let last = body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
        return first_words(&String::from_utf8_lossy(last.unwrap_or_default()));
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(READ)]);
    if is_html(&text) {
        of_lines(&text::shown(&text))
    } else {
        of_lines(&text)
    }
}

/// Whether a text is an HTML page, as web servers and frameworks answer errors.
pub(super) fn is_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(15).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

/// An error's own words in JSON.
pub(super) fn of_json(json: &Value) -> String {
    match json {
        Value::Null | Value::Bool(_) => String::new(),
        Value::String(text) => of_lines(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().take(TOLD).map(of_json).collect();
            first_words(&items.join("; "))
        }
        Value::Object(fields) => {
            let named = FIELDS.iter().find_map(|name| {
                let field = fields.get(*name).filter(|field| json::says(field))?;
                Some(of_json(field))
            });
            let place = fields.get("loc").map(place).unwrap_or_default();
            match (named, fields.iter().next()) {
                (Some(words), _) => first_words(&format!("{place}{words}")),
                // Django REST Framework names the field: {"file_path": ["This field is required."]}.
                (None, Some((name, Value::Array(items)))) if items.iter().all(Value::is_string) => {
                    first_words(&format!("{name}: {}", of_json(&fields[name])))
                }
                _ => first_words(&json.to_string()),
            }
        }
        other => other.to_string(),
    }
}

/// Pydantic's place of an error, e.g. `["body", "file_path"]`, as `body.file_path: `.
fn place(place: &Value) -> String {
    let parts = place.as_array().into_iter().flatten();
    let parts = parts.map(|part| match part {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    match parts.collect::<Vec<_>>().join(".") {
        none if none.is_empty() => none,
        place => format!("{place}: "),
    }
}

/// The lines of an error that say what went wrong: those before a JavaScript stack trace.
fn of_lines(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines = lines.take_while(|line| !line.starts_with("at "));
    first_words(&lines.collect::<Vec<_>>().join(" "))
}

/// A foreign text on one line, cut where nobody reads on.
#[must_use]
pub fn first_words(text: &str) -> String {
    let words = text::line(text);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    text::excerpt(&words, LONGEST)
}
