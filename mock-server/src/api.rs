//! From an HTTP request to a response that takes its time: the same code in process and behind TCP.
//!
//! Each dialect of the API has a folder, which knows its paths, its headers, and how it is written:
//! [`messages`] is Anthropic's own, [`vertex`] Google's. A dialect reads its requests into Anthropic's
//! own form and writes down what the model puts out; all between is shared and stands beside the folders.

mod answer;
mod body;
mod browser;
mod caller;
mod cloud;
mod count;
mod create;
mod dialect;
mod forced;
mod messages;
mod mock;
mod model;
mod output;
mod plan;
mod route;
mod stream;
mod vertex;
mod wire;

pub use body::ReplyBody;
pub use mock::MockClaude;
pub(crate) use route::max_body;
