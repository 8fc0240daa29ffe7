//! A case in progress: asks the service about its files and notes what came back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ground::proof;

use super::api::ExamApi;
use super::client::{Client, Received};
use super::source_files::FileText;
use super::upstream::{CaseUpstream, digest};
use crate::contract::{Reading, first_words};
use crate::corpus::longest_increasing;
use crate::record::exam::{CaseRecord, Exchange, Found, Gap, Outcome, SourceFile};

/// Longest wait for calls that go on after the last answer.
const STORM: Duration = Duration::from_secs(4);

/// A case in progress.
pub(super) struct RunningCase {
    pub(super) client: Client,
    api: ExamApi,
    pub(super) upstream: Arc<CaseUpstream>,
    pub(super) texts: Vec<FileText>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl RunningCase {
    pub(super) fn new(
        client: Client,
        api: &ExamApi,
        upstream: Arc<CaseUpstream>,
        texts: Vec<FileText>,
    ) -> Self {
        Self {
            client,
            api: api.clone(),
            upstream,
            texts,
            exchanges: Mutex::default(),
        }
    }

    /// Asks for the documentation of one file and notes the answer.
    pub(super) async fn ask(&self, file: usize, within: Duration) -> Exchange {
        let exchange = self.asked(file, within).await;
        self.push(exchange.clone());
        exchange
    }

    /// Asks about each file at once.
    pub(super) async fn ask_all(&self, files: impl IntoIterator<Item = usize>, within: Duration) {
        futures_util::future::join_all(files.into_iter().map(|file| self.ask(file, within))).await;
    }

    /// Goes away after `patience`, without an answer.
    pub(super) async fn leave(&self, file: usize, patience: Duration) {
        let mut exchange = self.asked(file, patience).await;
        if exchange.outcome == Outcome::TimedOut {
            exchange.outcome = Outcome::Left;
        }
        self.push(exchange);
    }

    /// Asks about `file` and waits for at most `within`; nothing is written down yet.
    async fn asked(&self, file: usize, within: Duration) -> Exchange {
        let text = &self.texts[file];
        let at_ms = self.upstream.elapsed_ms();
        let answer = self
            .client
            .document(&text.path, &text.content, within)
            .await;
        self.exchange(&text.path, Some(file), at_ms, &answer)
    }

    pub(super) fn note(
        &self,
        what: &str,
        file: Option<usize>,
        at_ms: u64,
        answer: &Received,
    ) -> Exchange {
        let exchange = self.exchange(what, file, at_ms, answer);
        self.push(exchange.clone());
        exchange
    }

    pub(super) fn push(&self, exchange: Exchange) {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exchange);
    }

    pub(super) fn exchange(
        &self,
        what: &str,
        file: Option<usize>,
        at_ms: u64,
        answer: &Received,
    ) -> Exchange {
        let shows = |key: &String| {
            let in_body = memchr::memmem::find(&answer.body, key.as_bytes()).is_some();
            in_body || answer.headers.contains(key)
        };
        let leaks_key = self.api.upstream.keys().iter().any(shows);
        Exchange {
            status: answer.status,
            leaks_key,
            ..self.read(what, file, at_ms, &answer.reading())
        }
    }

    /// An exchange whose answer is `reading`.
    pub(super) fn read(
        &self,
        what: &str,
        file: Option<usize>,
        at_ms: u64,
        reading: &Reading,
    ) -> Exchange {
        let text = reading.documentation.as_deref().unwrap_or_default();
        Exchange {
            what: what.to_owned(),
            file,
            at_ms,
            ended_ms: self.upstream.elapsed_ms(),
            status: reading.status,
            outcome: reading.outcome,
            found: file.map(|file| self.found(file, text)).unwrap_or_default(),
            said: match reading.words.as_str() {
                "" => first_words(text),
                words => words.to_owned(),
            },
            leaks_key: false,
            own_text: file.and_then(|file| self.own_text(file, text)),
            named: None,
            disguise: None,
        }
    }

