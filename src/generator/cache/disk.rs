//! The cache file: answers in SQLite, shared by processes, bounded, the least recently used go first.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Result, Transaction, TransactionBehavior, params};

use super::found::{Found, StoreStats, Token};
use super::{ENTRY_BYTES, Key, digest};
use crate::generator::SetupError;

/// Layout of the file; a file with a higher one belongs to a newer breaklab.
const SCHEMA: i64 = 2;
/// `used` orders by last use; `total` always holds the sum of all sizes.
const TABLES: &str = "
DROP TABLE IF EXISTS answers;
DROP TABLE IF EXISTS total;
CREATE TABLE answers
    (key BLOB NOT NULL UNIQUE, text TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE INDEX answers_by_use ON answers (used);
CREATE TABLE total (bytes INTEGER NOT NULL);
INSERT INTO total VALUES (0);
CREATE TRIGGER added AFTER INSERT ON answers BEGIN UPDATE total SET bytes = bytes + new.size; END;
CREATE TRIGGER removed AFTER DELETE ON answers BEGIN UPDATE total SET bytes = bytes - old.size; END;
";
/// Work under way; an older breaklab does not miss it, so that it changes no layout.
const LEASES: &str =
    "CREATE TABLE IF NOT EXISTS leases (key BLOB NOT NULL UNIQUE, token INTEGER NOT NULL)";
const NEXT_USE: &str = "(SELECT coalesce(max(used), 0) + 1 FROM answers)";
/// How long another process may hold the file before an access counts as a miss.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Between tries to set up a file that others set up, too.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Entries that go at once when there are too many bytes.
const EVICTED_AT_ONCE: u32 = 16;

/// An open cache file.
pub(super) struct Disk {
    file: Connection,
    max_bytes: u64,
}

impl Disk {
    /// Opens the file at `path`, or makes it; it holds `max_bytes` of answers.
    pub(super) fn open(path: &Path, max_bytes: u64) -> std::result::Result<Self, SetupError> {
        let fail = |why: String| SetupError::Cache {
            path: path.display().to_string(),
            why,
        };
        let open = || -> Result<(Connection, i64)> {
            let file = Connection::open(path)?;
            file.busy_timeout(BUSY_TIMEOUT)?;
            write_ahead(&file)?;
            file.pragma_update(None, "synchronous", "NORMAL")?;
            let schema = prepare(&file)?;
            Ok((file, schema))
        };
        let (file, schema) = open().map_err(|error| fail(error.to_string()))?;
        if schema > SCHEMA {
            return Err(fail(format!(
                "a newer breaklab made it (layout {schema}, this one knows {SCHEMA}); choose another file"
            )));
        }
        Ok(Self { file, max_bytes })
    }

    /// The answer `key` if it is there and undamaged, or who is at work on it.
    pub(super) fn find(&self, key: &Key) -> Result<Found> {
        if let Some(text) = self.answer(key)? {
            return Ok(Found::Answer(text));
        }
        let lease = "SELECT token FROM leases WHERE key = ?1";
        let token: Option<i64> = self
            .file
            .prepare_cached(lease)?
            .query_row([key], |row| row.get(0))
            .optional()?;
        Ok(token.map_or(Found::Nothing, |token| Found::Leased(token.cast_unsigned())))
    }

    fn answer(&self, key: &Key) -> Result<Option<String>> {
        let select = "SELECT text, digest FROM answers WHERE key = ?1";
        let mut select = self.file.prepare_cached(select)?;
        let found: Option<(String, Key)> = select
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let whole = found.filter(|(text, stored)| *stored == digest(key, text));
        let Some((text, _)) = whole else {
            return Ok(None);
        };
        let touch = format!("UPDATE answers SET used = {NEXT_USE} WHERE key = ?1");
        // Whether it is noted as used matters less than the answer.
        let _noted = self.file.prepare_cached(&touch)?.execute([key]);
        Ok(Some(text))
    }

    /// Keeps an answer, and lets go of the least recently used beyond the bound.
    pub(super) fn keep(&self, key: &Key, text: &str) -> Result<()> {
        let size = (text.len() + ENTRY_BYTES) as u64;
        // At once, because a lock that is taken later may find that somebody else was faster.
        let all = Transaction::new_unchecked(&self.file, TransactionBehavior::Immediate)?;
        for table in ["answers", "leases"] {
            all.prepare_cached(&format!("DELETE FROM {table} WHERE key = ?1"))?
                .execute([key])?;
        }
        let insert = format!(
            "INSERT INTO answers (key, text, digest, size, used) VALUES (?1, ?2, ?3, ?4, {NEXT_USE})"
        );
        let row = params![key, text, digest(key, text), size];
        all.prepare_cached(&insert)?.execute(row)?;
        let total = "SELECT bytes FROM total";
        let evict =
            "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY used LIMIT ?1)";
        while all
            .prepare_cached(total)?
            .query_row([], |row| row.get::<_, u64>(0))?
            > self.max_bytes
        {
            if all.prepare_cached(evict)?.execute([EVICTED_AT_ONCE])? == 0 {
                break;
            }
        }
        all.commit()
    }
}

impl Disk {
    /// Takes the work on `key` if nobody is at it, or if only `seen` is.
    pub(super) fn claim(&self, key: &Key, seen: Option<Token>, token: Token) -> Result<bool> {
        let token = token.cast_signed();
        let changed = match seen {
            None => self
                .file
                .prepare_cached("INSERT OR IGNORE INTO leases VALUES (?1, ?2)")?
                .execute(params![key, token])?,
            Some(seen) => self
                .file
                .prepare_cached("UPDATE leases SET token = ?2 WHERE key = ?1 AND token = ?3")?
                .execute(params![key, token, seen.cast_signed()])?,
        };
        Ok(changed == 1)
    }

    /// Ends the lease `token` on `key`.
    pub(super) fn release(&self, key: &Key, token: Token) -> Result<()> {
        self.file
            .prepare_cached("DELETE FROM leases WHERE key = ?1 AND token = ?2")?
            .execute(params![key, token.cast_signed()])?;
        Ok(())
    }

    /// What the file holds.
    pub(super) fn stats(&self) -> Result<StoreStats> {
        let select = "SELECT (SELECT count(*) FROM answers),
            (SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) FROM answers), (SELECT count(*) FROM leases)";
        self.file.query_row(select, [], |row| {
            Ok(StoreStats {
                answers: row.get(0)?,
                bytes: row.get(1)?,
                leases: row.get(2)?,
            })
        })
    }

    /// Forgets all answers and leases; returns how many answers there were.
    pub(super) fn purge(&self) -> Result<u64> {
        let all = Transaction::new_unchecked(&self.file, TransactionBehavior::Immediate)?;
        all.execute("DELETE FROM leases", [])?;
        let answers = all.execute("DELETE FROM answers", [])?;
        all.commit()?;
        Ok(answers as u64)
    }
}

