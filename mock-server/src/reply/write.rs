//! The answer of the model, block by block, in as many tokens as there is room for.

use ground::chance::{digest, mix};
use ground::profile::Profile;
use ground::proof::Key;
use ground::symbols;
use serde_json::Value;

use crate::request::MessagesRequest;

use super::choice::{Choice, Form};
use super::content::{Content, Stop};
use super::document::{self, Author};
use super::fill;
use super::script::{AnswerRule, StopReason};
use super::tools::Server;
use super::{ids, prompt, thinking};

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Thinking, if there is any, and then texts and calls of tools.
    pub(crate) content: Vec<Content>,
    /// All tokens, those of thinking included.
    pub(crate) tokens: u64,
    pub(crate) thinking_tokens: Option<u64>,
    pub(crate) stop: Stop,
}

/// What follows the thinking.
struct Answer {
    content: Vec<Content>,
    tokens: u64,
    stop: Stop,
}

/// Answers `request` as `choice` says in the call `call`, whose prompt has `input_tokens`.
pub(crate) fn write(
    request: &MessagesRequest<'_>,
    choice: Choice,
    profile: &Profile,
    key: &Key,
    call: &str,
    input_tokens: u64,
) -> Reply {
    let window = profile.context_window.saturating_sub(input_tokens);
    let max_tokens = request.max_tokens.unwrap_or(0);
    let room = max_tokens.min(window);
    let prompt = prompt::text(request);
    let thought = request.thinking.as_ref().and_then(|_| {
        let symbols = symbols::asked(&prompt).count();
        thinking::think(request, profile, key, call, symbols, room)
    });
    let thinking_tokens = thought.as_ref().map(|thought| thought.tokens);
    let room = room - thinking_tokens.unwrap_or(0);
    let author = Author { profile, key, call };
    let answer = match choice {
        Choice::Text => {
            let text = text(request, &prompt, author, room);
            written(request, text, profile, room)
        }
        Choice::Json(form) => {
            let text = documented(&form, &prompt, author).to_string();
            written(request, text, profile, room)
        }
        Choice::Call {
            name,
            form,
            is_answer,
        } => {
            let input = if is_answer {
                documented(&form, &prompt, author)
            } else {
                form.value
            };
            called(name, input.to_string(), author, room)
        }
        Choice::Served(server) => {
            let text = text(request, &prompt, author, room);
            served(server, written(request, text, profile, room), author)
        }
        Choice::Scripted(rule) => scripted(*rule, author),
    };
    let stop = match answer.stop {
        Stop::MaxTokens if window < max_tokens => Stop::ModelContextWindowExceeded,
        stop => stop,
    };
    Reply {
        content: thought
            .map(|thought| thought.content)
            .into_iter()
            .chain(answer.content)
            .collect(),
        tokens: answer.tokens + thinking_tokens.unwrap_or(0),
        thinking_tokens,
        stop,
    }
}

/// The documentation of the prompt, or the rest of one that broke off.
fn text(request: &MessagesRequest<'_>, prompt: &str, author: Author<'_>, room: u64) -> String {
    // Only a conversation can have an answer in it.
    let rest = match request.messages.len() {
        1 => None,
        _ => document::rest(request, prompt, author),
    };
    rest.unwrap_or_else(|| document::whole(prompt, author, author.profile.bytes(room)))
}

/// `form` with the documentation of the prompt in it.
fn documented(form: &Form, prompt: &str, author: Author<'_>) -> Value {
    let entries = document::entries(prompt, author);
    let text: String = entries.iter().map(|(_, entry)| entry.as_str()).collect();
    fill::fill(form, &entries, &text)
}

/// A text block, cut where a stop sequence or the room ends it.
fn written(
    request: &MessagesRequest<'_>,
    mut text: String,
    profile: &Profile,
    room: u64,
) -> Answer {
    let mut stop = stop_at_sequence(&mut text, request).unwrap_or(Stop::EndTurn);
    let mut tokens = profile.tokens(text.len());
    if tokens > room {
        text.truncate(text.floor_char_boundary(profile.bytes(room)));
        (tokens, stop) = (room, Stop::MaxTokens);
    }
    // An empty text is no block at all.
    let content = if text.is_empty() {
        vec![]
    } else {
        vec![Content::Text(text)]
    };
    Answer {
        content,
        tokens,
        stop,
    }
}

