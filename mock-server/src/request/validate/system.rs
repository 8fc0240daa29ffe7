//! Mistakes in what the system says: before the conversation, and in the midst of it.

use super::super::content::{Block, Content};
use super::super::message::{MessagesRequest, Role};
use super::rules::{EXTRA, effort_mistake, tag_mistake};

pub(super) fn mistake(request: &MessagesRequest<'_>) -> Option<String> {
    if let Some(system) = &request.system
        && let Some(mistake) = text_only(system, "system", &["text"])
    {
        return Some(mistake);
    }
    let mut messages = request.messages.iter().enumerate();
    messages.find_map(|(i, message)| {
        let path = format!("messages.{i}");
        let is_system = message.role == Role::System;
        if is_system {
            let known = ["text", "tool_addition", "tool_removal"];
            let mistake = text_only(&message.content, &format!("{path}.content"), &known);
            if mistake.is_some() {
                return mistake;
            }
        } else if message.clear_at.is_some() {
            return Some(format!("{path}.clear_at: {EXTRA}"));
        } else if message.output_config.is_some() {
            return Some(format!("{path}.output_config: {EXTRA}"));
        }
        if let Some(config) = &message.output_config {
            if config.format.is_some() {
                return Some(format!("{path}.output_config.format: {EXTRA}"));
            }
            if let Some(words) = effort_mistake(config) {
                return Some(format!("{path}.output_config.{words}"));
            }
        }
        let is_odd = |moment: &str| !["next_user_message", "never"].contains(&moment);
        if message.clear_at.as_deref().is_some_and(is_odd) {
            return Some(format!(
                "{path}.clear_at: Input should be 'next_user_message' or 'never'"
            ));
        }
        None
    })
}

fn text_only(content: &Content<'_>, path: &str, known: &[&str]) -> Option<String> {
    let mut blocks = content.blocks().iter().enumerate();
    blocks.find_map(|(j, block)| block_mistake(block, &format!("{path}.{j}"), known))
}

fn block_mistake(block: &Block<'_>, path: &str, known: &[&str]) -> Option<String> {
    if !known.contains(&block.kind.as_ref()) {
        let tags: Vec<String> = known.iter().map(|tag| format!("'{tag}'")).collect();
        return Some(tag_mistake(path, &block.kind, &tags.join(", ")));
    }
    match block.text.as_deref() {
        _ if block.kind != "text" => None,
        None => Some(format!("{path}.text: Field required")),
        Some("") => Some("system: text content blocks must be non-empty".to_owned()),
        Some(_) => None,
    }
}
