//! Five files in one request: what is answered for each, and what is claimed of all.

use serde_json::{Value, json};

use super::refuse;
use crate::probe::Session;
use crate::probe::client::{Answer, excerpt};
use crate::probe::papers::Text;
use crate::probe::scene::{Scene, claim, fate};
use crate::probe::upstream::Setting;
use crate::record::exam::{Asked, Fate, Found, Played};

/// Names under which services list what they answer for each file.
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
/// Answers of a batch that are looked at; a service may send any number.
const MAX_ITEMS: usize = 100;

impl Session {
    /// The third file has the content of the first, the fourth is refused upstream.
    pub(super) async fn batch(&self) -> Played {
        let mut texts = self.small("batch", 5);
        texts[2].content = texts[0].content.clone();
        texts[2].symbols = texts[0].symbols.clone();
        let setting = Setting {
            troubles: vec![refuse(3, 0, 400, u64::MAX)],
            ..Setting::default()
        };
        let scene = self.scene(texts, setting);
        let file = |text: &Text| json!({ "file_path": text.path, "file_content": text.content });
        let files: Vec<Value> = scene.texts.iter().map(file).collect();
        let at_ms = scene.stage.elapsed_ms();
        let answer = scene.client.documents(&files.into(), self.deadline).await;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        for asked in answers(&scene, at_ms, &answer, &json) {
            scene.push(asked);
        }
        Played {
            claimed: claimed(&json),
            ..self.end(scene).await
        }
    }
}

fn items(json: &Value) -> Option<&Vec<Value>> {
    let named = LISTS.iter().find_map(|name| json[*name].as_array());
    named.or(json.as_array())
}

/// One entry for each answer in a batch, by its place; or one for the whole if it holds no list.
fn answers(scene: &Scene, at_ms: u64, answer: &Answer, json: &Value) -> Vec<Asked> {
    let Some(items) = items(json) else {
        let mut asked = scene.asked("POST /documents", None, at_ms, answer);
        asked.fate = match fate(answer, json) {
            Fate::Whole | Fate::Partial => Fate::Strange,
            other => other,
        };
        return vec![asked];
    };
    let one = |(place, item): (usize, &Value)| {
        let path = item["file_path"].as_str();
        let named = scene
            .texts
            .iter()
            .position(|text| Some(text.path.as_str()) == path);
        let paper = named.or((path.is_none() && place < scene.texts.len()).then_some(place));
        let text = item["documentation"].as_str().unwrap_or_default();
        Asked {
            what: format!("POST /documents, answer {place}"),
            paper,
            at_ms,
            ended_ms: scene.stage.elapsed_ms(),
            status: answer.status,
            fate: claim(item),
            found: paper.map_or_else(Found::default, |paper| scene.found(paper, text)),
            said: excerpt(item.to_string().as_bytes()),
            leaks_key: false,
            named: path.map(str::to_owned),
            disguise: None,
        }
    };
    items.iter().take(MAX_ITEMS).enumerate().map(one).collect()
}

/// How many files the answer says were documented. `processed` beside failures that are told may
/// count these as well, so it is no claim then.
fn claimed(json: &Value) -> Option<u64> {
    let (name, count) = SUCCESSES
        .iter()
        .find_map(|name| Some((*name, json[*name].as_u64()?)))?;
    let told = items(json)
        .is_some_and(|items| items.iter().any(|item| claim(item) == Fate::Failed))
        || matches!(claim(json), Fate::Failed | Fate::Partial)
        || json["failed"].as_u64().is_some_and(|failed| failed > 0);
    (name != "processed" || !told).then_some(count)
}

#[cfg(test)]
mod tests {
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
