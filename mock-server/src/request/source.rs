//! Where the content of a document or an image comes from.

use std::borrow::Cow;

use serde::de::Deserializer;
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use super::content::Content;
use super::unescape;

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
    /// Anything that is no text: an image, a PDF, an address, a file.
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
    url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    file_id: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Source<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let body = match serde_json::from_str::<Fields<'a>>(raw) {
            Ok(fields) => read(&fields).map_err(de::Error::custom)?,
            Err(_) => Body::Wrong("", "Input should be a valid dictionary"),
        };
        Ok(Self { raw, body })
    }
}

fn read<'a>(fields: &Fields<'a>) -> serde_json::Result<Body<'a>> {
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
        _ if is_string => Ok(Body::Other),
        _ => Ok(Body::Wrong(path, "Input should be a valid string")),
    }
}
