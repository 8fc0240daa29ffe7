//! The Messages dialect: Anthropic's own paths, headers, JSON and stream events.

pub(super) mod wire;

mod batch_json;
mod batches;
mod caller;
mod count;
mod create;
mod model;
mod models;
mod route;

pub(crate) use route::{max_body, route};
