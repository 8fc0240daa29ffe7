//! Answers already paid for: a bounded memory over an optional SQLite file that processes share.
//!
//! Only whole answers come in. A stored answer that no longer matches its digest counts as absent.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hashlink::LruCache;
use sha2::{Digest, Sha256};

use super::error::SetupError;
use disk::Disk;

mod disk;

/// Memory that an entry takes besides its text.
const ENTRY_BYTES: usize = 160;
/// How many times as much as the memory the file may hold: 1 GB by default.
const DISK_PER_MEMORY: u64 = 16;

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
    disk: Option<Mutex<Disk>>,
    read_units: AtomicU64,
    write_units: AtomicU64,
}

struct Memory {
    entries: LruCache<Key, Arc<str>>,
    bytes: usize,
    max_bytes: usize,
}

impl Cache {
    pub(super) fn open(max_bytes: usize, path: Option<&Path>) -> Result<Self, SetupError> {
        let memory = Memory {
            entries: LruCache::new_unbounded(),
            bytes: 0,
            max_bytes,
        };
        let max_disk_bytes = (max_bytes as u64).saturating_mul(DISK_PER_MEMORY);
        let open = |path| Disk::open(path, max_disk_bytes).map(Mutex::new);
        let disk = path.map(open).transpose()?;
        Ok(Self {
            memory: Mutex::new(memory),
            disk,
            read_units: AtomicU64::new(0),
            write_units: AtomicU64::new(0),
        })
    }

    /// An empty one of the same size, without a file.
    pub(super) fn in_other_memory(&self) -> Self {
        let max_bytes = self.memory().max_bytes;
        Self::open(max_bytes, None).expect("only a file can be refused")
    }

    /// What a table would have counted: units read and units written.
    pub(super) fn units(&self) -> (u64, u64) {
        let read = |units: &AtomicU64| units.load(Ordering::Relaxed);
        (read(&self.read_units), read(&self.write_units))
    }

    pub(super) fn find(&self, key: &Key) -> Option<Arc<str>> {
        let found = self.look(key);
        let bytes = found.as_ref().map_or(0, |text| text.len() + ENTRY_BYTES);
        count(&self.read_units, bytes, READ_UNIT);
        found
    }

    fn look(&self, key: &Key) -> Option<Arc<str>> {
        if let Some(text) = self.memory().entries.get(key) {
            return Some(Arc::clone(text));
        }
        let text: Arc<str> = self.find_on_disk(key)?.into();
        self.memory().keep(*key, Arc::clone(&text));
        Some(text)
    }

    /// Keeps `text`. A disk that refuses it costs a later call, not this answer.
    pub(super) fn keep(&self, key: Key, text: &Arc<str>) {
        count(&self.write_units, text.len() + ENTRY_BYTES, WRITE_UNIT);
        self.memory().keep(key, Arc::clone(text));
        if let Some(disk) = &self.disk {
            let disk = disk
                .lock()
                .expect("nothing panics while it holds the cache file");
            let _ = disk.keep(&key, text);
        }
    }

    /// A file that cannot be read holds nothing.
    fn find_on_disk(&self, key: &Key) -> Option<String> {
        let disk = self
            .disk
            .as_ref()?
            .lock()
            .expect("nothing panics while it holds the cache file");
        disk.find(key).ok()?
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

    #[test]
    fn memory_is_bounded_by_bytes_and_forgets_the_least_recently_used() {
        let cache = Cache::open(3 * (1000 + ENTRY_BYTES), None).unwrap();
        for key in [1, 2, 3] {
            cache.keep([key; 32], &text(1000));
        }
        assert!(cache.find(&[1; 32]).is_some());
        cache.keep([4; 32], &text(1000));
        assert!(cache.find(&[2; 32]).is_none());
        assert!(
            [1, 3, 4]
                .iter()
                .all(|key| cache.find(&[*key; 32]).is_some())
        );
    }

    #[test]
    fn the_file_outlives_the_process_and_a_damaged_entry_counts_as_absent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache.sqlite");
        let cache = Cache::open(1 << 20, Some(&path)).unwrap();
        cache.keep([1; 32], &"one".into());
        cache.keep([2; 32], &"two".into());
        drop(cache);
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute("UPDATE answers SET text = 'won' WHERE text = 'one'", [])
            .unwrap();
        let cache = Cache::open(1 << 20, Some(&path)).unwrap();
        assert_eq!(cache.find(&[1; 32]), None);
        assert_eq!(cache.find(&[2; 32]).as_deref(), Some("two"));
    }

    #[test]
    fn units_are_counted_as_a_table_counts_them_and_another_memory_begins_empty() {
        let cache = Cache::open(1 << 20, None).unwrap();
        cache.find(&[1; 32]);
        cache.keep([1; 32], &text(2 * WRITE_UNIT));
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
