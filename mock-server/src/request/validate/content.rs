//! Mistakes in the messages of a request: their blocks, and the calls of tools in them.

use super::super::content::{Block, Body, Content};
use super::super::message::{MessagesRequest, Role};
use super::rules::{EXTRA, Rules, tag_mistake};

pub(super) fn mistake(request: &MessagesRequest<'_>, rules: Rules) -> Option<String> {
    let last = request.messages.len() - 1;
    for (i, message) in request.messages.iter().enumerate() {
        let may_be_empty = match message.role {
            // The end of a conversation may be an empty turn of the model, to be filled.
            Role::Assistant => i == last,
            Role::System => message.output_config.is_some(),
            Role::User => false,
        };
        if message.content.is_empty() && !may_be_empty {
            return Some(format!(
                "messages.{i}: all messages must have non-empty content except for the optional \
                 final assistant message"
            ));
        }
        if message.content.is_empty() {
            continue;
        }
        if let Content::Text(text) = &message.content
            && let Some(mistake) = text_mistake(text)
        {
            return Some(mistake.to_owned());
        }
        for (j, block) in message.content.blocks().iter().enumerate() {
            if let Some(mistake) = block_mistake(block, message.role, rules) {
                return Some(mistake.replace("{path}", &format!("messages.{i}.content.{j}")));
            }
        }
    }
    tool_calls_mistake(request)
}

fn text_mistake(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("messages: text content blocks must be non-empty");
    }
    // Looks no further than the first letter of all but blank texts.
    let blank = text.chars().all(char::is_whitespace);
    blank.then_some("messages: text content blocks must contain non-whitespace text")
}

/// Block types of requests. Server tools add more of the form `…_tool_use` and `…_tool_result`.
const BLOCKS: [&str; 9] = [
    "text",
    "image",
    "document",
    "search_result",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "tool_result",
    "container_upload",
];

fn block_mistake(block: &Block<'_>, role: Role, rules: Rules) -> Option<String> {
    let kind = block.kind.as_ref();
    let known = BLOCKS.contains(&kind)
        || ["_tool_use", "_tool_result", "_reference"]
            .iter()
            .any(|end| kind.ends_with(end));
    if !known {
        let tags = BLOCKS.map(|tag| format!("'{tag}'")).join(", ");
        return Some(tag_mistake("{path}", kind, &tags));
    }
    if let Some(field) = missing_field(block) {
        return Some(format!("{{path}}.{kind}.{field}: Field required"));
    }
    if let Some(Body::Wrong(path, words)) = block.source.as_ref().map(|source| &source.body) {
        return Some(format!("{{path}}.{kind}.source{path}: {words}"));
    }
    if kind == "text"
        && let Some(mistake) = block.text.as_deref().and_then(text_mistake)
    {
        return Some(mistake.to_owned());
    }
    // Since the same version that took the sampling parameters away.
    let strict = !rules.version.has_sampling();
    let cited = block
        .citations
        .is_some_and(|c| c.get().starts_with('[') && c.get() != "[]");
    if strict && kind == "text" && role == Role::User && cited {
        return Some(format!("{{path}}.text.citations: {EXTRA}"));
    }
    if strict && kind == "document" && role == Role::Assistant {
        return Some("{path}: document blocks are not permitted in assistant messages".to_owned());
    }
    None
}

/// The first field that the block must have and lacks.
fn missing_field(block: &Block<'_>) -> Option<&'static str> {
    let needed: &[(&str, bool)] = match block.kind.as_ref() {
        "text" => &[("text", block.text.is_some())],
        "image" | "document" => &[("source", block.source.is_some())],
        "thinking" => &[
            ("thinking", block.thinking.is_some()),
            ("signature", block.signature.is_some()),
        ],
        "tool_use" => &[
            ("id", block.id.is_some()),
            ("name", block.name.is_some()),
            ("input", block.input.is_some()),
        ],
        "tool_result" => &[("tool_use_id", block.tool_use_id.is_some())],
        _ => &[],
    };
    needed
        .iter()
        .find(|(_, given)| !given)
        .map(|(name, _)| *name)
}

/// Each call of a tool is answered in the turn that follows it, and nothing else is.
fn tool_calls_mistake(request: &MessagesRequest<'_>) -> Option<String> {
    let mut asked: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut asked_at = 0;
    let mut turn = Role::User;
    let unanswered = |open: &[&str], at: usize| {
        let ids = open.join(", ");
        (!open.is_empty()).then(|| {
            format!(
                "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately \
                 after: {ids}. Each `tool_use` block must have a corresponding `tool_result` block \
                 in the next message."
            )
        })
    };
    for (i, message) in request.messages.iter().enumerate() {
        if message.role == Role::Assistant && turn == Role::User {
            if let Some(mistake) = unanswered(&open, asked_at) {
                return Some(mistake);
            }
            asked.clear();
        }
        // A system message stands beside the conversation.
        if message.role != Role::System {
            turn = message.role;
        }
        for (j, block) in message.content.blocks().iter().enumerate() {
            if block.kind == "tool_use" && turn == Role::Assistant {
                let id = block.id.as_deref().unwrap_or("");
                asked.push(id);
                open.push(id);
                asked_at = i;
            } else if block.kind == "tool_result" {
                let id = block.tool_use_id.as_deref().unwrap_or("");
                if turn != Role::User || !asked.contains(&id) {
                    return Some(unexpected(i, j, id));
                }
                open.retain(|other| *other != id);
            }
        }
    }
    unanswered(&open, asked_at)
}

fn unexpected(message: usize, block: usize, id: &str) -> String {
    format!(
        "messages.{message}.content.{block}: unexpected `tool_use_id` found in `tool_result` \
         blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the \
         previous message."
    )
}
