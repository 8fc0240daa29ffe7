//! Facts of an examination: what a foreign service was asked, what it answered, and which calls
//! it made upstream meanwhile. Grading reads nothing else, so it can be repeated without a run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use isolation::Isolation;
pub use trouble::{Planned, Trouble};

mod isolation;
mod trouble;

/// Version of the layout below; readers refuse any other.
pub const SCHEMA: &str = "breaklab/exam/v3";

/// The check that an answer came by way of our API.
pub const UPSTREAM: &str = "upstream";

/// Bad bodies that a service may also read as a file, since whatever is no JSON is one: what their
/// exchanges say of them.
pub const MAY_BE_A_FILE: [&str; 2] = ["broken JSON", "bytes that are no UTF-8"];

/// Everything that was observed about one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exam {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of breaklab that made it.
    pub version: String,
    /// What was examined: a URL or a command.
    pub target: String,
    /// Goes into every name in the documents, so that no cache can know them.
    pub salt: String,
    /// What had to hold before anything was asked, in order.
    pub preflight: Vec<Check>,
    /// The cases by name.
    pub cases: BTreeMap<Case, CaseRecord>,
    /// Cases that the rubrics define, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<String, OwnRecord>,
    /// Cases for which the time did not suffice.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unplayed: BTreeSet<String>,
    /// What the service asked of our API that only a mock server's operator needs, as `METHOD /path`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prying: Vec<String>,
    /// How the service was kept apart; absent for one that ran already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Calls whose prompts held none of the definitions that the service was asked about.
    #[serde(default)]
    pub unattributed: u64,
}

/// A condition without which a service cannot be graded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// E.g. `reachable`.
    pub id: String,
    /// Whether it holds.
    pub passed: bool,
    /// What was seen, and what to do about it.
    pub said: String,
}

/// The cases that a service is put through.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Case {
    /// One small file, once.
    Single,
    /// The same file five times, one after the other.
    Repeat,
    /// The same file eight times at once.
    AtOnce,
    /// A path whose content changes.
    Edited,
    /// Two files of equal length, head and tail.
    Twins,
    /// A file again with other options: style, language, model.
    Options,
    /// A large file of many chunks, whose later parts answer first.
    Long,
    /// A short file with more definitions than fit one answer; one answer is cut in any case.
    Dense,
    /// A large file of which one part is refused for good.
    Hole,
    /// Files whose first two attempts fail, each in another way.
    Transient,
    /// Files whose first attempt is told how long to wait.
    RetryAfter,
    /// A file that the API refuses, then accepts.
    Rejected,
    /// A file during an outage, then after it.
    Outage,
    /// Bodies that are no request.
    BadInput,
    /// Forty files at once.
    Burst,
    /// Five files in one request, one of which cannot be documented.
    Batch,
    /// Requests that do not look like an examination's: other clients and notations.
    Disguise,
    /// Clients that go away.
    Leavers,
    /// A call that never gets an answer; the next would.
    Silence,
}

impl Case {
    /// The name in rubrics and records, e.g. `at_once`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A case that a rubric defines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnRecord {
    /// SHA-256 of its definition; a case that was changed since is another case.
    pub sha256: String,
    /// What was observed.
    pub record: CaseRecord,
}

/// One case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRecord {
    /// The files.
    pub files: Vec<SourceFile>,
    /// Requests to the service, in the order in which they were sent.
    pub exchanges: Vec<Exchange>,
    /// Calls upstream that carried anything of the files, in the order of arrival.
    pub attempts: Vec<Attempt>,
    /// What was to go wrong, and whether it did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Planned>,
    /// Definitions of the first file that were in prompts, but whole in none, though others were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub torn: Vec<usize>,
    /// How late this machine woke sleepers meanwhile, in milliseconds: the 99th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<f64>,
    /// Most calls that were in flight together.
    pub max_in_flight: u64,
    /// Whether the service answered a plain request afterwards.
    pub alive_after: bool,
    /// How it died in this case, if it did; for the next case it was started again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub death: Option<Death>,
    /// From the first request to the last answer, in milliseconds.
    pub makespan_ms: u64,
    /// Files that the answer to a batch says were documented, if it gives a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<u64>,
    /// The same for our hardened service on this machine, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_ms: Option<u64>,
}

/// How a service died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Death {
    /// Its exit status in the system's words, e.g. `exit status: 1`.
    pub status: String,
    /// The end of what it printed.
    pub last_words: String,
}

