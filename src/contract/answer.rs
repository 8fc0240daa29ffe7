//! The answers of our own service, as the contract wants them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How far the work on a file, a batch or a job is: the field `status` of an answer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WorkStatus {
    /// A job has not ended.
    Running,
    /// Nothing lacks.
    Done,
    /// Parts lack, and `missing` names them.
    Partial,
    /// There is an `error` instead.
    Failed,
}

/// Body of a 200 answer to `POST /document`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Path as asked.
    pub file_path: String,
    /// [`WorkStatus::Done`], or [`WorkStatus::Partial`] when parts are missing.
    pub status: WorkStatus,
    /// Markdown.
    pub documentation: String,
    /// What is missing, in words.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Whether it came from the cache alone.
    #[serde(default)]
    pub cached: bool,
    /// What the client should know about how its body was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A status and the JSON that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonAnswer {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Value,
}

impl JsonAnswer {
    /// Status 200 with `body`.
    #[must_use]
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// The contract's error: a `type` for programs and a `message` for people.
    #[must_use]
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = json!({ "error": { "type": kind, "message": message } });
        Self { status, body }
    }
}
