//! Which requests the API refuses, and in which words: `path.to.field: Explanation`.

use super::content::Content;
use super::error::ApiError;
use super::message::MessagesRequest;

use rules::{EXTRA, effort_mistake, tag_mistake};

mod content;
mod explain;
mod per_model;
mod rules;
mod system;
mod tools;

pub(crate) use per_model::check as check_model;
pub(crate) use rules::Rules;

/// Reads a body, or says what is wrong with it.
pub(crate) fn parse(body: &[u8], rules: Rules) -> Result<MessagesRequest<'_>, ApiError> {
    // Checked once as a whole, the text need not be checked again string by string.
    let read = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    };
    let request: MessagesRequest<'_> =
        read.map_err(|error| ApiError::invalid(explain::explain(body, &error)))?;
    if !rules.counting && request.max_tokens.is_none() {
        return Err(ApiError::invalid("max_tokens: Field required"));
    }
    if rules.lenient {
        return Ok(request);
    }
    if request.thread.is_some() && rules.beta {
        return Err(ApiError::no_threads());
    }
    match mistake(&request, rules) {
        Some(message) => Err(ApiError::invalid(message)),
        None => Ok(request),
    }
}

// All three as the Messages API documents them.
const MAX_MESSAGES: usize = 100_000;
const MAX_BREAKPOINTS: usize = 4;
const MIN_THINKING_TOKENS: u64 = 1024;

fn mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    if request.messages.is_empty() {
        return Some("messages: at least one message is required".to_owned());
    }
    if request.messages.len() > MAX_MESSAGES {
        return Some(format!(
            "messages: List should have at most {MAX_MESSAGES} items"
        ));
    }
    beta_mistake(request, rules)
        .or_else(|| feature_mistake(request))
        .or_else(|| sampling_mistake(request, rules))
        .or_else(|| thinking_mistake(request))
        .or_else(|| output_mistake(request))
        .or_else(|| tier_mistake(request.service_tier.as_deref()?))
        .or_else(|| tools::mistake(request))
        .or_else(|| zero_tokens_mistake(request))
        .or_else(|| system::mistake(request))
        .or_else(|| content::mistake(request, rules))
        .or_else(|| breakpoints_mistake(request))
}

fn beta_mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    if !rules.beta {
        return request.beta_field().map(|name| format!("{name}: {EXTRA}"));
    }
    if request
        .mcp_servers
        .as_ref()
        .is_some_and(|servers| !servers.is_empty())
    {
        return Some(
            "mcp_servers: Connection error while communicating with MCP server.".to_owned(),
        );
    }
    // There are no user profiles here, and the API never bills the caller instead.
    let policy = request.billing_policy.as_ref()?;
    (policy.bill_to.as_deref() == Some("user_profile")).then(|| {
        "billing_policy.bill_to: the user profile has not allowed this organization to bill it"
            .to_owned()
    })
}

/// Features that this organization does not have.
fn feature_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    if request.container.is_some() {
        return Some("container: no container is available to this organization".to_owned());
    }
    match request.speed.as_deref() {
        None | Some("standard") => None,
        Some("fast") => Some("speed: `fast` is not available to this organization".to_owned()),
        Some(_) => Some("speed: Input should be 'standard' or 'fast'".to_owned()),
    }
}

fn sampling_mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    let given = [
        ("temperature", request.temperature),
        ("top_p", request.top_p),
        ("top_k", request.top_k.map(|k| k as f64)),
    ];
    if !rules.version.has_sampling() {
        let (name, _) = given.iter().find(|(_, value)| value.is_some())?;
        return Some(format!("{name}: {EXTRA}"));
    }
    let (name, value) = given[..2]
        .iter()
        .find(|(_, v)| v.is_some_and(|v| !(0.0..=1.0).contains(&v)))?;
    let bound = if value.is_some_and(|v| v < 0.0) {
        "greater than or equal to 0"
    } else {
        "less than or equal to 1"
    };
    Some(format!("{name}: Input should be {bound}"))
}

