//! The content of a message: text is borrowed from the body wherever JSON allows it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use super::unescape;

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
    pub(crate) source: Option<Source<'a>>,
    /// Title and context of a document.
    #[serde(borrow, default)]
    pub(crate) title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) context: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) citations: Option<&'a RawValue>,
    #[serde(default)]
    pub(crate) cache_control: Option<CacheControl>,
}

impl<'a> Content<'a> {
    /// Whether it is a list without blocks.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Blocks(blocks) => blocks.is_empty(),
        }
    }

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
                    match block.source.as_ref().map(|source| &source.body) {
                        Some(Body::Text(text)) => look(text),
                        Some(Body::Content(content)) => content.each_text(look),
                        _ => {}
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

/// Reads the content of a message: a string or blocks.
pub(super) fn read<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Content<'a>>, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?.get();
    let content = match raw.as_bytes().first() {
        Some(b'"') => unescape::text(raw).map(Content::Text),
        Some(b'[') => serde_json::from_str::<Vec<Block<'a>>>(raw).map(Content::Blocks),
        _ => {
            return Err(de::Error::custom(
                "expected a string or a list of content blocks",
            ));
        }
    };
    content.map(Some).map_err(de::Error::custom)
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

/// The `source` of a block.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// As it was sent.
    pub(crate) raw: &'a str,
    pub(crate) body: Body<'a>,
}

/// What a source holds, as far as the mock reads it.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    /// Plain text.
    Text(Cow<'a, str>),
    /// Blocks of text, or one text.
    Content(Content<'a>),
    /// A PDF, in base 64.
    Pdf(Cow<'a, str>),
    /// Anything else that is no text: an image, an address, a file.
    Other,
    /// Not what the API reads: the path below the source, and what is wrong.
    Wrong(&'static str, &'static str),
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    media_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    file_id: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Source<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let body = match serde_json::from_str::<Fields<'a>>(raw) {
            Ok(fields) => read_source(&fields).map_err(de::Error::custom)?,
            Err(_) => Body::Wrong("", "Input should be a valid dictionary"),
        };
        Ok(Self { raw, body })
    }
}

fn read_source<'a>(fields: &Fields<'a>) -> serde_json::Result<Body<'a>> {
    let Some(kind) = fields.kind else {
        return Ok(Body::Wrong(".type", "Field required"));
    };
    let (needed, path) = match kind.get() {
        "\"text\"" | "\"base64\"" => (fields.data, ".data"),
        "\"content\"" => (fields.content, ".content"),
        "\"url\"" => (fields.url, ".url"),
        "\"file\"" => (fields.file_id, ".file_id"),
        _ => {
            let tags = "Input tag does not match any of the expected tags: 'base64', 'content', \
                        'file', 'text', 'url'";
            return Ok(Body::Wrong(".type", tags));
        }
    };
    let Some(needed) = needed else {
        return Ok(Body::Wrong(path, "Field required"));
    };
    let is_string = needed.get().starts_with('"');
    match kind.get() {
        "\"text\"" if is_string => unescape::text(needed.get()).map(Body::Text),
        "\"content\"" => match serde_json::from_str(needed.get()) {
            Ok(content) => Ok(Body::Content(content)),
            Err(_) => Ok(Body::Wrong(path, "Input should be a valid string or list")),
        },
        "\"base64\"" if is_string && is_pdf(fields) => unescape::text(needed.get()).map(Body::Pdf),
        _ if is_string => Ok(Body::Other),
        _ => Ok(Body::Wrong(path, "Input should be a valid string")),
    }
}

fn is_pdf(fields: &Fields<'_>) -> bool {
    fields
        .media_type
        .is_some_and(|kind| kind.get() == "\"application/pdf\"")
}
