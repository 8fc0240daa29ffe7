//! What the model writes: one entry for each symbol of the prompt, each with its proof token.

use std::borrow::Cow;

use ground::chance::{digest, mix};
use ground::profile::Profile;
use ground::proof::Key;
use ground::{proof, symbols};

use crate::request::{MessagesRequest, Role};

use super::content::{Content, Stop};
use super::thinking;
use super::tool;

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Thinking, if there is any, and then a text or the call of a tool.
    pub(crate) content: Vec<Content>,
    /// All tokens, those of thinking included.
    pub(crate) tokens: u64,
    pub(crate) thinking_tokens: Option<u64>,
    pub(crate) stop: Stop,
}

/// Answers `request` in the call `call`, whose prompt has `input_tokens`.
pub(crate) fn write(
    request: &MessagesRequest<'_>,
    profile: &Profile,
    key: &Key,
    call: &str,
    input_tokens: u64,
) -> Reply {
    let window = profile.context_window.saturating_sub(input_tokens);
    let max_tokens = request.max_tokens.unwrap_or(0);
    let room = max_tokens.min(window);
    let prompt = user_text(request);
    let thought = request.thinking.as_ref().and_then(|_| {
        let symbols = symbols::scan(symbols::region(&prompt)).count();
        thinking::think(request, profile, key, call, symbols, room)
    });
    let thinking_tokens = thought.as_ref().map(|thought| thought.tokens);
    let room = room - thinking_tokens.unwrap_or(0);
    let (answer, tokens, stop) = answer(request, profile, key, call, &prompt, room);
    let stop = match stop {
        Stop::MaxTokens if window < max_tokens => Stop::ModelContextWindowExceeded,
        stop => stop,
    };
    Reply {
        content: thought
            .map(|t| t.content)
            .into_iter()
            .chain(answer)
            .collect(),
        tokens: tokens + thinking_tokens.unwrap_or(0),
        thinking_tokens,
        stop,
    }
}

/// What follows the thinking, in at most `room` tokens: the block, its tokens, and why it ends.
fn answer(
    request: &MessagesRequest<'_>,
    profile: &Profile,
    key: &Key,
    call: &str,
    prompt: &str,
    room: u64,
) -> (Option<Content>, u64, Stop) {
    if let Some(content) = tool::call(request, call, prompt) {
        let tokens = profile.tokens(content.written().len()) + TOOL_CALL_TOKENS;
        if tokens <= room {
            return (Some(content), tokens, Stop::ToolUse);
        }
    }
    let mut text = match structured(request) {
        Some(json) => json,
        None => document(prompt, profile, key, call, profile.bytes(room)),
    };
    let mut stop = stop_at_sequence(&mut text, request).unwrap_or(Stop::EndTurn);
    let mut length = profile.tokens(text.len());
    if length > room {
        text.truncate(text.floor_char_boundary(profile.bytes(room)));
        (length, stop) = (room, Stop::MaxTokens);
    }
    // An empty text is no block at all.
    (
        (!text.is_empty()).then_some(Content::Text(text)),
        length,
        stop,
    )
}

