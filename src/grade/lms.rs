//! Fills points into the CSV file that a learning platform exported, and leaves every other byte
//! as it was: such files come back in only if nothing else changed.

use std::collections::BTreeMap;
use std::ops::Range;

/// What was filled in, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The file's new text.
    pub text: String,
    /// Rows that got points.
    pub filled: usize,
    /// Keys of grades that no row has.
    pub unused: Vec<String>,
}

/// Puts `points`, keyed by the value of the column `key`, into the column `column` of `text`.
/// Rows without points stay as they are: a blank would overwrite a grade.
///
/// # Errors
/// When a column is missing.
pub fn fill(
    text: &str,
    key: &str,
    column: &str,
    points: &BTreeMap<String, String>,
) -> Result<Filled, String> {
    let head = text.lines().next().unwrap_or_default();
    let separator = if head.matches(';').count() > head.matches(',').count() {
        b';'
    } else {
        b','
    };
    let rows = rows(text, separator);
    let header = rows.first().ok_or("the file is empty")?;
    let names: Vec<String> = header.iter().map(|cell| value(text, cell)).collect();
    let find = |name: &str| {
        let found = names.iter().position(|known| {
            known
                .trim_start_matches('\u{feff}')
                .eq_ignore_ascii_case(name)
        });
        found.ok_or_else(|| {
            format!(
                "there is no column `{name}`; the columns are {}",
                names.join(", ")
            )
        })
    };
    let (key, column) = (find(key)?, find(column)?);
    let (mut out, mut at, mut used) = (String::with_capacity(text.len()), 0, Vec::new());
    for row in rows.iter().skip(1) {
        let (Some(who), Some(cell)) = (row.get(key), row.get(column)) else {
            continue;
        };
        let who = value(text, who);
        if let Some((known, points)) = points
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(who.trim()))
        {
            out.push_str(&text[at..cell.start]);
            out.push_str(points);
            at = cell.end;
            used.push(known);
        }
    }
    out.push_str(&text[at..]);
    let unused = points
        .keys()
        .filter(|known| !used.contains(known))
        .cloned()
        .collect();
    Ok(Filled {
        text: out,
        filled: used.len(),
        unused,
    })
}

/// Where each cell of each row stands, quotes included. A quote inside quotes is doubled, and a
/// quoted cell may hold line ends.
fn rows(text: &str, separator: u8) -> Vec<Vec<Range<usize>>> {
    let (mut rows, mut row, mut start, mut quoted) = (Vec::new(), Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'\n' => {
                let end = if text[..at].ends_with('\r') {
                    at - 1
                } else {
                    at
                };
                row.push(start..end.max(start));
                rows.push(std::mem::take(&mut row));
                start = at + 1;
            }
            byte if byte == separator => {
                row.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < text.len() || !row.is_empty() {
        row.push(start..text.len());
        rows.push(row);
    }
    rows
}

fn value(text: &str, cell: &Range<usize>) -> String {
    let raw = &text[cell.clone()];
    match raw
        .trim()
        .strip_prefix('"')
        .and_then(|inside| inside.strip_suffix('"'))
    {
        Some(inside) => inside.replace("\"\"", "\""),
        None => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> BTreeMap<String, String> {
        [
            ("ann@x.edu".to_owned(), "18.5".to_owned()),
            ("eve@x.edu".to_owned(), "3".to_owned()),
        ]
        .into()
    }

    #[test]
    fn only_the_cells_of_known_students_change() {
        let canvas = "Student,ID,SIS Login ID,Section,A3 (991)\r\n\"Doe, \"\"A\"\"\nnn\",7,Ann@x.edu,1,\r\n\"Roe, B\",8,bob@x.edu,1,12\r\n";
        let filled = fill(canvas, "SIS Login ID", "A3 (991)", &points()).unwrap();
        assert_eq!(
            filled.text,
            canvas.replace("Ann@x.edu,1,", "Ann@x.edu,1,18.5")
        );
        assert_eq!(
            (filled.filled, filled.unused),
            (1, vec!["eve@x.edu".to_owned()])
        );
    }

    #[test]
    fn semicolons_and_a_file_without_a_last_line_end_are_read() {
        let moodle = "Identifier;Email address;Grade\nParticipant 1;ann@x.edu;";
        let filled = fill(moodle, "email address", "grade", &points()).unwrap();
        assert_eq!(filled.text, format!("{moodle}18.5"));
    }

    #[test]
    fn a_missing_column_is_named_with_those_there_are() {
        let error = fill("a,b\n", "email", "b", &points()).unwrap_err();
        assert!(error.contains("email") && error.contains("a, b"), "{error}");
    }
}
