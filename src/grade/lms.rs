//! Fills points into the CSV file that a learning platform exported, and leaves every other byte
//! as it was: such files come back in only if nothing else changed.

use std::collections::BTreeMap;

use super::spreadsheet::Spreadsheet;
use crate::text::{figures, of_cell};

/// What was filled in, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The file's new bytes.
    pub bytes: Vec<u8>,
    /// Rows that got points.
    pub filled: usize,
    /// Keys of grades that no row has.
    pub unused: Vec<String>,
}

/// The points of one student.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Points {
    /// What was reached.
    pub score: f64,
    /// What could be.
    pub most: f64,
}

/// Points by id or email, from a class's own table `class.csv`: those of students who were graded.
/// `by` is the column that names them.
///
/// # Errors
/// When a column is missing.
pub fn points_of(table: &[u8], by: &str) -> Result<BTreeMap<String, Points>, String> {
    let sheet = Spreadsheet::read(table);
    let column = |name: &str| {
        let missing = || format!("it has no column `{name}`");
        sheet.column(name).ok_or_else(missing)
    };
    let [who, status] = [column(by)?, column("status")?];
    let [score, most] = [column("score")?, column("max_score")?];
    let mut points = BTreeMap::new();
    for (_, row) in sheet.filled_rows() {
        let number = |column| sheet.value(row, column).parse::<f64>().ok();
        // Open points are for people to settle, not for a gradebook.
        let is_graded = sheet.value(row, status) == super::Status::Graded.name();
        let name = sheet.value(row, who);
        if let (true, false, Some(score), Some(most)) =
            (is_graded, name.is_empty(), number(score), number(most))
        {
            points.insert(of_cell(&name).to_owned(), Points { score, most });
        }
    }
    Ok(points)
}

/// How two names of one student may be written: in any case, as a handle, without leading zeros.
fn normal(name: &str) -> String {
    let name = of_cell(name.trim()).to_lowercase();
    let name = name.strip_prefix('@').unwrap_or(&name);
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return name.trim_start_matches('0').to_owned();
    }
    name.to_owned()
}

/// Puts `points` into the column `column` of the file, by the value of the column `key`. Rows without
/// points stay as they are: a blank would overwrite a grade. Where the file says how much a column
/// takes, points that are counted otherwise are converted if `scale` says so.
///
/// # Errors
/// When a column is missing, or takes fewer points than could be had.
pub fn fill(
    export: &[u8],
    key: &str,
    column: &str,
    scale: bool,
    points: &BTreeMap<String, Points>,
) -> Result<Filled, String> {
    let sheet = Spreadsheet::read(export);
    let find = |name: &str| {
        let columns = sheet.columns();
        let missing = || {
            format!(
                "there is no column `{name}`; the columns are {}",
                columns.join(", ")
            )
        };
        sheet.column(name).ok_or_else(missing)
    };
    let (key, column) = (find(key)?, find(column)?);
    let by_name: BTreeMap<String, (&String, Points)> = points
        .iter()
        .map(|(name, points)| (normal(name), (name, *points)))
        .collect();
    let limit = limit(&sheet, column);
    let (mut changes, mut used) = (Vec::new(), Vec::new());
    for (line, row) in sheet.filled_rows() {
        let Some((name, points)) = by_name.get(&normal(&sheet.value(row, key))) else {
            continue;
        };
        let cell = row
            .get(column)
            .ok_or_else(|| format!("line {line} has no cell in that column"))?;
        let most = limit.or_else(|| maximum_in_row(&sheet, row));
        let score = match most {
            Some(most) if (most - points.most).abs() > 1e-9 && scale => {
                points.score * most / points.most
            }
            Some(most) if points.most > most => {
                return Err(format!(
                    "the column takes {} points and the grades are of {}; add --scale to convert them",
                    figures::points(most),
                    figures::points(points.most)
                ));
            }
            _ => points.score,
        };
        changes.push((cell.clone(), figures::points(score)));
        used.push(*name);
    }
    let unused = points
        .keys()
        .filter(|name| !used.contains(name))
        .cloned()
        .collect();
    Ok(Filled {
        bytes: sheet.with(&changes),
        filled: changes.len(),
        unused,
    })
}

