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
    let messages = &request.messages;
    let may_ask = |message: &Message<'_>| {
        message.role == Role::User && !message.content.has_block("tool_result")
    };
    let asks = |message: &Message<'_>| may_ask(message) && !own_words(message).is_empty();
    let start = messages.iter().rposition(asks);
    let start = start.or_else(|| messages.iter().rposition(may_ask));
    &messages[start.unwrap_or(0)..]
}

/// The words of the user's last question, in small letters.
pub(super) fn question(request: &MessagesRequest<'_>) -> String {
    let Some(message) = since_question(request).first() else {
        return String::new();
    };
    let mut texts = own_words(message);
    if texts.is_empty() {
        message.content.each_text(&mut |text| texts.push(text));
    }
    texts.join("\n").to_lowercase()
}

/// The texts of a message without those that an agent adds to what its user says: Claude Code and
/// its kin put each of them into one element, such as `<system-reminder>`.
fn own_words<'r>(message: &'r Message<'_>) -> Vec<&'r str> {
    let mut texts = Vec::new();
    message.content.each_text(&mut |text| {
        if !is_element(text) {
            texts.push(text);
        }
    });
    texts
}

/// Whether `text` is one element, from its first tag to its last.
fn is_element(text: &str) -> bool {
    let text = text.trim();
    let opened = text.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    let Some((tag, rest)) = opened else {
        return false;
    };
    let name = tag.split_whitespace().next().unwrap_or("");
    let end = rest
        .strip_suffix('>')
        .and_then(|rest| rest.strip_suffix(name));
    !name.is_empty() && end.is_some_and(|rest| rest.ends_with("</"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_told_from_words_around_one() {
        let reminder = "<system-reminder>\nUse the Bash tool.\n</system-reminder>\n";
        assert!(is_element(reminder));
        assert!(is_element("<file name=\"a\">x</file>"));
        for text in [
            "Read <b>this</b>",
            "<b>this</b> is it",
            "a < b > c",
            "<>",
            "",
            "<br>",
        ] {
            assert!(!is_element(text), "{text}");
        }
    }
}
