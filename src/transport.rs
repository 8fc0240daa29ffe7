//! One HTTP request to the Messages API out, one watched response back: in process or over TCP.
//!
//! It never retries and never follows redirects: every attempt is the caller's, and every attempt
//! is in the [`AttemptLog`].

use std::time::Duration;

use bytes::Bytes;
use ground::usage::Usage;
use http::{HeaderMap, StatusCode};

use crate::record::AttemptEnding;

pub use attempts::AttemptLog;
pub use in_process::InProcess;

mod attempts;
mod in_process;

/// Longest wait for a TCP connection, in real time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which try of which call of which request an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallTag {
    /// Index of the request to the service.
    pub request: u64,
    /// Number of the call within that request, from 0.
    pub call: u32,
    /// Number of the try, from 0.
    pub attempt: u32,
}

/// A way to the API. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    route: Route,
    log: AttemptLog,
}

#[derive(Clone)]
enum Route {
    InProcess(InProcess),
    Tcp {
        client: reqwest::Client,
        base_url: String,
    },
}

/// Why a way to the API could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The base URL is not one.
    #[error("`{url}` is not an http or https URL; write it like `http://127.0.0.1:4010`")]
    BadUrl {
        /// What was given.
        url: String,
    },
    /// The HTTP client could not start.
    #[error("the HTTP client could not start")]
    Client(#[source] reqwest::Error),
}

/// Why no head of a response arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The connection died first.
    #[error("the connection was reset before an answer came")]
    Reset,
    /// No connection could be made.
    #[error("no connection could be made")]
    Unreachable,
}

/// The connection died inside the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection was cut in the middle of the answer")]
pub struct Cut;

/// A response whose head has arrived. Dropped before its end, the attempt counts as abandoned.
pub struct Response {
    /// Status of the head.
    pub status: StatusCode,
    /// Headers of the head.
    pub headers: HeaderMap,
    body: Body,
    watch: attempts::Watch,
}

enum Body {
    InProcess(in_process::Body),
    Tcp(reqwest::Response),
}

impl Transport {
    /// Calls `server` directly, without sockets: the route of virtual time.
    #[must_use]
    pub fn in_process(server: impl Into<InProcess>, log: AttemptLog) -> Self {
        Self {
            route: Route::InProcess(server.into()),
            log,
        }
    }

    /// Speaks HTTP/1.1 to the server at `base_url`, e.g. `http://127.0.0.1:4010`.
    ///
    /// # Errors
    /// [`TransportError`] when `base_url` is not an http URL or the client cannot start.
    pub fn tcp(base_url: &str, log: AttemptLog) -> Result<Self, TransportError> {
        let bad = || TransportError::BadUrl {
            url: base_url.to_owned(),
        };
        let url = reqwest::Url::parse(base_url).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad());
        }
        let client = client_builder(&url).connect_timeout(CONNECT_TIMEOUT);
        let client = client.build().map_err(TransportError::Client)?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self {
            route: Route::Tcp { client, base_url },
            log,
        })
    }

    /// Sends `request`, whose URI is a path, and waits for the head of the reply.
    ///
    /// # Errors
    /// [`SendError`] when no head came. An error status is a response, not an error.
    pub async fn send(
        &self,
        tag: CallTag,
        request: http::Request<Bytes>,
    ) -> Result<Response, SendError> {
        let mut watch = self.log.open(tag);
        let answered = match &self.route {
            Route::InProcess(server) => send_in_process(server, request).await,
            // Boxed, so that the many calls of virtual time need not carry its size.
            Route::Tcp { client, base_url } => Box::pin(send_tcp(client, base_url, request)).await,
        };
        match answered {
            Ok((status, headers, body)) => {
                watch.head(status.as_u16());
                Ok(Response {
                    status,
                    headers,
                    body,
                    watch,
                })
            }
            Err(error) => {
                watch.end(match error {
                    SendError::Reset => AttemptEnding::Reset,
                    SendError::Unreachable => AttemptEnding::Unreachable,
                });
                Err(error)
            }
        }
    }
}

async fn send_in_process(
    server: &InProcess,
    request: http::Request<Bytes>,
) -> Result<(StatusCode, HeaderMap, Body), SendError> {
    let response = server.answer(request).await.map_err(|_| SendError::Reset)?;
    let (head, body) = response.into_parts();
    Ok((head.status, head.headers, Body::InProcess(body)))
}

async fn send_tcp(
    client: &reqwest::Client,
    base_url: &str,
    request: http::Request<Bytes>,
) -> Result<(StatusCode, HeaderMap, Body), SendError> {
    let (head, body) = request.into_parts();
    let mut response = client
        .request(head.method, format!("{base_url}{}", head.uri))
        .headers(head.headers)
        .body(body)
        .send()
        .await
        .map_err(|error| {
            if error.is_connect() {
                SendError::Unreachable
            } else {
                SendError::Reset
            }
        })?;
    let headers = std::mem::take(response.headers_mut());
    Ok((response.status(), headers, Body::Tcp(response)))
}

/// A client for `url` that hides nothing: HTTP/1.1, no retries of its own, no redirects, no delay
/// of small packets, and no proxy on the way to this machine.
pub fn client_builder(url: &reqwest::Url) -> reqwest::ClientBuilder {
    // Another part of the process may have chosen one already; any will do.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let mut client = reqwest::Client::builder()
        .http1_only()
        .tcp_nodelay(true)
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none());
    if url.scheme() == "http" {
        // Without TLS no certificates are needed, which a bare container may not have.
        client = client.tls_certs_only([]);
    }
    if is_loopback(url.as_str()) {
        client = client.no_proxy();
    }
    client
}

/// Whether `url` names this machine.
#[must_use]
pub fn is_loopback(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl Response {
    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`Cut`] when the connection dies first.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Cut> {
        let next = match &mut self.body {
            Body::InProcess(body) => body.next().await.map_err(|_| Cut),
            Body::Tcp(response) => response.chunk().await.map_err(|_| Cut),
        };
        match next {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            Ok(None) => {
                self.watch.end(AttemptEnding::Answered);
                Ok(None)
            }
            Err(Cut) => {
                self.watch.end(AttemptEnding::Cut);
                Err(Cut)
            }
        }
    }

    /// Tells the log what a body that was read whole says was used.
    pub(crate) fn used(&self, usage: Usage) {
        self.watch.usage(usage);
    }
}
