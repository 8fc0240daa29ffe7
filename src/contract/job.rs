//! Work that takes longer than its client waits: a 202, and then a place to ask.

use reqwest::Url;
use serde_json::Value;

use super::json;
use super::words::first_words;

/// Words of `status` with which a job has ended. Services say them in their own ways.
const ENDED: [&str; 13] = [
    "done",
    "partial",
    "failed",
    "complete",
    "completed",
    "finished",
    "ok",
    "success",
    "succeeded",
    "incomplete",
    "failure",
    "error",
    "cancelled",
];

/// Whether an answer to a question about a job is its last one, to be read like any other. A job
/// goes on while the answer is a 202, or says a `status` that is no end.
#[must_use]
pub fn ended(status: u16, body: &[u8]) -> bool {
    match status {
        202 => false,
        200..=299 => {
            let json = json::parse(body).unwrap_or_default();
            status_word(&json).is_none_or(|word| ENDED.contains(&word.as_str()))
        }
        _ => true,
    }
}

/// Where the job is asked for. It must be the same service: a client never goes elsewhere because
/// an answer says so.
///
/// # Errors
/// What is wrong with the header, in words.
pub fn job_url(asked: &Url, location: Option<&str>) -> Result<Url, String> {
    let location = location.ok_or("no header `Location`, which says where the job is")?;
    let wrong = |what: &str| format!("the header `Location` {what}: {}", first_words(location));
    let url = asked.join(location).map_err(|_| wrong("is no address"))?;
    if url.origin() == asked.origin() {
        Ok(url)
    } else {
        Err(wrong("is another service's"))
    }
}

/// The word of `status` in small letters, if it is one.
pub(super) fn status_word(json: &Value) -> Option<String> {
    json["status"].as_str().map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_ends_with_a_word_for_an_end_or_with_an_answer_that_is_no_state() {
        for (status, body, expected) in [
            (202, r#"{"status":"done"}"#, false),
            (200, r#"{"status":"running"}"#, false),
            (200, r#"{"status":"pending","documentation":null}"#, false),
            (200, r#"{"status":"DONE","documentation":"x"}"#, true),
            (200, r#"{"status":"failed"}"#, true),
            (200, r#"{"documentation":"x"}"#, true),
            (200, "<html>", true),
            (404, "", true),
            (302, "", true),
        ] {
            assert_eq!(ended(status, body.as_bytes()), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_job_is_asked_for_at_the_same_service_only() {
        let asked: Url = "http://127.0.0.1:8000/document".parse().unwrap();
        let at = |location| job_url(&asked, Some(location)).map(|url| url.to_string());
        for same in ["/jobs/1", "jobs/1", "http://127.0.0.1:8000/jobs/1"] {
            assert_eq!(at(same).unwrap(), "http://127.0.0.1:8000/jobs/1");
        }
        for other in [
            "http://127.0.0.1:1/jobs/1",
            "//evil/jobs",
            "file:///etc/passwd",
        ] {
            assert!(
                at(other).unwrap_err().contains("another service's"),
                "{other}"
            );
        }
        assert!(job_url(&asked, None).unwrap_err().contains("no header"));
    }
}