/// The call of a tool of the client, cut where the room ends.
fn called(name: String, input: String, author: Author<'_>, room: u64) -> Answer {
    let tokens = author.profile.tokens(input.len()) + TOOL_CALL_TOKENS;
    let fits = tokens <= room;
    let part = author.profile.bytes(room.saturating_sub(TOOL_CALL_TOKENS));
    let block = Content::Tool {
        id: ids::tool_use(digest(author.call.as_bytes())),
        name,
        partial: (!fits).then(|| input[..input.floor_char_boundary(part)].to_owned()),
        input: if fits { input } else { "{}".to_owned() },
    };
    let (tokens, stop) = if fits {
        (tokens, Stop::ToolUse)
    } else {
        (room, Stop::MaxTokens)
    };
    Answer {
        content: if room == 0 { vec![] } else { vec![block] },
        tokens,
        stop,
    }
}

/// The call of a tool of the API, what it found, and then `answer`.
fn served(server: Server, answer: Answer, author: Author<'_>) -> Answer {
    let id = ids::server_tool_use(digest(author.call.as_bytes()));
    let result = server.result(&id).to_string();
    let input = server.input().to_string();
    let call = Content::ServerTool {
        id,
        name: server.name(),
        input,
    };
    let mut content = vec![call, Content::Result(result)];
    content.extend(answer.content);
    // What the API runs by itself is not held against `max_tokens` here.
    Answer { content, ..answer }
}

/// What `rule` says, to the letter: no limit of the request shortens it.
fn scripted(rule: AnswerRule, author: Author<'_>) -> Answer {
    let mut content = Vec::new();
    let mut tokens = 0;
    let stop = match rule.stop_reason {
        Some(reason) => Stop::from(reason),
        None if rule.tool_calls.is_empty() => Stop::EndTurn,
        None => Stop::ToolUse,
    };
    if let Some(text) = rule.text.filter(|text| !text.is_empty()) {
        tokens += author.profile.tokens(text.len());
        content.push(Content::Text(text));
    }
    for (i, call) in rule.tool_calls.into_iter().enumerate() {
        let input = Value::Object(call.input).to_string();
        tokens += author.profile.tokens(input.len()) + TOOL_CALL_TOKENS;
        content.push(Content::Tool {
            id: ids::tool_use(mix(&[digest(author.call.as_bytes()), i as u64])),
            name: call.name,
            input,
            partial: None,
        });
    }
    let said = rule.usage.and_then(|usage| usage.output_tokens);
    Answer {
        content,
        tokens: said.unwrap_or(tokens),
        stop,
    }
}

impl From<StopReason> for Stop {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::EndTurn => Self::EndTurn,
            StopReason::MaxTokens => Self::MaxTokens,
            StopReason::ToolUse => Self::ToolUse,
            StopReason::Refusal => Self::Refusal,
            StopReason::PauseTurn => Self::PauseTurn,
            StopReason::ModelContextWindowExceeded => Self::ModelContextWindowExceeded,
            StopReason::StopSequence(text) => Self::Sequence(text),
        }
    }
}

/// Tokens of a tool call beside its input.
const TOOL_CALL_TOKENS: u64 = 25;

/// Cuts `text` before the first stop sequence in it.
fn stop_at_sequence(text: &mut String, request: &MessagesRequest<'_>) -> Option<Stop> {
    let sequences = request
        .stop_sequences
        .iter()
        .flatten()
        .filter(|s| !s.is_empty());
    let found = sequences.filter_map(|sequence| Some((text.find(sequence.as_str())?, sequence)));
    let (at, sequence) = found.min_by_key(|(at, _)| *at)?;
    text.truncate(at);
    Some(Stop::Sequence(sequence.clone()))
}
