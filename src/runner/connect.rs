//! How a connection to one server is opened: over TLS where its URL says `https`.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What goes wrong with a connection, whoever says so.
pub(super) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// One open connection.
pub(super) type Connection = SendRequest<Full<Bytes>>;

/// Where a server listens, and how it is spoken to.
#[derive(Clone)]
pub(super) struct Server {
    addresses: Arc<[SocketAddr]>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Server {
    /// The server of `url`, `http` or `https`.
    ///
    /// # Errors
    /// When its host has no address, or this machine no certificates to trust.
    pub(super) fn of(url: &reqwest::Url) -> Result<Self, Broken> {
        let tls = match url.scheme() {
            "http" => None,
            "https" => Some((tls()?, name(url)?)),
            other => return Err(format!("{other} is neither http nor https").into()),
        };
        let addresses = url.socket_addrs(|| None)?.into();
        Ok(Self { addresses, tls })
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// When nobody listens, or the certificate is not to be trusted.
    pub(super) async fn open(&self) -> Result<Connection, Broken> {
        let stream = TcpStream::connect(&*self.addresses).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => connection(TokioIo::new(stream)).await,
            Some((tls, name)) => {
                let stream = tls.connect(name.clone(), stream).await?;
                connection(TokioIo::new(stream)).await
            }
        }
    }
}

/// TLS that trusts whom this machine trusts.
fn tls() -> Result<TlsConnector, rustls::Error> {
    // Another part of the process may have chosen one already; any will do.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let mut config = ClientConfig::with_platform_verifier()?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}

/// The name that the server's certificate must hold.
fn name(url: &reqwest::Url) -> Result<ServerName<'static>, Broken> {
    // A URL has brackets around an IPv6 address, a certificate has none.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    Ok(ServerName::try_from(host.to_owned())?)
}

async fn connection(
    stream: impl Read + Write + Unpin + Send + 'static,
) -> Result<Connection, Broken> {
    let (connection, work) = handshake(stream).await?;
    tokio::spawn(async move {
        // Whoever waits for an answer learns of the error there.
        let _ended = work.await;
    });
    Ok(connection)
}