    /// Holds `documentation` against file number `file`, by the tokens that replies carried.
    pub(super) fn found(&self, file: usize, documentation: &str) -> Found {
        let text = &self.texts[file];
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
            let token = as_written(token, text);
            let is_ours = self.api.proofs.verify(&token);
            if !is_ours || !self.api.upstream.delivered().has(&token) {
                found.forged += 1;
                continue;
            }
            match place(token.symbol) {
                Some(place) if seen.insert(place) => order.push(place),
                Some(_) => found.duplicates += 1,
                None if text.shared.iter().any(|name| name == token.symbol) => {}
                None if old(token.symbol) => found.stale += 1,
                None => found.foreign += 1,
            }
        }
        found.documented = seen.len();
        found.out_of_order = order.len() - longest_increasing(&order);
        found.gaps = self.gaps(file, &seen);
        found
    }

    /// What a service writes beside what the API wrote, if the case asks for it and there is anything.
    fn own_text(&self, file: usize, documentation: &str) -> Option<u64> {
        if !self.upstream.notes_instructions() {
            return None;
        }
        let lines = documentation.lines().map(str::trim);
        let own =
            lines.filter(|line| !line.is_empty() && !self.api.upstream.delivered().has_line(line));
        let own: String = own.map(|line| format!("{line}\n")).collect();
        let text = nameless(&own, &self.texts[file]);
        (!text.is_empty()).then(|| digest(text.as_bytes()))
    }

    fn gaps(&self, file: usize, seen: &BTreeSet<usize>) -> Vec<Gap> {
        let all = self.texts[file].symbols.len();
        if seen.len() == all {
            return Vec::new();
        }
        let prompted = self.upstream.prompted(file);
        let documented = |symbol: usize| {
            let name = &self.texts[file].symbols[symbol];
            self.api.upstream.delivered().documents(name)
        };
        let mut gaps: Vec<Gap> = Vec::new();
        for symbol in (0..all).filter(|symbol| !seen.contains(symbol)) {
            let (prompted, delivered) = (prompted.contains(&symbol), documented(symbol));
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
                let before = self.upstream.arrived();
                tokio::time::sleep(calm).await;
                if self.upstream.arrived() == before && self.upstream.in_flight() == 0 {
                    return;
                }
            }
        })
        .await;
    }

    /// What has been noted up to now.
    pub(super) fn record(&self) -> CaseRecord {
        let mut exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        // Stable: the answers of a batch stay in the order in which they were given.
        exchanges.sort_by_key(|exchange| exchange.at_ms);
        let (attempts, max_in_flight) = self.upstream.attempts();
        let start = exchanges
            .iter()
            .map(|exchange| exchange.at_ms)
            .min()
            .unwrap_or_default();
        let end = exchanges
            .iter()
            .map(|exchange| exchange.ended_ms)
            .max()
            .unwrap_or_default();
        let file = |text: &FileText| SourceFile {
            path: text.path.clone(),
            symbols: text.symbols.len(),
            bytes: text.content.len(),
        };
        CaseRecord {
            files: self.texts.iter().map(file).collect(),
            exchanges,
            attempts,
            troubles: self.upstream.troubles(),
            torn: self.upstream.torn(),
            late_ms: None,
            max_in_flight,
            alive_after: true,
            death: None,
            makespan_ms: end - start,
            claimed: None,
            reference_ms: None,
        }
    }
}

/// `text` without what differs from file to file: names, codes and numbers.
fn nameless(text: &str, file: &FileText) -> String {
    let mut text = text.replace(&file.path, "PATH");
    for name in &file.symbols {
        text = text.replace(name, "NAME");
    }
    text.retain(|letter| !letter.is_ascii_hexdigit());
    text
}

/// The code with its definition's name as the file spells it.
fn as_written<'t>(token: proof::Proof<'t>, file: &'t FileText) -> proof::Proof<'t> {
    let mut names = file.symbols.iter().chain(&file.shared);
    let name = names.find(|name| name.eq_ignore_ascii_case(token.symbol));
    proof::Proof {
        symbol: name.map_or(token.symbol, |name| name),
        ..token
    }
}

/// Documentation as the codes in it are looked for: services may change the case of letters, and
/// escape Markdown.
fn plain(documentation: &str) -> String {
    documentation.to_ascii_lowercase().replace("\\_", "_")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
