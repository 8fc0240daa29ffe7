//! CSV files as spreadsheets and learning platforms write them: with commas, semicolons or tabs, with a
//! byte order mark or in the letters of old Windows, with any line ends, with a lone quote in a name.

use std::ops::Range;

/// A file whose cells are known by where they stand, so that one can be replaced and the rest stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spreadsheet {
    text: String,
    /// It was no UTF-8: every byte is one letter.
    is_latin: bool,
    rows: Vec<Vec<Range<usize>>>,
}

impl Spreadsheet {
    /// Reads any bytes.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let (text, is_latin) = match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (bytes.iter().map(|byte| char::from(*byte)).collect(), true),
        };
        let mut rows = rows(&text, separator(&text));
        // Excel's own first line that names the separator.
        if rows.first().is_some_and(|row| {
            value(&text, &row[0])
                .to_ascii_lowercase()
                .starts_with("sep=")
        }) {
            rows.remove(0);
        }
        Self {
            text,
            is_latin,
            rows,
        }
    }

    /// The names of the columns, as they are shown to people.
    pub(super) fn columns(&self) -> Vec<String> {
        let head = self.rows.first();
        head.into_iter()
            .flatten()
            .map(|cell| value(&self.text, cell))
            .collect()
    }

    /// The place of the column with this name, whatever the case of its letters.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        let name = name.trim().to_lowercase();
        self.columns()
            .iter()
            .position(|known| known.to_lowercase() == name)
    }

    /// Rows below the head that are not empty, with the line in which each begins, from 1.
    pub(super) fn filled_rows(&self) -> impl Iterator<Item = (usize, &[Range<usize>])> {
        let below = self.rows.iter().skip(1);
        below.filter_map(|row| {
            let is_empty = row.iter().all(|cell| value(&self.text, cell).is_empty());
            let before = &self.text[..row.first()?.start];
            (!is_empty).then(|| (1 + before.matches('\n').count(), row.as_slice()))
        })
    }

    /// What a cell says; nothing where the row is too short.
    pub(super) fn value(&self, row: &[Range<usize>], column: usize) -> String {
        row.get(column)
            .map(|cell| value(&self.text, cell))
            .unwrap_or_default()
    }

    /// The file with other contents in some cells, which stand in order; quotes around them stay.
    pub(super) fn with(&self, changes: &[(Range<usize>, String)]) -> Vec<u8> {
        let (mut out, mut at) = (String::with_capacity(self.text.len()), 0);
        for (cell, content) in changes {
            let is_quoted = self.text[cell.clone()].trim().len() >= 2
                && self.text[cell.clone()].trim().starts_with('"');
            out.push_str(&self.text[at..cell.start]);
            out.push_str(&if is_quoted {
                format!("\"{content}\"")
            } else {
                content.clone()
            });
            at = cell.end;
        }
        out.push_str(&self.text[at..]);
        if self.is_latin {
            // Points are ASCII, and every other letter was a byte.
            return out.chars().map(|letter| letter as u8).collect();
        }
        out.into_bytes()
    }
}

/// The one that the first line has most of, outside quotes.
fn separator(text: &str) -> u8 {
    let head = text.split(['\n', '\r']).next().unwrap_or_default();
    let mut is_quoted = false;
    let bare: Vec<u8> = head
        .bytes()
        .filter(|byte| {
            is_quoted ^= *byte == b'"';
            !is_quoted
        })
        .collect();
    let count = |separator: u8| bare.iter().filter(|byte| **byte == separator).count();
    // Of equals the last counts: a comma before all.
    *b"\t;,"
        .iter()
        .max_by_key(|one| count(**one))
        .unwrap_or(&b',')
}

