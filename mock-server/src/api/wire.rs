//! How each dialect writes answers, events and errors down.

use http::HeaderMap;

use crate::request::ApiError;

use super::dialect::{Dialect, Family};
use super::output::{Event, Output};
use super::{bedrock, cloud, messages, openai, vertex};

/// The body of a whole answer.
pub(super) fn message(output: &Output) -> Vec<u8> {
    match output.dialect {
        Dialect::Messages
        | Dialect::Mantle
        | Dialect::Vertex
        | Dialect::Bedrock(Family::Invoke) => {
            messages::wire::message(&output.envelope, &output.content)
        }
        Dialect::Bedrock(Family::Converse) => bedrock::converse::message(output),
        Dialect::OpenAi { .. } => openai::wire::completion(output),
    }
}

/// Headers that tell of an answer what its body tells elsewhere.
pub(super) fn tell(output: &Output, headers: &mut HeaderMap) {
    if output.dialect == Dialect::Bedrock(Family::Invoke) {
        bedrock::invoke::tell(output, headers);
    }
}

/// The `content-type` of a streamed answer.
pub(super) fn stream_type(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Messages | Dialect::Mantle | Dialect::Vertex | Dialect::OpenAi { .. } => {
            "text/event-stream; charset=utf-8"
        }
        Dialect::Bedrock(_) => "application/vnd.amazon.eventstream",
    }
}

/// Appends `event` of `output`; `padding` is how much the dialect may hide lengths behind.
pub(super) fn push(out: &mut Vec<u8>, output: &Output, event: Event<'_>, padding: usize) {
    match output.dialect {
        Dialect::Messages | Dialect::Mantle | Dialect::Vertex => {
            messages::wire::push(out, output, event, padding);
        }
        Dialect::Bedrock(Family::Invoke) => bedrock::invoke::push(out, output, event, padding),
        Dialect::Bedrock(Family::Converse) => bedrock::converse::push(out, output, event, padding),
        Dialect::OpenAi { counted } => openai::wire::push(out, output, event, counted),
    }
}

/// Spoils what was appended last, so that it cannot be read.
pub(super) fn spoil(out: &mut Vec<u8>, dialect: Dialect) {
    match dialect {
        Dialect::Messages | Dialect::Mantle | Dialect::Vertex | Dialect::OpenAi { .. } => {
            messages::wire::spoil(out);
        }
        Dialect::Bedrock(_) => bedrock::spoil(out),
    }
}

/// `error` with the status and in the words of `dialect`.
pub(super) fn in_words_of(dialect: Dialect, error: ApiError) -> ApiError {
    match dialect {
        Dialect::Messages | Dialect::Mantle | Dialect::OpenAi { .. } => error,
        Dialect::Bedrock(_) => bedrock::error::in_words(error),
        Dialect::Vertex => vertex::wire::in_words(error),
    }
}

/// The JSON of an error that is in the dialect's words already.
pub(super) fn error(dialect: Dialect, error: &ApiError, request_id: &str) -> String {
    match dialect {
        Dialect::Messages | Dialect::Mantle => messages::wire::error(error, request_id),
        Dialect::Bedrock(_) => bedrock::error::body(error),
        Dialect::Vertex => vertex::wire::error(error, request_id),
        Dialect::OpenAi { .. } => openai::wire::error(error),
    }
}

/// Makes the headers of Anthropic's own answers those of `dialect`.
pub(super) fn dress(dialect: Dialect, headers: &mut HeaderMap) {
    match dialect {
        Dialect::Messages => {}
        Dialect::Mantle | Dialect::Vertex => cloud::undress(headers),
        Dialect::Bedrock(_) => bedrock::dress(headers),
        Dialect::OpenAi { .. } => openai::wire::dress(headers),
    }
}

/// Headers that tell of an error what its body tells elsewhere.
pub(super) fn tell_error(dialect: Dialect, error: &ApiError, headers: &mut HeaderMap) {
    if let Dialect::Bedrock(_) = dialect {
        bedrock::name_exception(error.kind, headers);
    }
}