/// Sets the file to a write-ahead log. Of several that do so to a new file in the same moment SQLite refuses all but
/// one at once, whatever the time-out, lest they wait for each other; so the others come again.
#[expect(
    clippy::disallowed_methods,
    reason = "no clock is simulated while a file is opened"
)]
fn write_ahead(file: &Connection) -> Result<()> {
    let mut left = BUSY_TIMEOUT.as_millis() / LOOK_AGAIN.as_millis();
    loop {
        let set = file.pragma_update(None, "journal_mode", "WAL");
        let is_busy = set.as_ref().is_err_and(|error| {
            error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
        });
        if !is_busy || left == 0 {
            return set;
        }
        left -= 1;
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Makes the tables where they are older or not there; returns the layout that was found.
fn prepare(file: &Connection) -> Result<i64> {
    let schema = |file: &Connection| file.query_row("PRAGMA user_version", [], |row| row.get(0));
    let found = schema(file)?;
    if found <= SCHEMA {
        file.execute_batch(LEASES)?;
    }
    if found >= SCHEMA {
        return Ok(found);
    }
    let all = Transaction::new_unchecked(file, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if schema(&all)? < SCHEMA {
        all.execute_batch(TABLES)?;
        all.pragma_update(None, "user_version", SCHEMA)?;
    }
    all.commit()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.sqlite");
        (folder, path)
    }

    fn key(number: u32) -> Key {
        super::super::key(&[&number.to_le_bytes()])
    }

    #[test]
    fn the_file_is_bounded_and_the_least_recently_used_go_first() {
        let (_folder, path) = path();
        let disk = Disk::open(&path, 200 * (1_000 + ENTRY_BYTES as u64)).unwrap();
        for number in 0..3_000 {
            disk.keep(&key(number), &"x".repeat(1_000)).unwrap();
            assert!(disk.answer(&key(0)).unwrap().is_some(), "used all the time");
        }
        assert!(disk.answer(&key(1)).unwrap().is_none());
        let kept = (0..3_000)
            .filter(|number| disk.answer(&key(*number)).unwrap().is_some())
            .count();
        assert!((180..=200).contains(&kept), "{kept}");
        drop(disk);
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes < 2 * 200 * 1_160, "{bytes}");
    }

    #[test]
    fn an_answer_larger_than_the_file_may_be_is_not_kept() {
        let (_folder, path) = path();
        let disk = Disk::open(&path, 1_000).unwrap();
        disk.keep(&key(1), &"x".repeat(2_000)).unwrap();
        assert_eq!(disk.answer(&key(1)).unwrap(), None);
    }

    #[test]
    fn many_open_and_write_one_new_file_at_the_same_time() {
        let (_folder, path) = path();
        let write = |writer: u32| {
            let disk = Disk::open(&path, 1 << 30).unwrap();
            for number in 0..50 {
                disk.keep(&key(number), "the same for all").unwrap();
                disk.keep(&key(1_000 * writer + number), "mine").unwrap();
            }
        };
        std::thread::scope(|scope| {
            (1..=6).for_each(|writer| drop(scope.spawn(move || write(writer))));
        });
        let disk = Disk::open(&path, 1 << 30).unwrap();
        let sums = "SELECT (SELECT sum(size) FROM answers), (SELECT bytes FROM total), (SELECT count(*) FROM answers)";
        let sums: (u64, u64, u64) = disk
            .file
            .query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!((sums.0, sums.2), (sums.1, 350));
    }

    #[test]
    fn a_file_of_an_older_layout_begins_anew_and_one_of_a_newer_is_refused() {
        let (_folder, path) = path();
        let file = Connection::open(&path).unwrap();
        file.execute_batch("CREATE TABLE answers (key BLOB PRIMARY KEY, text TEXT, digest BLOB)")
            .unwrap();
        file.pragma_update(None, "user_version", 1).unwrap();
        let disk = Disk::open(&path, 1 << 20).unwrap();
        disk.keep(&key(1), "text").unwrap();
        assert_eq!(disk.answer(&key(1)).unwrap().as_deref(), Some("text"));
        file.pragma_update(None, "user_version", 9).unwrap();
        let message = Disk::open(&path, 1).err().unwrap().to_string();
        assert!(
            message.contains("cache.sqlite") && message.contains("newer"),
            "{message}"
        );
    }

    #[test]
    fn what_is_no_database_is_named_and_broken_pages_count_as_absent() {
        let (_folder, path) = path();
        std::fs::write(&path, "no database ".repeat(100)).unwrap();
        let message = Disk::open(&path, 1).err().unwrap().to_string();
        assert!(
            message.contains("cache.sqlite") && message.contains("not a database"),
            "{message}"
        );
        std::fs::remove_file(&path).unwrap();
        let disk = Disk::open(&path, 1 << 20).unwrap();
        for number in 0..200 {
            disk.keep(&key(number), &"x".repeat(2_000)).unwrap();
        }
        drop(disk);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8_192..].fill(0xA5);
        std::fs::write(&path, bytes).unwrap();
        let lost = Disk::open(&path, 1 << 20).map_or(true, |disk| {
            let _full_or_not = disk.keep(&key(7), "new");
            (0..200).all(|number| number == 7 || !matches!(disk.answer(&key(number)), Ok(Some(_))))
        });
        assert!(lost);
    }
}