/// Where each cell of each row stands, quotes included. Only a quote at the beginning of a cell opens
/// one; inside, a quote is doubled, and the cell may hold separators and line ends.
fn rows(text: &str, separator: u8) -> Vec<Vec<Range<usize>>> {
    let bytes = text.as_bytes();
    let (mut rows, mut row, mut start) = (Vec::new(), Vec::new(), 0);
    let mut at = 0;
    if text.starts_with('\u{feff}') {
        at = '\u{feff}'.len_utf8();
        start = at;
    }
    while at < bytes.len() {
        if at == start && bytes[at] == b'"' {
            at = end_of_quoted(bytes, at, separator);
            continue;
        }
        match bytes[at] {
            b'\n' | b'\r' => {
                row.push(start..at);
                rows.push(std::mem::take(&mut row));
                at += usize::from(bytes[at..].starts_with(b"\r\n"));
                start = at + 1;
            }
            byte if byte == separator => {
                row.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < text.len() || !row.is_empty() {
        row.push(start..text.len());
        rows.push(row);
    }
    rows
}

/// The byte after the quoted cell that opens at `open`; the next one if it is never closed, for then
/// the quote is a letter like others.
fn end_of_quoted(bytes: &[u8], open: usize, separator: u8) -> usize {
    let mut at = open + 1;
    while at < bytes.len() {
        if bytes[at] != b'"' {
            at += 1;
        } else if bytes.get(at + 1) == Some(&b'"') {
            at += 2;
        } else {
            let ends = bytes
                .get(at + 1)
                .is_none_or(|next| b"\r\n ".contains(next) || *next == separator);
            return if ends { at + 1 } else { open + 1 };
        }
    }
    open + 1
}

fn value(text: &str, cell: &Range<usize>) -> String {
    let raw = text[cell.clone()].trim();
    let inside = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) => inside.replace("\"\"", "\"").trim().to_owned(),
        None => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        let sheet = Spreadsheet::read(bytes);
        let width = sheet.columns().len();
        let row = |(_, row): (usize, &[Range<usize>])| {
            (0..width).map(|at| sheet.value(row, at)).collect()
        };
        [
            vec![sheet.columns()],
            sheet.filled_rows().map(row).collect(),
        ]
        .concat()
    }

    #[test]
    fn every_programs_way_to_write_is_read() {
        let expected = vec![vec!["id", "mail"], vec!["ann", "a@x"]];
        for bytes in [
            &b"id,mail\nann,a@x\n"[..],
            b"\xef\xbb\xbfid,mail\r\nann,a@x\r\n",
            b"id;mail\nann;a@x",
            b"id\tmail\rann\ta@x\r",
            b"\"id\",\"mail\"\n\"ann\",\"a@x\"\n",
            b"sep=;\r\nid;mail\r\nann;a@x\r\n",
            b"id , mail \n,\n ann ,a@x\n,,\n",
        ] {
            assert_eq!(cells(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_lone_quote_is_a_letter_and_a_quoted_line_end_belongs_to_its_cell() {
        let rows = cells(b"name,mail\nAnn 5\" Lee,a\n\"Cy \"\"C\"\"\nx\",c\n\"Di,d\n");
        let names: Vec<&str> = rows.iter().skip(1).map(|row| row[0].as_str()).collect();
        assert_eq!(names, ["Ann 5\" Lee", "Cy \"C\"\nx", "\"Di"]);
    }

    #[test]
    fn a_cell_is_replaced_and_every_other_byte_stays() {
        let latin = b"name;points\r\nM\xfcller;\"\"\r\nLee;\r\n";
        let sheet = Spreadsheet::read(latin);
        let changes: Vec<_> = sheet
            .filled_rows()
            .map(|(_, row)| (row[1].clone(), "7".to_owned()))
            .collect();
        assert_eq!(
            sheet.with(&changes),
            b"name;points\r\nM\xfcller;\"7\"\r\nLee;7\r\n"
        );
        assert_eq!(
            sheet.value(sheet.filled_rows().next().unwrap().1, 0),
            "Müller"
        );
    }
}