/// The JSON that the request wants instead of a text, made up from its schema.
fn structured(request: &MessagesRequest<'_>) -> Option<String> {
    let format = request.output_config.as_ref()?.format.as_ref()?;
    let schema = format.schema.as_ref()?;
    Some(tool::example(schema, 0).to_string())
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

/// Everything that the user said, in one text.
fn user_text<'r>(request: &'r MessagesRequest<'_>) -> Cow<'r, str> {
    let mut texts = Vec::new();
    for message in request
        .messages
        .iter()
        .filter(|message| message.role == Role::User)
    {
        message.content.each_text(&mut |text| texts.push(text));
    }
    match texts.as_slice() {
        [only] => Cow::Borrowed(only),
        _ => Cow::Owned(texts.join("\n")),
    }
}

/// The untruncated text, or more than `enough` bytes of it.
fn document(prompt: &str, profile: &Profile, key: &Key, call: &str, enough: usize) -> String {
    let source = symbols::region(prompt);
    let entry_bytes = profile.bytes(u64::from(profile.reply.tokens_per_symbol));
    // Room for a usual file, so that the list need not grow.
    let mut symbols = Vec::with_capacity(64);
    symbols.extend(symbols::scan(source));
    let expected = HEADING.len() + (symbols.len() + 1) * entry_bytes;
    let mut text = String::with_capacity(expected.min(enough.saturating_add(entry_bytes)));
    text.push_str(HEADING);
    let mut entries = 0;
    for found in proof::find(source) {
        write_entry(&mut text, found.symbol, found.call, found.mac, entry_bytes);
        entries += 1;
        if text.len() > enough {
            return text;
        }
    }
    for symbol in symbols {
        let digits = key.mac_digits(symbol, call);
        let mac = std::str::from_utf8(&digits).expect("hex digits are ASCII");
        write_entry(&mut text, symbol, call, mac, entry_bytes);
        entries += 1;
        if text.len() > enough {
            return text;
        }
    }
    if entries == 0 {
        NOTHING_TO_DOCUMENT.to_owned()
    } else {
        text
    }
}

/// Appends the entry of `symbol`, `size` bytes long if its name and token leave room for that.
fn write_entry(text: &mut String, symbol: &str, call: &str, mac: &str, size: usize) {
    let start = text.len();
    for part in ["### `", symbol, "`\n\n"] {
        text.push_str(part);
    }
    let token_bytes = "\n\nref::".len() + symbol.len() + 1 + call.len() + mac.len() + "\n\n".len();
    let end = start + size.saturating_sub(token_bytes);
    let first = mix(&[digest(symbol.as_bytes())]) as usize;
    let mut next = first;
    while text.len() < end {
        let room = end - text.len();
        let sentence = SENTENCES[next % SENTENCES.len()];
        next += 1;
        if sentence.len() >= room {
            push_cut(text, sentence, room);
            break;
        }
        text.push_str(sentence);
        text.push(' ');
    }
    for part in ["\n\nref:", symbol, ":", call, ":", mac, "\n\n"] {
        text.push_str(part);
    }
}

/// Appends as many whole words of `sentence` as fit into `room` bytes, ends them with a full stop
/// and fills up with spaces, which Markdown does not show.
fn push_cut(text: &mut String, sentence: &str, room: usize) {
    let limit = room.min(sentence.len());
    let words = sentence[..limit].rfind(' ').unwrap_or(0);
    text.push_str(&sentence[..words]);
    if words > 0 {
        text.push('.');
    }
    let written = if words > 0 { words + 1 } else { 0 };
    text.extend(std::iter::repeat_n(' ', room - written));
}

const HEADING: &str = "# Documentation\n\n";

const NOTHING_TO_DOCUMENT: &str = "I did not find any function, class or type definition in what you \
sent, so there is nothing to document. Send source code and I will describe each definition in it.";

/// ASCII only, so that every cut is a character boundary.
const SENTENCES: [&str; 16] = [
    "Validates its arguments first and reports the first one that is out of range.",
    "Returns a new value and leaves its inputs unchanged, so callers may share them.",
    "Reads the current settings once and keeps no other state between calls.",
    "Runs in time proportional to the length of its input.",
    "Raises an error when the input is empty, because there is no sensible default.",
    "Callers should hold the result only for as long as the underlying resource is open.",
    "Used by the modules above it to turn raw records into checked ones.",
    "Ignores unknown keys, which keeps older files readable.",
    "Safe to call repeatedly: a second call with the same input has no further effect.",
    "Keeps the order of the elements and drops exact repeats.",
    "Logs what was skipped and why, then goes on with the rest.",
    "Prefer it over building the value by hand, since it also fills in the derived fields.",
    "The optional parameters fall back to the project's defaults.",
    "Closes everything it opened, also when an error interrupts it.",
    "Small inputs are handled directly; larger ones are split and combined.",
    "See the tests beside it for typical calls and the edge cases it covers.",
];
