//! A case that a rubric defines: its own files, arrivals and faults, in the words of a scenario.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ground::fault::FaultRule;
use ground::symbols;
use ground::timeline::Timeline;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use super::session::Session;
use super::source_files::{FileText, Shape};
use super::upstream::FaultScript;
use crate::load::{Load, Stop, drive};
use crate::record::exam::CaseRecord;

/// Most requests of a case: more would keep a class waiting.
const MOST_REQUESTS: u64 = 500;
/// Files on which a service's client works at once where the arrivals are a job.
const FILES_AT_ONCE: usize = 8;

/// A case that a rubric defines.
#[derive(Debug, Clone)]
pub struct OwnCase {
    id: String,
    files: Files,
    settings: Settings,
    sha256: String,
}

/// The table `[[case]]` of a rubric, without its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    documents: Documents,
    load: Load,
    #[serde(default)]
    fault: Vec<FaultRule>,
    /// More calls than this at once are answered with 429.
    calls_at_once: Option<u64>,
    /// Added to every answer of the API, in milliseconds.
    #[serde(default)]
    slow_ms: u64,
}

/// What the files are: written anew for each examination, or given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Documents {
    files: Option<usize>,
    lines: Option<usize>,
    lines_per_symbol: Option<usize>,
    #[serde(default)]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone)]
enum Files {
    Written { count: usize, shape: Shape },
    Given(Vec<FileText>),
}

impl OwnCase {
    /// Reads a case from its table in a rubric. `folder` is where its `paths` begin.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(id: &str, table: &toml::Table, folder: &Path) -> Result<Self, String> {
        let settings: Settings = table
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| error.message().to_owned())?;
        let load = &settings.load;
        if !(1..=MOST_REQUESTS).contains(&load.offered()) {
            return Err(format!(
                "it has {} requests; a case has 1 to {MOST_REQUESTS}",
                load.offered()
            ));
        }
        if let Some(mistake) = settings.fault.iter().find_map(FaultRule::mistake) {
            return Err(mistake);
        }
        let files = settings.documents.read(folder)?;
        let mut hash = Sha256::new();
        hash.update(serde_json::to_vec(&settings).expect("settings have only string keys"));
        if let Files::Given(given) = &files {
            given.iter().for_each(|file| hash.update(&file.content));
        }
        Ok(Self {
            id: id.to_owned(),
            files,
            settings,
            sha256: hex::encode(hash.finalize()),
        })
    }

    /// Its name in measures.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// SHA-256 of all that it consists of: equal for equal cases.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl Documents {
    fn read(&self, folder: &Path) -> Result<Files, String> {
        let written = [self.files, self.lines, self.lines_per_symbol];
        if self.paths.is_empty() {
            return self.written();
        }
        if written.iter().any(Option::is_some) {
            return Err(
                "`documents` has both `paths` and the shape of files that are written".to_owned(),
            );
        }
        let read = |path: &PathBuf| {
            let whole = folder.join(path);
            let content = std::fs::read_to_string(&whole)
                .map_err(|error| format!("cannot read `{}`: {error}", whole.display()))?;
            Ok((path.display().to_string(), content))
        };
        given(self.paths.iter().map(read).collect::<Result<_, String>>()?).map(Files::Given)
    }

    fn written(&self) -> Result<Files, String> {
        let lines_per_symbol = self.lines_per_symbol.unwrap_or(12);
        let lines = self.lines.unwrap_or(48);
        let symbols = lines / lines_per_symbol.max(1);
        // Two lines have no room for a body between head and end.
        if symbols == 0 || lines_per_symbol == 2 || lines > 50_000 {
            return Err(format!(
                "`documents` has {lines} lines, {lines_per_symbol} for each definition; give up to 50,000 lines, and 1 or \
                 at least 3 for each definition"
            ));
        }
        Ok(Files::Written {
            count: self.files.unwrap_or(1).clamp(1, MOST_REQUESTS as usize),
            shape: Shape {
                symbols,
                lines: lines_per_symbol,
            },
        })
    }
}

