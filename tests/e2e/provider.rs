//! A mock provider in this process, on a port of its own, whose ledger the test can read.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use ground::timeline::Timeline;
use mock_claude::{Config, MockClaude, Settings};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Ends when dropped.
pub(crate) struct Provider {
    pub(crate) mock: MockClaude,
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    /// Simulated time passes `speed` times as fast as the wall's; `change` alters the built-in
    /// settings.
    pub(crate) fn start(speed: f64, batch_delay_s: f64, change: impl FnOnce(&mut Config)) -> Self {
        let (ready, told) = std::sync::mpsc::channel::<(MockClaude, SocketAddr)>();
        let (stop, stopped) = oneshot::channel();
        let settings = Settings::default();
        let mut options = settings.options.clone();
        options.batch_delay_s = batch_delay_s;
        let mut config = settings.into_config();
        change(&mut config);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async move {
                let timeline = Timeline::start(speed, 1_800_000_000);
                let mock = MockClaude::with_options(config, options, timeline).unwrap();
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready
                    .send((mock.clone(), listener.local_addr().unwrap()))
                    .unwrap();
                let stop = async {
                    let _told = stopped.await;
                };
                mock_claude::serve(listener, mock, stop).await.unwrap();
            });
        });
        let (mock, address) = told.recv().unwrap();
        Self {
            mock,
            url: format!("http://{address}"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Messages that arrived so far.
    pub(crate) fn attempts(&self) -> u64 {
        self.mock.ledger().totals.attempts
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}
