//! The Messages request as it is read: text is borrowed from the body wherever JSON allows it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::profile::Profile;
use crate::reply::tokens;

/// Body of `POST /v1/messages`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagesRequest<'a> {
    #[serde(borrow)]
    pub(crate) model: Cow<'a, str>,
    pub(crate) max_tokens: u64,
    #[serde(borrow)]
    pub(crate) messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    pub(crate) system: Option<Content<'a>>,
    #[serde(default)]
    pub(crate) stream: Option<bool>,
    #[serde(borrow, default)]
    pub(crate) tools: Option<&'a RawValue>,
    #[serde(default, rename = "stop_sequences")]
    _stop_sequences: Option<de::IgnoredAny>,
    #[serde(default, rename = "tool_choice")]
    _tool_choice: Option<de::IgnoredAny>,
    #[serde(default, rename = "cache_control")]
    _cache_control: Option<de::IgnoredAny>,
    #[serde(default, rename = "thinking")]
    _thinking: Option<de::IgnoredAny>,
    #[serde(default, rename = "output_config")]
    _output_config: Option<de::IgnoredAny>,
    #[serde(default, rename = "temperature")]
    _temperature: Option<de::IgnoredAny>,
    #[serde(default, rename = "top_p")]
    _top_p: Option<de::IgnoredAny>,
    #[serde(default, rename = "top_k")]
    _top_k: Option<de::IgnoredAny>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<de::IgnoredAny>,
    #[serde(default, rename = "service_tier")]
    _service_tier: Option<de::IgnoredAny>,
    #[serde(default, rename = "speed")]
    _speed: Option<de::IgnoredAny>,
    #[serde(default, rename = "inference_geo")]
    _inference_geo: Option<de::IgnoredAny>,
    #[serde(default, rename = "container")]
    _container: Option<de::IgnoredAny>,
    #[serde(default, rename = "diagnostics")]
    _diagnostics: Option<de::IgnoredAny>,
}

/// One turn.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message<'a> {
    pub(crate) role: Role,
    #[serde(borrow)]
    pub(crate) content: Content<'a>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    User,
    Assistant,
    System,
}

/// A string, which stands for one text block, or blocks.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Text(Cow<'a, str>),
    Blocks(Vec<Block<'a>>),
}

/// A content block; only what the mock looks at is read.
#[derive(Debug, Deserialize)]
pub(crate) struct Block<'a> {
    #[serde(rename = "type")]
    _kind: de::IgnoredAny,
    #[serde(borrow, default)]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) content: Option<Content<'a>>,
    #[serde(borrow, default)]
    pub(crate) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) source: Option<&'a RawValue>,
}

impl Content<'_> {
    /// Calls `look` with each text in it, in order.
    pub(crate) fn each_text<'s>(&'s self, look: &mut impl FnMut(&'s str)) {
        match self {
            Self::Text(text) => look(text),
            Self::Blocks(blocks) => {
                for block in blocks {
                    if let Some(text) = &block.text {
                        look(text);
                    }
                    if let Some(content) = &block.content {
                        content.each_text(look);
                    }
                }
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor(std::marker::PhantomData))
    }
}

struct ContentVisitor<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ContentVisitor<'a> {
    type Value = Content<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of content blocks")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut blocks: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(block) = blocks.next_element()? {
            list.push(block);
        }
        Ok(Content::Blocks(list))
    }
}

/// Tokens that a request costs beside its text: role markers and the like.
pub const REQUEST_OVERHEAD_TOKENS: u64 = 8;
/// Tokens of an image or document that is not text.
const ATTACHMENT_TOKENS: u64 = 1_500;

/// Reads a body.
pub(crate) fn parse(body: &[u8]) -> Result<MessagesRequest<'_>, ApiError> {
    let request: MessagesRequest<'_> = serde_json::from_slice(body).map_err(|e| worded(&e))?;
    if request.messages.is_empty() {
        return Err(ApiError::invalid(
            "messages: at least one message is required",
        ));
    }
    Ok(request)
}

fn worded(error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    let field = |start: &str| {
        text.strip_prefix(start)
            .and_then(|rest| rest.split('`').next())
    };
    if let Some(name) = field("missing field `") {
        return ApiError::invalid(format!("{name}: Field required"));
    }
    if let Some(name) = field("unknown field `") {
        return ApiError::invalid(format!("{name}: Extra inputs are not permitted"));
    }
    ApiError::invalid(format!("Invalid request body: {text}"))
}

/// Tokens of the prompt: all text of system and messages together, rounded up once, and
/// [`REQUEST_OVERHEAD_TOKENS`].
pub(crate) fn input_tokens(request: &MessagesRequest<'_>, profile: &Profile) -> u64 {
    let mut size = Size::default();
    for message in &request.messages {
        size.add(&message.content);
    }
    if let Some(system) = &request.system {
        size.add(system);
    }
    if let Some(tools) = request.tools {
        size.bytes += tools.get().len();
    }
    tokens(size.bytes, profile) + size.attachments * ATTACHMENT_TOKENS + REQUEST_OVERHEAD_TOKENS
}

#[derive(Default)]
struct Size {
    bytes: usize,
    attachments: u64,
}

impl Size {
    fn add(&mut self, content: &Content<'_>) {
        match content {
            Content::Text(text) => self.bytes += text.len(),
            Content::Blocks(blocks) => {
                for block in blocks {
                    self.bytes += block.text.as_ref().map_or(0, |text| text.len());
                    self.bytes += block.input.map_or(0, |input| input.get().len());
                    self.attachments += u64::from(block.source.is_some());
                    if let Some(content) = &block.content {
                        self.add(content);
                    }
                }
            }
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
    if request.max_tokens > profile.max_output_tokens {
        return Err(ApiError::invalid(format!(
            "max_tokens: {} > {}, which is the maximum allowed number of output tokens for {}",
            request.max_tokens, profile.max_output_tokens, profile.model
        )));
    }
    Ok(())
}
