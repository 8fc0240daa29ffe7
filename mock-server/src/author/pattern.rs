//! Regular expressions: as JSON Schema writes them, whether a text matches, and texts that do.

use fancy_regex::{Expr, Regex, RegexBuilder};
use regex_syntax::hir::{Class, HirKind};

use super::chance::Chance;

/// A pattern that was read.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    tree: Expr,
}

impl Pattern {
    /// `None` if `pattern` is not a regular expression.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let pattern = translate(pattern);
        let regex = RegexBuilder::new(&pattern)
            .backtrack_limit(BACKTRACKS)
            .build()
            .ok()?;
        let tree = Expr::parse_tree(&pattern).ok()?.expr;
        Some(Self { regex, tree })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text).unwrap_or(false)
    }

    /// A text in which the pattern probably occurs: look-around is not heeded. Whatever may repeat
    /// does so up to `grow` times more than it must, or exactly so often if `all`.
    pub(super) fn write(&self, chance: &mut Chance, grow: usize, all: bool) -> String {
        let mut writer = Writer {
            chance,
            grow,
            all,
            text: String::new(),
            groups: vec![],
        };
        writer.push(&self.tree, 0);
        writer.text
    }
}

/// Enough for any pattern that was not written to be slow.
const BACKTRACKS: usize = 20_000;
/// No text that is made up is longer, whatever is repeated.
const LONGEST: usize = 20_000;
/// Groups within groups; each takes a part of the stack.
const DEEPEST: usize = 100;

struct Writer<'c> {
    chance: &'c mut Chance,
    grow: usize,
    all: bool,
    text: String,
    /// What each group has matched.
    groups: Vec<String>,
}

impl Writer<'_> {
    fn push(&mut self, expression: &Expr, depth: usize) {
        if depth > DEEPEST || self.text.len() > LONGEST {
            return;
        }
        match expression {
            Expr::Any { .. } => self.push_any(),
            Expr::Literal { val, .. } => self.text.push_str(val),
            Expr::GeneralNewline { .. } => self.text.push('\n'),
            Expr::Concat(parts) => parts.iter().for_each(|part| self.push(part, depth + 1)),
            Expr::Alt(parts) if !parts.is_empty() => {
                let chosen = self.chance.below(parts.len());
                let before: usize = parts[..chosen].iter().map(groups_in).sum();
                let after: usize = parts[chosen + 1..].iter().map(groups_in).sum();
                self.groups.extend(vec![String::new(); before]);
                self.push(&parts[chosen], depth + 1);
                self.groups.extend(vec![String::new(); after]);
            }
            Expr::Group(inner) => {
                let (number, start) = (self.groups.len(), self.text.len());
                self.groups.push(String::new());
                self.push(inner, depth + 1);
                self.groups[number] = self.text[start..].to_owned();
            }
            Expr::AtomicGroup(inner) => self.push(inner, depth + 1),
            Expr::LookAround(inner, _) => {
                let groups = groups_in(inner);
                self.groups.extend(vec![String::new(); groups]);
            }
            Expr::Repeat { child, lo, hi, .. } => self.push_repeat(child, *lo, *hi, depth),
            Expr::Delegate { inner, .. } => self.push_class(inner),
            Expr::Backref { group, .. } => {
                let found = self.groups.get(group.wrapping_sub(1)).cloned();
                self.text.push_str(&found.unwrap_or_default());
            }
            Expr::Conditional { true_branch, .. } => self.push(true_branch, depth + 1),
            // Everything else matches nothing by itself, or is not of this dialect.
            _ => {}
        }
    }

    fn push_any(&mut self) {
        // Mostly small letters, but every kind of character that a look-ahead may ask for.
        let characters =
            b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_!@#$%&*";
        let chosen = self.chance.below(characters.len());
        self.text.push(char::from(characters[chosen]));
    }

    fn push_repeat(&mut self, child: &Expr, lo: usize, hi: usize, depth: usize) {
        let more = if self.all {
            self.grow
        } else {
            self.chance.below(self.grow + 1)
        };
        let count = lo.saturating_add(more).min(hi);
        let first = self.groups.len();
        for _ in 0..count {
            self.groups.truncate(first);
            self.push(child, depth + 1);
            if self.text.len() > LONGEST {
                break;
            }
        }
        if count == 0 {
            self.groups.extend(vec![String::new(); groups_in(child)]);
        }
    }

    /// Appends one character of a class.
    fn push_class(&mut self, class: &str) {
        let Ok(hir) = regex_syntax::parse(class) else {
            return;
        };
        let ranges: Vec<(char, char)> = match hir.kind() {
            HirKind::Class(Class::Unicode(class)) => {
                class.iter().map(|r| (r.start(), r.end())).collect()
            }
            HirKind::Class(Class::Bytes(class)) => class
                .iter()
                .map(|r| (char::from(r.start()), char::from(r.end())))
                .collect(),
            HirKind::Literal(literal) => {
                self.text.push_str(&String::from_utf8_lossy(&literal.0));
                return;
            }
            _ => return,
        };
        let is_in = |c: &char| ranges.iter().any(|(low, high)| low <= c && c <= high);
        let plain: Vec<char> = ('0'..='9')
            .chain('a'..='z')
            .chain('A'..='Z')
            .filter(is_in)
            .collect();
        let printable: Vec<char> = (' '..='~').filter(is_in).collect();
        let choice = match (plain.is_empty(), printable.is_empty()) {
            // Now and then a sign that is neither letter nor digit.
            (false, _) if self.chance.below(8) > 0 => &plain,
            (_, false) => &printable,
            _ => &plain,
        };
        match choice.as_slice() {
            [] => self.text.extend(ranges.first().map(|(low, _)| *low)),
            some => {
                let chosen = self.chance.below(some.len());
                self.text.push(some[chosen]);
            }
        }
    }
}

