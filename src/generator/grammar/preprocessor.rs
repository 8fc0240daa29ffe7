//! Makes C, C++ and C# readable for a grammar that knows no preprocessor: of conditional code that holds
//! parts of statements one branch is kept, and macros that stand where no grammar expects a word go.
//! Every byte stays where it is.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::quoted::closing;

/// A conditional directive that is open.
struct Group {
    /// Where each branch begins, behind the line of its directive, and where it ends.
    branches: Vec<(usize, usize)>,
    /// The lines of its directives.
    directives: Vec<(usize, usize)>,
    /// Whether it begins in the middle of a statement.
    is_inside: bool,
}

/// Blanks what a grammar cannot read; C# has conditions but no macros.
pub(super) fn simplify(bytes: &mut [u8], has_macros: bool) {
    choose_branches(bytes);
    if has_macros {
        blank_macros(bytes);
    }
}

/// Of conditional code whose branches are no whole statements, keeps the first.
fn choose_branches(bytes: &mut [u8]) {
    let mut open: Vec<Group> = Vec::new();
    let mut last_code = b';';
    let mut start = 0;
    let mut in_comment = false;
    while start < bytes.len() {
        let end = line_end(bytes, start);
        let line = bytes[start..end].trim_ascii();
        let word = if in_comment { None } else { directive(line) };
        match word {
            Some(b"if" | b"ifdef" | b"ifndef") => open.push(Group {
                branches: vec![(end, end)],
                directives: vec![(start, end)],
                is_inside: !matches!(last_code, b';' | b'{' | b'}' | b':' | b')'),
            }),
            Some(b"else" | b"elif" | b"elifdef" | b"elifndef") => {
                if let Some(group) = open.last_mut() {
                    group.close_branch(start);
                    group.branches.push((end, end));
                    group.directives.push((start, end));
                }
            }
            Some(b"endif") => {
                if let Some(mut group) = open.pop() {
                    group.close_branch(start);
                    group.directives.push((start, end));
                    group.settle(bytes);
                }
            }
            Some(_) => {}
            None => last_code = last_of(line, &mut in_comment).unwrap_or(last_code),
        }
        start = end;
    }
}

impl Group {
    fn close_branch(&mut self, end: usize) {
        if let Some(branch) = self.branches.last_mut() {
            branch.1 = end;
        }
    }

    fn settle(&self, bytes: &mut [u8]) {
        let is_whole = |(start, end): &(usize, usize)| is_balanced(&bytes[*start..*end]);
        let has_code = |(start, end): &(usize, usize)| has_code(&bytes[*start..*end]);
        let is_inside = self.is_inside && self.branches.iter().any(has_code);
        if !is_inside && self.branches.iter().all(is_whole) {
            return;
        }
        let others = self.branches.iter().skip(1);
        for (start, end) in self.directives.iter().chain(others) {
            blank(&mut bytes[*start..*end]);
        }
    }
}

/// End of the line that begins at `start`, with those that a backslash joins to it.
fn line_end(bytes: &[u8], mut start: usize) -> usize {
    loop {
        let Some(at) = memchr::memchr(b'\n', &bytes[start..]) else {
            return bytes.len();
        };
        let line = &bytes[start..start + at];
        start += at + 1;
        if !line.strip_suffix(b"\r").unwrap_or(line).ends_with(b"\\") {
            return start;
        }
    }
}

/// The word of a preprocessor's line.
fn directive(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"#")?.trim_ascii_start();
    let end = rest.iter().position(|byte| !byte.is_ascii_alphabetic());
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// The last byte of `line` that is code.
fn last_of(line: &[u8], in_comment: &mut bool) -> Option<u8> {
    let mut last = None;
    visit(line, in_comment, |byte| {
        if !byte.is_ascii_whitespace() {
            last = Some(byte);
        }
    });
    last
}

/// Whether every brace and parenthesis in `code` is opened and closed in it.
fn is_balanced(code: &[u8]) -> bool {
    let (mut braces, mut parentheses, mut is_whole) = (0, 0, true);
    visit(code, &mut false, |byte| {
        match byte {
            b'{' => braces += 1,
            b'}' => braces -= 1,
            b'(' => parentheses += 1,
            b')' => parentheses -= 1,
            _ => {}
        }
        is_whole &= braces >= 0 && parentheses >= 0;
    });
    is_whole && braces == 0 && parentheses == 0
}

/// Whether `text` holds more than directives and comments.
fn has_code(text: &[u8]) -> bool {
    let (mut start, mut in_comment) = (0, false);
    while start < text.len() {
        let end = line_end(text, start);
        let line = text[start..end].trim_ascii();
        let is_directive = !in_comment && directive(line).is_some();
        if !is_directive && last_of(line, &mut in_comment).is_some() {
            return true;
        }
        start = end;
    }
    false
}

/// Shows every byte of `code` that stands in no comment and in no string.
fn visit(code: &[u8], in_comment: &mut bool, mut see: impl FnMut(u8)) {
    let mut at = 0;
    while let Some(&byte) = code.get(at) {
        let rest = &code[at..];
        if *in_comment {
            *in_comment = !rest.starts_with(b"*/");
            at += if *in_comment { 1 } else { 2 };
        } else if rest.starts_with(b"/*") {
            *in_comment = true;
            at += 2;
        } else if rest.starts_with(b"//") {
            at = memchr::memchr(b'\n', rest).map_or(code.len(), |end| at + end);
        } else if matches!(byte, b'"' | b'\'') {
            // A string ends with its line at the latest; `1'000` opens none.
            let digit = at > 0 && code[at - 1].is_ascii_alphanumeric();
            let line = &rest[1..memchr::memchr(b'\n', rest).unwrap_or(rest.len()).max(1)];
            at += if byte == b'\'' && digit {
                1
            } else {
                1 + closing(line, byte)
            };
            see(byte);
        } else {
            see(byte);
            at += 1;
        }
    }
}

