//! What all cases of one examination share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::api::ExamApi;
use super::client::Client;
use super::running::RunningCase;
use super::source_files::{FileText, SMALL, Writer};
use super::upstream::FaultScript;

/// An examination under way.
pub(super) struct Session {
    pub(super) api: ExamApi,
    pub(super) client: Client,
    /// Writes all files of this examination.
    pub(super) writer: Mutex<Writer>,
    /// Longest wait for one answer.
    pub(super) deadline: Duration,
    /// Held for each request of the cases that are mixed: they are asked in turn, never at once.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl Session {
    /// Begins a case about `texts` with an API that does what `script` says.
    pub(super) fn begin(&self, texts: Vec<FileText>, script: FaultScript) -> Arc<RunningCase> {
        Arc::new(RunningCase::new(
            self.client.clone(),
            &self.api,
            self.api.upstream.open(&texts, script),
            texts,
        ))
    }

    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn small(&self, count: usize) -> Vec<FileText> {
        self.writer().files(SMALL, count)
    }
}
