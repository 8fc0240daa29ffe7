//! Which request goes where: `/model/MODEL/OPERATION`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use ground::chance::digest;
use ground::version::ApiVersion;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::api::caller::Caller;
use crate::api::cloud::{self, CloudBody};
use crate::api::dialect::Dialect;
use crate::api::model::find_model;
use crate::api::plan::Decision;
use crate::api::{count, create, signature};
use crate::request::ApiError;
use crate::state::{Attempt, REQUEST_ID};

use super::conversation;
use super::error::{forbidden, unknown_operation, validation};
use super::model_id;

/// Largest request body, bytes.
pub(crate) const MAX_BODY: usize = 25_000_000;

/// How Amazon Bedrock calls the version of June 2023.
const VERSION: &str = "bedrock-2023-05-31";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Invoke { stream: bool },
    Converse { stream: bool },
    CountTokens,
}

/// Decides what becomes of a request.
pub(crate) fn route(request: &Request<Bytes>, attempt: &mut Attempt) -> Result<Decision, ApiError> {
    let target = target(request.uri().path());
    let (id, operation) = target
        .filter(|_| request.method() == Method::POST)
        .ok_or_else(unknown_operation)?;
    let (headers, body) = (request.headers(), request.body());
    let dialect = Dialect::of(request.uri().path());
    let mut caller = caller(dialect, headers, attempt)?;
    let (model, most) = served(&id, attempt)?;
    match operation {
        Operation::Invoke { stream } => {
            let body = CloudBody::read(body, VERSION)?
                .without_model()?
                .without_stream()?;
            caller.version = body.version;
            caller.beta |= body.beta;
            create::decide(&body.to_messages(&model, stream), headers, caller, attempt)
        }
        Operation::Converse { stream } => {
            let conversation = conversation::read(body)?;
            caller.beta |= conversation.is_beta();
            let body = conversation.to_messages(&model, most, stream)?;
            create::decide(body.to_string().as_bytes(), headers, caller, attempt)
        }
        Operation::CountTokens => count_tokens(body, &model, caller, attempt),
    }
}

/// The model and what is asked of it. Clients escape slashes inside a model's name, so that the path
/// is cut before it is decoded.
fn target(path: &str) -> Option<(String, Operation)> {
    let [_, "model", id, operation] = path.split('/').collect::<Vec<_>>()[..] else {
        return None;
    };
    let operation = match operation {
        "invoke" => Operation::Invoke { stream: false },
        "invoke-with-response-stream" => Operation::Invoke { stream: true },
        "converse" => Operation::Converse { stream: false },
        "converse-stream" => Operation::Converse { stream: true },
        "count-tokens" => Operation::CountTokens,
        _ => return None,
    };
    let id = percent_decode_str(id).decode_utf8().ok()?;
    Some((id.into_owned(), operation))
}

/// Who asks: AWS's signature, or a key of Amazon Bedrock's own.
fn caller(dialect: Dialect, headers: &HeaderMap, attempt: &Attempt) -> Result<Caller, ApiError> {
    let options = &attempt.live.options;
    let authorization = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some(authorization) = authorization else {
        return Err(forbidden(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ));
    };
    let key = match authorization.strip_prefix("Bearer ") {
        Some(key) => key,
        None => signed(dialect, authorization, headers)?,
    };
    if !options.keys.is_empty() && options.keys.iter().all(|known| known != key) {
        return Err(ApiError::authentication("unknown key"));
    }
    Ok(Caller {
        key: digest(key.as_bytes()),
        version: ApiVersion::default(),
        beta: false,
        lenient: options.conformance,
        dialect,
    })
}

fn signed<'h>(
    dialect: Dialect,
    authorization: &'h str,
    headers: &HeaderMap,
) -> Result<&'h str, ApiError> {
    let incomplete = |why: &str| forbidden("IncompleteSignatureException", why);
    let signature = signature::read(authorization)
        .map_err(|why| incomplete(&why))?
        .for_one_of(dialect.signed_services())
        .map_err(|why| forbidden("InvalidSignatureException", &why))?;
    if !headers.contains_key("x-amz-date") && !headers.contains_key("date") {
        return Err(incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ));
    }
    Ok(signature.access_key)
}

/// The model `id` as Anthropic calls it, and its longest answer in tokens, if it is served.
fn served(id: &str, attempt: &Attempt) -> Result<(String, u64), ApiError> {
    let unknown = || validation("The provided model identifier is invalid.");
    let live = &attempt.live;
    let model = model_id::first_party(id).ok_or_else(unknown)?;
    let index = find_model(live, Dialect::Messages, model).map_err(|_| unknown())?;
    Ok((
        model.to_owned(),
        live.config.profiles[index].max_output_tokens,
    ))
}

#[derive(Deserialize)]
struct CountRequest<'a> {
    #[serde(borrow)]
    input: CountInput<'a>,
}

/// What is counted: the body of one of the other operations.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum CountInput<'a> {
    InvokeModel {
        /// In base 64.
        body: String,
    },
    #[serde(borrow)]
    Converse(&'a serde_json::value::RawValue),
}

fn count_tokens(
    body: &[u8],
    model: &str,
    mut caller: Caller,
    attempt: &mut Attempt,
) -> Result<Decision, ApiError> {
    let request: CountRequest<'_> = serde_json::from_slice(body)
        .map_err(|error| validation(&format!("Malformed input request: {error}")))?;
    let written = match request.input {
        CountInput::InvokeModel { body } => {
            let body = BASE64_STANDARD
                .decode(body)
                .map_err(|_| validation("input.invokeModel.body: not in base 64"))?;
            let body = CloudBody::read(&body, VERSION)?.without_model()?;
            caller.beta |= body.beta;
            body.to_messages(model, false)
        }
        CountInput::Converse(json) => {
            let conversation = conversation::read(json.get().as_bytes())?;
            let body = conversation.to_messages(model, 1, false)?;
            body.to_string().into_bytes()
        }
    };
    let tokens = count::count_tokens(&written, caller, attempt)?;
    let told = format!("{{\"inputTokens\":{tokens}}}");
    Ok(Decision::Info(Bytes::from(told)))
}

/// Makes the headers of Anthropic's own answers Amazon's: of all of them only the id stays.
pub(crate) fn dress(headers: &mut HeaderMap) {
    cloud::undress(headers);
    if let Some(id) = headers.remove(REQUEST_ID) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
}

/// Names the exception of an error in the headers.
pub(crate) fn name_exception(kind: &'static str, headers: &mut HeaderMap) {
    let name = HeaderName::from_static("x-amzn-errortype");
    headers.insert(name, HeaderValue::from_static(kind));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_before_it_is_decoded() {
        let of = |path: &str| target(path).map(|(id, _)| id);
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-x-v1:0";
        let escaped = arn.replace(':', "%3A").replace('/', "%2F");
        assert_eq!(
            of(&format!("/model/{escaped}/converse")),
            Some(arn.to_owned())
        );
        let raw = "/model/us.anthropic.claude-x-v1:0/invoke";
        assert_eq!(of(raw), Some("us.anthropic.claude-x-v1:0".to_owned()));
        for wrong in [
            "/model/m",
            "/model/m/sing",
            "/model/a/b/invoke",
            "/models/m/invoke",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
