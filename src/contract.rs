//! The contract between a documentation service and whoever asks it: one reader of requests, answers,
//! jobs, batches and errors, one writer of our own, and every limit that a grader applies.
//!
//! The load driver, the examiner and our own service all read here, so they cannot disagree about an
//! answer. `docs/contract.md` says the same to students; a test holds the two together.
//!
//! ```
//! use breaklab::contract;
//! use breaklab::record::exam::Outcome;
//!
//! let answer = contract::read(200, None, br#"{"file_path": "a.py", "documentation": ""}"#);
//! assert_eq!(answer.outcome, Outcome::Empty);
//!
//! let error = br#"{"error": {"type": "throttled", "message": "Rate Exceeded."}}"#;
//! assert!(contract::read(429, None, error).told().starts_with("status 429: "));
//! ```

pub use answer::{Answer, JsonAnswer, WorkStatus};
pub use ask::{Ask, Batch, read_ask, read_batch};
pub use batch::{claimed, items};
pub use job::{ended, job_url};
pub use reading::{Reading, read, read_item};
pub use words::first_words;

mod answer;
mod ask;
mod batch;
mod job;
mod json;
pub mod limits;
mod reading;
mod words;

/// Header with which the load driver numbers its requests, so that both sides' records agree.
pub const REQUEST_HEADER: &str = "x-request-number";

#[cfg(test)]
mod tests;
