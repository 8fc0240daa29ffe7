//! The Files API: files uploaded once, listed, read, deleted, and named in blocks by their id.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use ground::timeline::Timeline;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use memchr::memmem;
use serde_json::{Value, json};
use std::borrow::Cow;

use crate::reply::ids;
use crate::request::ApiError;
use crate::state::{Attempt, File, rfc3339};

use super::{models, multipart};

/// Most bytes of a file.
pub(super) const MAX_FILE_BYTES: usize = 500 << 20;

/// Seconds for which a file may be kept: an hour to ninety days.
const LIFETIMES_S: std::ops::RangeInclusive<u64> = 3_600..=7_776_000;

/// `POST /v1/files`.
pub(super) fn upload(
    body: &Bytes,
    headers: &HeaderMap,
    attempt: &Attempt,
) -> Result<Bytes, ApiError> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let fields = multipart::fields(kind.unwrap_or(""), body)
        .ok_or_else(|| ApiError::invalid("Expected multipart form data with a field `file`"))?;
    let field = |name: &str| fields.iter().find(|field| field.name == name);
    let sent = field("file").ok_or_else(|| ApiError::invalid("file: Field required"))?;
    let media_type = sent.media_type.unwrap_or("application/octet-stream");
    let timeline = attempt.shared.timeline();
    let created = timeline.now();
    let lifetime = field("expires_in_seconds").map(|field| lifetime(field.value));
    let file = File {
        id: ids::file(attempt.row.bits),
        name: name(sent.file_name.as_deref().unwrap_or(""), media_type)?,
        media_type: media_type.to_owned(),
        bytes: body.slice_ref(sent.value),
        created,
        expires: lifetime.transpose()?.map(|lifetime| created + lifetime),
    };
    let told = describe(&file, &timeline);
    let kept = attempt.shared.state().files.add(file);
    kept.map_err(|_| ApiError::invalid("Exceeding organization storage limit"))?;
    Ok(Bytes::from(told.to_string()))
}

/// The last part of a path, as the API keeps it.
fn name(sent: &str, media_type: &str) -> Result<String, ApiError> {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or("");
    let extension = match media_type {
        "text/plain" => ".txt",
        "application/pdf" => ".pdf",
        _ => "",
    };
    let is_forbidden = |c: char| c.is_control() || "<>:\"|?*".contains(c);
    match last {
        "" => Ok(format!("unnamed{extension}")),
        _ if last.chars().count() > 255 || last.contains(is_forbidden) => Err(ApiError::invalid(
            "file: Invalid filename: 1 to 255 characters, none of <, >, :, \", |, ?, * and controls",
        )),
        _ => Ok(last.to_owned()),
    }
}

fn lifetime(value: &[u8]) -> Result<Duration, ApiError> {
    let seconds = std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok());
    match seconds.filter(|seconds| LIFETIMES_S.contains(seconds)) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err(ApiError::invalid(format!(
            "expires_in_seconds: Input should be between {} and {}",
            LIFETIMES_S.start(),
            LIFETIMES_S.end()
        ))),
    }
}

/// `GET /v1/files` with its query string.
pub(super) fn list(attempt: &Attempt, query: &str) -> Result<Bytes, ApiError> {
    let timeline = attempt.shared.timeline();
    let state = attempt.shared.state();
    let files = state.files.newest_first(timeline.now());
    let all: Vec<Value> = files.map(|file| describe(file, &timeline)).collect();
    drop(state);
    // The cursor is the id after which a page begins.
    let query = query.replace("page=page_", "after_id=");
    let mut page = models::page(&all, &query)?;
    page["next_page"] = match (&page["has_more"], page["last_id"].as_str()) {
        (Value::Bool(true), Some(id)) => Value::from(format!("page_{id}")),
        _ => Value::Null,
    };
    Ok(Bytes::from(page.to_string()))
}

