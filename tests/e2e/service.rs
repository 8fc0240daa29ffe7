//! Services on loopback ports that freeze, answer nonsense, take jobs or speak TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ground::timeline::Timeline;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub(crate) const DOCUMENTED: &str =
    r#"{"file_path":"a.py","status":"done","documentation":"words"}"#;

/// When the frozen server answers a request that arrives at `at`: it stands still for the first four
/// of every sixteen seconds, so long that what a busy machine adds is little beside it.
pub(crate) fn answered(at: Duration) -> Duration {
    let cycle = Duration::from_secs(at.as_secs() / 16 * 16);
    at.max(cycle + Duration::from_secs(4))
}

type Asked = http::Request<hyper::body::Incoming>;
type Said = http::Response<Full<bytes::Bytes>>;

/// Serves `answer` on a loopback port for as long as the test runs.
pub(crate) fn serve<F>(answer: impl Fn(Asked) -> F + Clone + Send + 'static) -> SocketAddr
where
    F: Future<Output = Said> + Send + 'static,
{
    listen(move |stream| {
        let answer = answer.clone();
        let service = hyper::service::service_fn(move |request| {
            let response = answer(request);
            async move { Ok::<_, Infallible>(response.await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        async move {
            let _ended = connection.await;
        }
    })
}

/// Carries out `work` on each connection to a loopback port, on a thread of its own.
fn listen<F>(work: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
                .await
                .unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(work(stream));
            }
        });
    });
    told.recv().unwrap()
}

/// Serves `status` and `body`; freezes like [`answered`] when told to.
pub(crate) fn service(status: u16, body: &'static str, freezes: bool) -> SocketAddr {
    let began = Arc::new(std::sync::OnceLock::new());
    serve(move |request| {
        // Its time begins with the first request, as that of the schedule does.
        let timeline = *began.get_or_init(|| Timeline::start(1.0, 0));
        async move {
            let _whole = request.into_body().collect().await;
            if freezes {
                timeline.sleep_until(answered(timeline.now())).await;
            }
            said(status, body)
        }
    })
}

pub(crate) fn said(status: u16, body: &'static str) -> Said {
    let body = bytes::Bytes::from_static(body.as_bytes());
    let mut response = http::Response::new(Full::new(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}

/// A service that takes every document as a job, which is `state` when it is asked for the second time.
pub(crate) fn jobs(state: &'static str) -> SocketAddr {
    let asked = Arc::new(std::sync::atomic::AtomicU64::new(0));
    serve(move |request| {
        let second = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 3 == 2;
        async move {
            let state = if second { state } else { "running" };
            let body = format!(r#"{{"status":"{state}","documentation":"words"}}"#);
            let mut response = http::Response::new(Full::new(bytes::Bytes::from(body)));
            if request.method() == http::Method::POST {
                *response.status_mut() = http::StatusCode::ACCEPTED;
                let location = http::HeaderValue::from_static("/jobs/7");
                response.headers_mut().insert("location", location);
            }
            response
        }
    })
}

/// The service of [`service`] behind TLS, with a certificate of its own making, which is also returned.
pub(crate) fn over_tls() -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let behind = service(200, DOCUMENTED, false);
    let address = listen(move |stream| {
        let tls = tls.clone();
        async move {
            // Whoever does not trust the certificate hangs up here.
            let Ok(mut outside) = tls.accept(stream).await else {
                return;
            };
            let mut inside = TcpStream::connect(behind).await.unwrap();
            let _ended = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
        }
    });
    (address, made.cert.pem())
}
