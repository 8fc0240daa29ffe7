//! Message Batches: many questions at once, answered within a day at half the price.

use std::pin::pin;

use bytes::Bytes;
use http::{Method, Request, Uri};
use serde::{Deserialize, Serialize};

use super::{Ask, CallError, Claude, Message, RateLimits, StatusCode, check_size, wire};
use crate::transport::{CallTag, Response, SendError};

/// These calls belong to no request of the service.
const TAG: CallTag = CallTag {
    request: u64::MAX,
    call: 0,
    attempt: 0,
};

/// A batch that the API has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its id, `msgbatch_…`.
    pub id: String,
    /// Whether all its results are there.
    pub ended: bool,
    /// How many questions it holds.
    pub questions: usize,
}

/// What came of one question of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The name under which it was asked.
    pub name: String,
    /// The answer, or why there is none.
    pub outcome: Result<Message, ItemError>,
}

/// Why a question of a batch has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ItemError {
    /// The API refused it.
    #[error(transparent)]
    Errored(#[from] CallError),
    /// The day was over before its turn.
    #[error("the batch expired before this was answered")]
    Expired,
    /// The batch was cancelled before its turn.
    #[error("the batch was cancelled before this was answered")]
    Canceled,
    /// The result is of a kind that this program does not know.
    #[error("the result `{name}` is of the unknown kind `{kind}`")]
    Unknown {
        /// The name under which it was asked.
        name: String,
        /// What the API calls it.
        kind: String,
    },
}

/// What a file of results held that is no result.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Lines that could not be read.
    pub lines: u64,
    /// What was wrong with the first of them.
    pub why: Option<String>,
}

#[derive(Serialize)]
struct Create<'a> {
    requests: Vec<NamedRequest<'a>>,
}

#[derive(Serialize)]
struct NamedRequest<'a> {
    custom_id: &'a str,
    params: wire::Body<'a>,
}

#[derive(Deserialize)]
struct BatchWire {
    id: String,
    processing_status: String,
    request_counts: Counts,
}

#[derive(Deserialize)]
struct Counts {
    processing: usize,
    succeeded: usize,
    errored: usize,
    canceled: usize,
    expired: usize,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<BatchWire>,
}

impl Claude {
    /// Hands in `questions`, each with a name of its own of at most 64 letters.
    ///
    /// # Errors
    /// [`CallError`] when the API does not take them.
    pub async fn create_batch(&self, questions: &[(String, Ask)]) -> Result<Batch, CallError> {
        let requests = questions.iter().map(|(name, ask)| NamedRequest {
            custom_id: name,
            params: wire::Body::of(ask),
        });
        let requests = requests.collect();
        let body =
            serde_json::to_vec(&Create { requests }).expect("strings and numbers always serialize");
        let body = self
            .whole(Method::POST, "/v1/messages/batches", body)
            .await?;
        read::<BatchWire>(&body).map(Batch::from)
    }

    /// How far the batch `id` is.
    ///
    /// # Errors
    /// [`CallError`] when the API does not tell.
    pub async fn batch(&self, id: &str) -> Result<Batch, CallError> {
        let path = format!("/v1/messages/batches/{id}");
        let body = self.whole(Method::GET, &path, Vec::new()).await?;
        read::<BatchWire>(&body).map(Batch::from)
    }

    /// The latest batches of this key's workspace, the youngest first.
    ///
    /// # Errors
    /// [`CallError`] when the API does not tell.
    pub async fn batches(&self) -> Result<Vec<Batch>, CallError> {
        let body = self
            .whole(Method::GET, "/v1/messages/batches?limit=20", Vec::new())
            .await?;
        Ok(read::<Page>(&body)?
            .data
            .into_iter()
            .map(Batch::from)
            .collect())
    }

    /// Gives every result of the batch `id` to `each`, in the order of the API, which is none. A
    /// line that is no result does not stop the others; it is counted.
    ///
    /// # Errors
    /// [`CallError`] when they did not all come; those that did are given.
    pub async fn batch_results(
        &self,
        id: &str,
        mut each: impl FnMut(Item),
    ) -> Result<Unread, CallError> {
        // By our own address: a link in the answer might lead the key somewhere else.
        let path = format!("/v1/messages/batches/{id}/results");
        let mut response = self.open(Method::GET, &path, Vec::new()).await?;
        let (mut line, mut unread) = (Vec::new(), Unread::default());
        while let Some(piece) = self.next(&mut response).await? {
            for part in piece.split_inclusive(|byte| *byte == b'\n') {
                line.extend_from_slice(part);
                check_size(line.len())?;
                if line.ends_with(b"\n") {
                    match item(&line) {
                        Ok(item) => item.into_iter().for_each(&mut each),
                        Err(error) => {
                            unread.lines += 1;
                            unread.why.get_or_insert(error.to_string());
                        }
                    }
                    line.clear();
                }
            }
        }
        // A last line without its end may have been cut.
        let last = item(&line).map_err(|_| CallError::Cut)?;
        last.into_iter().for_each(&mut each);
        Ok(unread)
    }

