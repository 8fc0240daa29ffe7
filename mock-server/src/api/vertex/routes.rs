//! Which request goes where: `…/publishers/anthropic/models/MODEL:VERB`.

use bytes::Bytes;
use http::{Method, Request};

use crate::api::cloud::CloudBody;
use crate::api::dialect::Dialect;
use crate::api::plan::Decision;
use crate::api::{caller::Caller, count, create};
use crate::request::ApiError;
use crate::state::{Attempt, Live};

/// Largest request body, bytes.
pub(crate) const MAX_BODY: usize = 30 << 20;

/// How Vertex AI calls the version of June 2023.
const VERSION: &str = "vertex-2023-10-16";

/// The literal in the place of a model where tokens are counted.
const COUNT: &str = "count-tokens";

/// Decides what becomes of a request.
pub(crate) fn route(request: &Request<Bytes>, attempt: &mut Attempt) -> Result<Decision, ApiError> {
    let path = request.uri().path();
    let (id, verb) = target(path).ok_or_else(|| ApiError::not_found("Not Found"))?;
    if request.method() != Method::POST {
        return Err(ApiError::method_not_allowed());
    }
    let headers = request.headers();
    let mut caller = Caller::on_cloud(Dialect::Vertex, headers, attempt)?;
    let body = CloudBody::read(request.body(), VERSION)?;
    caller.version = body.version;
    caller.beta |= body.beta;
    if id == COUNT {
        let named = body.model.as_deref().unwrap_or("");
        let model = first_party(named, &attempt.live).unwrap_or_else(|| named.to_owned());
        let written = body.to_messages(&model, false);
        let tokens = count::count_tokens(&written, caller, attempt)?;
        return Ok(count::told(tokens));
    }
    let body = body.without_model()?;
    let stream = verb == Verb::Stream || body.stream();
    let model = first_party(id, &attempt.live).ok_or_else(|| unknown(path))?;
    let written = body.to_messages(&model, stream);
    create::decide(&written, headers, caller, attempt)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Whole,
    Stream,
}

/// The model's id and what is asked of it.
fn target(path: &str) -> Option<(&str, Verb)> {
    let parts: Vec<&str> = path.split('/').collect();
    let [
        "",
        "v1",
        "projects",
        _,
        "locations",
        _,
        "publishers",
        "anthropic",
        "models",
        last,
    ] = parts[..]
    else {
        return None;
    };
    let (id, verb) = last.rsplit_once(':')?;
    match verb {
        "rawPredict" => Some((id, Verb::Whole)),
        "streamRawPredict" => Some((id, Verb::Stream)),
        _ => None,
    }
}

/// The model as Anthropic calls it: `claude-opus-4-5@20251101` is `claude-opus-4-5-20251101`, or an
/// alias without the day.
fn first_party(id: &str, live: &Live) -> Option<String> {
    let dated = id.replace('@', "-");
    let bare = id.split('@').next().unwrap_or(id);
    [dated.as_str(), bare]
        .into_iter()
        .find(|name| live.models.contains_key(*name))
        .map(str::to_owned)
}

fn unknown(path: &str) -> ApiError {
    let name = path.trim_start_matches("/v1/");
    let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
    ApiError::not_found(format!(
        "Publisher Model `{name}` was not found or your project does not have access to it. Please \
         ensure you are using a valid model version. For more information, see: \
         https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_model_and_verb() {
        let of = |last: &str| {
            let path = format!("/v1/projects/p/locations/r/publishers/anthropic/models/{last}");
            target(&path).map(|(id, verb)| (id.to_owned(), verb))
        };
        let model = "claude-sonnet-4-5@20250929".to_owned();
        assert_eq!(
            of("claude-sonnet-4-5@20250929:rawPredict"),
            Some((model.clone(), Verb::Whole))
        );
        assert_eq!(
            of("claude-sonnet-4-5@20250929:streamRawPredict"),
            Some((model, Verb::Stream))
        );
        for wrong in ["claude", "claude:predict", "a/b:rawPredict"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
