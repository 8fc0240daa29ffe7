//! The journal of a bulk job: every attempt, every answer and every final refusal in one SQLite
//! file, so that a run after a kill pays for nothing that was answered before.
//!
//! An answer and the end of its attempt are one transaction. An attempt that was going on at a
//! kill stays open and counts with the most that it can have cost.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ground::usage::Usage;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use super::cache::Key;
use super::entries::Entry;
use super::error::SetupError;
use crate::claude::{CallError, Message};

use rows::{Ended, TABLES, begin, close, end, read_answer, read_refusal};

mod batches;
mod rows;

/// Layout of the file; a file with a higher one belongs to a newer breaklab.
const SCHEMA: i64 = 2;

/// An open journal. Copies share it.
#[derive(Clone)]
pub struct Journal(Arc<Open>);

struct Open {
    disk: Mutex<Connection>,
    /// Why something could not be written down, the first time.
    lost: Mutex<Option<String>>,
}

/// What earlier runs of the job did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Attempts that were sent.
    pub attempts: u64,
    /// Attempts that were going on when a run was killed: the server may have charged for them.
    pub cut_off: u64,
    /// Pico-dollars, those of `cut_off` at the most that they can be.
    pub spent_pico: u64,
}

/// What came of a question before.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    Answered(Message),
    Refused(CallError),
}

/// An attempt that is going on. Dropped, it was abandoned.
pub(super) struct OpenAttempt<'a> {
    journal: &'a Journal,
    id: i64,
    key: Key,
    started: Duration,
    abandoned_pico: u64,
    is_ended: bool,
}

