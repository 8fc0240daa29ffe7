//! What a service prints: kept up to a bound, and its last words.

use std::fs::File;
use std::io::{PipeReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::contract::limits::MAX_LOG;
use crate::text::block;

/// Bytes at the end of a service's own output in which its last words are looked for.
const TAIL: u64 = 4_000;
/// Characters of its last words that are told: those at the end, where a traceback says what happened.
const LAST_WORDS: usize = 400;

/// The end of what stands in the log at `path`, without what a terminal would obey.
pub(super) fn last_words(path: &Path) -> String {
    let mut text = Vec::new();
    if let Ok(mut file) = File::open(path) {
        let length = file.metadata().map_or(0, |meta| meta.len());
        let _at_start = file.seek(SeekFrom::Start(length.saturating_sub(TAIL)));
        let _partial = file.take(TAIL).read_to_end(&mut text);
        if length > TAIL {
            // A line that was cut may begin inside a terminal sequence.
            let whole = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
            text.drain(..whole);
        }
    }
    match last_lines(&String::from_utf8_lossy(&text)) {
        none if none.is_empty() => "(none)".to_owned(),
        words => words,
    }
}

/// The last whole lines of a log that fit, on one line.
fn last_lines(text: &str) -> String {
    let text = block(text);
    let (mut words, mut length) = (Vec::new(), 0);
    for line in text.lines().rev().filter(|line| !line.trim().is_empty()) {
        let line = line.trim().replace('\t', " ");
        length += line.chars().count() + 3;
        if length > LAST_WORDS && !words.is_empty() {
            break;
        }
        words.push(line);
    }
    words.reverse();
    words.join(" | ")
}

/// Keeps the beginning of what a service prints, and goes on reading, so that it never waits for us.
pub(super) fn keep(words: PipeReader, mut log: File) {
    std::thread::spawn(move || {
        let mut words = words;
        // A full disk or a reader that is gone loses the log, not the service.
        let _kept = std::io::copy(&mut Read::by_ref(&mut words).take(MAX_LOG), &mut log);
        let _rest = std::io::copy(&mut words, &mut std::io::sink());
    });
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_end_of_a_traceback_is_told_and_not_its_beginning() {
        let frames: String = (0..40)
            .map(|n| format!("  File \"/srv/app/{n}.py\", line {n}, in run\n    run()\n"))
            .collect();
        let log = format!(
            "Traceback (most recent call last):\n{frames}\u{1b}[31mKeyError: 'x'\u{1b}[0m\n\n"
        );
        let words = last_lines(&log);
        assert!(words.ends_with("| KeyError: 'x'"), "{words}");
        assert!(
            words.chars().count() < 420 && !words.contains("Traceback"),
            "{words}"
        );
        assert_eq!(
            last_lines(&"x".repeat(900)).len(),
            900,
            "a last line is never lost"
        );
    }
}
