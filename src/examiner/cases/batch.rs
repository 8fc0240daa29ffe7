//! Five files in one request: what is answered for each, and what is claimed of all.

use serde_json::{Value, json};

use crate::contract::limits::MAX_ITEMS;
use crate::contract::{claimed, items, read_item};
use crate::examiner::client::Received;
use crate::examiner::running::RunningCase;
use crate::examiner::session::Session;
use crate::examiner::source_files::FileText;
use crate::examiner::upstream::{Fault, FaultScript};
use crate::record::exam::{CaseRecord, Exchange, Outcome, Trouble};

impl Session {
    /// The third file has the content of the first, the fourth is refused upstream.
    pub(super) async fn batch(&self) -> CaseRecord {
        let mut texts = self.small(5);
        texts[2].content = texts[0].content.clone();
        texts[2].symbols = texts[0].symbols.clone();
        let script = FaultScript {
            faults: vec![Fault::lasting(3, 0, Trouble::Status(400))],
            ..FaultScript::default()
        };
        let running = self.begin(texts, script);
        let file =
            |text: &FileText| json!({ "file_path": text.path, "file_content": text.content });
        let files: Vec<Value> = running.texts.iter().map(file).collect();
        let at_ms = running.upstream.elapsed_ms();
        let answer = running.client.documents(&files.into(), self.deadline).await;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        for exchange in exchanges(&running, at_ms, &answer, &json) {
            running.push(exchange);
        }
        CaseRecord {
            claimed: claimed(&json),
            ..self.end(running).await
        }
    }
}

/// One entry for each answer in a batch, by its place; or one for the whole if it holds no list.
fn exchanges(running: &RunningCase, at_ms: u64, answer: &Received, json: &Value) -> Vec<Exchange> {
    let Some(items) = items(json) else {
        let mut exchange = running.exchange("POST /documents", None, at_ms, answer);
        if matches!(exchange.outcome, Outcome::Whole | Outcome::Partial) {
            exchange.outcome = Outcome::Unusable;
        }
        return vec![exchange];
    };
    let one = |(place, item): (usize, &Value)| {
        let path = item["file_path"].as_str();
        let named = running
            .texts
            .iter()
            .position(|text| Some(text.path.as_str()) == path);
        let file = named.or((path.is_none() && place < running.texts.len()).then_some(place));
        let what = format!("POST /documents, answer {place}");
        Exchange {
            status: answer.status,
            named: path.map(str::to_owned),
            ..running.read(&what, file, at_ms, &read_item(item))
        }
    };
    items.iter().take(MAX_ITEMS).enumerate().map(one).collect()
}
