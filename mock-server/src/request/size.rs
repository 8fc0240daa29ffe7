//! How large a prompt is, in tokens.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ground::models;
use ground::profile::Profile;

use super::content::{Block, Body, Content};
use super::error::ApiError;
use super::message::MessagesRequest;
use super::pdf;

/// Tokens that a request costs beside its text: role markers and the like.
pub(crate) const REQUEST_OVERHEAD_TOKENS: u64 = 8;
/// Tokens of an image, or of what only has an address.
const ATTACHMENT_TOKENS: u64 = 1_500;
/// Tokens of a page of a PDF: 1,500 to 3,000 of text as the API documents it, and its picture.
const PAGE_TOKENS: u64 = 3_000;

/// Tokens of the prompt: all text of system, tools and messages together, rounded up once, and
/// [`REQUEST_OVERHEAD_TOKENS`]; with tools, those of the hidden prompt that explains them.
pub(crate) fn input_tokens(request: &MessagesRequest<'_>, profile: &Profile) -> u64 {
    let mut size = Size::default();
    for tool in request.tools.iter().flatten() {
        size.bytes += tool.get().len();
    }
    if let Some(system) = &request.system {
        size.add(system);
    }
    for message in &request.messages {
        size.add(&message.content);
    }
    size.tokens(profile) + tool_prompt_tokens(request, profile) + REQUEST_OVERHEAD_TOKENS
}

fn tool_prompt_tokens(request: &MessagesRequest<'_>, profile: &Profile) -> u64 {
    if request.tools.as_ref().is_none_or(Vec::is_empty) {
        return 0;
    }
    let choice = request.tool_choice.as_ref();
    let forced = choice.is_some_and(|choice| ["any", "tool"].contains(&choice.kind.as_ref()));
    models::tool_prompt_tokens(&profile.model, forced)
}

/// How much prompt there is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    pub(crate) bytes: usize,
    attachments: u64,
    pages: u64,
}

impl Size {
    pub(crate) fn tokens(self, profile: &Profile) -> u64 {
        profile.tokens(self.bytes) + self.attachments * ATTACHMENT_TOKENS + self.pages * PAGE_TOKENS
    }

    fn add(&mut self, content: &Content<'_>) {
        match content {
            Content::Text(text) => self.bytes += text.len(),
            Content::Blocks(blocks) => blocks.iter().for_each(|block| self.add_block(block)),
        }
    }

    pub(crate) fn add_block(&mut self, block: &Block<'_>) {
        self.bytes += block.text.as_ref().map_or(0, |text| text.len());
        self.bytes += block.thinking.as_ref().map_or(0, |text| text.len());
        self.bytes += block.input.map_or(0, |input| input.get().len());
        for words in [&block.title, &block.context] {
            self.bytes += words.as_ref().map_or(0, |text| text.len());
        }
        match block.source.as_ref().map(|source| &source.body) {
            Some(Body::Text(text)) => self.bytes += text.len(),
            Some(Body::Content(content)) => self.add(content),
            Some(Body::Pdf(data)) => {
                let pdf = BASE64_STANDARD.decode(data.as_bytes()).unwrap_or_default();
                self.pages += pdf::pages(&pdf);
            }
            Some(Body::Other | Body::Wrong(..)) => self.attachments += 1,
            None => {}
        }
        if let Some(content) = &block.content {
            self.add(content);
        }
    }
}

/// Holds the request against the model's window and its longest answer.
pub(crate) fn check_sizes(
    request: &MessagesRequest<'_>,
    profile: &Profile,
    input_tokens: u64,
) -> Result<(), ApiError> {
    if input_tokens > profile.context_window {
        return Err(ApiError::invalid(format!(
            "prompt is too long: {input_tokens} tokens > {} maximum",
            profile.context_window
        )));
    }
    let (wanted, most) = (request.max_tokens.unwrap_or(0), profile.max_output_tokens);
    if wanted > most {
        return Err(ApiError::invalid(format!(
            "max_tokens: {wanted} > {most}, which is the maximum allowed number of output tokens \
             for {}",
            profile.model
        )));
    }
    Ok(())
}
