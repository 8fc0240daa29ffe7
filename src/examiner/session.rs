//! What all cases of one examination share.

use std::sync::Arc;
use std::time::Duration;

use super::api::ExamApi;
use super::client::Client;
use super::running::RunningCase;
use super::source_files::FileText;
use super::upstream::FaultScript;

/// An examination under way.
pub(super) struct Session {
    pub(super) api: ExamApi,
    pub(super) client: Client,
    /// Goes into every name in the documents.
    pub(super) salt: String,
    /// Longest wait for one answer.
    pub(super) deadline: Duration,
}

impl Session {
    /// Begins a case about `texts` with an API that does what `script` says.
    pub(super) fn begin(&self, texts: Vec<FileText>, script: FaultScript) -> Arc<RunningCase> {
        Arc::new(RunningCase::new(
            self.client.clone(),
            self.api.key.clone(),
            self.api.upstream.open(&texts, script),
            texts,
        ))
    }
}
