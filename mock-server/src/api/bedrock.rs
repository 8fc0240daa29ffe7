//! The dialect of Amazon Bedrock's runtime: `invoke`, with Anthropic's own JSON inside, and `converse`,
//! with Amazon's; their streams are event streams in frames with checksums.

pub(super) mod converse;
pub(super) mod error;
pub(super) mod invoke;

mod block;
mod conversation;
mod frame;
mod model_id;
mod routes;

pub(super) use frame::spoil;
pub(super) use routes::{MAX_BODY, dress, name_exception, route};