    async fn whole(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Bytes, CallError> {
        let mut response = self.open(method, path, body).await?;
        self.read_all(&mut response).await
    }

    /// Sends and waits for a head that says that all is well.
    async fn open(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Response, CallError> {
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| CallError::Malformed {
            what: format!("`{path}` is no path; the id of a batch is letters and digits"),
        })?;
        request.headers_mut().clone_from(&self.headers);
        let mut response = self
            .wait(pin!(self.transport.send(TAG, request)))
            .await?
            .map_err(|error| match error {
                SendError::Reset => CallError::Reset,
                SendError::Unreachable => CallError::Unreachable,
            })?;
        if response.status == StatusCode::OK {
            return Ok(response);
        }
        let limits = RateLimits::from_headers(&response.headers);
        let body = self.read_all(&mut response).await?;
        let heard = wire::Heard {
            limits,
            unix_s: self.unix_s(),
        };
        Err(wire::api_error(
            response.status,
            &response.headers,
            &body,
            heard,
        ))
    }
}

impl From<BatchWire> for Batch {
    fn from(wire: BatchWire) -> Self {
        let Counts {
            processing,
            succeeded,
            errored,
            canceled,
            expired,
        } = wire.request_counts;
        Self {
            id: wire.id,
            ended: wire.processing_status == "ended",
            questions: processing + succeeded + errored + canceled + expired,
        }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| CallError::Malformed {
        what: error.to_string(),
    })
}

#[derive(Deserialize)]
struct Line<'a> {
    custom_id: String,
    #[serde(borrow)]
    result: ResultWire<'a>,
}

#[derive(Deserialize)]
struct ResultWire<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    message: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow)]
    error: Option<&'a serde_json::value::RawValue>,
}

/// Reads one line of results; an empty one holds none.
fn item(line: &[u8]) -> Result<Option<Item>, CallError> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let Line { custom_id, result } = read(line)?;
    let missing = |what: &str| CallError::Malformed {
        what: format!("the result `{custom_id}` has no {what}"),
    };
    let outcome = match result.kind.as_str() {
        "succeeded" => {
            let message = result.message.ok_or_else(|| missing("message"))?;
            Ok(wire::message(message.get().as_bytes())?)
        }
        "errored" => {
            let error = result.error.ok_or_else(|| missing("error"))?;
            Err(ItemError::Errored(wire::item_error(error.get().as_bytes())))
        }
        "expired" => Err(ItemError::Expired),
        "canceled" => Err(ItemError::Canceled),
        other => Err(ItemError::Unknown {
            name: custom_id.clone(),
            kind: other.to_owned(),
        }),
    };
    Ok(Some(Item {
        name: custom_id,
        outcome,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claude::StopReason;

    fn outcome(result: &str) -> Result<Message, ItemError> {
        let line = format!("{{\"custom_id\":\"a\",\"result\":{result}}}\n");
        item(line.as_bytes()).unwrap().unwrap().outcome
    }

    #[test]
    fn every_kind_of_result_is_told_apart() {
        let message = outcome(
            r#"{"type":"succeeded","message":{"type":"message","content":[{"type":"text","text":"hi"}],
               "stop_reason":"max_tokens","usage":{"input_tokens":3,"output_tokens":2}}}"#,
        )
        .unwrap();
        assert_eq!(
            (message.text.as_str(), &message.stop_reason),
            ("hi", &StopReason::MaxTokens)
        );
        assert_eq!(outcome(r#"{"type":"expired"}"#), Err(ItemError::Expired));
        assert_eq!(outcome(r#"{"type":"canceled"}"#), Err(ItemError::Canceled));
        let errored = |kind: &str| {
            let error = format!(
                r#"{{"type":"errored","error":{{"type":"error","error":{{"type":"{kind}","message":"no"}}}}}}"#
            );
            match outcome(&error).unwrap_err() {
                ItemError::Errored(error) => error,
                other => panic!("{other}"),
            }
        };
        assert!(!errored("invalid_request_error").is_transient());
        assert!(errored("overloaded_error").is_transient());
        assert!(errored("api_error").is_transient());
    }

    #[test]
    fn results_that_are_none_are_named() {
        let error = outcome(r#"{"type":"lost"}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`a` is of the unknown kind `lost`"),
            "{error}"
        );
        assert_eq!(item(b" \r\n"), Ok(None));
    }
}
