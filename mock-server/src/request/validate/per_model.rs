//! What a model refuses although others accept it.

use ground::models;

use super::super::content::Content;
use super::super::error::ApiError;
use super::super::message::{MessagesRequest, Role};
use super::rules::EXTRA;

/// Holds a readable request against the abilities of the model `id`.
pub(crate) fn check(request: &MessagesRequest<'_>, id: &str) -> Result<(), ApiError> {
    let mistake = thinking_mistake(request, id)
        .or_else(|| sampling_mistake(request, id))
        .or_else(|| tool_choice_mistake(request, id))
        .or_else(|| prefill_mistake(request, id));
    match mistake {
        Some(message) => Err(ApiError::invalid(message)),
        None => Ok(()),
    }
}

fn thinking_mistake(request: &MessagesRequest<'_>, id: &str) -> Option<String> {
    let kind = request.thinking.as_ref()?.kind.as_str();
    if models::accepts_thinking(id, kind) {
        return None;
    }
    Some(match kind {
        "adaptive" => "adaptive thinking is not supported on this model".to_owned(),
        _ => format!(
            "\"thinking.type.{kind}\" is not supported for this model. Use \
             \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        ),
    })
}

/// Values other than the defaults.
fn sampling_mistake(request: &MessagesRequest<'_>, id: &str) -> Option<String> {
    let given = [
        ("temperature", request.temperature.filter(|t| *t != 1.0)),
        ("top_p", request.top_p.filter(|p| *p != 1.0)),
        ("top_k", request.top_k.map(|k| k as f64)),
    ];
    let (name, _) = given.iter().find(|(_, value)| value.is_some())?;
    (!models::accepts_sampling(id)).then(|| format!("{name}: {}", EXTRA))
}

fn tool_choice_mistake(request: &MessagesRequest<'_>, id: &str) -> Option<String> {
    let kind = request.tool_choice.as_ref()?.kind.as_ref();
    let refused = ["any", "tool"].contains(&kind) && !models::accepts_forced_tools(id);
    refused.then(|| {
        "tool_choice: type \"tool\" and \"any\" are not supported for this model.".to_owned()
    })
}

fn prefill_mistake(request: &MessagesRequest<'_>, id: &str) -> Option<String> {
    let last = request.messages.last()?;
    if last.role != Role::Assistant {
        return None;
    }
    if models::rejects_prefill(id) {
        return Some(
            "This model does not support assistant message prefill. The conversation must end \
             with a user message."
                .to_owned(),
        );
    }
    let end = match &last.content {
        Content::Text(text) => Some(text),
        Content::Blocks(blocks) => blocks.last().and_then(|block| block.text.as_ref()),
    };
    end.is_some_and(|text| text.ends_with(char::is_whitespace))
        .then(|| "messages: final assistant content cannot end with trailing whitespace".to_owned())
}
