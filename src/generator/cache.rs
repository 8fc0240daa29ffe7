//! Answers already paid for: a bounded memory over an optional SQLite file that processes share.
//!
//! Only whole answers come in. A stored answer that no longer matches its digest counts as absent.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hashlink::LruCache;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::error::SetupError;

/// Layout of the file; a file with a higher one belongs to a newer breaklab.
const SCHEMA: i64 = 1;
/// Memory that an entry takes besides its text.
const ENTRY_BYTES: usize = 160;
/// How long another process may hold the file before an access counts as a miss.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

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
    disk: Option<Mutex<Connection>>,
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
        let disk = path.map(open_disk).transpose()?.map(Mutex::new);
        Ok(Self {
            memory: Mutex::new(memory),
            disk,
        })
    }

    pub(super) fn find(&self, key: &Key) -> Option<Arc<str>> {
        if let Some(text) = self.memory().entries.get(key) {
            return Some(Arc::clone(text));
        }
        let text: Arc<str> = self.find_on_disk(key)?.into();
        self.memory().keep(*key, Arc::clone(&text));
        Some(text)
    }

    /// Keeps `text`. A disk that refuses it costs a later call, not this answer.
    pub(super) fn keep(&self, key: Key, text: &Arc<str>) {
        self.memory().keep(key, Arc::clone(text));
        if let Some(disk) = &self.disk {
            let disk = disk
                .lock()
                .expect("nothing panics while it holds the cache file");
            let _ = disk
                .prepare_cached(
                    "INSERT OR REPLACE INTO answers (key, text, digest) VALUES (?1, ?2, ?3)",
                )
                .and_then(|mut insert| insert.execute(params![key, &**text, digest(&key, text)]));
        }
    }

    fn find_on_disk(&self, key: &Key) -> Option<String> {
        let disk = self
            .disk
            .as_ref()?
            .lock()
            .expect("nothing panics while it holds the cache file");
        let (text, stored): (String, Key) = disk
            .prepare_cached("SELECT text, digest FROM answers WHERE key = ?1")
            .and_then(|mut select| {
                select
                    .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .ok()??;
        (stored == digest(key, &text)).then_some(text)
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory
            .lock()
            .expect("nothing panics while it holds the cache")
    }
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

fn open_disk(path: &Path) -> Result<Connection, SetupError> {
    let fail = |why: String| SetupError::Cache {
        path: path.display().to_string(),
        why,
    };
    let open = || -> rusqlite::Result<(Connection, i64)> {
        let disk = Connection::open(path)?;
        disk.busy_timeout(BUSY_TIMEOUT)?;
        let schema = disk.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        Ok((disk, schema))
    };
    let (disk, schema) = open().map_err(|error| fail(error.to_string()))?;
    if schema > SCHEMA {
        return Err(fail(format!(
            "a newer breaklab made it (layout {schema}, this one knows {SCHEMA}); choose another file"
        )));
    }
    let prepare = || -> rusqlite::Result<()> {
        disk.pragma_update(None, "journal_mode", "WAL")?;
        disk.pragma_update(None, "synchronous", "NORMAL")?;
        disk.execute_batch(
            "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, text TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID",
        )?;
        disk.pragma_update(None, "user_version", SCHEMA)
    };
    prepare().map_err(|error| fail(error.to_string()))?;
    Ok(disk)
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
        Connection::open(&path)
            .unwrap()
            .execute("UPDATE answers SET text = 'won' WHERE text = 'one'", [])
            .unwrap();
        let cache = Cache::open(1 << 20, Some(&path)).unwrap();
        assert_eq!(cache.find(&[1; 32]), None);
        assert_eq!(cache.find(&[2; 32]).as_deref(), Some("two"));
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache.sqlite");
        Connection::open(&path)
            .unwrap()
            .pragma_update(None, "user_version", 9)
            .unwrap();
        let message = Cache::open(1, Some(&path)).err().unwrap().to_string();
        assert!(
            message.contains("cache.sqlite") && message.contains("newer"),
            "{message}"
        );
    }

    #[test]
    fn keys_depend_on_where_the_parts_end() {
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
    }
}
