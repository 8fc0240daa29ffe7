//! What is the author's own in how a service behaves, in a form that can be compared.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::record::exam::{Case, CaseRecord, Exam};

/// What is the author's own in how a service behaves, as digests that are equal for equal behaviour
/// whatever files were asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behaviour {
    /// What its prompts say beside the code, with the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What it writes around the API's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How it divides a large file into calls, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<String>,
}

/// Fewer calls than this for a large file are no design that could be told from another.
const TELLING_CALLS: usize = 3;
/// What is the author's own in the service of `exam`.
pub(super) fn of(exam: &Exam) -> Behaviour {
    let single = exam.cases.get(&Case::Single);
    let hex = |digest: u64| format!("{digest:016x}");
    Behaviour {
        prompt: single
            .and_then(|record| record.attempts.first()?.instruction)
            .map(hex),
        text: single
            .and_then(|record| record.exchanges.first()?.own_text)
            .map(hex),
        calls: exam.cases.get(&Case::Long).and_then(calls),
    }
}

fn calls(record: &CaseRecord) -> Option<String> {
    let mut parts: Vec<_> = record
        .attempts
        .iter()
        .filter(|attempt| attempt.worked())
        .map(|attempt| (attempt.span, attempt.max_tokens))
        .collect();
    parts.sort_unstable();
    let digest = Sha256::digest(format!("{parts:?}"));
    (parts.len() >= TELLING_CALLS).then(|| hex::encode(&digest[..8]))
}
