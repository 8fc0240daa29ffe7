//! Files as they are kept for later requests.

use std::time::Duration;

use bytes::Bytes;

/// Bytes kept at most, all files together.
pub(crate) const MAX_BYTES: usize = 1 << 30;

/// A file that was uploaded.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
    /// When it was uploaded, simulated time.
    pub(crate) created: Duration,
    /// When it is forgotten, if ever.
    pub(crate) expires: Option<Duration>,
}

/// All files, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<File>);

impl Files {
    /// Keeps `file`, unless there is no room.
    pub(crate) fn add(&mut self, file: File) -> Result<(), NoRoom> {
        let kept: usize = self.0.iter().map(|file| file.bytes.len()).sum();
        if kept + file.bytes.len() > MAX_BYTES {
            return Err(NoRoom);
        }
        self.0.push(file);
        Ok(())
    }

    /// The files there are at `now`, newest first.
    pub(crate) fn newest_first(&self, now: Duration) -> impl Iterator<Item = &File> {
        let is_there = move |file: &&File| file.expires.is_none_or(|end| end > now);
        self.0.iter().rev().filter(is_there)
    }

    /// The file with this id.
    pub(crate) fn get(&self, id: &str, now: Duration) -> Option<&File> {
        self.newest_first(now).find(|file| file.id == id)
    }

    /// Forgets the file with this id.
    pub(crate) fn remove(&mut self, id: &str) {
        self.0.retain(|file| file.id != id);
    }
}

/// No more bytes can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom;
