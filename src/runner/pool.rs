//! HTTP/1.1 connections to one server, kept open between requests.
//!
//! A request takes an idle connection or opens one of its own. How many are being opened at once is bounded:
//! a driver that answers each stall with as many new connections as requests are due buries itself
//! and the server under them, and never catches up. What a request waits for that bound is lag of the
//! driver, and is measured as such.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connect::{Broken, Connection, Server};

/// Connections that are being opened at once. On one machine opening takes a tenth of a millisecond, so
/// that this many are some hundred thousand a second.
const MAX_OPENING: usize = 64;

/// What takes longer to open waits for the network, not for this machine, and holds nobody else up.
const OPENING: Duration = Duration::from_millis(10);

/// The connections to one server.
#[derive(Clone)]
pub(super) struct Pool {
    server: Server,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// One permit an idle connection.
    returned: Arc<Semaphore>,
    opening: Arc<Semaphore>,
}

/// The right to send a request now.
pub(super) enum Permit {
    /// Over a connection that was used before.
    Again(Connection),
    /// Over a new one.
    Open(OwnedSemaphorePermit),
}

impl Pool {
    /// No connections yet.
    pub(super) fn new(server: Server) -> Self {
        raise_socket_limit();
        Self {
            server,
            idle: Arc::default(),
            returned: Arc::new(Semaphore::new(0)),
            opening: Arc::new(Semaphore::new(MAX_OPENING)),
        }
    }

    /// Waits for a connection that can be used, or for leave to open one.
    pub(super) async fn permit(&self) -> Permit {
        loop {
            tokio::select! {
                biased;
                returned = self.returned.acquire() => {
                    returned.expect(NEVER_CLOSED).forget();
                    let idle = self.idle().pop();
                    if let Some(connection) = idle.filter(Connection::is_ready) {
                        return Permit::Again(connection);
                    }
                }
                permit = Arc::clone(&self.opening).acquire_owned() => {
                    return Permit::Open(permit.expect(NEVER_CLOSED));
                }
            }
        }
    }

    /// Sends `request` and waits for the head of the answer. It is sent a second time only if the server
    /// had closed its connection before any of it left.
    ///
    /// # Errors
    /// When no connection could be made, or it broke.
    pub(super) async fn send(
        &self,
        mut permit: Permit,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), Broken> {
        loop {
            let mut connection = match permit {
                Permit::Again(connection) => connection,
                Permit::Open(slot) => {
                    let mut fresh = self.open(slot).await?;
                    let response = fresh.send_request(request).await?;
                    return Ok((response, fresh));
                }
            };
            match connection.try_send_request(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(failed.into_error().into()),
                },
            }
            permit = self.permit().await;
        }
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

    async fn open(&self, permit: OwnedSemaphorePermit) -> Result<Connection, Broken> {
        let open = self.server.open();
        tokio::pin!(open);
        let quick = tokio::time::timeout(OPENING, &mut open).await;
        drop(permit);
        match quick {
            Ok(opened) => opened,
            Err(_) => open.await,
        }
    }

    fn put(&self, connection: Connection) {
        // The one used last is taken first: it is the least likely to have been closed meanwhile.
        self.idle().push(connection);
        self.returned.add_permits(1);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why no wait for a permit can fail.
const NEVER_CLOSED: &str = "a pool never closes its semaphores";

/// Lets this process open as many sockets as it may; the default of many shells is 1024. If the system
/// refuses, requests that find no socket are counted as dropped.
fn raise_socket_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _kept = setrlimit(Resource::Nofile, limit);
}
