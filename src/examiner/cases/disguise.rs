//! Requests that do not look like an examination's. A service that knows its examiner by a header,
//! or by the notation of the JSON treats these differently.

use serde_json::json;
use strum::VariantArray;

use crate::examiner::client::AGENT;
use crate::examiner::running::RunningCase;
use crate::examiner::session::Session;
use crate::examiner::source_files::FileText;
use crate::examiner::upstream::FaultScript;
use crate::record::exam::CaseRecord;

/// What is unlike an examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
enum Disguise {
    /// Nothing.
    None,
    /// The client is curl.
    Curl,
    /// The client is a browser.
    Browser,
    /// The JSON has another order and line ends.
    Notation,
}

/// Each is asked twice, with a file of its own: one bad answer may be chance.
const EACH: usize = 2;

impl Disguise {
    fn agent(self) -> &'static str {
        match self {
            Self::Curl => "curl/8.14.1",
            Self::Browser => {
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
            }
            Self::None | Self::Notation => AGENT,
        }
    }

    fn said(self) -> Option<String> {
        let said = match self {
            Self::None => return None,
            Self::Curl => "from curl",
            Self::Browser => "from a browser",
            Self::Notation => "with the JSON's fields in another order",
        };
        Some(said.to_owned())
    }

    fn body(self, text: &FileText) -> String {
        let (path, content) = (json!(text.path), json!(text.content));
        match self {
            Self::Notation => {
                format!("{{\n  \"file_path\": {path},\n  \"file_content\": {content}\n}}\n")
            }
            _ => json!({ "file_path": path, "file_content": content }).to_string(),
        }
    }
}

impl Session {
    pub(super) async fn disguise(&self) -> CaseRecord {
        let disguises = Disguise::VARIANTS
            .iter()
            .flat_map(|disguise| [*disguise; EACH]);
        let disguises: Vec<Disguise> = disguises.collect();
        let running = self.begin(self.small(disguises.len()), FaultScript::default());
        for pair in 0..Disguise::VARIANTS.len() {
            let both = (EACH * pair..EACH * (pair + 1))
                .map(|file| self.disguised(&running, disguises[file], file));
            futures_util::future::join_all(both).await;
        }
        self.end(running).await
    }

    async fn disguised(&self, running: &RunningCase, disguise: Disguise, file: usize) {
        let text = &running.texts[file];
        let at_ms = running.upstream.elapsed_ms();
        let body = disguise.body(text).into_bytes();
        let answer = running
            .client
            .raw(body, disguise.agent(), self.deadline)
            .await;
        let mut exchange = running.exchange(&text.path, Some(file), at_ms, &answer);
        exchange.disguise = disguise.said();
        running.push(exchange);
    }
}
