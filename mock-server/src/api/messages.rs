//! The Messages dialect: Anthropic's own paths, headers, JSON and stream events.

pub(super) mod wire;

mod batch_json;
mod batches;
mod files;
mod models;
mod multipart;
mod routes;

pub(super) use routes::{max_body, route};
