//! The Files API: upload, list, show, delete, and blocks that name a file by its id.

use bytes::Bytes;
use http::Request;
use mock_claude::MockClaude;
use serde_json::{Value, json};

use crate::support::{Answer, MODEL, SOURCE, call, config, mock, send};

/// Uploads `bytes` as `name`, with another field if there is one.
pub(crate) async fn upload(
    mock: &MockClaude,
    name: &str,
    kind: &str,
    bytes: &[u8],
    more: &str,
) -> Answer {
    let mut form = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: {kind}\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(bytes);
    form.extend_from_slice(format!("\r\n{more}--xyz--\r\n").as_bytes());
    let request = Request::post("/v1/files")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .header("content-type", "multipart/form-data; boundary=xyz")
        .body(Bytes::from(form))
        .unwrap();
    send(mock, request).await.unwrap()
}

async fn id_of(mock: &MockClaude, name: &str, kind: &str, bytes: &[u8]) -> String {
    let file = upload(mock, name, kind, bytes, "").await.json();
    file["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{file}"))
        .to_owned()
}

fn prompt(source: &Value) -> Value {
    let block = json!({ "type": "document", "source": source });
    json!({ "model": MODEL, "max_tokens": 1000,
            "messages": [{ "role": "user", "content": [block] }] })
}

fn named(id: &str) -> Value {
    json!({ "type": "file", "file_id": id })
}

async fn counted(mock: &MockClaude, prompt: &Value) -> Value {
    let mut prompt = prompt.clone();
    prompt.as_object_mut().unwrap().remove("max_tokens");
    let path = "/v1/messages/count_tokens";
    call(mock, "POST", path, &prompt).await.json()["input_tokens"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_file_is_uploaded_listed_shown_and_deleted() {
    let mock = mock(config());
    let file = upload(&mock, "dir/notes.txt", "text/plain", b"hello", "")
        .await
        .json();
    assert_eq!(file["filename"], "notes.txt");
    assert_eq!(
        (&file["size_bytes"], &file["type"]),
        (&json!(5), &json!("file"))
    );
    let id = file["id"].as_str().unwrap();
    assert!(id.starts_with("file_011C"));
    let path = format!("/v1/files/{id}");
    assert_eq!(call(&mock, "GET", &path, &json!({})).await.json(), file);
    let second = id_of(&mock, "", "application/pdf", b"%PDF").await;
    let page = call(&mock, "GET", "/v1/files?limit=1", &json!({}))
        .await
        .json();
    assert_eq!(page["data"][0]["id"], second);
    assert_eq!(page["data"][0]["filename"], "unnamed.pdf");
    let next = format!(
        "/v1/files?limit=1&page={}",
        page["next_page"].as_str().unwrap()
    );
    let page = call(&mock, "GET", &next, &json!({})).await.json();
    assert_eq!(
        (&page["data"][0]["id"], &page["next_page"]),
        (&json!(id), &Value::Null)
    );
    let read = call(&mock, "GET", &format!("{path}/content"), &json!({})).await;
    assert_eq!(read.status.as_u16(), 400, "{}", read.text);
    let gone = call(&mock, "DELETE", &path, &json!({})).await.json();
    assert_eq!(gone["type"], "file_deleted");
    assert_eq!(
        call(&mock, "GET", &path, &json!({})).await.status.as_u16(),
        404
    );
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_names_a_file_is_read_and_counted_as_one_that_holds_it() {
    let mock = mock(config());
    let id = id_of(&mock, "code.txt", "text/plain", SOURCE.as_bytes()).await;
    let inline = json!({ "type": "text", "media_type": "text/plain", "data": SOURCE });
    let named = prompt(&named(&id));
    assert_eq!(
        counted(&mock, &named).await,
        counted(&mock, &prompt(&inline)).await
    );
    let answer = call(&mock, "POST", "/v1/messages", &named).await.json();
    let text = answer["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("ref:parse:"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_pdf_counts_by_its_pages() {
    let mock = mock(config());
    let tokens = async |pages: usize| {
        let pdf = format!("%PDF-1.4\n{}", "<</Type /Page>>\n".repeat(pages));
        let id = id_of(&mock, "a.pdf", "application/pdf", pdf.as_bytes()).await;
        counted(&mock, &prompt(&named(&id))).await.as_u64().unwrap()
    };
    let (one, three) = (tokens(1).await, tokens(3).await);
    assert_eq!(three - one, 2 * 3_000);
}

#[tokio::test(start_paused = true)]
async fn batches_may_name_files_too_and_files_expire() {
    let mock = mock(config());
    let lifetime =
        "--xyz\r\nContent-Disposition: form-data; name=\"expires_in_seconds\"\r\n\r\n3600\r\n";
    let file = upload(&mock, "c.txt", "text/plain", SOURCE.as_bytes(), lifetime)
        .await
        .json();
    assert!(file["expires_at"].is_string(), "{file}");
    let named = prompt(&named(file["id"].as_str().unwrap()));
    let requests = json!({ "requests": [{ "custom_id": "a", "params": named }] });
    let batch = call(&mock, "POST", "/v1/messages/batches", &requests)
        .await
        .json();
    assert_eq!(batch["request_counts"]["errored"], 0, "{batch}");
    tokio::time::sleep(std::time::Duration::from_secs(3_601)).await;
    let answer = call(&mock, "POST", "/v1/messages", &named).await;
    assert_eq!(answer.status.as_u16(), 404, "{}", answer.text);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_file_or_does_not_fit_its_block_is_refused() {
    let mock = mock(config());
    let csv = id_of(&mock, "a.csv", "text/csv", b"a,b").await;
    let refused = call(&mock, "POST", "/v1/messages", &prompt(&named(&csv))).await;
    assert!(
        refused
            .text
            .contains("messages.0.content.0.source: Invalid file type"),
        "{}",
        refused.text
    );
    let unknown = call(&mock, "POST", "/v1/messages", &prompt(&named("file_none"))).await;
    assert_eq!(unknown.status.as_u16(), 404);
    for (name, kind, more) in [
        ("a\u{7}.txt", "text/plain", ""),
        (
            "a.txt",
            "text/plain",
            "--xyz\r\nContent-Disposition: form-data; name=\"expires_in_seconds\"\r\n\r\n5\r\n",
        ),
    ] {
        let refused = upload(&mock, name, kind, b"x", more).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
    }
    for body in ["", "{}", "--xyz"] {
        let request = Request::post("/v1/files")
            .header("x-api-key", "key")
            .header("anthropic-version", "2023-06-01")
            .header("content-type", "multipart/form-data; boundary=xyz")
            .body(Bytes::from(body))
            .unwrap();
        assert_eq!(
            send(&mock, request).await.unwrap().status.as_u16(),
            400,
            "{body}"
        );
    }
    assert_eq!(
        call(&mock, "PUT", "/v1/files", &json!({}))
            .await
            .status
            .as_u16(),
        405
    );
}
