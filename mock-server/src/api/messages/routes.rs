//! Which request goes where, by method and path.

use bytes::Bytes;
use http::{Method, Request};

use crate::api::caller::Caller;
use crate::api::dialect::Dialect;
use crate::api::plan::Decision;
use crate::api::{count, create, forced, model};
use crate::limits::Endpoint;
use crate::request::ApiError;
use crate::state::Attempt;

use super::batches::{self, Action};
use super::{files, models};

/// Largest request body of the API, and of batches.
const MAX_MESSAGE_BYTES: usize = 32 << 20;
const MAX_BATCH_BYTES: usize = 256 << 20;

/// Most bytes of a body sent to `path`.
pub(crate) fn max_body(path: &str) -> usize {
    match path {
        "/v1/messages/batches" => MAX_BATCH_BYTES,
        // The form around a file needs a little room.
        "/v1/files" => files::MAX_FILE_BYTES + (1 << 10),
        _ => MAX_MESSAGE_BYTES,
    }
}

/// Decides what becomes of a request.
pub(crate) fn route(request: &Request<Bytes>, attempt: &mut Attempt) -> Result<Decision, ApiError> {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or("");
    let (head, body) = (request.headers(), request.body());
    let mut parts = path.strip_prefix("/v1/").unwrap_or("").split('/');
    let route: [&str; 4] = std::array::from_fn(|_| parts.next().unwrap_or(""));
    let method = request.method();
    // The method is looked at last, so that a wrong one on a known path is told from no path.
    let allowed = |wanted: &Method| {
        if method == wanted {
            Ok(())
        } else {
            Err(ApiError::method_not_allowed())
        }
    };
    let extra = parts.next().is_some();
    let host = || batches::host(head);
    // OpenAI's clients list the models here too, and name no version.
    let is_openai = route[0] == "models" && !head.contains_key("anthropic-version");
    let messages_caller = |attempt: &Attempt| {
        if is_openai {
            Caller::on_cloud(Dialect::Messages, head, attempt)
        } else {
            Caller::read(Dialect::Messages, head, query, attempt)
        }
    };
    let caller = |attempt: &mut Attempt| {
        let caller = messages_caller(attempt)?;
        attempt.forced = forced::beside(head, path, attempt)?;
        attempt.row.fault = attempt.forced.map(|fault| fault.kind);
        match attempt
            .row
            .fault
            .and_then(|kind| forced::refused_by(kind, attempt))
        {
            Some(error) => Err(error),
            None => Ok(caller),
        }
    };
    match route {
        _ if extra => Err(ApiError::not_found("Not Found")),
        ["messages", "", "", ""] => {
            allowed(&Method::POST)?;
            let caller = messages_caller(attempt)?;
            create::decide(&files::inlined(body, attempt)?, head, caller, attempt)
        }
        ["messages", "count_tokens", "", ""] => {
            allowed(&Method::POST)?;
            let caller = caller(attempt)?;
            let body = files::inlined(body, attempt)?;
            count::count_tokens(&body, caller, attempt).map(count::told)
        }
        ["models", "", "", ""] => {
            allowed(&Method::GET)?;
            caller(attempt)?;
            let page = models::list(&attempt.live.config.profiles, query)?;
            Ok(Decision::Info(Bytes::from(page.to_string())))
        }
        ["models", id, "", ""] => {
            allowed(&Method::GET)?;
            caller(attempt)?;
            let index = model::find_model(&attempt.live, Dialect::Messages, id)?;
            let model = models::describe(&attempt.live.config.profiles[index]);
            Ok(Decision::Info(Bytes::from(model.to_string())))
        }
        ["files", "", "", ""] if method == Method::GET => {
            caller(attempt)?;
            files::list(attempt, query).map(Decision::Info)
        }
        ["files", "", "", ""] => {
            allowed(&Method::POST)?;
            caller(attempt)?;
            files::upload(body, head, attempt).map(Decision::Info)
        }
        ["files", id, tail @ ("" | "content"), ""] => {
            let act = match (tail, method.as_str()) {
                ("", "GET") => files::show,
                ("", "DELETE") => files::delete,
                ("content", "GET") => files::content,
                _ => return Err(ApiError::method_not_allowed()),
            };
            caller(attempt)?;
            act(attempt, id).map(Decision::Info)
        }
        ["messages", "batches", "", ""] if method == Method::GET => {
            let caller = caller(attempt)?;
            attempt.admit_to(Endpoint::Batches, caller.key)?;
            batches::list(attempt, query, &host()).map(Decision::Info)
        }
        ["messages", "batches", "", ""] => {
            allowed(&Method::POST)?;
            let caller = caller(attempt)?;
            attempt.admit_to(Endpoint::Batches, caller.key)?;
            batches::create(body, caller, attempt, &host()).map(Decision::Info)
        }
        [
            "messages",
            "batches",
            id,
            tail @ ("" | "cancel" | "results"),
        ] => {
            let action = match (tail, method.as_str()) {
                ("", "GET") => Action::Show,
                ("", "DELETE") => Action::Delete,
                ("cancel", "POST") => Action::Cancel,
                ("results", "GET") => Action::Results,
                _ => return Err(ApiError::method_not_allowed()),
            };
            let caller = caller(attempt)?;
            attempt.admit_to(Endpoint::Batches, caller.key)?;
            batches::act(action, id, attempt, &host()).map(Decision::Info)
        }
        _ => Err(ApiError::not_found("Not Found")),
    }
}
