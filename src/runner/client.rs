//! One request to a service of the contract over HTTP/1.1, and what its answer means.
//!
//! On bare hyper and not reqwest: what the driver spends on a request, it takes from the service on
//! the same machine. It follows no redirect and uses no proxy.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use ground::timeline::Timeline;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use rustix::io::Errno;
use serde::Deserialize;
use serde_json::Value;

use super::RunError;
use super::dial::{Connection, Server};
use super::pool::{Pool, Turn};
use super::target::{Answer, read_failure};
use crate::platform::http::REQUEST_HEADER;
use crate::record::Ending;

/// How often a job that was accepted with 202 is asked for.
const POLL: Duration = Duration::from_millis(200);

/// The longest answer that is read: a service that never stops must not fill the memory.
const MAX_ANSWER: usize = 64 << 20;

/// A client of one service.
pub(super) struct Client {
    pool: Pool,
    url: reqwest::Url,
    path: Uri,
    host: HeaderValue,
    timeout: Duration,
    timeline: Timeline,
}

/// What a 200 of the contract, or a job's state, may say.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    documentation: Option<String>,
    status: Option<String>,
    missing: Option<Value>,
    error: Option<Value>,
}

impl Client {
    /// A client for the service at `base`, whose path ends with `/`.
    ///
    /// # Errors
    /// When `base` is neither `http` nor `https`, or its host has no address.
    pub(super) fn new(
        base: &reqwest::Url,
        timeout: Duration,
        timeline: Timeline,
    ) -> Result<Self, RunError> {
        let wrong = |why: &dyn Error| RunError::Client(format!("`{base}`: {why}"));
        let url = base.join("document").map_err(|error| wrong(&error))?;
        let server = Server::of(&url).map_err(|error| wrong(&*error))?;
        let name = url.host_str().unwrap_or_default();
        let host = url
            .port()
            .map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self {
            pool: Pool::new(server),
            path: path(&url).map_err(|error| wrong(&error))?,
            host: host.parse().map_err(|error| wrong(&error))?,
            url,
            timeout,
            timeline,
        })
    }

    /// Waits until a request can be sent.
    pub(super) async fn turn(&self) -> Turn {
        self.pool.turn().await
    }

    /// Asks for documentation with `body`, an `Ask` in JSON, as request number `index`.
    pub(super) async fn document(&self, turn: Turn, index: u64, body: Bytes) -> Answer {
        let asked = self
            .timeline
            .timeout(self.timeout, self.ask(turn, index, body))
            .await;
        match asked {
            Some(Ok(answer) | Err(answer)) => answer,
            None => {
                Answer::unreachable(format!("no answer within {} s", self.timeout.as_secs_f64()))
            }
        }
    }

    async fn ask(&self, turn: Turn, index: u64, body: Bytes) -> Result<Answer, Answer> {
        let mut request = self.request(self.path.clone(), body);
        *request.method_mut() = http::Method::POST;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(REQUEST_HEADER, HeaderValue::from(index));
        let (response, connection) = self.send(turn, request).await?;
        if response.status() == 202 {
            let job = self.job(&response)?;
            self.whole(response, connection).await?;
            return self.poll(job).await;
        }
        let (status, body) = self.whole(response, connection).await?;
        Ok(if status == 200 {
            documented(&body)
        } else {
            read_failure(status, &body)
        })
    }

    fn request(&self, path: Uri, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.uri_mut() = path;
        request.headers_mut().insert(HOST, self.host.clone());
        request
    }

    async fn send(
        &self,
        turn: Turn,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), Answer> {
        let sent = self.pool.send(turn, request).await;
        sent.map_err(|error| no_answer(&*error))
    }

    /// The status and the body of an answer, if it arrives whole.
    async fn whole(
        &self,
        response: Response<Incoming>,
        connection: Connection,
    ) -> Result<(u16, Bytes), Answer> {
        let status = response.status().as_u16();
        match Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
        {
            Ok(body) => {
                self.pool.keep(connection);
                Ok((status, body.to_bytes()))
            }
            Err(error) if error.is::<LengthLimitError>() => Err(invalid(&format!(
                "an answer of more than {MAX_ANSWER} bytes"
            ))),
            Err(error) => Err(no_answer(&*error)),
        }
    }

    /// Where the job is asked for. It must be the same service: a load never goes elsewhere.
    fn job(&self, response: &Response<Incoming>) -> Result<Uri, Answer> {
        let location = response.headers().get(LOCATION);
        location
            .and_then(|value| value.to_str().ok())
            .and_then(|text| self.url.join(text).ok())
            .filter(|url| url.origin() == self.url.origin())
            .and_then(|url| path(&url).ok())
            .ok_or_else(|| invalid("a 202 without a `location` of the same service"))
    }

    async fn poll(&self, job: Uri) -> Result<Answer, Answer> {
        loop {
            let request = self.request(job.clone(), Bytes::new());
            let (response, connection) = self.send(self.turn().await, request).await?;
            let (status, body) = self.whole(response, connection).await?;
            if status != 200 && status != 202 {
                return Ok(read_failure(status, &body));
            }
            let said: Said = serde_json::from_slice(&body).unwrap_or_default();
            match said.status.as_deref() {
                Some("done" | "partial") => return Ok(documented(&body)),
                Some("failed") => {
                    let why = said
                        .error
                        .as_ref()
                        .and_then(|error| error["message"].as_str());
                    let why = why.unwrap_or("the job failed");
                    return Ok(Answer::failed(502, "job_failed", why));
                }
                _ => self.timeline.sleep(POLL).await,
            }
        }
    }
}

