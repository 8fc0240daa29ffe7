//! What is asked: the Messages request as it is read and checked, its size, and why it is refused.

mod content;
mod error;
mod message;
mod pdf;
mod size;
mod unescape;
mod validate;

pub(crate) use content::{Block, CacheControl, Content, Ttl};
pub(crate) use error::ApiError;
#[cfg(feature = "cli")]
pub(crate) use error::grouped;
pub(crate) use message::{Message, MessagesRequest, Role, Tool};
pub(crate) use size::{Size, check_sizes, input_tokens};
pub(crate) use validate::{Rules, check_model, parse};
