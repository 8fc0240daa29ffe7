//! What a journal knows of batches: which were handed in, and which have not been read.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::Journal;
use super::rows::millis;

/// Stands for the id of a batch that has none yet.
const INTENDED: &str = "";

impl Journal {
    /// Writes down that the API took a batch of so many questions.
    pub fn batch_began(&self, id: &str, questions: usize, now: Duration) {
        let insert =
            "INSERT OR IGNORE INTO batches (id, started_ms, questions) VALUES (?1, ?2, ?3)";
        self.write(|disk| {
            let all = disk.unchecked_transaction()?;
            all.execute(insert, params![id, millis(now), questions])?;
            if id != INTENDED {
                all.execute("DELETE FROM batches WHERE id = ?1", [INTENDED])?;
            }
            all.commit()
        });
    }

    /// Writes down that a batch of so many questions is about to be handed in: if a kill comes
    /// between that and [`Self::batch_began`], the API may have it and nobody knows its id.
    pub fn batch_intended(&self, questions: usize, now: Duration) {
        self.batch_began(INTENDED, questions, now);
    }

    /// The number of questions of a batch that was about to be handed in.
    #[must_use]
    pub fn batch_intent(&self) -> Option<usize> {
        let select = "SELECT questions FROM batches WHERE id = ?1";
        self.read(|disk| {
            disk.query_row(select, [INTENDED], |row| row.get(0))
                .optional()
        })?
    }

    /// Ends what [`Self::batch_intended`] began.
    pub fn batch_forgotten(&self) {
        self.write(|disk| {
            disk.execute("DELETE FROM batches WHERE id = ?1", [INTENDED])
                .map(drop)
        });
    }

    /// Whether this job handed in the batch `id`.
    #[must_use]
    pub fn knows_batch(&self, id: &str) -> bool {
        let select = "SELECT count(*) FROM batches WHERE id = ?1";
        self.read(|disk| disk.query_row(select, [id], |row| row.get::<_, u64>(0)))
            .is_some_and(|count| count > 0)
    }

    /// Batches whose results have not been read.
    #[must_use]
    pub fn open_batches(&self) -> Vec<String> {
        let select = "SELECT id FROM batches WHERE NOT ended AND id <> '' ORDER BY rowid";
        self.read(|disk| {
            let mut statement = disk.prepare(select)?;
            let ids = statement.query_map([], |row| row.get(0))?;
            ids.collect()
        })
        .unwrap_or_default()
    }

    /// Writes down that all results of a batch have been read.
    pub fn batch_ended(&self, id: &str) {
        self.write(|disk| {
            disk.execute("UPDATE batches SET ended = 1 WHERE id = ?1", [id])
                .map(drop)
        });
    }
}