impl Journal {
    /// Opens the journal at `path`, or begins it.
    ///
    /// # Errors
    /// [`SetupError`] when the file is damaged, belongs to a newer breaklab or cannot be written.
    pub fn open(path: &Path) -> Result<Self, SetupError> {
        let fail = |why: String| SetupError::Journal {
            path: path.display().to_string(),
            why,
        };
        let open = || -> rusqlite::Result<(Connection, i64)> {
            let disk = Connection::open(path)?;
            disk.busy_timeout(Duration::from_secs(5))?;
            let schema = disk.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            Ok((disk, schema))
        };
        let refuse = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SetupError::InUse {
                path: path.display().to_string(),
            },
            _ => fail(error.to_string()),
        };
        let (disk, schema) = open().map_err(refuse)?;
        if schema > SCHEMA {
            return Err(fail(format!(
                "a newer breaklab made it (layout {schema}, this one knows {SCHEMA})"
            )));
        }
        let prepare = || -> rusqlite::Result<()> {
            disk.pragma_update(None, "journal_mode", "WAL")?;
            // What was written down before money was spent must outlive a power cut as well.
            disk.pragma_update(None, "synchronous", "FULL")?;
            disk.execute_batch(TABLES)?;
            disk.pragma_update(None, "user_version", SCHEMA)
        };
        prepare().map_err(refuse)?;
        Ok(Self(Arc::new(Open {
            disk: Mutex::new(disk),
            lost: Mutex::default(),
        })))
    }

    /// The same for answers that cost nothing: a power cut may take the last moments along.
    #[must_use]
    pub fn of_free_answers(self) -> Self {
        self.write(|disk| disk.pragma_update(None, "synchronous", "NORMAL"));
        self
    }

    /// What earlier runs did; asked for before this one does anything.
    #[must_use]
    pub fn earlier(&self) -> Earlier {
        let select = "SELECT count(*), sum(ended_ms IS NULL), sum(pico) FROM attempts";
        let read = |row: &Row<'_>| {
            let sum = |at| row.get::<_, Option<u64>>(at).map(Option::unwrap_or_default);
            Ok(Earlier {
                attempts: row.get(0)?,
                cut_off: sum(1)?,
                spent_pico: sum(2)?,
            })
        };
        self.read(|disk| disk.query_row(select, [], read))
            .unwrap_or_default()
    }

    /// Why something could not be written down, if so: a later run pays for that again.
    #[must_use]
    pub fn lost(&self) -> Option<String> {
        self.0
            .lost
            .lock()
            .expect("nothing panics while it holds it")
            .clone()
    }

    /// Lets everything be asked again that was refused for good.
    pub fn forget_refusals(&self) {
        self.write(|disk| disk.execute("DELETE FROM refusals", []).map(drop));
    }

    /// Writes down what came of the question `name` of the batch `batch`, once, however often its
    /// results are read. True if it is one of ours and new, and so must be paid for.
    pub fn item(
        &self,
        batch: &str,
        name: &str,
        outcome: &Result<Message, CallError>,
        pico: u64,
        now: Duration,
    ) -> bool {
        let mut key = Key::default();
        let is_ours = hex::decode_to_slice(name, &mut key).is_ok();
        let mut is_new = false;
        if is_ours {
            self.write(|disk| {
                let all = disk.unchecked_transaction()?;
                let insert = "INSERT OR IGNORE INTO booked (batch, key) VALUES (?1, ?2)";
                is_new = all.prepare_cached(insert)?.execute(params![batch, key])? > 0;
                if is_new {
                    let id = begin(&all, &key, pico, now)?;
                    end(&all, (id, &key), outcome, (pico, true), now)?;
                }
                all.commit()
            });
        }
        is_new
    }

    /// What came of the question `key`. A damaged answer counts as none.
    pub(super) fn find(&self, key: &Key) -> Option<Known> {
        let answer = "SELECT text, stop, digest FROM answers WHERE key = ?1";
        let refusal = "SELECT status, kind, message, code FROM refusals WHERE key = ?1";
        self.read(|disk| {
            let found = disk
                .prepare_cached(answer)?
                .query_row([key], read_answer)
                .optional()?;
            let whole = found.filter(|(message, digest)| rows::digest(key, message) == *digest);
            if let Some((message, _)) = whole {
                return Ok(Some(Known::Answered(message)));
            }
            let refused = disk
                .prepare_cached(refusal)?
                .query_row([key], read_refusal)
                .optional()?;
            Ok(refused.map(Known::Refused))
        })?
    }

    /// Pico-dollars that the answer to the question `key` cost; 0 if there is none.
    pub(super) fn price(&self, key: &Key) -> u64 {
        self.read(|disk| rows::price(disk, key)).unwrap_or(0)
    }

    /// What was written about the definition `key`.
    pub(super) fn entry(&self, key: &Key) -> Option<Entry> {
        self.read(|disk| rows::entry(disk, key))?
    }

    /// Keeps what was written about definitions.
    pub(super) fn keep_entries(&self, entries: impl Iterator<Item = Entry>) {
        self.write(|disk| rows::keep_entries(disk, entries));
    }

    /// Attempts at `key` that failed before, in a run that did not give it up.
    pub(super) fn attempts(&self, key: &Key) -> u32 {
        let select = "SELECT count(*) FROM attempts WHERE key = ?1 AND counts";
        self.read(|disk| {
            disk.prepare_cached(select)?
                .query_row([key], |row| row.get(0))
        })
        .unwrap_or(0)
    }

    /// Writes down that an attempt begins, which costs at most `most_pico` and `abandoned_pico`
    /// when nobody waits for its end.
    ///
    /// # Errors
    /// [`CallError::Unrecorded`] when this or something before it could not be written down: then
    /// nothing may be sent that has to be paid for.
    pub(super) fn begin(
        &self,
        key: Key,
        [most_pico, abandoned_pico]: [u64; 2],
        now: Duration,
    ) -> Result<OpenAttempt<'_>, CallError> {
        let mut id = 0;
        if self.lost().is_none() {
            self.write(|disk| {
                id = begin(disk, &key, most_pico, now)?;
                Ok(())
            });
        }
        if let Some(why) = self.lost() {
            return Err(CallError::Unrecorded { why });
        }
        Ok(OpenAttempt {
            journal: self,
            id,
            key,
            started: now,
            abandoned_pico,
            is_ended: false,
        })
    }

    /// Writes down that `key` is given up for this run: the next one begins to count anew.
    pub(super) fn give_up(&self, key: &Key) {
        let update = "UPDATE attempts SET counts = 0 WHERE key = ?1";
        self.write(|disk| disk.prepare_cached(update)?.execute([key]).map(drop));
    }

    /// The limit of input tokens under which the document `key` is cut: what was once decided
    /// stays, because other cuts would be other questions. `known` is what this run has learnt.
    pub(super) fn plan(&self, key: &Key, known: Option<u64>) -> Option<u64> {
        let learnt = "SELECT value FROM learnt WHERE name = 'input_limit'";
        let insert = "INSERT OR IGNORE INTO plans (key, input_limit) VALUES (?1, ?2)";
        let select = "SELECT input_limit FROM plans WHERE key = ?1";
        let known = known.or_else(|| {
            self.read(|disk| {
                disk.prepare_cached(learnt)?
                    .query_row([], |row| row.get(0))
                    .optional()
            })?
        });
        self.write(|disk| {
            disk.prepare_cached(insert)?
                .execute(params![key, known])
                .map(drop)
        });
        self.read(|disk| {
            disk.prepare_cached(select)?
                .query_row([key], |row| row.get(0))
        })
        .unwrap_or(known)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        work(&self.disk()).map_err(|error| self.lose(&error)).ok()
    }

    fn write(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) {
        if let Err(error) = work(&self.disk()) {
            self.lose(&error);
        }
    }

    fn disk(&self) -> MutexGuard<'_, Connection> {
        self.0
            .disk
            .lock()
            .expect("nothing panics while it holds the journal")
    }

    fn lose(&self, error: &rusqlite::Error) {
        let mut lost = self
            .0
            .lost
            .lock()
            .expect("nothing panics while it holds it");
        lost.get_or_insert_with(|| error.to_string());
    }
}

impl OpenAttempt<'_> {
    /// Ends the attempt, which cost `pico`. `counts` if it counts against the call.
    pub(super) fn end(
        mut self,
        outcome: &Result<Message, CallError>,
        pico: u64,
        counts: bool,
        now: Duration,
    ) {
        self.is_ended = true;
        self.journal.write(|disk| {
            let all = disk.unchecked_transaction()?;
            end(&all, (self.id, &self.key), outcome, (pico, counts), now)?;
            all.commit()
        });
    }
}

impl Drop for OpenAttempt<'_> {
    fn drop(&mut self) {
        if !self.is_ended {
            let row = Ended {
                id: self.id,
                how: "abandoned",
                counts: false,
                usage: Usage::default(),
                pico: self.abandoned_pico,
                now: self.started,
            };
            self.journal.write(|disk| close(disk, &row));
        }
    }
}

#[cfg(test)]
mod tests;
