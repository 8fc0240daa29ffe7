//! The OpenAI-compatible dialect: `/v1/chat/completions` as Anthropic serves it for clients that speak
//! nothing else. Fields, what is ignored, and headers are those of its public compatibility page.

pub(super) mod wire;

mod block;
mod request;
mod routes;

pub(super) use routes::{MAX_BODY, route};
