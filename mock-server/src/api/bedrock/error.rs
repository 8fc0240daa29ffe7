//! Errors as Amazon Bedrock words them.

use http::StatusCode;
use serde_json::json;

use crate::limits::Limiter;
use crate::request::ApiError;

/// An error of Amazon's own; `kind` is the name of its exception.
pub(super) fn exception(status: StatusCode, kind: &'static str, message: &str) -> ApiError {
    ApiError {
        status,
        kind,
        ..ApiError::invalid(message)
    }
}

/// A request that Amazon does not understand.
pub(super) fn validation(message: &str) -> ApiError {
    exception(StatusCode::BAD_REQUEST, VALIDATION, message)
}

/// A caller that it does not know, or that may not ask.
pub(super) fn forbidden(kind: &'static str, message: &str) -> ApiError {
    exception(StatusCode::FORBIDDEN, kind, message)
}

/// What an overload is called, before an answer and in the middle of one.
pub(super) const UNAVAILABLE: &str = "Bedrock is unable to process your request.";
const VALIDATION: &str = "ValidationException";

/// `error` with Amazon's status, exception and words. None of them tells how long to wait.
pub(crate) fn in_words(error: ApiError) -> ApiError {
    if error.kind.ends_with("Exception") {
        return error;
    }
    let status = |code| StatusCode::from_u16(code).expect("statuses here are literals");
    let said = |code, kind, message: &str| exception(status(code), kind, message);
    match error.kind {
        "authentication_error" => said(
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        "billing_error" => said(
            403,
            "AccessDeniedException",
            "Model access is denied due to INVALID_PAYMENT_INSTRUMENT: A valid payment instrument \
             must be provided.",
        ),
        "permission_error" => said(
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
        "rate_limit_error" => said(429, "ThrottlingException", throttled(error.limiter)),
        "overloaded_error" => said(503, "ServiceUnavailableException", UNAVAILABLE),
        "timeout_error" => said(
            408,
            "ModelTimeoutException",
            "Model has timed out in processing the request. Try your request again.",
        ),
        "api_error" => said(
            500,
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
        "not_found_error" => said(404, "ResourceNotFoundException", &error.message),
        _ if error.status == StatusCode::METHOD_NOT_ALLOWED => unknown_operation(),
        _ if error.message.starts_with("prompt is too long") => {
            validation("Input is too long for requested model.")
        }
        _ => validation(&error.message),
    }
}

/// A path or method that does not exist.
pub(super) fn unknown_operation() -> ApiError {
    let message = "The requested operation is not recognized by the service.";
    exception(StatusCode::NOT_FOUND, "UnknownOperationException", message)
}

fn throttled(limiter: Option<Limiter>) -> &'static str {
    match limiter {
        Some(Limiter::InputTokens | Limiter::OutputTokens | Limiter::Ramp) => {
            "Too many tokens, please wait before trying again."
        }
        Some(Limiter::Spend) => "Too many tokens per day, please wait before trying again.",
        None | Some(Limiter::Requests | Limiter::QueuedBatches) => {
            "Too many requests, please wait before trying again."
        }
    }
}

/// The JSON of an error; its name is a header.
pub(crate) fn body(error: &ApiError) -> String {
    json!({ "message": error.message }).to_string()
}