/// Words in capitals that only a macro can be: before a declaration that has its type, between a type
/// and a name, behind parameters, before the name of a class, around all declarations of a header.
static MACROS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        r"(?m)^[ \t]*(?:static[ \t]+|extern[ \t]+|inline[ \t]+|virtual[ \t]+|friend[ \t]+)*([A-Z][A-Z0-9]*(?:v\d+)?_[A-Z0-9_]+(?:\([^()\n;{}]*\))?)\s+(?:const\s+|struct\s+|unsigned\s+|static\s+|inline\s+)*[A-Za-z_][\w:]*(?:<[^<>\n;{}]*>)?(?:\s*[*&]+\s*|\s+)(?:const\s+)?[A-Za-z_~]\w*\s*[(<\[=;]",
        r"(?<type>[\w>*&]+)[ \t*&]+([A-Z][A-Z0-9]*_[A-Z0-9_]+)[ \t*&]+[A-Za-z_]\w*[ \t]*\(",
        r"\)[ \t\r\n]*(?:const[ \t\r\n]+)?([A-Z][A-Z0-9]*_?[A-Z0-9_]+(?:\([^()\n;{}]*\))?)\s*[;{]",
        r"\b(?:class|struct|union)\s+([A-Z][A-Z0-9_]+(?:\([^()\n;{}]*\))?)\s+[A-Za-z_]\w*(?:\s+final)?\s*(?:\{|:[^:])",
        r"(?m)^[ \t]*(_*[A-Z0-9_]*(?:BEGIN|END)[A-Z0-9_]*DECLS?|Q_OBJECT|Q_GADGET)[ \t]*$",
    ]
    .map(|pattern| Regex::new(pattern).expect("the pattern is a constant"))
});

/// Words that stand before a type, so that what follows is one.
const NO_TYPES: [&[u8]; 12] = [
    b"const", b"else", b"enum", b"extern", b"friend", b"inline", b"return", b"static", b"struct",
    b"typedef", b"union", b"virtual",
];

fn blank_macros(bytes: &mut [u8]) {
    for pattern in MACROS.iter() {
        let found: Vec<_> = pattern
            .captures_iter(bytes)
            .filter(|found| {
                let before = found.name("type").map(|before| before.as_bytes());
                !before.is_some_and(|before| NO_TYPES.contains(&before))
            })
            .filter_map(|found| found.iter().last()?.map(|word| word.range()))
            .collect();
        for range in found {
            blank(&mut bytes[range]);
        }
    }
}

/// Fills all but line ends with blanks.
fn blank(bytes: &mut [u8]) {
    let kept = |byte: &u8| matches!(byte, b'\n' | b'\r');
    bytes
        .iter_mut()
        .filter(|byte| !kept(byte))
        .for_each(|byte| *byte = b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simplified(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        simplify(&mut bytes, true);
        assert_eq!(bytes.len(), text.len());
        let text = String::from_utf8(bytes).unwrap();
        let lines = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("|")
    }

    #[test]
    fn of_branches_that_open_a_function_the_first_stays() {
        let text =
            "#ifdef A\nint f(void) {\n#else\nint f(int a) { /* } */\n#endif\n  return 1; }\n";
        assert_eq!(simplified(text), "int f(void) {|return 1; }");
        let text = "int f(int a\n#if B\n  , int b\n#endif\n) { }\n";
        assert_eq!(simplified(text), "int f(int a|, int b|) { }");
        let text = "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\n";
        assert_eq!(simplified(text), "extern \"C\" {|int f(void);|}");
    }

    #[test]
    fn branches_of_whole_definitions_all_stay() {
        let text = "#ifdef A\nint f(void) { return '{'; }\n#elif B\nint g(void) { return \"{\"[0]; }\n#endif\n";
        assert_eq!(simplified(text), text.trim_end().replace('\n', "|"));
    }

    #[test]
    fn macros_go_where_no_word_is_expected_and_types_in_capitals_stay() {
        for (text, expected) in [
            ("MY_API foo_t *make(void);", "foo_t *make(void);"),
            ("MY_EXPORT(1) int make(void);", "int make(void);"),
            (
                "static int WIN_CALL cmp(int a) {",
                "static int cmp(int a) {",
            ),
            ("void f(void) LIB_HIDDEN;", "void f(void) ;"),
            (
                "class LIB_EXPORT A final : public B {",
                "class A final : public B {",
            ),
            ("MY_BEGIN_DECLS\nint f(void);", "int f(void);"),
            ("struct FOO bar;", "struct FOO bar;"),
            ("HANDLE open(void);", "HANDLE open(void);"),
            ("BIG_TYPE f(int a) {", "BIG_TYPE f(int a) {"),
            ("static BIG_TYPE g(void);", "static BIG_TYPE g(void);"),
            ("int x = (A_B) * C_D;", "int x = (A_B) * C_D;"),
        ] {
            assert_eq!(simplified(text), expected);
        }
    }
}