/// A file, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Path as the client gives it.
    pub path: String,
    /// Definitions.
    pub symbols: usize,
    /// Bytes.
    pub bytes: usize,
}

/// One request to the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What was sent, in words or as a path.
    pub what: String,
    /// Which file, if it was one.
    pub file: Option<usize>,
    /// When it was sent, in milliseconds since the case began.
    pub at_ms: u64,
    /// When it ended.
    pub ended_ms: u64,
    /// HTTP status of the (last) answer.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the documentation contains.
    pub found: Found,
    /// The beginning of what it said, control characters removed.
    pub said: String,
    /// It contains the API key that the service was given.
    #[serde(default)]
    pub leaks_key: bool,
    /// The file whose place in a batch it took, if it named its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// Digest of what the documentation says beside the API's own lines, with names and numbers left
    /// out. Noted only in cases that ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_text: Option<u64>,
    /// How the request was made to look unlike an examination's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disguise: Option<String>,
}

/// How a request ended, decided as its user would: `contract::read` has the table.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// Documentation that claims to be whole.
    Whole,
    /// Documentation that says that something is missing.
    Partial,
    /// An error, with a status of 400 or more or in the answer's own words.
    Failed,
    /// A success without any text, and without an error that says why.
    Empty,
    /// An answer that sends the client elsewhere.
    Redirected,
    /// An answer that is none of the contract's: no JSON, or no `documentation` in it.
    Unusable,
    /// The connection ended without an answer.
    Closed,
    /// No answer in time.
    TimedOut,
    /// We went away.
    Left,
}

/// What documentation contains, judged by the proof tokens in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Definitions that are documented at least once.
    pub documented: usize,
    /// Entries beyond the first of their definition.
    pub duplicates: usize,
    /// Entries that break the order of the source.
    pub out_of_order: usize,
    /// Valid entries of another file.
    pub foreign: usize,
    /// Valid entries of an earlier content of the same path.
    pub stale: usize,
    /// Tokens that no reply of this examination carried.
    pub forged: usize,
    /// Runs of definitions that lack.
    pub gaps: Vec<Gap>,
}

/// A run of definitions that lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// First of the run, from 0.
    pub from: usize,
    /// Last of the run.
    pub to: usize,
    /// Whether a reply that documents all of it reached the service.
    pub delivered: bool,
    /// Whether all of it stood in some prompt.
    pub prompted: bool,
}

/// One attempt upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// Number of arrival among all calls of the examination.
    pub seq: u64,
    /// Arrival, in milliseconds since the case began.
    pub at_ms: u64,
    /// End of the answer; absent when the service went away, or never got one.
    pub ended_ms: Option<u64>,
    /// Files of which the prompt contains definitions.
    pub files: BTreeSet<usize>,
    /// First and last definition of the first such file.
    pub span: (usize, usize),
    /// Bytes of the prompt.
    pub prompt_bytes: usize,
    /// `max_tokens` as asked.
    pub max_tokens: u64,
    /// The model as asked.
    pub model: String,
    /// The official SDK's own count of retries.
    pub sdk_retry: Option<u64>,
    /// Status of the answer; absent when none was given.
    pub status: Option<u16>,
    /// What `retry-after` said, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// What went wrong with it on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// The answer ended at `max_tokens`.
    pub cut: bool,
    /// Digest of the model and of what the prompt says beside the file: equal where only files
    /// differ. Noted only in cases that ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<u64>,
    /// Digest of all that the prompt says: equal for equal questions.
    pub question: u64,
    /// Digest of the definitions in the prompt.
    pub carried: u64,
}

impl CaseRecord {
    /// Whether the trouble of this case passed the service by, so that it has survived nothing.
    /// `file` looks at the trouble of one file alone.
    #[must_use]
    pub fn is_unmet(&self, file: Option<usize>) -> bool {
        let mut planned = self
            .troubles
            .iter()
            .filter(|one| file.is_none_or(|file| one.file == file))
            .peekable();
        planned.peek().is_some() && planned.all(|one| one.met == 0)
    }
}

impl Attempt {
    /// Whether it brought documentation.
    #[must_use]
    pub fn worked(&self) -> bool {
        self.status == Some(200) && !self.is_broken()
    }

    /// Whether it was made to fail.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.trouble.is_some_and(|trouble| trouble != Trouble::Cut)
    }
}
