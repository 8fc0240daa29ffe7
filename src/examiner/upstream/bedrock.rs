//! Calls in the dialect of Amazon Bedrock: the model is in the path, and no answer says how long to wait.

use http::Uri;
use percent_encoding::percent_decode_str;

/// The model that a call to `path` names, if it is one of Bedrock's Runtime: `/model/ID/OPERATION`.
pub(super) fn model(path: &str) -> Option<String> {
    let (id, _) = parts(path)?;
    Some(percent_decode_str(id).decode_utf8_lossy().into_owned())
}

/// The same call for Anthropic's `model`.
pub(super) fn for_model(uri: &Uri, model: &str) -> Option<Uri> {
    let (_, operation) = parts(uri.path())?;
    format!("/model/anthropic.{model}/{operation}").parse().ok()
}

fn parts(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/model/")?.rsplit_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_from_the_path_and_put_into_it_whatever_its_name_has() {
        let arn = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.claude-x/converse-stream";
        assert!(
            model(arn)
                .unwrap()
                .ends_with("inference-profile/us.anthropic.claude-x")
        );
        let uri = for_model(&arn.parse().unwrap(), "claude-y").unwrap();
        assert_eq!(uri.path(), "/model/anthropic.claude-y/converse-stream");
        assert_eq!(model("/v1/messages"), None);
        assert_eq!(
            for_model(&"/v1/messages".parse().unwrap(), "claude-y"),
            None
        );
    }
}
