//! The same file with other options. The contract knows none, so a service may ignore or refuse
//! them; but one that follows them must not answer one wish with the result of another.

use serde_json::{Map, Value, json};

use crate::examiner::client::AGENT;
use crate::examiner::session::Session;
use crate::examiner::upstream::FaultScript;
use crate::record::exam::CaseRecord;

impl Session {
    /// Three files of one shape. The first two are asked for with one set of options, the third
    /// with another, and then the first again with that other one: from the first three requests
    /// it shows whether options change a prompt at all.
    pub(super) async fn options(&self) -> CaseRecord {
        let script = FaultScript {
            instructions: true,
            ..FaultScript::default()
        };
        let running = self.begin(self.small(3), script);
        let plain = json!({ "style": "brief", "language": "en", "model": "claude-opus-4-6" });
        let other = json!({ "style": "detailed", "language": "es", "model": "claude-sonnet-5" });
        for (file, options) in [(0, &plain), (1, &plain), (2, &other), (0, &other)] {
            let text = &running.texts[file];
            let mut body: Map<String, Value> = options.as_object().cloned().unwrap_or_default();
            body.insert("file_path".to_owned(), text.path.clone().into());
            body.insert("file_content".to_owned(), text.content.clone().into());
            let body = Value::Object(body).to_string().into_bytes();
            let at_ms = running.upstream.elapsed_ms();
            let answer = running.client.raw(body, AGENT, self.deadline).await;
            let what = format!("{} with {options}", text.path);
            running.note(&what, Some(file), at_ms, &answer);
        }
        self.end(running).await
    }
}
