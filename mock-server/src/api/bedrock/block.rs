//! Content blocks as `Converse` takes them, and the blocks of Anthropic that they mean.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::request::ApiError;

use super::error::validation;

/// A block: an object with one member, which names its kind.
pub(super) type Block = Map<String, Value>;

/// How long to keep a prefix of the prompt in the cache.
#[derive(Debug, Deserialize)]
pub(super) struct CachePoint {
    ttl: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse {
    tool_use_id: String,
    name: String,
    input: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult {
    tool_use_id: String,
    content: Vec<Block>,
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Image {
    format: String,
    source: Source,
}

#[derive(Debug, Deserialize)]
struct Document {
    format: Option<String>,
    name: String,
    source: Source,
}

/// Where an image or a document is; exactly one of them.
#[derive(Debug, Deserialize)]
struct Source {
    /// In base 64.
    bytes: Option<String>,
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Reasoning {
    ReasoningText {
        text: String,
        signature: Option<String>,
    },
    RedactedContent(String),
}

/// The blocks of Anthropic that `blocks` mean; `at` is where they stand.
pub(super) fn blocks(blocks: &[Block], at: &str) -> Result<Vec<Value>, ApiError> {
    let mut written: Vec<Value> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("{at}.{index}");
        let mut members = block.iter().filter(|(_, value)| !value.is_null());
        let (Some((kind, value)), None) = (members.next(), members.next()) else {
            return Err(validation(&format!(
                "{at}: a content block must have exactly one member"
            )));
        };
        match kind.as_str() {
            "cachePoint" => cache(written.last_mut(), &read(value, &at)?),
            _ => written.push(translate(kind, value, &at)?),
        }
    }
    Ok(written)
}

/// Ends a cached prefix with `last`.
pub(super) fn cache(last: Option<&mut Value>, point: &CachePoint) {
    let Some(last) = last else { return };
    last["cache_control"] = match &point.ttl {
        None => json!({ "type": "ephemeral" }),
        Some(ttl) => json!({ "type": "ephemeral", "ttl": ttl }),
    };
}

fn translate(kind: &str, value: &Value, at: &str) -> Result<Value, ApiError> {
    let text = |text: &Value| json!({ "type": "text", "text": text });
    match kind {
        "text" => Ok(text(value)),
        // As a block of a tool's result.
        "json" => Ok(text(&Value::from(value.to_string()))),
        "guardContent" => Ok(text(&value["text"]["text"])),
        "image" => image(&read(value, at)?, at),
        "document" => document(&read(value, at)?, at),
        "toolUse" => {
            let tool: ToolUse = read(value, at)?;
            let (id, name) = (tool.tool_use_id, tool.name);
            Ok(json!({ "type": "tool_use", "id": id, "name": name, "input": tool.input }))
        }
        "toolResult" => {
            let result: ToolResult = read(value, at)?;
            let content = blocks(&result.content, &format!("{at}.toolResult.content"))?;
            let id = result.tool_use_id;
            let mut written =
                json!({ "type": "tool_result", "tool_use_id": id, "content": content });
            if result.status.as_deref() == Some("error") {
                written["is_error"] = json!(true);
            }
            Ok(written)
        }
        "reasoningContent" => Ok(match read(value, at)? {
            Reasoning::ReasoningText { text, signature } => json!({
                "type": "thinking", "thinking": text, "signature": signature.unwrap_or_default(),
            }),
            Reasoning::RedactedContent(data) => {
                json!({ "type": "redacted_thinking", "data": data })
            }
        }),
        "video" | "audio" | "searchResult" | "citationsContent" | "toolAddition"
        | "toolRemoval" => Err(validation(&format!(
            "{at}: This model doesn't support the {kind} content block that you provided. Retry \
             your request without it."
        ))),
        _ => Err(validation(&format!("{at}: unknown content block {kind}"))),
    }
}

fn read<'v, T: Deserialize<'v>>(value: &'v Value, at: &str) -> Result<T, ApiError> {
    T::deserialize(value).map_err(|error| validation(&format!("{at}: {error}")))
}

fn image(image: &Image, at: &str) -> Result<Value, ApiError> {
    let media_type = format!("image/{}", image.format);
    let data = bytes(&image.source, at)?;
    let source = json!({ "type": "base64", "media_type": media_type, "data": data });
    Ok(json!({ "type": "image", "source": source }))
}

/// A document; Amazon turns office formats into text, which the mock cannot.
fn document(document: &Document, at: &str) -> Result<Value, ApiError> {
    let format = document.format.as_deref().unwrap_or("txt");
    let source = match (&document.source.text, format) {
        (Some(text), _) => plain(text),
        (None, "pdf") => json!({
            "type": "base64",
            "media_type": "application/pdf",
            "data": bytes(&document.source, at)?,
        }),
        (None, "txt" | "md" | "csv" | "html") => {
            let text = BASE64_STANDARD.decode(bytes(&document.source, at)?).ok();
            let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
            plain(&text.ok_or_else(|| validation(&format!("{at}: the document is no text")))?)
        }
        (None, _) => {
            return Err(validation(&format!(
                "{at}: documents in the format {format} cannot be read here"
            )));
        }
    };
    Ok(json!({ "type": "document", "title": document.name, "source": source }))
}

fn plain(text: &str) -> Value {
    json!({ "type": "text", "media_type": "text/plain", "data": text })
}

fn bytes<'s>(source: &'s Source, at: &str) -> Result<&'s str, ApiError> {
    source.bytes.as_deref().ok_or_else(|| {
        validation(&format!(
            "{at}: the source must hold bytes; no other place can be read here"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(block: &Value) -> Result<Value, ApiError> {
        let block = block.as_object().cloned().unwrap_or_default();
        blocks(&[block], "at").map(|mut blocks| blocks.remove(0))
    }

    #[test]
    fn images_documents_and_thinking_become_anthropics() {
        let image = json!({ "image": { "format": "png", "source": { "bytes": "AA==" } } });
        assert_eq!(meant(&image).unwrap()["source"]["media_type"], "image/png");
        let notes =
            json!({ "document": { "format": "md", "name": "n", "source": { "bytes": "aGk=" } } });
        assert_eq!(meant(&notes).unwrap()["source"]["data"], "hi");
        let pdf =
            json!({ "document": { "format": "pdf", "name": "n", "source": { "bytes": "aGk=" } } });
        assert_eq!(meant(&pdf).unwrap()["source"]["type"], "base64");
        let thought =
            json!({ "reasoningContent": { "reasoningText": { "text": "t", "signature": "s" } } });
        let thinking = json!({ "type": "thinking", "thinking": "t", "signature": "s" });
        assert_eq!(meant(&thought), Ok(thinking));
    }

    #[test]
    fn blocks_that_cannot_be_read_are_refused_by_their_place() {
        for block in [
            json!({}),
            json!({ "text": "a", "image": {} }),
            json!({ "video": {} }),
            json!({ "nothing": {} }),
            json!({ "image": { "format": "png", "source": { "s3Location": { "uri": "s3://b" } } } }),
            json!({ "document": { "format": "docx", "name": "n", "source": { "bytes": "aGk=" } } }),
            json!({ "toolUse": { "name": "f" } }),
        ] {
            let error = meant(&block).unwrap_err();
            assert!(error.message.starts_with("at.0: "), "{}", error.message);
        }
    }
}