fn thinking_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let thinking = request.thinking.as_ref()?;
    if let Some(display) = thinking.display.as_deref()
        && !["summarized", "omitted"].contains(&display)
    {
        return Some(format!(
            "thinking.{}.display: Input should be 'summarized' or 'omitted'",
            thinking.kind
        ));
    }
    if ["enabled", "adaptive"].contains(&thinking.kind.as_str()) {
        let choice = request.tool_choice.as_ref().map(|choice| &choice.kind);
        if choice.is_some_and(|kind| kind == "any" || kind == "tool") {
            return Some(
                "Thinking may not be enabled when tool_choice forces tool use.".to_owned(),
            );
        }
        if request.temperature.is_some_and(|value| value != 1.0) {
            return Some("`temperature` may only be set to 1 when thinking is enabled.".to_owned());
        }
    }
    match (thinking.kind.as_str(), thinking.budget_tokens) {
        ("enabled", None) => Some("thinking.enabled.budget_tokens: Field required".to_owned()),
        ("enabled", Some(budget)) if budget < MIN_THINKING_TOKENS => Some(format!(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to {MIN_THINKING_TOKENS}"
        )),
        ("enabled", Some(budget)) if request.max_tokens.is_some_and(|max| budget >= max) => {
            Some("`max_tokens` must be greater than `thinking.budget_tokens`.".to_owned())
        }
        ("enabled" | "adaptive" | "disabled" | "between_tools", _) => None,
        (other, _) => Some(tag_mistake(
            "thinking",
            other,
            "'adaptive', 'between_tools', 'disabled', 'enabled'",
        )),
    }
}

fn output_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    if request.has_two_formats() {
        return Some(
            "output_format: may not be given together with `output_config.format`".to_owned(),
        );
    }
    if let Some(format) = request.format() {
        let is_known = format.kind == "json_schema";
        if !is_known {
            let expected = "'json_schema'";
            return Some(tag_mistake("output_config.format", &format.kind, expected));
        }
        if format
            .schema
            .as_ref()
            .is_none_or(|schema| !schema.is_object())
        {
            return Some(
                "output_config.format.schema: Input should be a valid dictionary".to_owned(),
            );
        }
    }
    effort_mistake(request.output_config.as_ref()?).map(|words| format!("output_config.{words}"))
}

fn tier_mistake(tier: &str) -> Option<String> {
    (!["auto", "standard_only"].contains(&tier))
        .then(|| "service_tier: Input should be 'auto' or 'standard_only'".to_owned())
}

/// `max_tokens: 0` only warms the cache.
fn zero_tokens_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let forced = request
        .tool_choice
        .as_ref()
        .is_some_and(|c| c.kind == "any" || c.kind == "tool");
    let thinks = request
        .thinking
        .as_ref()
        .is_some_and(|t| t.kind == "enabled");
    let formatted = request.format().is_some();
    let more = request.stream == Some(true) || forced || thinks || formatted;
    (request.max_tokens == Some(0) && more).then(|| {
        "max_tokens: 0 is not supported with `stream`, enabled thinking, `output_config.format` or \
         a forced `tool_choice`"
            .to_owned()
    })
}

fn breakpoints_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let in_content = |content: &Content<'_>| match content {
        Content::Text(_) => 0,
        Content::Blocks(blocks) => blocks.iter().filter(|b| b.cache_control.is_some()).count(),
    };
    let messages: usize = request
        .messages
        .iter()
        .map(|m| in_content(&m.content))
        .sum();
    let tools = request
        .tools
        .iter()
        .flatten()
        .filter(|t| t.get().contains("\"cache_control\""))
        .count();
    let found = messages
        + tools
        + request.system.as_ref().map_or(0, in_content)
        + usize::from(request.cache_control.is_some());
    (found > MAX_BREAKPOINTS).then(|| {
        format!(
            "A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {found}."
        )
    })
}
