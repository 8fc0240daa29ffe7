//! The files of an examination: plausible Python whose names exist nowhere else.

use std::fmt::Write;

/// A file with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileText {
    pub(super) path: String,
    pub(super) content: String,
    /// Names of its definitions, in order.
    pub(super) symbols: Vec<String>,
}

/// Shape of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) symbols: usize,
    /// Lines from one definition to the next.
    pub(super) lines: usize,
}

pub(super) const SMALL: Shape = Shape {
    symbols: 6,
    lines: 8,
};
/// About 8,000 lines and 30,000 tokens.
pub(super) const LONG: Shape = Shape {
    symbols: 660,
    lines: 12,
};
/// As short as a small module, but its documentation is about 18,000 tokens.
pub(super) const DENSE: Shape = Shape {
    symbols: 600,
    lines: 1,
};

const BODY: [&str; 6] = [
    "    total = a + len(str(b))",
    "    rows = [a, b, total]",
    "    rows.sort(key=str)",
    "    if not rows: return None",
    "    name = str(b).strip('_')",
    "    total = max(total, len(name))",
];

/// The file `number` of a case. `tag` makes its names unlike those of any other file.
pub(super) fn text(salt: &str, tag: &str, number: usize, shape: Shape) -> FileText {
    let names = (0..shape.symbols).map(|n| name(salt, tag, number, n));
    of_names(format!("src/{tag}_{number}.py"), names.collect(), shape)
}

/// Two files of equal length that differ only in names of the middle third.
pub(super) fn twins(salt: &str, shape: Shape) -> [FileText; 2] {
    let middle = shape.symbols / 3..2 * shape.symbols / 3;
    [0, 1].map(|number| {
        let names = (0..shape.symbols).map(|n| {
            let of = if middle.contains(&n) { number } else { 9 };
            name(salt, "tw", of, n)
        });
        of_names(format!("src/twin_{number}.py"), names.collect(), shape)
    })
}

fn name(salt: &str, tag: &str, number: usize, n: usize) -> String {
    format!("work_{salt}_{tag}{number}_{n:03}")
}

/// A file that looks like anybody's code. Up to four differ by their subject.
pub(super) fn ordinary(salt: &str, number: usize) -> FileText {
    const SUBJECTS: [&str; 4] = ["invoice", "session", "ticket", "vector"];
    const VERBS: [&str; 7] = [
        "parse", "load", "merge", "render", "filter", "encode", "close",
    ];
    let subject = format!("{}_{salt}{number}", SUBJECTS[number % SUBJECTS.len()]);
    let symbols: Vec<String> = VERBS
        .iter()
        .map(|verb| format!("{verb}_{subject}"))
        .collect();
    let mut content = format!("\"\"\"All about one {subject}.\"\"\"\nimport json\n\n");
    for name in &symbols {
        let _infallible = write!(
            content,
            "def {name}(value):\n    text = json.dumps(value)\n    return text.upper()\n\n\n"
        );
    }
    FileText {
        path: format!("app/models/{subject}.py"),
        content,
        symbols,
    }
}

fn of_names(path: String, symbols: Vec<String>, shape: Shape) -> FileText {
    let mut content = String::new();
    for name in &symbols {
        let tail = if shape.lines == 1 { " return a" } else { "" };
        let _infallible = writeln!(content, "def {name}(a, b=0):{tail}");
        for line in 1..shape.lines {
            content.push_str(if line + 1 == shape.lines {
                ""
            } else {
                BODY[line % BODY.len()]
            });
            content.push('\n');
        }
    }
    FileText {
        path,
        content,
        symbols,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_definition_that_the_mock_sees() {
        for shape in [SMALL, LONG, DENSE] {
            let text = text("salt", "x", 3, shape);
            let seen: Vec<&str> = ground::symbols::scan(&text.content).collect();
            assert_eq!(seen, text.symbols);
            assert_eq!(text.content.lines().count(), shape.symbols * shape.lines);
        }
        let text = ordinary("salt", 6);
        let seen: Vec<&str> = ground::symbols::scan(&text.content).collect();
        assert_eq!(seen, text.symbols);
    }

    #[test]
    fn twins_have_equal_length_head_and_tail_but_another_middle() {
        let [one, two] = twins(
            "salt",
            Shape {
                symbols: 120,
                lines: 8,
            },
        );
        assert_eq!(one.content.len(), two.content.len());
        assert_ne!(one.content, two.content);
        let end = one.content.len();
        assert_eq!(one.content[..4096], two.content[..4096]);
        assert_eq!(one.content[end - 4096..], two.content[end - 4096..]);
    }
}
