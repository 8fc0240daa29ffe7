//! Answers that outlive a process and that processes share: a SQLite file, or a table of DynamoDB.
//!
//! A store that fails costs a call, never an answer: whoever asks it learns nothing, and is told why once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::super::error::SetupError;
use super::Key;
use super::disk::Disk;
use super::found::{Found, StoreError, StoreStats, Token};
use super::place::CachePlace;
#[cfg(feature = "dynamodb")]
use super::table::Table;

/// How many times as much as the memory the file may hold: 1 GB by default.
const DISK_PER_MEMORY: u64 = 16;

/// An open store. Copies share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    kind: Kind,
    trouble: Mutex<Trouble>,
    say: Box<dyn Fn(&str) + Send + Sync>,
}

/// What went wrong; each is said once until all has been well for a while.
#[derive(Default)]
struct Trouble {
    said: BTreeSet<String>,
    well: u32,
}

/// Accesses in a row after which trouble is over: one that comes and goes must not fill a log.
const OVER: u32 = 1_000;

enum Kind {
    File(Mutex<Disk>),
    #[cfg(feature = "dynamodb")]
    Table(Table),
}

impl Store {
    /// Opens what is at `place`; nothing for memory, which is no store. Answers of a table may be handed out for `days`,
    /// a file holds sixteen times `memory_mb`. Trouble is said by `say`, the same only once.
    ///
    /// # Errors
    /// [`SetupError::Cache`] when it cannot be used, with the way out.
    pub fn open(
        place: &CachePlace,
        memory_mb: u64,
        days: u32,
        say: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Option<Self>, SetupError> {
        let kind = match place {
            CachePlace::Memory => return Ok(None),
            CachePlace::Sqlite(path) => {
                let most = (memory_mb << 20).saturating_mul(DISK_PER_MEMORY);
                Kind::File(Mutex::new(Disk::open(path, most)?))
            }
            CachePlace::Dynamodb(name) => {
                Self::table(name, days).map_err(|why| SetupError::Cache {
                    path: place.to_string(),
                    why,
                })?
            }
        };
        Ok(Some(Self(Arc::new(Inner {
            kind,
            trouble: Mutex::default(),
            say: Box::new(say),
        }))))
    }

    #[cfg(feature = "dynamodb")]
    fn table(name: &str, days: u32) -> Result<Kind, StoreError> {
        Table::open(name, days).map(Kind::Table)
    }

    #[cfg(not(feature = "dynamodb"))]
    fn table(_name: &str, _days: u32) -> Result<Kind, StoreError> {
        Err(NOT_BUILT.to_owned())
    }

    /// What it holds.
    ///
    /// # Errors
    /// The reason, in words, when it cannot be read.
    pub fn stats(&self) -> Result<StoreStats, String> {
        match &self.0.kind {
            Kind::File(disk) => held(disk).stats().map_err(|error| error.to_string()),
            #[cfg(feature = "dynamodb")]
            Kind::Table(table) => table.stats(),
        }
    }

    /// Forgets all answers; returns how many there were.
    ///
    /// # Errors
    /// The reason, in words, when it cannot be written.
    pub fn purge(&self) -> Result<u64, String> {
        match &self.0.kind {
            Kind::File(disk) => held(disk).purge().map_err(|error| error.to_string()),
            #[cfg(feature = "dynamodb")]
            Kind::Table(table) => table.purge(),
        }
    }

    pub(super) async fn find(&self, key: &Key) -> Found {
        let found = match &self.0.kind {
            Kind::File(disk) => held(disk).find(key).map_err(|error| error.to_string()),
            #[cfg(feature = "dynamodb")]
            Kind::Table(table) => table.find(*key).await,
        };
        self.known(found).unwrap_or(Found::Nothing)
    }

    /// Keeps the answer and ends the lease. What another has kept meanwhile stays.
    pub(super) async fn keep(&self, key: &Key, text: &Arc<str>) {
        let kept = match &self.0.kind {
            Kind::File(disk) => held(disk)
                .keep(key, text)
                .map_err(|error| error.to_string()),
            #[cfg(feature = "dynamodb")]
            Kind::Table(table) => table.keep(*key, Arc::clone(text)).await,
        };
        self.known(kept);
    }

    /// Takes the work on `key` if nobody is at it, or if only `seen` is; true if it is ours now, or if nobody can tell.
    pub(super) async fn claim(&self, key: &Key, seen: Option<Token>, token: Token) -> bool {
        let claimed = match &self.0.kind {
            Kind::File(disk) => held(disk)
                .claim(key, seen, token)
                .map_err(|error| error.to_string()),
            #[cfg(feature = "dynamodb")]
            Kind::Table(table) => table.claim(*key, seen, token).await,
        };
        self.known(claimed).unwrap_or(true)
    }

    /// Lets others work on `key`; whoever is slow to be told waits a little longer.
    pub(super) fn release(&self, key: &Key, token: Token) {
        match &self.0.kind {
            Kind::File(disk) => {
                let released = held(disk).release(key, token);
                self.known(released.map_err(|error| error.to_string()));
            }
            #[cfg(feature = "dynamodb")]
            Kind::Table(table) => table.release(*key, token),
        }
    }

    /// What came of an access; of a failure the words are said unless they were said last.
    fn known<T>(&self, outcome: Result<T, StoreError>) -> Option<T> {
        let mut trouble = self
            .0
            .trouble
            .lock()
            .expect("nothing panics while it holds the last trouble");
        match outcome {
            Ok(value) => {
                trouble.well += 1;
                if trouble.well >= OVER {
                    *trouble = Trouble::default();
                }
                Some(value)
            }
            Err(why) => {
                trouble.well = 0;
                if !trouble.said.contains(&why) {
                    (self.0.say)(&why);
                    trouble.said.insert(why);
                }
                None
            }
        }
    }
}

fn held(disk: &Mutex<Disk>) -> std::sync::MutexGuard<'_, Disk> {
    disk.lock()
        .expect("nothing panics while it holds the cache file")
}

/// Makes the table `name` for answers, unless it is there. Returns what is worth saying about it.
///
/// # Errors
/// [`SetupError::Cache`] when it can be neither made nor used.
pub fn create_table(name: &str) -> Result<Vec<String>, SetupError> {
    #[cfg(feature = "dynamodb")]
    let made = Table::create(name);
    #[cfg(not(feature = "dynamodb"))]
    let made: Result<Vec<String>, StoreError> = Err(NOT_BUILT.to_owned());
    made.map_err(|why| SetupError::Cache {
        path: format!("dynamodb:{name}"),
        why,
    })
}

#[cfg(not(feature = "dynamodb"))]
const NOT_BUILT: &str = "this breaklab was built without DynamoDB; \
     install the released one (`pip install breaklab`), or build with `cargo build --release --features dynamodb`";

#[cfg(test)]
mod tests;
