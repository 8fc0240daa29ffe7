//! The harness.

pub mod claude;
pub mod generator;
pub mod limit;
pub mod record;
pub mod report;
pub mod summary;
pub mod transport;
