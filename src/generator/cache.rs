//! Answers already paid for: a bounded memory over an optional store that processes or machines share.
//!
//! Only whole answers come in. A stored answer that no longer matches its digest counts as absent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hashlink::LruCache;
use sha2::{Digest, Sha256};

use ground::timeline::Timeline;

use found::Found;
pub use found::StoreStats;
pub(super) use lease::{Lease, Turn};
pub use place::CachePlace;
pub use store::{Store, create_table};

mod disk;
mod found;
mod lease;
mod place;
mod store;
#[cfg(feature = "dynamodb")]
mod table;

/// Memory that an entry takes besides its text.
const ENTRY_BYTES: usize = 160;

/// What DynamoDB counts as one unit of reading and of writing, in bytes.
/// Source: "DynamoDB read and write operations", Amazon DynamoDB Developer Guide.
const READ_UNIT: usize = 4096;
const WRITE_UNIT: usize = 1024;

/// SHA-256 of everything an answer depends on.
pub(super) type Key = [u8; 32];

/// The key of `parts`; how they are cut matters.
pub(super) fn key(parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The cache of one generator.
pub(super) struct Cache {
    memory: Mutex<Memory>,
    store: Option<Shared>,
    read_units: AtomicU64,
    write_units: AtomicU64,
}

/// A store, and whose answers are looked for in it.
struct Shared {
    store: Store,
    origin: Key,
}

impl Shared {
    fn key(&self, key: &Key) -> Key {
        self::key(&[&self.origin, key])
    }
}

struct Memory {
    entries: LruCache<Key, Arc<str>>,
    bytes: usize,
    max_bytes: usize,
}

impl Cache {
    /// An empty one that forgets what does not fit into `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Self {
        let memory = Memory {
            entries: LruCache::new_unbounded(),
            bytes: 0,
            max_bytes,
        };
        Self {
            memory: Mutex::new(memory),
            store: None,
            read_units: AtomicU64::new(0),
            write_units: AtomicU64::new(0),
        }
    }

    /// An empty one of the same size, without a store.
    pub(super) fn in_other_memory(&self) -> Self {
        Self::new(self.memory().max_bytes)
    }

    /// The same size over `store`. Answers from one `origin` are never handed out as another's.
    pub(super) fn over(&self, store: Store, origin: &str) -> Self {
        let origin = key(&[origin.as_bytes()]);
        let store = Some(Shared { store, origin });
        let empty = self.in_other_memory();
        Self { store, ..empty }
    }

    /// What a table would have counted: units read and units written.
    pub(super) fn units(&self) -> (u64, u64) {
        let read = |units: &AtomicU64| units.load(Ordering::Relaxed);
        (read(&self.read_units), read(&self.write_units))
    }

    /// What this process knows.
    pub(super) fn find(&self, key: &Key) -> Option<Arc<str>> {
        let found = self.memory().entries.get(key).map(Arc::clone);
        let bytes = found.as_ref().map_or(0, |text| text.len() + ENTRY_BYTES);
        count(&self.read_units, bytes, READ_UNIT);
        found
    }

    /// What others have paid for.
    pub(super) async fn find_in_store(&self, key: &Key) -> Option<Arc<str>> {
        let shared = self.store.as_ref()?;
        match shared.store.find(&shared.key(key)).await {
            Found::Answer(text) => Some(self.remember(*key, text)),
            Found::Leased(_) | Found::Nothing => None,
        }
    }

    /// The right to work on `key` where others might do the same, or the answer once one of them has it.
    /// Without a store there is nobody else.
    pub(super) async fn turn(
        &self,
        key: &Key,
        timeline: Timeline,
    ) -> Result<Option<Lease>, Arc<str>> {
        let Some(shared) = &self.store else {
            return Ok(None);
        };
        match lease::turn(&shared.store, shared.key(key), timeline).await {
            Turn::Answer(text) => Err(self.remember(*key, text)),
            Turn::Mine(lease) => Ok(Some(lease)),
        }
    }

    /// Keeps `text`. A store that refuses it costs a later call, not this answer.
    pub(super) async fn keep(&self, key: Key, text: &Arc<str>) {
        count(&self.write_units, text.len() + ENTRY_BYTES, WRITE_UNIT);
        self.memory().keep(key, Arc::clone(text));
        if let Some(shared) = &self.store {
            shared.store.keep(&shared.key(&key), text).await;
        }
    }

    fn remember(&self, key: Key, text: String) -> Arc<str> {
        let text: Arc<str> = text.into();
        self.memory().keep(key, Arc::clone(&text));
        text
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory
            .lock()
            .expect("nothing panics while it holds the cache")
    }
}

/// Even nothing costs one unit.
fn count(units: &AtomicU64, bytes: usize, unit: usize) {
    units.fetch_add(bytes.div_ceil(unit).max(1) as u64, Ordering::Relaxed);
}

impl Memory {
    fn keep(&mut self, key: Key, text: Arc<str>) {
        self.bytes += text.len() + ENTRY_BYTES;
        if let Some(old) = self.entries.insert(key, text) {
            self.bytes -= old.len() + ENTRY_BYTES;
        }
        while self.bytes > self.max_bytes {
            let Some((_, old)) = self.entries.remove_lru() else {
                break;
            };
            self.bytes -= old.len() + ENTRY_BYTES;
        }
    }
}

/// The key goes in too, so that rows that were swapped are noticed as well.
fn digest(key: &Key, text: &str) -> Key {
    self::key(&[key, text.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(letters: usize) -> Arc<str> {
        "x".repeat(letters).into()
    }

    #[tokio::test]
    async fn memory_is_bounded_by_bytes_and_forgets_the_least_recently_used() {
        let cache = Cache::new(3 * (1000 + ENTRY_BYTES));
        for key in [1, 2, 3] {
            cache.keep([key; 32], &text(1000)).await;
        }
        assert!(cache.find(&[1; 32]).is_some());
        cache.keep([4; 32], &text(1000)).await;
        assert!(cache.find(&[2; 32]).is_none());
        for key in [1, 3, 4] {
            assert!(cache.find(&[key; 32]).is_some(), "{key}");
        }
    }

    #[tokio::test]
    async fn a_store_outlives_the_process_and_keeps_the_answers_of_each_origin_apart() {
        let dir = tempfile::tempdir().unwrap();
        let place = CachePlace::Sqlite(dir.path().join("cache.sqlite"));
        let open = |origin| {
            let store = Store::open(&place, 1, 1, |why| panic!("{why}")).unwrap();
            Cache::new(1 << 20).over(store.unwrap(), origin)
        };
        open("mock").keep([1; 32], &"one".into()).await;
        assert_eq!(
            open("mock").find_in_store(&[1; 32]).await.as_deref(),
            Some("one")
        );
        assert_eq!(
            open("https://api.example").find_in_store(&[1; 32]).await,
            None
        );
    }

    #[tokio::test]
    async fn units_are_counted_as_a_table_counts_them_and_another_memory_begins_empty() {
        let cache = Cache::new(1 << 20);
        cache.find(&[1; 32]);
        cache.keep([1; 32], &text(2 * WRITE_UNIT)).await;
        cache.find(&[1; 32]);
        assert_eq!(cache.units(), (2, 3));
        let other = cache.in_other_memory();
        assert_eq!((other.find(&[1; 32]), other.units()), (None, (1, 0)));
    }

    #[test]
    fn keys_depend_on_where_the_parts_end() {
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
    }
}
