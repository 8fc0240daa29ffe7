//! The content of a chat message, and the blocks of Anthropic that it means.

use serde_json::{Value, json};

use crate::request::ApiError;

/// A message's content as blocks. Empty texts are left out, and so are audio and files, which the
/// dialect drops.
pub(super) fn blocks(content: &Value, index: usize) -> Result<Vec<Value>, ApiError> {
    let text = |text: &str| (!text.is_empty()).then(|| json!({ "type": "text", "text": text }));
    let wrong = || {
        ApiError::invalid(format!(
            "messages.{index}.content: Input should be a valid string or list of parts"
        ))
    };
    match content {
        Value::Null => Ok(vec![]),
        Value::String(content) => Ok(text(content).into_iter().collect()),
        Value::Array(parts) => {
            let mut blocks = Vec::new();
            for part in parts {
                let field = |name: &str| part[name].as_str().ok_or_else(wrong);
                match field("type")? {
                    "text" => blocks.extend(text(field("text")?)),
                    "refusal" => blocks.extend(text(field("refusal")?)),
                    "image_url" => blocks.push(image(part).ok_or_else(wrong)?),
                    "input_audio" | "file" => {}
                    _ => return Err(wrong()),
                }
            }
            Ok(blocks)
        }
        _ => Err(wrong()),
    }
}

fn image(part: &Value) -> Option<Value> {
    let url = part["image_url"]["url"].as_str()?;
    let inline = url.strip_prefix("data:").and_then(|rest| {
        let (media_type, data) = rest.split_once(";base64,")?;
        Some(json!({ "type": "base64", "media_type": media_type, "data": data }))
    });
    let source = inline.unwrap_or_else(|| json!({ "type": "url", "url": url }));
    Some(json!({ "type": "image", "source": source }))
}
