//! HTTP/1.1 connections to one server, kept open between requests.
//!
//! A request takes an idle connection or opens one of its own, and waits for nobody else's. A client that
//! opens one ahead for every waiting request, as pooled clients do, buries a slow server under
//! thousands of connections that nobody asked for, and measures them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpStream;

/// What goes wrong with a connection, whoever says so.
pub(super) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// One open connection.
pub(super) type Connection = SendRequest<Full<Bytes>>;

/// Idle connections to one server.
#[derive(Clone)]
pub(super) struct Pool {
    addresses: Arc<[SocketAddr]>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Pool {
    /// Of the server that listens at one of `addresses`.
    pub(super) fn new(addresses: Vec<SocketAddr>) -> Self {
        raise_socket_limit();
        Self {
            addresses: addresses.into(),
            idle: Arc::default(),
        }
    }

    /// Sends `request` and waits for the head of the answer. It is sent a second time only if the server
    /// had closed its connection before any of it left.
    ///
    /// # Errors
    /// When no connection could be made, or it broke.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), Broken> {
        while let Some(mut idle) = self.take() {
            match idle.try_send_request(request).await {
                Ok(response) => return Ok((response, idle)),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(failed.into_error().into()),
                },
            }
        }
        let mut fresh = self.open().await?;
        let response = fresh.send_request(request).await?;
        Ok((response, fresh))
    }

    /// Takes back a connection whose answer was read whole.
    pub(super) fn keep(&self, mut connection: Connection) {
        match connection.ready().now_or_never() {
            Some(Ok(())) => self.put(connection),
            // The server closes it.
            Some(Err(_)) => {}
            None => {
                let pool = self.clone();
                tokio::spawn(async move {
                    if connection.ready().await.is_ok() {
                        pool.put(connection);
                    }
                });
            }
        }
    }

    async fn open(&self) -> Result<Connection, Broken> {
        let stream = TcpStream::connect(&*self.addresses).await?;
        stream.set_nodelay(true)?;
        let (connection, work) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // Whoever waits for an answer learns of the error there.
            let _ended = work.await;
        });
        Ok(connection)
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The one used last is the least likely to have been closed meanwhile.
        std::iter::from_fn(|| idle.pop()).find(Connection::is_ready)
    }

    fn put(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }
}

/// Lets this process open as many sockets as it may; the default of many shells is 1024. If the system
/// refuses, requests that find no socket are counted as dropped.
fn raise_socket_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _kept = setrlimit(Resource::Nofile, limit);
}
