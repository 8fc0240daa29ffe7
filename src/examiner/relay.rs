//! Connections into and out of a service that has a network of its own: through sockets in a folder that
//! it shares with its grader, and nothing else.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// Where the API is reached from inside.
const API: &str = "api.sock";
/// Where the service is reached from outside.
const SERVICE: &str = "service.sock";
/// Between looks at whether the other side is there.
const POLL: Duration = Duration::from_millis(20);
/// A connection that is still open after this long is to a service that listens.
const OPEN: Duration = Duration::from_millis(100);

/// The grader's side. It ends with its owner.
#[derive(Debug)]
pub(super) struct Relay {
    service: PathBuf,
    tasks: Vec<JoinHandle<()>>,
}

impl Relay {
    /// Passes connections to `port` on to the service, and those from it to the API at `upstream`.
    ///
    /// # Errors
    /// When a socket cannot be made.
    pub(super) async fn open(folder: &Path, upstream: SocketAddr, port: u16) -> io::Result<Self> {
        let service = folder.join(SERVICE);
        for name in [API, SERVICE] {
            // A service that is started again leaves those of its last life.
            let _none = std::fs::remove_file(folder.join(name));
        }
        let api = UnixListener::bind(folder.join(API))?;
        let front = TcpListener::bind(("127.0.0.1", port)).await?;
        let inner = service.clone();
        let tasks = vec![
            tokio::spawn(async move {
                while let Ok((from, _)) = api.accept().await {
                    tokio::spawn(
                        async move { pass(from, TcpStream::connect(upstream).await).await },
                    );
                }
            }),
            tokio::spawn(async move {
                while let Ok((from, _)) = front.accept().await {
                    let service = inner.clone();
                    tokio::spawn(
                        async move { pass(from, UnixStream::connect(service).await).await },
                    );
                }
            }),
        ];
        Ok(Self { service, tasks })
    }

    /// Ends it, after which its port is free.
    pub(super) async fn close(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            let _aborted = task.await;
        }
    }

    /// Whether the service listens.
    pub(super) async fn answers(&self) -> bool {
        let Ok(mut connection) = UnixStream::connect(&self.service).await else {
            return false;
        };
        // The other side closes it when nobody listens.
        let closed = tokio::time::timeout(OPEN, connection.read_u8()).await;
        closed.is_err()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// The service's side: what listens at `upstream` and at the service's `port` within its network, until the
/// service and all its processes end.
///
/// # Errors
/// When a socket cannot be made.
pub async fn relay_inside(folder: &Path, upstream: u16, port: u16) -> io::Result<()> {
    let api = TcpListener::bind(("127.0.0.1", upstream)).await?;
    let outer = folder.join(API);
    let _ended_with_us = tokio::spawn(async move {
        while let Ok((from, _)) = api.accept().await {
            let outer = outer.clone();
            tokio::spawn(async move { pass(from, UnixStream::connect(outer).await).await });
        }
    });
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::time::sleep(POLL).await;
    }
    let front = UnixListener::bind(folder.join(SERVICE))?;
    loop {
        let (from, _) = front.accept().await?;
        tokio::spawn(
            async move { pass(from, TcpStream::connect(("127.0.0.1", port)).await).await },
        );
    }
}

/// Passes all bytes both ways. Whoever cannot be reached closes the connection.
async fn pass(
    mut from: impl AsyncRead + AsyncWrite + Unpin,
    to: io::Result<impl AsyncRead + AsyncWrite + Unpin>,
) {
    if let Ok(mut to) = to {
        // A connection that breaks is closed on both sides.
        let _broken = copy_bidirectional(&mut from, &mut to).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn both_sides_reach_each_other_and_see_who_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let free = || {
            std::net::TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port()
        };
        let (front, upstream) = (free(), free());
        let relay = Relay::open(folder.path(), api.local_addr().unwrap(), front)
            .await
            .unwrap();
        assert!(!relay.answers().await, "nobody is there yet");
        let (inside, port) = (folder.path().to_owned(), echo.local_addr().unwrap().port());
        let inside = tokio::spawn(async move { relay_inside(&inside, upstream, port).await });
        while !relay.answers().await {
            tokio::time::sleep(POLL).await;
        }
        let service = tokio::spawn(async move {
            loop {
                let (mut connection, _) = echo.accept().await.unwrap();
                let mut byte = [0];
                if connection.read_exact(&mut byte).await.is_ok() {
                    connection.write_all(&[byte[0] + 1]).await.unwrap();
                }
            }
        });
        let mut client = TcpStream::connect(("127.0.0.1", front)).await.unwrap();
        client.write_all(&[41]).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), 42);
        let mut call = TcpStream::connect(("127.0.0.1", upstream)).await.unwrap();
        let (mut called, _) = api.accept().await.unwrap();
        drop(called.write_all(&[7]).await);
        assert_eq!(call.read_u8().await.unwrap(), 7);
        drop(called);
        assert!(
            call.read_u8().await.is_err(),
            "the end of a connection arrives"
        );
        service.abort();
        let _aborted = service.await;
        assert!(
            !relay.answers().await,
            "a service that listens no more is gone"
        );
        relay.close().await;
        let again = Relay::open(folder.path(), api.local_addr().unwrap(), front).await;
        again.expect("the port is free at once");
        inside.abort();
    }
}
