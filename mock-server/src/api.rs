//! From an HTTP request to a response that takes its time: the same code in process and behind TCP.
//!
//! Each dialect of the API has a folder, which knows its paths, its headers, and how it is written:
//! [`messages`] is Anthropic's own, [`bedrock`] Amazon's, [`vertex`] Google's, [`openai`] for clients of
//! OpenAI's. A dialect reads its requests into Anthropic's
//! own form and writes down what the model puts out; all between is shared and stands beside the folders.

mod answer;
mod bedrock;
mod body;
mod browser;
mod caller;
mod cloud;
mod count;
mod create;
mod dialect;
mod forced;
mod mantle;
mod messages;
mod mock;
mod model;
mod openai;
mod output;
mod plan;
mod route;
mod signature;
mod stream;
mod vertex;
mod wire;

pub use body::ReplyBody;
pub use mock::MockClaude;
pub(crate) use route::max_body;
