//! The answer to `POST /documents`: a list with one item a file.

use serde_json::Value;

use super::reading::read_item;
use crate::record::exam::Outcome;

/// Names under which services list what they answer for each file; the contract's is the first.
const LISTS: [&str; 3] = ["results", "files", "documents"];
/// Names under which services count the files that worked.
const SUCCESSES: [&str; 6] = [
    "succeeded",
    "successful",
    "success",
    "documented",
    "completed",
    "processed",
];

/// The items of a batch's answer, if it holds a list.
#[must_use]
pub fn items(json: &Value) -> Option<&Vec<Value>> {
    let named = LISTS.iter().find_map(|name| json[*name].as_array());
    named.or(json.as_array())
}

/// How many files the answer says were documented. `processed` beside failures that are told may
/// count these as well, so it is no claim then.
#[must_use]
pub fn claimed(json: &Value) -> Option<u64> {
    let (name, count) = SUCCESSES
        .iter()
        .find_map(|name| Some((*name, json[*name].as_u64()?)))?;
    let told = |json: &Value| matches!(read_item(json).outcome, Outcome::Failed | Outcome::Partial);
    let told = items(json).is_some_and(|items| items.iter().any(told))
        || told(json)
        || json["failed"].as_u64().is_some_and(|failed| failed > 0);
    (name != "processed" || !told).then_some(count)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_of_successes_is_a_claim_and_processed_beside_told_failures_is_none() {
        let failed = json!({ "file_path": "a", "error": "no" });
        for (answer, expected) in [
            (json!({ "succeeded": 4, "results": [failed] }), Some(4)),
            (json!({ "processed": 5, "results": [] }), Some(5)),
            (json!({ "processed": 5, "results": [failed] }), None),
            (json!({ "processed": 5, "failed": 1, "results": [] }), None),
            (json!({ "results": [failed] }), None),
        ] {
            assert_eq!(claimed(&answer), expected, "{answer}");
        }
    }
}