/// `GET /v1/files/{id}`.
pub(super) fn show(attempt: &Attempt, id: &str) -> Result<Bytes, ApiError> {
    let timeline = attempt.shared.timeline();
    let state = attempt.shared.state();
    let file = state
        .files
        .get(id, timeline.now())
        .ok_or_else(|| unknown(id))?;
    Ok(Bytes::from(describe(file, &timeline).to_string()))
}

/// `GET /v1/files/{id}/content`: only files that tools have made can be read back.
pub(super) fn content(attempt: &Attempt, id: &str) -> Result<Bytes, ApiError> {
    show(attempt, id)?;
    Err(ApiError::invalid(format!(
        "File `{id}` is not downloadable"
    )))
}

/// `DELETE /v1/files/{id}`.
pub(super) fn delete(attempt: &Attempt, id: &str) -> Result<Bytes, ApiError> {
    show(attempt, id)?;
    attempt.shared.state().files.remove(id);
    let told = json!({ "id": id, "type": "file_deleted" });
    Ok(Bytes::from(told.to_string()))
}

fn describe(file: &File, timeline: &Timeline) -> Value {
    let moment = |at: Duration| rfc3339(timeline.unix_s(at));
    json!({
        "id": file.id,
        "type": "file",
        "filename": file.name,
        "mime_type": file.media_type,
        "size_bytes": file.bytes.len(),
        "created_at": moment(file.created),
        "expires_at": file.expires.map(moment),
        "downloadable": false,
    })
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("File not found: {id}"))
}

/// `body` with the content of each file in the place of its id, so that a prompt is read and counted
/// as if it had brought the file along.
pub(super) fn inlined<'b>(body: &'b [u8], attempt: &Attempt) -> Result<Cow<'b, [u8]>, ApiError> {
    if memmem::find(body, b"\"file_id\"").is_none() {
        return Ok(Cow::Borrowed(body));
    }
    // What is no JSON is refused where it is read.
    let Ok(mut request) = serde_json::from_slice::<Value>(body) else {
        return Ok(Cow::Borrowed(body));
    };
    inline(&mut request, "", attempt)?;
    Ok(Cow::Owned(request.to_string().into_bytes()))
}

fn inline(value: &mut Value, path: &str, attempt: &Attempt) -> Result<(), ApiError> {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    };
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                inline(item, &below(&i.to_string()), attempt)?;
            }
        }
        Value::Object(block) => {
            let kind = block.get("type").and_then(Value::as_str).map(str::to_owned);
            let source = block
                .get("source")
                .filter(|source| source["type"] == "file");
            let id = source.and_then(|source| source["file_id"].as_str());
            if let (Some(kind), Some(id)) = (kind, id) {
                let source = source_of(&kind, id, &below("source"), attempt)?;
                block.insert("source".to_owned(), source);
                return Ok(());
            }
            // What a tool is given is the client's own affair.
            for (key, item) in block.iter_mut().filter(|(key, _)| *key != "input") {
                inline(item, &below(key), attempt)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The file `id` as the source of a block of this kind.
fn source_of(kind: &str, id: &str, path: &str, attempt: &Attempt) -> Result<Value, ApiError> {
    let now = attempt.shared.timeline().now();
    let state = attempt.shared.state();
    let file = state.files.get(id, now).ok_or_else(|| unknown(id))?;
    let media_type = file.media_type.as_str();
    let data = match (kind, media_type) {
        ("document", "text/plain") => String::from_utf8_lossy(&file.bytes).into_owned(),
        ("document", "application/pdf")
        | ("image", "image/jpeg" | "image/png" | "image/gif" | "image/webp") => {
            BASE64_STANDARD.encode(&file.bytes)
        }
        _ => {
            return Err(ApiError::invalid(format!(
                "{path}: Invalid file type: a {kind} block cannot hold {media_type}"
            )));
        }
    };
    let how = if media_type == "text/plain" {
        "text"
    } else {
        "base64"
    };
    Ok(json!({ "type": how, "media_type": media_type, "data": data }))
}
