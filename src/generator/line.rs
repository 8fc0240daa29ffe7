//! Lines of a text: where they begin, how far they are indented, and what belongs to the next one.

/// The lines of `text` with their ends, LF, CR or CRLF, and where they begin.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == text.len() {
            return None;
        }
        let end = match memchr::memchr2(b'\n', b'\r', &bytes[start..]) {
            None => text.len(),
            Some(at) if bytes[start + at..].starts_with(b"\r\n") => start + at + 2,
            Some(at) => start + at + 1,
        };
        let line = (start, &text[start..end]);
        start = end;
        Some(line)
    })
}

/// Whether a line like this belongs to the definition below it.
pub(super) fn belongs_below(line: &str) -> bool {
    let line = line.trim_ascii();
    ["#", "//", "@", "/*", "*"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

/// Indentation in levels of four columns.
pub(super) fn indent(line: &str) -> usize {
    let columns: usize = line
        .bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .map(|byte| if byte == b'\t' { 4 } else { 1 })
        .sum();
    columns.div_ceil(4)
}
