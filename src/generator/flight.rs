//! Single flight: identical work that is asked for at the same time is done once.
//!
//! The first to come leads, the others wait. If the leader is dropped before it has a result, the
//! next in line leads; nobody waits for nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Mutex as Slot, MutexGuard as SlotGuard};

type Seats<K, V> = Arc<Mutex<HashMap<K, Arc<Slot<Option<V>>>>>>;

/// Work in flight by key.
pub(super) struct Flights<K, V> {
    seats: Seats<K, V>,
}

/// A place at one piece of work. The last to leave forgets it.
pub(super) struct Seat<K: Eq + std::hash::Hash, V> {
    seats: Seats<K, V>,
    key: K,
    slot: Option<Arc<Slot<Option<V>>>>,
}

/// What a seat leads to.
pub(super) enum Role<'a, V> {
    /// Do the work and hand in the result.
    Lead(Lead<'a, V>),
    /// Somebody else did it.
    Follow(V),
}

/// The duty to do the work.
pub(super) struct Lead<'a, V>(SlotGuard<'a, Option<V>>);

impl<K: Eq + std::hash::Hash + Clone, V: Clone> Flights<K, V> {
    pub(super) fn new() -> Self {
        Self {
            seats: Arc::default(),
        }
    }

    pub(super) fn seat(&self, key: &K) -> Seat<K, V> {
        let mut seats = self
            .seats
            .lock()
            .expect("nothing panics while it holds the seats");
        let slot = Arc::clone(seats.entry(key.clone()).or_default());
        Seat {
            seats: Arc::clone(&self.seats),
            key: key.clone(),
            slot: Some(slot),
        }
    }
}

impl<K: Eq + std::hash::Hash, V: Clone> Seat<K, V> {
    /// Waits until there is a result, or until it is this seat's turn to make it.
    pub(super) async fn role(&self) -> Role<'_, V> {
        let slot = self
            .slot
            .as_ref()
            .expect("a seat has its slot until it is dropped");
        let guard = slot.lock().await;
        match &*guard {
            Some(result) => Role::Follow(result.clone()),
            None => Role::Lead(Lead(guard)),
        }
    }
}

impl<V> Lead<'_, V> {
    pub(super) fn hand_in(mut self, result: V) {
        *self.0 = Some(result);
    }
}

impl<K: Eq + std::hash::Hash, V> Drop for Seat<K, V> {
    fn drop(&mut self) {
        let mut seats = self
            .seats
            .lock()
            .expect("nothing panics while it holds the seats");
        self.slot = None;
        if seats
            .get(&self.key)
            .is_some_and(|slot| Arc::strong_count(slot) == 1)
        {
            seats.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;

    async fn work(flights: &Flights<u8, u32>, seconds: u64, result: u32) -> (u32, bool) {
        let seat = flights.seat(&7);
        match seat.role().await {
            Role::Follow(result) => (result, false),
            Role::Lead(lead) => {
                sleep(Duration::from_secs(seconds)).await;
                lead.hand_in(result);
                (result, true)
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn followers_get_the_leaders_result_and_the_work_is_then_forgotten() {
        let flights = Flights::new();
        let (a, b, c) = tokio::join!(work(&flights, 5, 1), work(&flights, 5, 2), async {
            sleep(Duration::from_secs(1)).await;
            work(&flights, 5, 3).await
        });
        assert_eq!((a, b, c), ((1, true), (1, false), (1, false)));
        assert!(flights.seats.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_takes_over_when_the_leader_is_dropped() {
        let flights = Flights::new();
        let (leader, follower) = tokio::join!(
            timeout(Duration::from_secs(1), work(&flights, 5, 1)),
            work(&flights, 5, 2)
        );
        assert!(leader.is_err());
        assert_eq!(follower, (2, true));
        assert!(flights.seats.lock().unwrap().is_empty());
    }
}
