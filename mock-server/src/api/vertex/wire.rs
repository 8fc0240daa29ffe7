//! Errors as Vertex AI writes them.

use http::StatusCode;
use serde_json::json;

use crate::api::messages;
use crate::request::ApiError;

/// `error` as Google words it: a quota names no wait.
pub(crate) fn in_words(error: ApiError) -> ApiError {
    if error.status != StatusCode::TOO_MANY_REQUESTS {
        return ApiError {
            should_retry: None,
            ..error
        };
    }
    ApiError {
        message: "Quota exceeded for \
                  aiplatform.googleapis.com/online_prediction_requests_per_base_model. Please \
                  submit a quota increase request. \
                  https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
            .to_owned(),
        retry_after_s: None,
        should_retry: None,
        ..error
    }
}

/// The JSON of an error. What the model's own server refuses keeps Anthropic's shape; what Google
/// refuses before it has Google's.
pub(crate) fn error(error: &ApiError, request_id: &str) -> String {
    let status = match error.status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        504 => "DEADLINE_EXCEEDED",
        _ => return messages::wire::error(error, request_id),
    };
    json!({ "error": {
        "code": error.status.as_u16(),
        "message": error.message,
        "status": status,
    }})
    .to_string()
}
