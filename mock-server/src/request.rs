//! The Messages request as it is read: text is borrowed from the body wherever JSON allows it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::models;
use crate::profile::Profile;
use crate::reply::tokens;
use crate::unescape;

/// Body of `POST /v1/messages` and of `count_tokens`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagesRequest<'a> {
    #[serde(borrow)]
    pub(crate) model: Cow<'a, str>,
    /// Always present in a checked Messages request.
    #[serde(default)]
    pub(crate) max_tokens: Option<u64>,
    #[serde(borrow)]
    pub(crate) messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    pub(crate) system: Option<Content<'a>>,
    #[serde(default)]
    pub(crate) stream: Option<bool>,
    #[serde(borrow, default)]
    pub(crate) tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    pub(crate) tool_choice: Option<ToolChoice<'a>>,
    #[serde(default)]
    pub(crate) stop_sequences: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) thinking: Option<Thinking>,
    #[serde(default)]
    pub(crate) temperature: Option<f64>,
    #[serde(default)]
    pub(crate) top_p: Option<f64>,
    #[serde(default)]
    pub(crate) top_k: Option<u64>,
    #[serde(default)]
    pub(crate) cache_control: Option<CacheControl>,
    #[serde(borrow, default)]
    pub(crate) output_config: Option<OutputConfig<'a>>,
    #[serde(default)]
    output_format: Option<IgnoredAny>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<IgnoredAny>,
    #[serde(default, rename = "service_tier")]
    _service_tier: Option<IgnoredAny>,
    #[serde(default)]
    pub(crate) speed: Option<IgnoredAny>,
    #[serde(default, rename = "inference_geo")]
    _inference_geo: Option<IgnoredAny>,
    #[serde(default, rename = "container")]
    _container: Option<IgnoredAny>,
    #[serde(default, rename = "diagnostics")]
    _diagnostics: Option<IgnoredAny>,
    #[serde(default)]
    context_management: Option<IgnoredAny>,
    #[serde(default)]
    mcp_servers: Option<IgnoredAny>,
    #[serde(default)]
    compaction: Option<IgnoredAny>,
    #[serde(default)]
    fallback_credit_token: Option<IgnoredAny>,
    #[serde(default)]
    fallbacks: Option<IgnoredAny>,
    #[serde(default)]
    thread: Option<IgnoredAny>,
    #[serde(default)]
    pub(crate) billing_policy: Option<BillingPolicy>,
}

/// Which organization pays.
#[derive(Debug, Deserialize)]
pub(crate) struct BillingPolicy {
    #[serde(default)]
    pub(crate) bill_to: Option<String>,
}

impl MessagesRequest<'_> {
    /// The first field in it that only beta requests may carry.
    pub(crate) fn beta_field(&self) -> Option<&'static str> {
        let fields = [
            ("billing_policy", self.billing_policy.is_some()),
            ("compaction", self.compaction.is_some()),
            ("context_management", self.context_management.is_some()),
            (
                "fallback_credit_token",
                self.fallback_credit_token.is_some(),
            ),
            ("fallbacks", self.fallbacks.is_some()),
            ("mcp_servers", self.mcp_servers.is_some()),
            ("output_format", self.output_format.is_some()),
            ("thread", self.thread.is_some()),
        ];
        fields
            .iter()
            .find(|(_, given)| *given)
            .map(|(name, _)| *name)
    }
}

/// How hard the model tries, and in which form it answers.
#[derive(Debug, Deserialize)]
pub(crate) struct OutputConfig<'a> {
    #[serde(borrow, default)]
    pub(crate) effort: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) format: Option<Format>,
}

/// The JSON that an answer must be.
#[derive(Debug, Deserialize)]
pub(crate) struct Format {
    #[serde(default)]
    pub(crate) schema: Option<serde_json::Value>,
}

/// How tools may be used.
#[derive(Debug, Deserialize)]
pub(crate) struct ToolChoice<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) name: Option<Cow<'a, str>>,
}

/// A tool that the model may use.
#[derive(Debug, Deserialize)]
pub(crate) struct Tool<'a> {
    /// `custom`, or one of the API's server tools.
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) name: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) input_schema: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) cache_control: Option<CacheControl>,
}

/// Whether the model thinks before it answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Thinking {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) budget_tokens: Option<u64>,
    /// `summarized` or `omitted`.
    #[serde(default)]
    pub(crate) display: Option<String>,
}

/// A breakpoint of the prompt cache.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CacheControl {
    #[serde(rename = "type")]
    _kind: Ephemeral,
    #[serde(default)]
    pub(crate) ttl: Ttl,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ephemeral {
    Ephemeral,
}

/// Lifetime of a cache entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Ttl {
    #[default]
    #[serde(rename = "5m")]
    FiveMinutes,
    #[serde(rename = "1h")]
    OneHour,
}

/// One turn.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message<'a> {
    pub(crate) role: Role,
    #[serde(borrow, deserialize_with = "unescape::content")]
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
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) thinking: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) signature: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) tool_use_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) content: Option<Content<'a>>,
    #[serde(borrow, default)]
    pub(crate) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) citations: Option<&'a RawValue>,
    #[serde(default)]
    pub(crate) cache_control: Option<CacheControl>,
}

impl<'a> Content<'a> {
    /// The blocks; a plain text has none.
    pub(crate) fn blocks(&self) -> &[Block<'a>] {
        match self {
            Self::Text(_) => &[],
            Self::Blocks(blocks) => blocks,
        }
    }

    /// Whether one of the blocks is of this kind.
    pub(crate) fn has_block(&self, kind: &str) -> bool {
        self.blocks().iter().any(|block| block.kind == kind)
    }

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
}

impl Size {
    pub(crate) fn tokens(self, profile: &Profile) -> u64 {
        tokens(self.bytes, profile) + self.attachments * ATTACHMENT_TOKENS
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
        self.attachments += u64::from(block.source.is_some());
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
