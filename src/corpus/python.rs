//! Plausible Python of an exact number of lines, whose names exist in no other file.

use ground::chance::{mix, unit};

const VERBS: [&str; 12] = [
    "load", "save", "parse", "merge", "find", "count", "check", "build", "send", "read", "sort",
    "pack",
];
const NOUNS: [&str; 12] = [
    "row", "user", "item", "path", "page", "node", "rule", "task", "date", "key", "job", "log",
];
const SHORT: [&str; 6] = ["a += b", "b = a", "n += 1", "del b", "a = n", "pass"];
const LONG: [&str; 8] = [
    "total = total + a * n",
    "rows.append((a, b, n))",
    "if not rows: return None",
    "a, b = b, max(a, n, b)",
    "name = str(a).strip('_')",
    "log.debug('rows %s', n)",
    "rows = sorted(rows)[:n]",
    "total = sum(r[0] for r in rows)",
];

/// Statements of about the length that makes up for many short lines.
const LONGEST: [&str; 4] = [
    "rows = sorted((row for row in rows if row[0] > n), key=max)[:100]",
    "total = sum(row[0] * row[1] for row in rows if row[2] is not None)",
    "log.info('kept %s of %s rows in %s', len(rows), total, name.title())",
    "name = '-'.join(str(part).strip() for part in (a, b, n) if part)",
];

/// A module of exactly `lines` lines with a definition every `every` lines. `version` edits one
/// function, as a developer would.
pub(super) fn module(
    lines: usize,
    every: usize,
    bytes_per_line: f64,
    seed: u64,
    version: u64,
) -> String {
    let mut text = String::with_capacity((lines as f64 * bytes_per_line) as usize + 64);
    let blocks = lines / every.max(1);
    let edited = below(mix(&[seed, 99]), blocks.max(1));
    let mut written = 0;
    for block in 0..blocks {
        let edit = if block == edited { version } else { 0 };
        push_block(
            &mut text,
            &Block {
                number: block,
                lines: every,
                seed,
                edit,
                written,
                bytes_per_line,
            },
        );
        written += every;
    }
    for line in written..lines {
        text.push_str(if line % 2 == 0 { "n = 0" } else { "b = 1" });
        text.push('\n');
    }
    text
}

struct Block {
    number: usize,
    lines: usize,
    seed: u64,
    edit: u64,
    written: usize,
    bytes_per_line: f64,
}

/// Blocks come in groups of eight: four functions, then a class and its three methods.
fn push_block(text: &mut String, block: &Block) {
    let name = name(block.seed, block.number);
    let (head, indent) = match block.number % 8 {
        0..4 => (format!("def {name}(a, n):\n"), "    "),
        4 => (format!("class {}:\n", class_name(&name)), "    "),
        _ => (format!("    def {name}(self, n):\n"), "        "),
    };
    text.push_str(&head);
    let last_of_scope = matches!(block.number % 8, 0..=3 | 7);
    for line in 1..block.lines {
        if line + 1 == block.lines && block.lines > 3 && last_of_scope {
            text.push('\n');
            continue;
        }
        let wanted = (block.written + line + 1) as f64 * block.bytes_per_line;
        text.push_str(indent);
        text.push_str(statement(block, line, wanted - text.len() as f64));
        text.push('\n');
    }
}

/// A statement of about `room` bytes, so that the whole file keeps its mean line length.
fn statement(block: &Block, line: usize, room: f64) -> &'static str {
    if line == 1 && block.lines > 2 {
        return [
            "n = 0", "n = 1", "n = 2", "n = 3", "n = 4", "n = 5", "n = 6", "n = 7",
        ][(block.edit % 8) as usize];
    }
    let choice = mix(&[block.seed, block.number as u64, line as u64]);
    let pool: &[&str] = match room {
        ..8.0 => &SHORT,
        ..40.0 => &LONG,
        _ => &LONGEST,
    };
    pool[below(choice, pool.len())]
}

fn name(seed: u64, number: usize) -> String {
    let choice = mix(&[seed, 7, number as u64]);
    let verb = VERBS[below(choice, VERBS.len())];
    let noun = NOUNS[below(mix(&[choice]), NOUNS.len())];
    format!("{verb}_{noun}_{:05x}", choice & 0xf_ffff)
}

fn class_name(name: &str) -> String {
    name.split('_')
        .map(|part| {
            let mut letters = part.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}

/// An index below `bound` from mixed bits.
fn below(bits: u64, bound: usize) -> usize {
    (unit(bits) * bound as f64) as usize
}
