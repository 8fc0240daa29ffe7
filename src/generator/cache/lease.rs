//! Work that is asked for on several instances at the same time is done once: the first to come takes a lease on it in
//! the store that all share, the others look again until the answer is there.
//!
//! A lease is known to be given up when its token has not changed for [`LEASE`] by the looker's own clock, so that
//! clocks need not agree. Source of the idea: "Building Distributed Locks with the DynamoDB Lock Client", AWS, 2017.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ground::timeline::Timeline;

use super::Key;
use super::found::{Found, LEASE, Token};
use super::store::Store;

/// How often the holder of a lease says that it is still at work.
const RENEWAL: Duration = Duration::from_secs(3);
/// How soon a waiting one looks again, at first and at most.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(2)];

/// How often in one wait nothing may be there and yet not be free: once when another was faster, but what somebody else
/// has put there stays so, and must hold up nobody.
const MAX_CONTRADICTIONS: u32 = 3;

/// What comes of waiting for one's turn.
pub(in crate::generator) enum Turn {
    /// Somebody else has paid for it.
    Answer(String),
    /// Nobody has; do it.
    Mine(Lease),
}

/// The right to work on a key, given back when it is dropped.
pub(in crate::generator) struct Lease {
    store: Store,
    key: Key,
    token: AtomicU64,
}

/// Waits until the answer `key` is there, or until nobody is at work on it.
pub(super) async fn turn(store: &Store, key: Key, timeline: Timeline) -> Turn {
    let token = new_token();
    let mut seen: Option<(Token, Duration)> = None;
    let mut wait = LOOK_AGAIN[0];
    let mut contradictions = 0;
    loop {
        match store.find(&key).await {
            Found::Answer(text) => return Turn::Answer(text),
            Found::Nothing => {
                contradictions += 1;
                let is_free = store.claim(&key, None, token).await;
                if is_free || contradictions >= MAX_CONTRADICTIONS {
                    return Turn::Mine(Lease::new(store, key, token));
                }
            }
            Found::Leased(now) => {
                let since = match seen {
                    Some((before, since)) if before == now => since,
                    _ => timeline.now(),
                };
                seen = Some((now, since));
                let is_given_up = timeline.now().saturating_sub(since) >= LEASE;
                if is_given_up && store.claim(&key, Some(now), token).await {
                    return Turn::Mine(Lease::new(store, key, token));
                }
            }
        }
        timeline.sleep(wait).await;
        wait = (wait * 2).min(LOOK_AGAIN[1]);
    }
}

impl Lease {
    fn new(store: &Store, key: Key, token: Token) -> Self {
        Self {
            store: store.clone(),
            key,
            token: token.into(),
        }
    }

    /// Does `work`, and says meanwhile that it is under way.
    pub(in crate::generator) async fn hold<T>(
        &self,
        timeline: Timeline,
        work: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = timeline.sleep(RENEWAL) => self.renew().await,
            }
        }
    }

    /// Whether it was renewed matters little: another may do the work, too, then.
    async fn renew(&self) {
        let (old, new) = (self.token.load(Ordering::Relaxed), new_token());
        if self.store.claim(&self.key, Some(old), new).await {
            self.token.store(new, Ordering::Relaxed);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.store
            .release(&self.key, self.token.load(Ordering::Relaxed));
    }
}

/// Not a seeded one: other processes must not draw the same.
fn new_token() -> Token {
    getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()))
}
