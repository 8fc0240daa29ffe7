//! From an HTTP request to a response that takes its time: the same code in process and behind TCP.
//!
//! Each dialect of the API has a folder, which knows its paths, its headers, and how it is written:
//! [`messages`] is Anthropic's own. What the dialects share stands beside the folders.

mod answer;
mod body;
mod browser;
mod forced;
mod messages;
mod mock;
mod plan;
mod stream;

pub use body::ReplyBody;
pub(crate) use messages::max_body;
pub use mock::MockClaude;
