//! A mock of the Claude Messages API.

pub mod prices;
pub mod profile;
pub mod timeline;
