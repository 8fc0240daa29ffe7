//! Thinking before an answer: how much there is, what is shown of it, and its signature.

use ground::chance::digest;
use ground::models;
use ground::profile::Profile;
use ground::proof::Key;

use crate::request::{Block, MessagesRequest, Role};

use super::content::Content;
use super::ids;

/// Thinking, and the output tokens that it costs even where it is not shown.
#[derive(Debug)]
pub(crate) struct Thought {
    pub(crate) content: Content,
    pub(crate) tokens: u64,
}

/// Tokens of thought on any question, and on each symbol that is to be documented.
const BASE_TOKENS: u64 = 60;
const TOKENS_PER_SYMBOL: u64 = 20;

/// What the model thinks before it answers `request` about so many `symbols`, in at most `room`
/// tokens; nothing if the request does not ask for it.
pub(crate) fn think(
    request: &MessagesRequest<'_>,
    profile: &Profile,
    key: &Key,
    call: &str,
    symbols: usize,
    room: u64,
) -> Option<Thought> {
    let thinking = request.thinking.as_ref()?;
    let budget = match thinking.kind.as_str() {
        "enabled" => thinking.budget_tokens.unwrap_or(u64::MAX),
        "adaptive" => u64::MAX,
        "between_tools" if follows_a_tool(request) => u64::MAX,
        _ => return None,
    };
    let wanted = (BASE_TOKENS + TOKENS_PER_SYMBOL * symbols as u64) * effort_percent(request) / 100;
    let tokens = wanted.min(budget).min(room);
    if tokens == 0 {
        return None;
    }
    let is_shown = match thinking.display.as_deref() {
        None => !models::omits_thinking(&profile.model),
        Some(display) => display != "omitted",
    };
    let shown = if is_shown {
        text(profile.bytes(tokens))
    } else {
        String::new()
    };
    let signature = sign(key, &shown, call);
    Some(Thought {
        content: Content::Thinking { shown, signature },
        tokens,
    })
}

/// How much is thought at the effort asked for, compared with the default.
fn effort_percent(request: &MessagesRequest<'_>) -> u64 {
    match request.effort() {
        Some("low") => 25,
        Some("medium") => 50,
        Some("xhigh") => 200,
        Some("max") => 400,
        _ => 100,
    }
}

/// Whether the request brings back what a tool found.
pub(crate) fn follows_a_tool(request: &MessagesRequest<'_>) -> bool {
    let last = request.messages.last();
    last.is_some_and(|message| {
        message.role == Role::User && message.content.has_block("tool_result")
    })
}

/// Plain sentences of exactly `length` bytes.
fn text(length: usize) -> String {
    SENTENCES.chars().cycle().take(length).collect()
}

/// Signs what is shown of a thought in the call `call`.
fn sign(key: &Key, shown: &str, call: &str) -> String {
    let mac = key.mac(shown, call);
    ids::with_prefix(&format!("EqQB{call}{mac}"), digest(mac.as_bytes()), 60)
}

/// Where the latest assistant message carries a thought that was changed since it was sent.
pub(crate) fn forged(request: &MessagesRequest<'_>, key: &Key) -> Option<(usize, usize)> {
    let messages = request.messages.iter().enumerate().rev();
    let (i, latest) = messages
        .into_iter()
        .find(|(_, message)| message.role == Role::Assistant)?;
    let is_forged = |block: &Block<'_>| {
        let signature = block.signature.as_deref().unwrap_or("");
        let shown = block.thinking.as_deref().unwrap_or("");
        block.kind == "thinking" && !is_genuine(key, shown, signature)
    };
    let block = latest.content.blocks().iter().position(is_forged)?;
    Some((i, block))
}

/// Whether `signature` belongs to this thought.
fn is_genuine(key: &Key, shown: &str, signature: &str) -> bool {
    let call = signature
        .strip_prefix("EqQB")
        .and_then(|rest| rest.get(..8));
    call.is_some_and(|call| sign(key, shown, call) == signature)
}

/// ASCII only, so that every cut is a character boundary.
const SENTENCES: &str = "I look at what was asked and at each definition in turn. The names and \
parameters say what goes in, the return statements what comes out. Edge cases matter most to the \
reader, so I note which inputs are refused. I keep the order of the source and write no more than \
fits. ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_only_for_the_thought_it_was_made_for() {
        let key = Key::new("secret");
        let signature = sign(&key, "so be it", "0123abcd");
        assert!(is_genuine(&key, "so be it", &signature));
        assert!(!is_genuine(&key, "so be that", &signature));
        assert!(!is_genuine(&Key::new("other"), "so be it", &signature));
        assert!(!is_genuine(&key, "so be it", "EqQB"));
    }
}