/// Files with the definitions by which calls and answers are told apart: those whose names only one
/// of them has, and only once, in whatever letters.
fn given(read: Vec<(String, String)>) -> Result<Vec<FileText>, String> {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for name in read.iter().flat_map(|(_, content)| symbols::scan(content)) {
        *count.entry(name.to_ascii_lowercase()).or_default() += 1;
    }
    let file = |(path, content): (String, String)| {
        let names = symbols::scan(&content).map(str::to_owned);
        let (own, shared): (Vec<String>, Vec<String>) =
            names.partition(|name| count[&name.to_ascii_lowercase()] == 1);
        if own.is_empty() {
            return Err(format!(
                "`{path}` has no definition with a name that no other file has, so nothing could be told of it"
            ));
        }
        Ok(FileText {
            path,
            symbols: own,
            shared,
            content,
            lines: 0,
        })
    };
    read.into_iter().map(file).collect()
}

impl Session {
    /// Plays a case of the rubric's own.
    pub(super) async fn own_case(&self, case: &OwnCase) -> CaseRecord {
        let texts = match &case.files {
            Files::Written { count, shape } => self.writer().files(*shape, *count),
            Files::Given(files) => files.clone(),
        };
        let script = FaultScript {
            rules: case.settings.fault.clone(),
            at_once: case.settings.calls_at_once,
            slow_ms: case.settings.slow_ms,
            ..FaultScript::default()
        };
        let running = self.begin(texts, script);
        let (asking, deadline) = (Arc::clone(&running), self.deadline);
        let _sent = drive(
            &case.settings.load,
            FILES_AT_ONCE,
            Timeline::start(1.0, 0),
            &Stop::default(),
            &Handle::current(),
            move |slot| {
                let running = Arc::clone(&asking);
                async move {
                    let file = slot.index as usize % running.texts.len();
                    running.ask(file, deadline).await;
                }
            },
        )
        .await;
        self.end(running).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<OwnCase, String> {
        OwnCase::read("mine", &toml::from_str(text).unwrap(), Path::new("."))
    }

    #[test]
    fn a_case_is_written_in_the_words_of_a_scenario_and_slips_are_told() {
        let good = "documents = { files = 3, lines = 36 }\nload = { requests = 9, arrivals = \"burst\" }\n\
                    fault = [{ kind = \"overloaded\", attempts = 1 }]";
        assert_eq!(read(good).unwrap().id(), "mine");
        assert_ne!(
            read(good).unwrap().sha256(),
            read(&good.replace("36", "48")).unwrap().sha256()
        );
        for (from, to, expected) in [
            ("requests = 9", "requests = 9999", "1 to 500"),
            ("lines = 36", "lines = 3", "3 lines"),
            ("lines = 36", "paths = [\"no.py\"]", "both `paths`"),
            (
                "files = 3, lines = 36",
                "paths = [\"no.py\"]",
                "cannot read",
            ),
            ("overloaded", "overlooked", "overlooked"),
            ("attempts = 1", "probability = 2", "probability"),
            ("burst", "spread", "over_s"),
        ] {
            let why = read(&good.replace(from, to)).unwrap_err();
            assert!(why.contains(expected), "{to}: {why}");
        }
    }

    #[test]
    fn definitions_that_two_files_share_tell_nothing() {
        let files = given(vec![
            (
                "a.py".to_owned(),
                "def main():\n    pass\ndef only_a():\n    pass\n".to_owned(),
            ),
            (
                "b.py".to_owned(),
                "def main():\n    pass\ndef only_b():\n    pass\n".to_owned(),
            ),
        ]);
        let files = files.unwrap();
        assert_eq!(files[0].symbols, ["only_a"]);
        assert_eq!(files[1].shared, ["main"]);
        assert!(given(vec![("c.md".to_owned(), "text".to_owned())]).is_err());
    }
}
