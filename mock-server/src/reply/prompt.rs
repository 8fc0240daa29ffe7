//! What a request says, to whom it says it, and what was already answered.

use std::borrow::Cow;

use crate::request::{Message, MessagesRequest, Role};

/// Everything that the system and the user said, in one text.
pub(crate) fn text<'r>(request: &'r MessagesRequest<'_>) -> Cow<'r, str> {
    let mut texts = Vec::new();
    if let Some(system) = &request.system {
        system.each_text(&mut |text| texts.push(text));
    }
    for message in &request.messages {
        if message.role != Role::Assistant {
            message.content.each_text(&mut |text| texts.push(text));
        }
    }
    join(&texts)
}

fn join<'r>(texts: &[&'r str]) -> Cow<'r, str> {
    match texts {
        [only] => Cow::Borrowed(only),
        _ => Cow::Owned(texts.join("\n")),
    }
}

/// The messages since the user last asked something, rather than bringing what tools found.
pub(super) fn since_question<'r, 'b>(request: &'r MessagesRequest<'b>) -> &'r [Message<'b>] {
    let is_question = |message: &Message<'_>| {
        message.role == Role::User && !message.content.has_block("tool_result")
    };
    let start = request.messages.iter().rposition(is_question).unwrap_or(0);
    &request.messages[start..]
}

/// The words of the user's last question, in small letters.
pub(super) fn question(request: &MessagesRequest<'_>) -> String {
    let mut texts = Vec::new();
    if let Some(message) = since_question(request).first() {
        message.content.each_text(&mut |text| texts.push(text));
    }
    texts.join("\n").to_lowercase()
}

/// What the model wrote last.
pub(super) fn last_answer<'r>(request: &'r MessagesRequest<'_>) -> Option<Cow<'r, str>> {
    let is_answer = |message: &Message<'_>| message.role == Role::Assistant;
    let at = request.messages.iter().rposition(is_answer)?;
    let mut texts = Vec::new();
    let content = &request.messages[at].content;
    content.each_text(&mut |text| texts.push(text));
    Some(match texts.as_slice() {
        [only] => Cow::Borrowed(*only),
        _ => Cow::Owned(texts.concat()),
    })
}

/// What was said after the model's last answer.
pub(super) fn after_last_answer<'r>(request: &'r MessagesRequest<'_>) -> Cow<'r, str> {
    let is_answer = |message: &Message<'_>| message.role == Role::Assistant;
    let at = request.messages.iter().rposition(is_answer);
    let mut texts = Vec::new();
    for message in &request.messages[at.map_or(0, |at| at + 1)..] {
        message.content.each_text(&mut |text| texts.push(text));
    }
    join(&texts)
}
