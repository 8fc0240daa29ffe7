//! The harness.

pub mod claude;
pub mod record;
pub mod transport;
