//! What a bulk job has beyond a service: a journal, an end before its time, and questions that are
//! collected instead of asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use crate::claude::{Ask, CallError};
use crate::load::Stop;

use super::journal::Journal;
use super::plan::CallEstimate;

/// What a bulk job has beyond a service.
#[derive(Clone)]
pub struct Bulk {
    /// What earlier runs did, and where this one writes down what it does.
    pub journal: Journal,
    /// Ends the job: calls in flight are waited for, no further one is made.
    pub stop: Stop,
    /// If there, calls are not made: their questions are put here instead, each once.
    pub questions: Option<Questions>,
    /// Why the job ended before its time, once an answer said that no other call can succeed.
    pub halted: Arc<OnceLock<CallError>>,
    /// Hears of every try that failed.
    pub on_failure: Arc<dyn Fn(&CallError) + Send + Sync>,
}

/// A question that was not asked yet.
#[derive(Debug, Clone)]
pub struct Question {
    /// How it is asked.
    pub ask: Ask,
    /// What that is expected to use.
    pub estimate: CallEstimate,
}

/// Questions by the name under which their answers are kept, [`Journal`]'s keys in hex.
pub type Questions = Arc<Mutex<BTreeMap<String, Question>>>;
