//! How each dialect writes answers, events and errors down.

use http::HeaderMap;

use crate::request::ApiError;

use super::dialect::Dialect;
use super::output::{Event, Output};
use super::{cloud, messages, vertex};

/// The body of a whole answer.
pub(super) fn message(output: &Output) -> Vec<u8> {
    match output.dialect {
        Dialect::Messages | Dialect::Vertex => {
            messages::wire::message(&output.envelope, &output.content)
        }
    }
}

/// The `content-type` of a streamed answer.
pub(super) fn stream_type(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Messages | Dialect::Vertex => "text/event-stream; charset=utf-8",
    }
}

/// Appends `event` of `output`; `padding` is how much the dialect may hide lengths behind.
pub(super) fn push(out: &mut Vec<u8>, output: &Output, event: Event<'_>, padding: usize) {
    match output.dialect {
        Dialect::Messages | Dialect::Vertex => messages::wire::push(out, output, event, padding),
    }
}

/// Spoils what was appended last, so that it cannot be read.
pub(super) fn spoil(out: &mut Vec<u8>, dialect: Dialect) {
    match dialect {
        Dialect::Messages | Dialect::Vertex => messages::wire::spoil(out),
    }
}

/// `error` with the status and in the words of `dialect`.
pub(super) fn in_words_of(dialect: Dialect, error: ApiError) -> ApiError {
    match dialect {
        Dialect::Messages => error,
        Dialect::Vertex => vertex::wire::in_words(error),
    }
}

/// The JSON of an error that is in the dialect's words already.
pub(super) fn error(dialect: Dialect, error: &ApiError, request_id: &str) -> String {
    match dialect {
        Dialect::Messages => messages::wire::error(error, request_id),
        Dialect::Vertex => vertex::wire::error(error, request_id),
    }
}

/// Makes the headers of Anthropic's own answers those of `dialect`.
pub(super) fn dress(dialect: Dialect, headers: &mut HeaderMap) {
    match dialect {
        Dialect::Messages => {}
        Dialect::Vertex => cloud::undress(headers),
    }
}
