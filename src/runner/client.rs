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

use super::connect::{Connection, Server};
use super::error::RunError;
use super::pool::{Permit, Pool};
use super::target::RequestResult;
use crate::contract::limits::{MAX_ANSWER, POLL_EVERY};
use crate::contract::{self, REQUEST_HEADER};

/// A client of one service.
pub(super) struct Client {
    pool: Pool,
    url: reqwest::Url,
    path: Uri,
    host: HeaderValue,
    timeout: Duration,
    timeline: Timeline,
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
    pub(super) async fn permit(&self) -> Permit {
        self.pool.permit().await
    }

    /// Asks for documentation with `body`, an `Ask` in JSON, as request number `index`.
    pub(super) async fn document(&self, permit: Permit, index: u64, body: Bytes) -> RequestResult {
        let asked = self
            .timeline
            .timeout(self.timeout, self.ask(permit, index, body))
            .await;
        match asked {
            Some(Ok(answer) | Err(answer)) => answer,
            None => RequestResult::unreachable(format!(
                "no answer within {} s",
                self.timeout.as_secs_f64()
            )),
        }
    }

    async fn ask(
        &self,
        permit: Permit,
        index: u64,
        body: Bytes,
    ) -> Result<RequestResult, RequestResult> {
        let mut request = self.request(self.path.clone(), body);
        *request.method_mut() = http::Method::POST;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(REQUEST_HEADER, HeaderValue::from(index));
        let (response, connection) = self.send(permit, request).await?;
        let job = match response.status().as_u16() {
            202 => self.job(&response)?,
            _ => return Ok(self.whole(response, connection).await?.read()),
        };
        self.whole(response, connection).await?;
        self.poll(job).await
    }

    fn request(&self, path: Uri, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.uri_mut() = path;
        request.headers_mut().insert(HOST, self.host.clone());
        request
    }

    async fn send(
        &self,
        permit: Permit,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), RequestResult> {
        let sent = self.pool.send(permit, request).await;
        sent.map_err(|error| no_answer(&*error))
    }

    /// An answer, if it arrives whole.
    async fn whole(
        &self,
        response: Response<Incoming>,
        connection: Connection,
    ) -> Result<Whole, RequestResult> {
        let status = response.status().as_u16();
        let location = location(&response).map(str::to_owned);
        match Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
        {
            Ok(body) => {
                self.pool.keep(connection);
                Ok(Whole {
                    status,
                    location,
                    body: body.to_bytes(),
                })
            }
            Err(error) if error.is::<LengthLimitError>() => Err(RequestResult::unusable(
                status,
                &format!("an answer of more than {} MB", MAX_ANSWER >> 20),
            )),
            Err(error) => Err(no_answer(&*error)),
        }
    }

    /// Where the job is asked for.
    fn job(&self, response: &Response<Incoming>) -> Result<Uri, RequestResult> {
        let url = contract::job_url(&self.url, location(response));
        let path = url.and_then(|url| path(&url).map_err(|error| error.to_string()));
        path.map_err(|why| RequestResult::unusable(202, &why))
    }

    async fn poll(&self, job: Uri) -> Result<RequestResult, RequestResult> {
        loop {
            let request = self.request(job.clone(), Bytes::new());
            let (response, connection) = self.send(self.permit().await, request).await?;
            let answer = self.whole(response, connection).await?;
            if contract::ended(answer.status, &answer.body) {
                return Ok(answer.read());
            }
            self.timeline.sleep(POLL_EVERY).await;
        }
    }
}

/// An answer that arrived whole.
struct Whole {
    status: u16,
    location: Option<String>,
    body: Bytes,
}

impl Whole {
    /// What it is to a load. Nobody looks for proofs in the text of a foreign service.
    fn read(&self) -> RequestResult {
        let reading = contract::read(self.status, self.location.as_deref(), &self.body);
        let told = reading.told();
        RequestResult {
            documentation: None,
            ..RequestResult::read(reading, &told)
        }
    }
}

fn location(response: &Response<Incoming>) -> Option<&str> {
    let location = response.headers().get(LOCATION)?;
    location.to_str().ok()
}

/// The path and query of `url`, which is all that a server wants to hear of it.
fn path(url: &reqwest::Url) -> Result<Uri, http::uri::InvalidUri> {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()).parse(),
        None => url.path().parse(),
    }
}

/// What the service did not do, unless it was this process that could not even ask: a request that
/// found no free socket here was never sent, and says nothing of the service.
fn no_answer(error: &(dyn Error + 'static)) -> RequestResult {
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
        return RequestResult {
            error: Some(format!("not sent, no socket was free here: {cause}")),
            ..RequestResult::dropped()
        };
    }
    RequestResult::unreachable(format!("no answer: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Ending;

    #[test]
    fn a_request_that_found_no_socket_here_was_never_sent() {
        let full = std::io::Error::from_raw_os_error(Errno::MFILE.raw_os_error());
        assert_eq!(no_answer(&full).ending, Ending::Dropped);
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(no_answer(&refused).ending, Ending::Unreachable);
    }
}
