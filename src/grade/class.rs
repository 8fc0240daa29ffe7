//! A class: who is graded, and what the instructor sees of all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::feedback::said;
use super::result::{Grade, Status};
use super::spreadsheet::Spreadsheet;
use crate::text::figures::{percent_reached, points};
use crate::text::{COLUMNS, cell, file_name, wrapped};
use maud::{DOCTYPE, PreEscaped, html};

/// A line of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Student {
    /// Unique.
    pub id: String,
    /// For the gradebook.
    pub email: String,
    /// URL of a service that runs already.
    pub endpoint: String,
    /// Command that starts it.
    pub command: String,
    /// Folder in which the command is run.
    pub directory: String,
}

/// A student of the class and what became of them: a grade, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who.
    pub student: Student,
    /// The grade, or what went wrong with the examination itself.
    pub result: Result<Grade, String>,
}

/// Reads a roster: a CSV file, as any spreadsheet writes it, with the columns `id` and `endpoint` or
/// `command`, and perhaps `email` and `directory`.
///
/// # Errors
/// What is wrong, with the line.
pub fn roster(bytes: &[u8]) -> Result<Vec<Student>, String> {
    let sheet = Spreadsheet::read(bytes);
    let id = sheet.column("id").ok_or_else(|| {
        let columns = sheet.columns().join(", ");
        format!("the roster has no column `id`; it has {columns}, and may have id, endpoint or command, email, directory")
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
            directory: of("directory").unwrap_or_default(),
        };
        if student.id.is_empty() {
            return Err(format!("roster line {line}: `id` is empty"));
        }
        if student.endpoint.is_empty() == student.command.is_empty() {
            return Err(format!(
                "roster line {line}: give `{}` either an endpoint or a command",
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

fn flaw_ids(grade: &Grade) -> Vec<&str> {
    grade.flaws.iter().map(|flaw| flaw.id.as_str()).collect()
}

const STYLE: &str = "html{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;\
padding:0 1rem;color:#1a1a1a;background:#fff}a{color:inherit}table{border-collapse:collapse;margin:1rem 0}caption{text-align:left}\
td,th{padding:.2rem .6rem;border-bottom:1px solid #ccc;text-align:left;vertical-align:top}\
td.n,th.n{text-align:right;white-space:nowrap}td.scale{width:min(20rem,50vw)}\
.bar{background:#0072b2;height:.8rem;display:inline-block}.wide{overflow-x:auto}\
@media(prefers-color-scheme:dark){body{background:#121212;color:#eee}td,th{border-color:#444}.bar{background:#56b4e9}}";

/// The class on one page: distribution, pass rate of each criterion, flaws by student, and who
/// could not be graded. No script, nothing from elsewhere; all names are escaped.
#[must_use]
pub fn page(rows: &[Row]) -> String {
    let graded: Vec<(&Student, &Grade)> = rows
        .iter()
        .filter_map(|row| Some((&row.student, row.result.as_ref().ok()?)))
        .filter(|(_, grade)| grade.status != Status::Ungradable)
        .collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Class" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (graded.len()) " of " (rows.len()) " services graded" }
                    (kept_apart(&graded))
                    (distribution(&graded))
                    (open(rows))
                    (students(&graded))
                    (criteria(&graded))
                    (matrix(&graded))
                }
            }
        }
    };
    page.into_string()
}

/// How the services were kept apart from the grader, and how many each way.
fn kept_apart(graded: &[(&Student, &Grade)]) -> PreEscaped<String> {
    let mut ways: BTreeMap<String, usize> = BTreeMap::new();
    for (_, grade) in graded {
        let way = grade.isolation.map_or_else(
            || "not started by the grader".to_owned(),
            |isolation| isolation.to_string(),
        );
        *ways.entry(way).or_default() += 1;
    }
    let ways: Vec<String> = ways
        .into_iter()
        .map(|(way, count)| format!("{way} ({count})"))
        .collect();
    html! { p { "Kept apart from the grader: " (ways.join(", ")) } }
}

fn distribution(graded: &[(&Student, &Grade)]) -> PreEscaped<String> {
    let mut bins = [0_usize; 10];
    for (_, grade) in graded {
        bins[((grade.fraction() * 10.0) as usize).min(9)] += 1;
    }
    let most = bins.iter().copied().max().unwrap_or(0).max(1);
    html! {
        h2 { "Distribution" }
        table {
            caption { "Students by share of the points" }
            @for (bin, count) in bins.iter().enumerate() {
                tr {
                    th class="n" scope="row" { (bin * 10) "-" (bin * 10 + 10) " %" }
                    td class="n" { (count) }
                    td class="scale" { span class="bar" style=(format!("width:{}%", 100 * count / most)) {} }
                }
            }
        }
    }
}

fn open(rows: &[Row]) -> PreEscaped<String> {
    let why = |row: &Row| match &row.result {
        Ok(grade) if grade.status == Status::Graded => None,
        Ok(grade) => Some((grade.status.name(), said(&grade.reason))),
        Err(why) => Some(("error", said(why))),
    };
    let open: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row, why(row)?)))
        .collect();
    html! {
        h2 { "To look at by hand" }
        @if open.is_empty() { p { "None: every service was graded." } }
        @else { (wide("To look at by hand", &html! { table {
            thead { tr { th scope="col" { "student" } th scope="col" { "status" } th scope="col" { "why" } } }
            @for (row, (status, why)) in open {
                tr { td { (said(&row.student.id)) } td { (status) } td { (why) } }
            }
        } })) }
    }
}