fn groups_in(expression: &Expr) -> usize {
    let own = usize::from(matches!(expression, Expr::Group(_)));
    own + expression.children_iter().map(groups_in).sum::<usize>()
}

/// `pattern` in the dialect of the engine: JSON Schema's is that of ECMAScript, where digits are
/// ASCII, `$` is the end of the text, and a bracket in a class stands for itself.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut in_class = false;
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('d') => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
                Some('D') if !in_class => out.push_str("[^0-9]"),
                Some('w') => out.push_str(if in_class {
                    "A-Za-z0-9_"
                } else {
                    "[A-Za-z0-9_]"
                }),
                Some('W') if !in_class => out.push_str("[^A-Za-z0-9_]"),
                Some('/') => out.push('/'),
                Some('Z') => out.push_str("\\z"),
                Some('c') => {
                    let letter = characters.next().map_or(0, |letter| letter as u32 % 32);
                    out.push_str(&format!("\\x{letter:02x}"));
                }
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // `[^]` is any character at all.
                if out.ends_with("[^") && characters.next_if_eq(&']').is_some() {
                    out.truncate(out.len() - 2);
                    out.push_str("[\\s\\S]");
                    in_class = false;
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', character]),
            '$' if !in_class => out.push_str("\\z"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pattern: &str) -> String {
        let read = Pattern::new(pattern).unwrap();
        let mut chance = Chance::new(7);
        (0..100)
            .map(|_| read.write(&mut chance, 12, false))
            .find(|text| read.matches(text))
            .unwrap_or_else(|| panic!("nothing for {pattern}"))
    }

    #[test]
    fn a_text_is_written_for_each_pattern() {
        for pattern in [
            r"^[A-Z]{3}-\d{4}$",
            r"^(?=.*[A-Z])(?=.*\d)[\w!@#]{8,32}$",
            r"^(?!admin$)[a-z]+$",
            r"^([a-z])\1x(?<word>b|c)\k<word>$",
            r"^\/api\/v\d+(\/[a-z]+)*$",
            r"^[^\s@]+@[^\s@]+\.[^\s@]{2,}$",
            r"^\p{Lu}\p{Ll}+$",
            r"^(\([0-9]{3}\))?[0-9]{3}-[0-9]{4}$",
            "^[äöü]+$",
            "^$",
            "foo",
            r"^[[\]{}]+$",
            r"^\u0041\x42\cJ$",
            r"^[^]{3}$",
        ] {
            written(pattern);
        }
    }

    #[test]
    fn a_digit_is_an_ascii_digit_and_the_end_is_the_end() {
        let digits = Pattern::new(r"^\d$").unwrap();
        assert!(digits.matches("7") && !digits.matches("٧") && !digits.matches("7\n"));
    }

    #[test]
    fn what_is_no_regular_expression_is_not_read() {
        for broken in ["(", "[a", "*", "a)"] {
            assert!(Pattern::new(broken).is_none(), "{broken}");
        }
    }
}
