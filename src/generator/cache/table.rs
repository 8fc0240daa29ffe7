//! The cache in a table of DynamoDB, which machines share.
//!
//! It has threads of its own: a simulated clock must not run on while the network is waited for, and whoever is
//! dropped must not drop what it gives back.

use std::sync::Arc;

use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::task::JoinHandle;

use super::Key;
use super::found::{Found, StoreError, StoreStats, Token};
use remote::Remote;

mod item;
mod open;
mod remote;

const SECONDS_PER_DAY: u64 = 86_400;

/// An open table.
pub(super) struct Table {
    remote: Arc<Remote>,
    threads: Threads,
}

impl Table {
    /// Opens the table `name`, whose answers live for `days`.
    pub(super) fn open(name: &str, days: u32) -> Result<Self, StoreError> {
        let (threads, client) = open::connect()?;
        threads.wait(open::check(client.clone(), name.to_owned()))?;
        let lives = u64::from(days) * SECONDS_PER_DAY;
        let remote = Arc::new(Remote::new(client, name.to_owned(), lives));
        Ok(Self { remote, threads })
    }

    /// Makes the table `name` unless it is there; returns what is worth saying.
    pub(super) fn create(name: &str) -> Result<Vec<String>, StoreError> {
        let (threads, client) = open::connect()?;
        threads.wait(open::create(client, name.to_owned()))
    }

    pub(super) async fn find(&self, key: Key) -> Result<Found, StoreError> {
        let remote = Arc::clone(&self.remote);
        self.run(async move { remote.find(&key).await }).await
    }

    pub(super) async fn keep(&self, key: Key, text: Arc<str>) -> Result<(), StoreError> {
        let remote = Arc::clone(&self.remote);
        self.run(async move { remote.keep(&key, &text).await })
            .await
    }

    pub(super) async fn claim(
        &self,
        key: Key,
        seen: Option<Token>,
        token: Token,
    ) -> Result<bool, StoreError> {
        let remote = Arc::clone(&self.remote);
        self.run(async move { remote.claim(&key, seen, token).await })
            .await
    }

    /// Begins to give back a lease.
    pub(super) fn release(&self, key: Key, token: Token) {
        let remote = Arc::clone(&self.remote);
        self.threads.spawn(async move {
            // Nobody waits for it; a lease that stays is noticed by those who wait.
            let _left = remote.release(&key, token).await;
        });
    }

    pub(super) fn stats(&self) -> Result<StoreStats, StoreError> {
        let remote = Arc::clone(&self.remote);
        self.threads.wait(async move { remote.stats().await })
    }

    pub(super) fn purge(&self) -> Result<u64, StoreError> {
        let remote = Arc::clone(&self.remote);
        self.threads.wait(async move { remote.purge().await })
    }

    /// Does `work` on the table's threads, unless the table was out of reach a moment ago.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, remote::Failure>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let remote = Arc::clone(&self.remote);
        let work = async move { remote.unless_paused(work).await };
        // In virtual time there is one thread, and time passes while it is idle: it must not be.
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            return self.threads.wait(work);
        }
        let work = self.threads.spawn(work);
        work.await.unwrap_or_else(|ended| Err(ended.to_string()))
    }
}

/// The table's own threads. They are let go without waiting, which is forbidden among threads that serve others.
struct Threads(Option<Runtime>);

impl Threads {
    fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("cache-table")
            .enable_all()
            .build();
        runtime.map(|runtime| Self(Some(runtime)))
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let runtime = self.0.as_ref();
        runtime
            .expect("threads run until they are dropped")
            .spawn(work)
    }

    /// Waits for `work`, also where waiting is forbidden.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, outcome) = std::sync::mpsc::sync_channel(1);
        self.spawn(async move {
            // Whoever asked may be gone.
            let _unheard = done.send(work.await);
        });
        outcome
            .recv()
            .unwrap_or_else(|_| Err("its work was broken off".to_owned()))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