/// How many points a column takes, where a row below the head says so, as in Canvas.
fn limit(sheet: &Spreadsheet, column: usize) -> Option<f64> {
    let says_so = |row: &[std::ops::Range<usize>]| {
        let first = sheet.value(row, 0).to_lowercase();
        ["points possible", "max points", "maximum points", "out of"].contains(&first.as_str())
    };
    let mut rows = sheet.filled_rows();
    let (_, row) = rows.find(|(_, row)| says_so(row))?;
    sheet.value(row, column).parse().ok()
}

/// How many points a row's grade may have, where a column says so, as in Moodle.
fn maximum_in_row(sheet: &Spreadsheet, row: &[std::ops::Range<usize>]) -> Option<f64> {
    let names = [
        "maximum grade",
        "max grade",
        "maximum",
        "max points",
        "max score",
    ];
    let column = names.iter().find_map(|name| sheet.column(name))?;
    let value = sheet.value(row, column).replace(',', ".");
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> BTreeMap<String, Points> {
        let of = |score| Points { score, most: 20.0 };
        [
            ("ann@x.edu".to_owned(), of(18.5)),
            ("eve@x.edu".to_owned(), of(3.0)),
        ]
        .into()
    }

    fn text(filled: &Filled) -> String {
        String::from_utf8(filled.bytes.clone()).unwrap()
    }

    #[test]
    fn only_the_cells_of_known_students_change() {
        let canvas = "Student,ID,SIS Login ID,Section,A3 (991)\r\n\"Doe, \"\"A\"\"\nnn\",7,Ann@x.edu,1,\r\n\"Roe, B\",8,bob@x.edu,1,12\r\n";
        let filled = fill(
            canvas.as_bytes(),
            "SIS Login ID",
            "A3 (991)",
            false,
            &points(),
        )
        .unwrap();
        assert_eq!(
            text(&filled),
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
        let filled = fill(
            moodle.as_bytes(),
            "email address",
            "grade",
            false,
            &points(),
        )
        .unwrap();
        assert_eq!(text(&filled), format!("{moodle}18.5"));
    }

    #[test]
    fn a_missing_column_is_named_with_those_there_are() {
        let error = fill(b"a,b\n", "email", "b", false, &points()).unwrap_err();
        assert!(error.contains("email") && error.contains("a, b"), "{error}");
    }

    #[test]
    fn no_more_points_than_the_column_takes_are_filled_in() {
        let canvas = "Student,Mail,A3\n    Points Possible,,10\nAnn,ann@x.edu,\n";
        let moodle = "Name,Mail,A3,Maximum grade\nAnn,ann@x.edu,,\"10,00\"\n";
        for export in [canvas, moodle] {
            let error = fill(export.as_bytes(), "Mail", "A3", false, &points()).unwrap_err();
            assert!(
                error.contains("takes 10 points") && error.contains("--scale"),
                "{error}"
            );
            let filled = fill(export.as_bytes(), "Mail", "A3", true, &points()).unwrap();
            assert_eq!(
                text(&filled),
                export.replace("ann@x.edu,", "ann@x.edu,9.25")
            );
        }
    }

    #[test]
    fn a_student_is_found_however_a_program_writes_the_name() {
        let table = "id,email,status,score,max_score\n'@handle,,graded,12,20\n00123,,graded,9,20\nJos\u{e9},,graded,5,20\n";
        let points = points_of(table.as_bytes(), "id").unwrap();
        assert_eq!(points["@handle"].score, 12.0);
        let export = "Handle,A3\n@handle,\n123,\nJOS\u{c9},\n";
        let filled = fill(export.as_bytes(), "Handle", "A3", false, &points).unwrap();
        assert_eq!(text(&filled), "Handle,A3\n@handle,12\n123,9\nJOS\u{c9},5\n");
    }
}
