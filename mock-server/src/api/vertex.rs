//! The dialect of Claude on Vertex AI: Google's paths and errors around Anthropic's messages.

pub(super) mod wire;

mod routes;

pub(super) use routes::{MAX_BODY, route};