/// A table that scrolls where the screen is too narrow for it, also by keyboard.
fn wide(name: &str, table: &PreEscaped<String>) -> PreEscaped<String> {
    html! { div class="wide" role="region" tabindex="0" aria-label=(name) { (table) } }
}

fn criteria(graded: &[(&Student, &Grade)]) -> PreEscaped<String> {
    let Some((_, first)) = graded.first() else {
        return html! {};
    };
    html! {
        h2 { "Criteria" }
        (wide("Criteria", &html! { table {
            thead { tr { th scope="col" { "criterion" } th class="n" scope="col" { "mean share" } th class="n" scope="col" { "full points" } } }
            @for (at, (rubric, one)) in first.criteria().enumerate() {
                @let all: Vec<_> = graded.iter().filter_map(|(_, grade)| grade.criteria().nth(at)).map(|(_, one)| one).collect();
                @let mean = all.iter().map(|one| one.points / one.max_points).sum::<f64>() / all.len() as f64;
                @let full = all.iter().filter(|one| one.points >= one.max_points).count();
                tr { td { (rubric) ": " (one.title) } td class="n" { (percent_reached(mean)) } td class="n" { (full) " of " (all.len()) } }
            }
        } }))
    }
}

fn matrix(graded: &[(&Student, &Grade)]) -> PreEscaped<String> {
    let found = |id: &str| {
        graded
            .iter()
            .any(|(_, grade)| flaw_ids(grade).contains(&id))
    };
    let flaws: Vec<(&str, &str)> = super::flaw::known().filter(|(id, _)| found(id)).collect();
    html! {
        h2 { "Flaws" }
        (wide("Flaws", &html! { table {
            caption { "x: the flaw was recognised in the student's service" }
            thead { tr { th scope="col" { "student" } @for (id, title) in &flaws { th scope="col" title=(title) { (id) } } } }
            @for (student, grade) in graded {
                tr {
                    th scope="row" { (said(&student.id)) }
                    @for (id, _) in &flaws { td { @if flaw_ids(grade).contains(id) { "x" } } }
                }
            }
        } }))
        ul { @for (id, title) in &flaws {
            li { (id) ": " (title) " (" (graded.iter().filter(|(_, grade)| flaw_ids(grade).contains(id)).count()) ")" }
        } }
    }
}

fn students(graded: &[(&Student, &Grade)]) -> PreEscaped<String> {
    html! {
        h2 { "Students" }
        (wide("Students", &html! { table {
            thead { tr { th scope="col" { "student" } th class="n" scope="col" { "points" } th scope="col" { "flaws" } } }
            @for (student, grade) in graded {
                tr {
                    td { a href=(format!("students/{}/feedback.txt", file_name(&student.id))) { (said(&student.id)) } }
                    td class="n" { (points(grade.score)) " of " (points(grade.max_score)) }
                    td { (flaw_ids(grade).join(" ")) }
                }
            }
        } }))
    }
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
            email: String::new(),
            endpoint: String::new(),
            command: "x".into(),
            directory: String::new(),
        };
        let rows = [Row {
            student,
            result: Err("hangs".into()),
        }];
        assert!(csv(&rows).contains("'=1+1"));
        assert!(!page(&rows).contains("<script>"));
    }
}
