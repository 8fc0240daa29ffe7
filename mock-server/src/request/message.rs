//! The Messages request as it is read: text is borrowed from the body wherever JSON allows it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::content::{self, CacheControl, Content};

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
    /// The older spelling of `output_config.format`.
    #[serde(default)]
    output_format: Option<Format>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<IgnoredAny>,
    #[serde(default, rename = "service_tier")]
    _service_tier: Option<IgnoredAny>,
    #[serde(default)]
    pub(crate) speed: Option<String>,
    #[serde(default, rename = "inference_geo")]
    _inference_geo: Option<IgnoredAny>,
    #[serde(default)]
    pub(crate) container: Option<serde_json::Value>,
    #[serde(default, rename = "diagnostics")]
    _diagnostics: Option<IgnoredAny>,
    #[serde(default)]
    context_management: Option<IgnoredAny>,
    #[serde(default)]
    pub(crate) mcp_servers: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    compaction: Option<IgnoredAny>,
    #[serde(default)]
    fallback_credit_token: Option<IgnoredAny>,
    #[serde(default)]
    fallbacks: Option<IgnoredAny>,
    #[serde(default)]
    pub(crate) thread: Option<IgnoredAny>,
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
    /// The JSON that is wanted instead of a text, in either spelling.
    pub(crate) fn format(&self) -> Option<&Format> {
        let config = self.output_config.as_ref();
        config
            .and_then(|config| config.format.as_ref())
            .or(self.output_format.as_ref())
    }

    /// How hard the model tries: what the latest system message says, or the request.
    pub(crate) fn effort(&self) -> Option<&str> {
        let said = self.messages.iter().rev();
        let said = said.filter_map(|message| message.output_config.as_ref());
        said.chain(&self.output_config)
            .find_map(|config| config.effort.as_deref())
    }

    /// Whether both spellings are used at once.
    pub(crate) fn has_two_formats(&self) -> bool {
        let config = self.output_config.as_ref();
        config.is_some_and(|config| config.format.is_some()) && self.output_format.is_some()
    }

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
    #[serde(rename = "type")]
    pub(crate) kind: String,
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

/// One turn.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Sent<'a>", bound(deserialize = "'de: 'a"))]
pub(crate) struct Message<'a> {
    pub(crate) role: Role,
    pub(crate) content: Content<'a>,
    /// How long a system message is shown.
    pub(crate) clear_at: Option<Cow<'a, str>>,
    /// How hard the model tries from a system message on.
    pub(crate) output_config: Option<OutputConfig<'a>>,
}

/// A turn as it is sent: a system message may have no content.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent<'a> {
    role: Role,
    #[serde(borrow, default, deserialize_with = "content::read")]
    content: Option<Content<'a>>,
    #[serde(borrow, default)]
    clear_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    output_config: Option<OutputConfig<'a>>,
}

impl<'a> TryFrom<Sent<'a>> for Message<'a> {
    type Error = &'static str;

    fn try_from(sent: Sent<'a>) -> Result<Self, Self::Error> {
        let may_lack_content = sent.role == Role::System && sent.output_config.is_some();
        let content = match sent.content {
            Some(content) => content,
            None if may_lack_content => Content::Blocks(vec![]),
            None => return Err("missing field `content`"),
        };
        Ok(Self {
            role: sent.role,
            content,
            clear_at: sent.clear_at,
            output_config: sent.output_config,
        })
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    User,
    Assistant,
    System,
}
