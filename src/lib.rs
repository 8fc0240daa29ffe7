//! The harness.

pub mod record;
pub mod report;
pub mod summary;
