//! The prompt cache: which prefixes are remembered, for how long, and what that saves.

use std::collections::BTreeMap;

use ground::chance::{digest, mix};
use ground::models;
use ground::profile::Profile;
use ground::usage::Usage;

use crate::request::{Block, CacheControl, Content, MessagesRequest, Size, Tool, Ttl};

/// Blocks before a breakpoint in which an older entry is looked for.
const LOOK_BACK: usize = 20;
/// Entries kept; the one that expires first goes first.
const MAX_ENTRIES: usize = 100_000;
const MINUTE_NS: u64 = 60_000_000_000;

/// Remembered prefixes.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    entries: BTreeMap<u64, CachedPrefix>,
}

#[derive(Debug, Clone, Copy)]
struct CachedPrefix {
    /// Usable from the moment on at which the first answer begins.
    ready: u64,
    expires: u64,
    ttl: Ttl,
}

/// One block of a prompt: the prefix up to its end, and whether it is a breakpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefix {
    hash: u64,
    size: Size,
    mark: Option<Ttl>,
}

/// The prefixes of `request` that can be cached for the customer `key`; none without breakpoints.
pub(crate) fn prefixes(request: &MessagesRequest<'_>, key: u64, model: usize) -> Vec<Prefix> {
    let mut walk = Walk {
        hash: mix(&[key, model as u64]),
        ..Walk::default()
    };
    for raw in request.tools.iter().flatten() {
        let tool: Option<Tool<'_>> = serde_json::from_str(raw.get()).ok();
        walk.size.bytes += raw.get().len();
        walk.push(raw.get(), tool.and_then(|tool| tool.cache_control));
    }
    if let Some(system) = &request.system {
        walk.content(system);
    }
    for message in &request.messages {
        walk.hash = mix(&[walk.hash, message.role as u64]);
        walk.content(&message.content);
    }
    if let (Some(mark), Some(last)) = (request.cache_control, walk.prefixes.last_mut()) {
        last.mark = last.mark.or(Some(mark.ttl));
    }
    let marked = walk.prefixes.iter().any(|prefix| prefix.mark.is_some());
    if marked { walk.prefixes } else { vec![] }
}

#[derive(Default)]
struct Walk {
    hash: u64,
    size: Size,
    prefixes: Vec<Prefix>,
}

impl Walk {
    fn content(&mut self, content: &Content<'_>) {
        match content {
            Content::Text(text) => {
                self.size.bytes += text.len();
                self.push(text, None);
            }
            Content::Blocks(blocks) => blocks.iter().for_each(|block| self.block(block)),
        }
    }

    fn block(&mut self, block: &Block<'_>) {
        self.size.add_block(block);
        self.hash = mix(&[self.hash, digest(block.kind.as_bytes())]);
        let source = block.source.as_ref().map(|source| source.raw);
        for raw in block
            .input
            .map(|input| input.get())
            .into_iter()
            .chain(source)
        {
            self.hash = mix(&[self.hash, digest(raw.as_bytes())]);
        }
        if let Some(content) = &block.content {
            content.each_text(&mut |text| self.hash = mix(&[self.hash, digest(text.as_bytes())]));
        }
        self.push(block.text.as_deref().unwrap_or(""), block.cache_control);
    }

    fn push(&mut self, text: &str, mark: Option<CacheControl>) {
        self.hash = mix(&[self.hash, digest(text.as_bytes())]);
        let mark = mark.map(|mark| mark.ttl);
        self.prefixes.push(Prefix {
            hash: self.hash,
            size: self.size,
            mark,
        });
    }
}

impl PromptCache {
    /// Splits `total` input tokens into read, written and uncached ones at the moment `now`.
    pub(crate) fn split(
        &self,
        prefixes: &[Prefix],
        total: u64,
        profile: &Profile,
        now: u64,
    ) -> Usage {
        let shortest = models::min_cached_tokens(&profile.model);
        let tokens = |prefix: &Prefix| prefix.size.tokens(profile);
        let fits = |prefix: &&Prefix| tokens(prefix) >= shortest;
        let read = self
            .longest_hit(prefixes, now)
            .filter(fits)
            .map_or(0, tokens);
        let mut usage = Usage {
            cache_read_tokens: read,
            ..Usage::default()
        };
        let mut covered = read;
        for prefix in prefixes.iter().filter(fits) {
            let Some(ttl) = prefix.mark else { continue };
            let new = tokens(prefix).saturating_sub(covered);
            covered += new;
            match ttl {
                Ttl::FiveMinutes => usage.cache_write_5m_tokens += new,
                Ttl::OneHour => usage.cache_write_1h_tokens += new,
            }
        }
        usage.input_tokens = total.saturating_sub(covered);
        usage
    }

    fn longest_hit<'p>(&self, prefixes: &'p [Prefix], now: u64) -> Option<&'p Prefix> {
        let breakpoints = prefixes
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, p)| p.mark.is_some());
        breakpoints
            .flat_map(|(at, _)| prefixes[at.saturating_sub(LOOK_BACK)..=at].iter().rev())
            .find(|prefix| {
                let entry = self.entries.get(&prefix.hash);
                entry.is_some_and(|entry| entry.ready <= now && now < entry.expires)
            })
    }

    /// Remembers the breakpoints of a request whose answer begins at `ready`, and refreshes those
    /// that were read at `now`.
    pub(crate) fn store(&mut self, prefixes: &[Prefix], profile: &Profile, now: u64, ready: u64) {
        let shortest = models::min_cached_tokens(&profile.model);
        for prefix in prefixes
            .iter()
            .filter(|p| p.size.tokens(profile) >= shortest)
        {
            let known = self
                .entries
                .get(&prefix.hash)
                .copied()
                .filter(|e| now < e.expires);
            let Some(ttl) = prefix.mark.or(known.map(|entry| entry.ttl)) else {
                continue;
            };
            let ready = known.map_or(ready, |entry| entry.ready.min(ready));
            let expires = now.max(ready) + lifetime(ttl);
            self.entries.insert(
                prefix.hash,
                CachedPrefix {
                    ready,
                    expires,
                    ttl,
                },
            );
        }
        if self.entries.len() > MAX_ENTRIES {
            self.entries.retain(|_, entry| entry.expires > now);
            while self.entries.len() > MAX_ENTRIES {
                self.entries.pop_first();
            }
        }
    }
}

fn lifetime(ttl: Ttl) -> u64 {
    match ttl {
        Ttl::FiveMinutes => 5 * MINUTE_NS,
        Ttl::OneHour => 60 * MINUTE_NS,
    }
}
