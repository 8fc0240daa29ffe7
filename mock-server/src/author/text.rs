//! Strings of the right length that match their patterns and formats.

use serde_json::Value;

use super::chance::Chance;
use super::document::{Document, Node};
use super::format;
use super::pattern::Pattern;

/// What all schemas of a place say about its string.
struct Wanted<'a> {
    least: usize,
    most: usize,
    patterns: Vec<&'a str>,
    formats: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(nodes: &[Node<'a>]) -> Self {
        let texts = |keyword| {
            let found = nodes.iter().filter_map(|node| node.get(keyword)?.as_str());
            found.collect::<Vec<&'a str>>()
        };
        let counts = |keyword| nodes.iter().filter_map(move |node| node.count(keyword));
        let encoded = texts("contentEncoding");
        Self {
            least: counts("minLength").max().unwrap_or(0),
            most: counts("maxLength").min().unwrap_or(usize::MAX),
            patterns: texts("pattern"),
            formats: texts("format").into_iter().chain(encoded).collect(),
        }
    }

    fn has_length(&self, text: &str) -> bool {
        (self.least..=self.most).contains(&text.chars().count())
    }
}

/// Tries before a text is given up.
const TRIES: usize = 300;
/// No text that is made up is longer.
const LONGEST: usize = 50_000;

/// A string for the property `name`, in a place that all of `nodes` rule.
pub(super) fn write(
    document: &Document<'_>,
    nodes: &[Node<'_>],
    name: &str,
    variety: usize,
    chance: &mut Chance,
) -> Option<Value> {
    let wanted = Wanted::read(nodes);
    if wanted.least > wanted.most || wanted.least > LONGEST {
        return None;
    }
    let text = match wanted.patterns.as_slice() {
        [] => free(&wanted, name, variety, chance),
        patterns => by_pattern(document, &wanted, patterns, variety, chance),
    };
    text.map(Value::String)
}

/// A text without a pattern.
fn free(wanted: &Wanted<'_>, name: &str, variety: usize, chance: &mut Chance) -> Option<String> {
    let known: Vec<&str> = wanted
        .formats
        .iter()
        .copied()
        .filter(|name| format::write(name, 0, chance, 0).is_some())
        .collect();
    if known.is_empty() {
        return Some(words(wanted, name, variety));
    }
    let suits = |text: &String| {
        wanted.has_length(text)
            && known
                .iter()
                .all(|name| format::holds(name, text).unwrap_or(true))
    };
    (variety..variety + TRIES).find_map(|variety| {
        let name = known[variety % known.len()];
        format::write(name, wanted.least, chance, variety).filter(suits)
    })
}

/// Plain words, as many as the length allows.
fn words(wanted: &Wanted<'_>, name: &str, variety: usize) -> String {
    let mut text = match variety {
        0 => usual(name).to_owned(),
        number => format!("{} {number}", OTHERS[number % OTHERS.len()]),
    };
    while text.chars().count() < wanted.least {
        text.push_str(" and so on");
    }
    let longest = wanted.most.min(LONGEST);
    if text.chars().count() <= longest {
        return text;
    }
    if variety > 0 && longest < 12 {
        // Short texts differ in their first letters.
        let digits = format!("{variety:x}");
        text = digits + &text;
    }
    let least = if wanted.least <= longest {
        wanted.least
    } else {
        0
    };
    let cut: String = text.chars().take(longest).collect();
    let trimmed = cut.trim_end();
    if trimmed.chars().count() >= least {
        trimmed.to_owned()
    } else {
        cut
    }
}

/// What differing texts begin with.
const OTHERS: [&str; 4] = ["example", "sample", "Another", "42nd"];

/// What a model would fill into a field of this name that says no more.
fn usual(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "command" | "cmd" => "echo hello",
        "url" | "uri" | "href" | "link" => "https://example.com/",
        "path" | "file" | "filename" | "file_path" | "file_name" | "filepath" => "example.txt",
        "email" => "example@example.com",
        "date" | "day" => "2026-11-14",
        "code" | "script" => "print(\"hello\")",
        "language" => "en",
        _ => "example",
    }
}

/// A text that matches all `patterns`, written after one of them.
fn by_pattern(
    document: &Document<'_>,
    wanted: &Wanted<'_>,
    patterns: &[&str],
    variety: usize,
    chance: &mut Chance,
) -> Option<String> {
    let read: Vec<Pattern> = patterns
        .iter()
        .filter_map(|text| Pattern::new(text))
        .collect();
    if read.len() < patterns.len() {
        return None;
    }
    let suits = |text: &String| {
        let formats = &wanted.formats;
        wanted.has_length(text)
            && patterns
                .iter()
                .all(|pattern| document.matches(pattern, text))
            && formats
                .iter()
                .all(|name| format::holds(name, text).unwrap_or(true))
    };
    for attempt in 0..TRIES {
        let pattern = &read[(attempt + variety) % read.len()];
        // Repetitions grow until the text is long enough; longer and longer, or exactly so long.
        let grow = match attempt {
            0..=3 => 2,
            _ => (attempt / 2) % (wanted.least + 12),
        };
        let text = pattern.write(chance, grow, attempt % 2 == 1);
        let missing = wanted.least.saturating_sub(text.chars().count());
        let filler = "x".repeat(missing);
        let candidates = [
            text.clone(),
            format!("{text}{filler}"),
            format!("{filler}{text}"),
        ];
        if let Some(found) = candidates.into_iter().find(suits) {
            return Some(found);
        }
    }
    None
}
