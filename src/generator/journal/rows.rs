//! The tables of a journal and what stands in their rows.

use std::time::Duration;

use ground::usage::Usage;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::cache::{self, Key};
use super::super::entries::Entry;
use crate::claude::{CallError, Message, StopReason};

/// Costs in pico-dollars; `ended_ms` is null while an attempt goes on; `counts` is 0 for what is
/// no fault of the call, like a refusal by the rate limits, and for calls that were given up.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS answers
    (key BLOB PRIMARY KEY, text TEXT NOT NULL, stop TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusals
    (key BLOB PRIMARY KEY, status INTEGER NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL, code TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts
    (id INTEGER PRIMARY KEY, key BLOB NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER, outcome TEXT,
     counts INTEGER NOT NULL DEFAULT 0, input_tokens INTEGER NOT NULL DEFAULT 0,
     output_tokens INTEGER NOT NULL DEFAULT 0, pico INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS attempts_by_key ON attempts (key);
CREATE TABLE IF NOT EXISTS entries
    (key BLOB PRIMARY KEY, text TEXT NOT NULL, version BLOB NOT NULL, pico INTEGER NOT NULL, digest BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plans (key BLOB PRIMARY KEY, input_limit INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches
    (id TEXT PRIMARY KEY, started_ms INTEGER NOT NULL, questions INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS booked (batch TEXT, key BLOB, PRIMARY KEY (batch, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS learnt (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// How an attempt ended.
pub(super) struct Ended<'a> {
    pub(super) id: i64,
    pub(super) how: &'a str,
    pub(super) counts: bool,
    pub(super) usage: Usage,
    pub(super) pico: u64,
    pub(super) now: Duration,
}

/// Begins an attempt that costs at most `pico`; returns its id.
pub(super) fn begin(
    disk: &Connection,
    key: &Key,
    pico: u64,
    now: Duration,
) -> rusqlite::Result<i64> {
    let insert = "INSERT INTO attempts (key, started_ms, pico) VALUES (?1, ?2, ?3)";
    disk.prepare_cached(insert)?
        .execute(params![key, millis(now), pico])?;
    Ok(disk.last_insert_rowid())
}

/// Ends the attempt `id` at `key` and keeps what came of it.
pub(super) fn end(
    disk: &Connection,
    (id, key): (i64, &Key),
    outcome: &Result<Message, CallError>,
    (pico, counts): (u64, bool),
    now: Duration,
) -> rusqlite::Result<()> {
    let (how, usage) = match outcome {
        Ok(message) => ("answered".to_owned(), message.usage),
        Err(error) => (error.to_string(), Usage::default()),
    };
    let row = Ended {
        id,
        how: &how,
        counts: counts && outcome.is_err(),
        usage,
        pico,
        now,
    };
    close(disk, &row)?;
    match outcome {
        Ok(message) => keep(disk, key, message),
        Err(error) if is_final(error) => refuse(disk, key, error),
        Err(_) => Ok(()),
    }
}

/// Writes down how an attempt ended.
pub(super) fn close(disk: &Connection, row: &Ended<'_>) -> rusqlite::Result<()> {
    let update = "UPDATE attempts SET ended_ms = ?2, outcome = ?3, counts = ?4, \
         input_tokens = ?5, output_tokens = ?6, pico = ?7 WHERE id = ?1";
    let values = params![
        row.id,
        millis(row.now),
        row.how,
        row.counts,
        row.usage.input_tokens,
        row.usage.output_tokens,
        row.pico
    ];
    disk.prepare_cached(update)?.execute(values).map(drop)
}

fn keep(disk: &Connection, key: &Key, message: &Message) -> rusqlite::Result<()> {
    let insert = "INSERT OR REPLACE INTO answers (key, text, stop, digest) VALUES (?1, ?2, ?3, ?4)";
    let row = params![
        key,
        message.text,
        message.stop_reason.name(),
        digest(key, message)
    ];
    disk.prepare_cached(insert)?.execute(row)?;
    let limits = message.limits.and_then(|limits| limits.input_tokens);
    if let Some(window) = limits {
        let learn = "INSERT INTO learnt (name, value) VALUES ('input_limit', ?1) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value";
        disk.prepare_cached(learn)?.execute([window.limit])?;
    }
    Ok(())
}

fn refuse(disk: &Connection, key: &Key, error: &CallError) -> rusqlite::Result<()> {
    let CallError::Api {
        status,
        kind,
        message,
        code,
        ..
    } = error
    else {
        return Ok(());
    };
    let insert = "INSERT OR REPLACE INTO refusals (key, status, kind, message, code) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![key, status, kind, message, code];
    disk.prepare_cached(insert)?.execute(row).map(drop)
}

/// Whether asking again can change nothing. A key that was refused can be mended, so that is not
/// final.
fn is_final(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Api {
            status: 400 | 404 | 413 | 422,
            ..
        }
    ) || error.is_spend_cap()
}

/// What the answer to `key` cost, in pico-dollars; 0 if there is none.
pub(super) fn price(disk: &Connection, key: &Key) -> rusqlite::Result<u64> {
    let select = "SELECT pico FROM attempts WHERE key = ?1 AND outcome = 'answered' ORDER BY id DESC LIMIT 1";
    let found = disk
        .prepare_cached(select)?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}

/// What was written about the definition `key`. A damaged text counts as none.
pub(super) fn entry(disk: &Connection, key: &Key) -> rusqlite::Result<Option<Entry>> {
    let select = "SELECT text, version, pico, digest FROM entries WHERE key = ?1";
    let read = |row: &Row<'_>| {
        let entry = Entry {
            key: *key,
            text: row.get(0)?,
            version: row.get(1)?,
            pico: row.get(2)?,
        };
        Ok((entry, row.get::<_, Key>(3)?))
    };
    let mut select = disk.prepare_cached(select)?;
    let found = select.query_row([key], read).optional()?;
    let whole = found.filter(|(entry, digest)| digest_of(entry) == *digest);
    Ok(whole.map(|(entry, _)| entry))
}

fn digest_of(entry: &Entry) -> Key {
    cache::key(&[&entry.key, &entry.version, entry.text.as_bytes()])
}

/// The first that was written about a definition stays: what people have read does not change.
pub(super) fn keep_entries(
    disk: &Connection,
    entries: impl Iterator<Item = Entry>,
) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO entries (key, text, version, pico, digest) VALUES (?1, ?2, ?3, ?4, ?5)";
    let all = disk.unchecked_transaction()?;
    for entry in entries {
        let row = params![
            entry.key,
            entry.text,
            entry.version,
            entry.pico,
            digest_of(&entry)
        ];
        all.prepare_cached(insert)?.execute(row)?;
    }
    all.commit()
}

pub(super) fn read_answer(row: &Row<'_>) -> rusqlite::Result<(Message, Key)> {
    let message = Message {
        text: row.get(0)?,
        stop_reason: StopReason::from_name(row.get(1)?),
        usage: Usage::default(),
        limits: None,
        request_id: None,
    };
    Ok((message, row.get(2)?))
}

pub(super) fn read_refusal(row: &Row<'_>) -> rusqlite::Result<CallError> {
    Ok(CallError::Api {
        status: row.get(0)?,
        kind: row.get(1)?,
        message: row.get(2)?,
        code: row.get(3)?,
        retry_after: None,
        should_retry: None,
        limits: None,
    })
}

pub(super) fn digest(key: &Key, message: &Message) -> Key {
    let stop = message.stop_reason.name();
    cache::key(&[key, message.text.as_bytes(), stop.as_bytes()])
}

pub(super) fn millis(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
