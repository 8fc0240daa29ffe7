//! A play in progress: asks the service about its files and notes what came back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ground::proof;
use serde_json::Value;

use super::API_KEY;
use super::client::{Answer, Client, Trouble, excerpt};
use super::papers::Text;
use super::upstream::Stage;
use crate::corpus::longest_increasing;
use crate::record::exam::{Asked, Fate, Found, Gap, Paper, Played};

/// Longest wait for calls that go on after the last answer.
const STORM: Duration = Duration::from_secs(4);

/// A play in progress.
pub(super) struct Scene {
    pub(super) client: Client,
    key: proof::Key,
    pub(super) stage: Arc<Stage>,
    pub(super) texts: Vec<Text>,
    requests: Mutex<Vec<Asked>>,
}

impl Scene {
    pub(super) fn new(
        client: Client,
        key: proof::Key,
        stage: Arc<Stage>,
        texts: Vec<Text>,
    ) -> Self {
        Self {
            client,
            key,
            stage,
            texts,
            requests: Mutex::default(),
        }
    }

    /// Asks for the documentation of one file and notes the answer.
    pub(super) async fn ask(&self, paper: usize, within: Duration) -> Asked {
        let text = &self.texts[paper];
        let at_ms = self.stage.elapsed_ms();
        let answer = self
            .client
            .document(&text.path, &text.content, within)
            .await;
        self.note(&text.path, Some(paper), at_ms, &answer)
    }

    /// Asks about each paper at once.
    pub(super) async fn ask_all(&self, papers: impl IntoIterator<Item = usize>, within: Duration) {
        futures_util::future::join_all(papers.into_iter().map(|paper| self.ask(paper, within)))
            .await;
    }

    /// Goes away after `patience`, without an answer.
    pub(super) async fn leave(&self, paper: usize, patience: Duration) {
        let text = &self.texts[paper];
        let at_ms = self.stage.elapsed_ms();
        let mut answer = self
            .client
            .document(&text.path, &text.content, patience)
            .await;
        let left = answer.trouble == Some(Trouble::TimedOut);
        if left {
            answer = Answer::default();
        }
        let mut asked = self.asked(&text.path, Some(paper), at_ms, &answer);
        if left {
            asked.fate = Fate::Left;
        }
        self.push(asked);
    }

    pub(super) fn note(
        &self,
        what: &str,
        paper: Option<usize>,
        at_ms: u64,
        answer: &Answer,
    ) -> Asked {
        let asked = self.asked(what, paper, at_ms, answer);
        self.push(asked.clone());
        asked
    }

    pub(super) fn push(&self, asked: Asked) {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(asked);
    }

    pub(super) fn asked(
        &self,
        what: &str,
        paper: Option<usize>,
        at_ms: u64,
        answer: &Answer,
    ) -> Asked {
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let documentation = json["documentation"].as_str().unwrap_or_default();
        let key = API_KEY.as_bytes();
        let leaks_key = answer.headers.contains(API_KEY)
            || answer.body.windows(key.len()).any(|window| window == key);
        Asked {
            what: what.to_owned(),
            paper,
            at_ms,
            ended_ms: self.stage.elapsed_ms(),
            status: answer.status,
            fate: fate(answer, &json),
            found: paper
                .map(|paper| self.found(paper, documentation))
                .unwrap_or_default(),
            said: excerpt(&answer.body),
            leaks_key,
            named: None,
            disguise: None,
        }
    }

    /// Holds `documentation` against file `paper`, by the tokens that replies carried.
    pub(super) fn found(&self, paper: usize, documentation: &str) -> Found {
        let text = &self.texts[paper];
        let place = |symbol: &str| text.symbols.iter().position(|name| name == symbol);
        let old = |symbol: &str| {
            let earlier = self.texts.iter().filter(|other| other.path == text.path);
            earlier
                .into_iter()
                .any(|other| other.symbols.iter().any(|name| name == symbol))
        };
        let (mut found, mut order, mut seen) = (Found::default(), Vec::new(), BTreeSet::new());
        let documentation = plain(documentation);
        for token in proof::find(&documentation) {
            if !self.key.verify(&token) {
                found.forged += 1;
                continue;
            }
            match place(token.symbol) {
                Some(place) if seen.insert(place) => order.push(place),
                Some(_) => found.duplicates += 1,
                None if old(token.symbol) => found.stale += 1,
                None => found.foreign += 1,
            }
        }
        found.documented = seen.len();
        found.out_of_order = order.len() - longest_increasing(&order);
        found.gaps = self.gaps(paper, &seen);
        found
    }