/// The path and query of `url`, which is all that a server wants to hear of it.
fn path(url: &reqwest::Url) -> Result<Uri, http::uri::InvalidUri> {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()).parse(),
        None => url.path().parse(),
    }
}

/// A 200 without documentation is no success, and one that calls itself partial is none in full.
fn documented(body: &[u8]) -> Answer {
    let said: Said = match serde_json::from_slice(body) {
        Ok(said) => said,
        Err(error) => return invalid(&format!("a 200 that is no documentation: {error}")),
    };
    let text = said.documentation.unwrap_or_default();
    if text.trim().is_empty() {
        return invalid("a 200 without documentation");
    }
    let gaps = said
        .missing
        .is_some_and(|gaps| gaps.as_array().is_some_and(|gaps| !gaps.is_empty()));
    let ending = if gaps || said.status.as_deref() == Some("partial") {
        Ending::Degraded
    } else {
        Ending::Ok
    };
    Answer {
        status: Some(200),
        ending,
        documentation: None,
        error: None,
    }
}

fn invalid(why: &str) -> Answer {
    Answer::failed(502, "invalid_answer", why)
}

/// What the service did not do, unless it was this process that could not even ask: a request that
/// found no free socket here was never sent, and says nothing of the service.
fn no_answer(error: &(dyn Error + 'static)) -> Answer {
    // The outermost text only names the stage; the innermost names the cause.
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let code = cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::raw_os_error);
    let ours = [Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL].map(Errno::raw_os_error);
    if code.is_some_and(|code| ours.contains(&code)) {
        return Answer {
            error: Some(format!("not sent, no socket was free here: {cause}")),
            ..Answer::dropped()
        };
    }
    Answer::unreachable(format!("no answer: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_200_is_documentation_only_if_it_says_something() {
        let ending = |body: &str| documented(body.as_bytes()).ending;
        assert_eq!(ending(r#"{"documentation":"words"}"#), Ending::Ok);
        let partial = r#"{"documentation":"words","status":"partial"}"#;
        assert_eq!(ending(partial), Ending::Degraded);
        let gaps = r#"{"documentation":"words","missing":["a.py"]}"#;
        assert_eq!(ending(gaps), Ending::Degraded);
        for nothing in [
            "",
            "{}",
            r#"{"documentation":" \n"}"#,
            r#"{"documentation":7}"#,
        ] {
            assert_eq!(ending(nothing), Ending::UpstreamFailed, "{nothing}");
        }
    }

    #[test]
    fn a_request_that_found_no_socket_here_was_never_sent() {
        let full = std::io::Error::from_raw_os_error(Errno::MFILE.raw_os_error());
        assert_eq!(no_answer(&full).ending, Ending::Dropped);
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(no_answer(&refused).ending, Ending::Unreachable);
    }
}
