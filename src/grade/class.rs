//! A class: who is graded, and what the instructor sees of all of them.

use std::collections::BTreeSet;

use super::feedback::said;
use super::result::{Grade, Status};
use super::spreadsheet::Spreadsheet;
use crate::text::figures::points;
use crate::text::{COLUMNS, cell, file_name, wrapped};

/// A line of the roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Student {
    /// Unique.
    pub id: String,
    /// For the gradebook.
    pub email: String,
    /// URL of a service that runs already.
    pub endpoint: String,
    /// Command that starts it.
    pub command: String,
    /// Lambda handler, MODULE.FUNCTION.
    pub lambda: String,
    /// Folder in which the command is run.
    pub directory: String,
}

impl Student {
    /// What is examined, as records call it.
    #[must_use]
    pub fn target(&self) -> String {
        match (self.endpoint.as_str(), self.command.as_str()) {
            ("", "") => format!("lambda {}", self.lambda),
            ("", command) => command.to_owned(),
            (endpoint, _) => endpoint.to_owned(),
        }
    }
}

/// A student of the class and what became of them: a grade, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who.
    pub student: Student,
    /// The grade, or what went wrong with the examination itself.
    pub result: Result<Grade, String>,
}

/// Reads a roster: a CSV file, as any spreadsheet writes it, with the columns `id` and `endpoint`,
/// `command` or `lambda`, and perhaps `email` and `directory`.
///
/// # Errors
/// What is wrong, with the line.
pub fn roster(bytes: &[u8]) -> Result<Vec<Student>, String> {
    let sheet = Spreadsheet::read(bytes);
    let id = sheet.column("id").ok_or_else(|| {
        let columns = sheet.columns().join(", ");
        format!("the roster has no column `id`; it has {columns}, and may have id, endpoint, command or lambda, email, directory")
    })?;
    let mut students = Vec::new();
    let (mut ids, mut folders) = (BTreeSet::new(), BTreeSet::new());
    for (line, row) in sheet.filled_rows() {
        let of = |name: &str| sheet.column(name).map(|column| sheet.value(row, column));
        let student = Student {
            id: sheet.value(row, id),
            email: of("email").unwrap_or_default(),
            endpoint: of("endpoint").unwrap_or_default(),
            command: of("command").unwrap_or_default(),
            lambda: of("lambda").unwrap_or_default(),
            directory: of("directory").unwrap_or_default(),
        };
        if student.id.is_empty() {
            return Err(format!("roster line {line}: `id` is empty"));
        }
        let services = [&student.endpoint, &student.command, &student.lambda];
        if services.iter().filter(|one| !one.is_empty()).count() != 1 {
            return Err(format!(
                "roster line {line}: give `{}` either an endpoint or a command or a lambda",
                said(&student.id)
            ));
        }
        if !ids.insert(student.id.clone()) || !folders.insert(file_name(&student.id)) {
            return Err(format!(
                "roster line {line}: `{}` is there twice",
                said(&student.id)
            ));
        }
        students.push(student);
    }
    if students.is_empty() {
        return Err("the roster has no students".to_owned());
    }
    Ok(students)
}

/// One line a student; points of every criterion. Who could not be examined has blank points.
#[must_use]
pub fn csv(rows: &[Row]) -> String {
    let first = rows.iter().find_map(|row| row.result.as_ref().ok());
    let criteria: Vec<String> = first
        .map(|grade| {
            grade
                .criteria()
                .map(|(rubric, one)| format!("{rubric}/{}", one.id))
                .collect()
        })
        .unwrap_or_default();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = [
        "id",
        "email",
        "status",
        "score",
        "max_score",
        "percent",
        "flaws",
        "reason",
    ]
    .map(str::to_owned);
    let mut lines = vec![
        head.into_iter()
            .chain(criteria.iter().cloned())
            .collect::<Vec<_>>(),
    ];
    lines.extend(rows.iter().map(|row| cells(row, criteria.len())));
    for line in lines {
        writer.write_record(line).expect("a vector takes all bytes");
    }
    let bytes = writer.into_inner().expect("a vector takes all bytes");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn cells(row: &Row, criteria: usize) -> Vec<String> {
    let student = &row.student;
    let mut cells = vec![cell(&student.id), cell(&student.email)];
    match &row.result {
        Ok(grade) if grade.status != Status::Ungradable => {
            cells.push(grade.status.name().to_owned());
            cells.extend([
                points(grade.score),
                points(grade.max_score),
                points(grade.fraction() * 100.0),
            ]);
            cells.extend([flaw_ids(grade).join(" "), cell(&said(&grade.reason))]);
            cells.extend(grade.criteria().map(|(_, one)| points(one.points)));
        }
        other => {
            let (status, reason) = match other {
                Ok(grade) => (grade.status.name(), &grade.reason),
                Err(why) => ("error", why),
            };
            cells.push(status.to_owned());
            cells.extend(["", "", "", ""].map(str::to_owned));
            cells.push(cell(&said(reason)));
            cells.extend(vec![String::new(); criteria]);
        }
    }
    cells
}

pub(super) fn flaw_ids(grade: &Grade) -> Vec<&str> {
    grade.flaws.iter().map(|flaw| flaw.id.as_str()).collect()
}

/// What became of a student, in lines for a terminal.
#[must_use]
pub fn lines(row: &Row) -> String {
    let result = match &row.result {
        Ok(grade) if grade.status == Status::Ungradable => {
            format!("{}: {}", grade.status.name(), said(&grade.reason))
        }
        Ok(grade) => {
            let flaws = match flaw_ids(grade).join(" ") {
                none if none.is_empty() => none,
                flaws => format!(" ({flaws})"),
            };
            let (score, most) = (points(grade.score), points(grade.max_score));
            format!("{score} of {most}{flaws}")
        }
        Err(why) => format!("error: {}", said(why)),
    };
    let text = format!("{}: {result}", said(&row.student.id));
    wrapped(&text, "", "  ", COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_names_each_student_once_with_one_service() {
        let good =
            roster(b"id,command,directory\nann,python3 app.py,/srv/ann\n\nbob,./run,\n").unwrap();
        assert_eq!((good.len(), good[0].directory.as_str()), (2, "/srv/ann"));
        for (text, expected) in [
            ("id,command\nann,x\nann,y\n", "twice"),
            ("id,command,endpoint\nann,x,http://y\n", "either"),
            ("id,command\nann,\n", "either"),
            ("id,command\n", "no students"),
            ("name,command\nann,x\n", "id"),
        ] {
            assert!(
                roster(text.as_bytes()).unwrap_err().contains(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn no_id_leads_into_a_formula_or_a_tag() {
        let student = Student {
            id: "=1+1<script>".into(),
            command: "x".into(),
            ..Student::default()
        };
        let rows = [Row {
            student,
            result: Err("hangs".into()),
        }];
        assert!(csv(&rows).contains("'=1+1"));
        assert!(!crate::grade::class_page(&rows).contains("<script>"));
    }
}