    fn gaps(&self, paper: usize, seen: &BTreeSet<usize>) -> Vec<Gap> {
        let all = self.texts[paper].symbols.len();
        if seen.len() == all {
            return Vec::new();
        }
        let prompted = self.stage.prompted(paper, false);
        let delivered = self.stage.prompted(paper, true);
        let mut gaps: Vec<Gap> = Vec::new();
        for symbol in (0..all).filter(|symbol| !seen.contains(symbol)) {
            let (prompted, delivered) = (prompted.contains(&symbol), delivered.contains(&symbol));
            match gaps.last_mut() {
                Some(gap)
                    if gap.to + 1 == symbol
                        && (gap.prompted, gap.delivered) == (prompted, delivered) =>
                {
                    gap.to = symbol;
                }
                _ => gaps.push(Gap {
                    from: symbol,
                    to: symbol,
                    delivered,
                    prompted,
                }),
            }
        }
        gaps
    }

    /// Waits until no call is in flight and none has arrived for `calm`, but not for ever.
    pub(super) async fn quiet(&self, calm: Duration) {
        let _storm = tokio::time::timeout(STORM, async {
            loop {
                let before = self.stage.arrived();
                tokio::time::sleep(calm).await;
                if self.stage.arrived() == before && self.stage.in_flight() == 0 {
                    return;
                }
            }
        })
        .await;
    }

    /// What has been noted up to now.
    pub(super) fn played(&self) -> Played {
        let mut requests = self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        requests.sort_by_key(|asked| (asked.at_ms, asked.paper));
        let (calls, max_in_flight) = self.stage.calls();
        let start = requests
            .iter()
            .map(|asked| asked.at_ms)
            .min()
            .unwrap_or_default();
        let end = requests
            .iter()
            .map(|asked| asked.ended_ms)
            .max()
            .unwrap_or_default();
        let paper = |text: &Text| Paper {
            path: text.path.clone(),
            symbols: text.symbols.len(),
            bytes: text.content.len(),
        };
        Played {
            papers: self.texts.iter().map(paper).collect(),
            requests,
            calls,
            max_in_flight,
            alive_after: true,
            makespan_ms: end - start,
            claimed: None,
            reference_ms: None,
        }
    }
}

/// Documentation as the codes in it are looked for: services may change the case of letters, and
/// escape Markdown. All names of an examination are in small letters.
fn plain(documentation: &str) -> String {
    documentation.to_ascii_lowercase().replace("\\_", "_")
}

/// What an answer says about itself.
pub(super) fn fate(answer: &Answer, json: &Value) -> Fate {
    match answer.trouble {
        Some(Trouble::Closed) => return Fate::Closed,
        Some(Trouble::TimedOut) => return Fate::TimedOut,
        Some(Trouble::TooLarge) => return Fate::Strange,
        None => {}
    }
    match answer.status {
        Some(400..) => Fate::Failed,
        Some(200) => claim(json),
        _ => Fate::Strange,
    }
}

/// What a 200 claims: documentation that is whole, or with named gaps, or an error.
pub(super) fn claim(json: &Value) -> Fate {
    let says = |name: &str| match &json[name] {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Number(number) => number.as_u64() != Some(0),
        Value::Bool(true) => true,
    };
    let status = json["status"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let failed = ["failed", "error"].contains(&status.as_str());
    let gaps = [
        "missing",
        "errors",
        "error",
        "partial",
        "incomplete",
        "failed_chunks",
    ]
    .iter()
    .any(|name| says(name));
    match json["documentation"].as_str() {
        Some(text) if !text.is_empty() && (gaps || failed || status == "partial") => Fate::Partial,
        _ if failed || says("error") => Fate::Failed,
        Some(_) if gaps => Fate::Failed,
        Some(_) => Fate::Whole,
        None => Fate::Strange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_survives_capitals_and_the_escapes_of_markdown() {
        let key = proof::Key::new("secret");
        let token = format!(
            "ref:work_a1_x:0123abcd:{}",
            key.mac("work_a1_x", "0123abcd")
        );
        for text in [
            token.clone(),
            token.to_ascii_uppercase(),
            token.replace('_', "\\_"),
        ] {
            let text = plain(&text);
            let found: Vec<_> = proof::find(&text).collect();
            assert_eq!(found.len(), 1, "{text}");
            assert!(key.verify(&found[0]), "{text}");
        }
    }

    #[test]
    fn a_200_is_taken_at_its_word() {
        for (body, expected) in [
            (json!({ "documentation": "x" }), Fate::Whole),
            (json!({ "documentation": "" }), Fate::Whole),
            (
                json!({ "documentation": "x", "missing": ["lines 1-2"] }),
                Fate::Partial,
            ),
            (
                json!({ "documentation": "x", "missing": [], "status": "done" }),
                Fate::Whole,
            ),
            (
                json!({ "documentation": "x", "status": "partial" }),
                Fate::Partial,
            ),
            (json!({ "error": "no" }), Fate::Failed),
            (
                json!({ "documentation": "", "error": { "type": "x" } }),
                Fate::Failed,
            ),
            (json!({ "docs": "x" }), Fate::Strange),
            (json!("hello"), Fate::Strange),
        ] {
            assert_eq!(claim(&body), expected, "{body}");
        }
    }
}
