use strum::VariantArray;

use super::*;
use crate::grade::{Rubric, builtin, grade as judge};
use crate::record::exam::{
    Attempt, Case, CaseRecord, Check, Exam, Exchange, Found, Outcome, SourceFile,
};

pub(in crate::grade) fn exam(passed: bool, said: &str) -> Exam {
    let exchange = |documented| Exchange {
        own_text: None,
        what: "a.py".into(),
        file: Some(0),
        at_ms: 0,
        ended_ms: 10,
        status: Some(200),
        outcome: Outcome::Whole,
        found: Found {
            documented,
            ..Found::default()
        },
        said: said.into(),
        leaks_key: false,
        named: None,
        disguise: None,
    };
    let attempt = |seq| Attempt {
        seq,
        at_ms: 0,
        ended_ms: Some(5),
        files: [0].into(),
        span: (0, 5),
        prompt_bytes: 100,
        max_tokens: 4096,
        model: "m".into(),
        sdk_retry: None,
        status: Some(200),
        retry_after_ms: None,
        trouble: None,
        cut: false,
        instruction: None,
        question: 1,
        carried: 1,
    };
    let record = CaseRecord {
        files: vec![SourceFile {
            path: "a.py".into(),
            symbols: 6,
            bytes: 100,
        }],
        exchanges: vec![exchange(6); 5],
        attempts: (0..2).map(attempt).collect(),
        alive_after: true,
        ..CaseRecord::default()
    };
    Exam {
        own: [].into(),
        unplayed: [].into(),
        schema: "x".into(),
        version: "x".into(),
        target: said.to_owned(),
        salt: "salt".into(),
        preflight: vec![Check {
            id: "contract".into(),
            passed,
            said: said.to_owned(),
        }],
        cases: [(Case::Single, record.clone()), (Case::Repeat, record)].into(),
        prying: Vec::new(),
        isolation: None,
        unattributed: 0,
    }
}

pub(in crate::grade) fn graded(passed: bool, said: &str) -> Grade {
    let rubric = Rubric::parse(builtin("caching").unwrap(), "caching").unwrap();
    judge(&exam(passed, said), &[rubric])
}

pub(super) fn write(format: Format, grade: &Grade) -> String {
    format.write(grade, &|name| Some(format!("<{name}>")))
}

pub(super) fn json(format: Format, grade: &Grade) -> Value {
    serde_json::from_str(&write(format, grade)).unwrap()
}

/// What a hostile service may put wherever its words are shown.
pub(in crate::grade) const HOSTILE: &str = "\u{1b}[31m<script>alert(1)</script>\n::error::x ##[error]\n=HYPERLINK(1)|`x`](http://x) ]]> \u{0}\u{fffe}";

#[test]
fn gradescope_gets_a_score_and_tests_with_explicit_status() {
    let results = json(Format::Gradescope, &graded(true, "x"));
    let tests = results["tests"].as_array().unwrap();
    let sum: f64 = tests
        .iter()
        .map(|test| test["score"].as_f64().unwrap())
        .sum();
    assert_eq!(results["score"].as_f64().unwrap(), sum);
    for test in tests {
        assert!(test["max_score"].is_number() && test["name"].is_string());
        assert!(["passed", "failed"].contains(&test["status"].as_str().unwrap()));
        assert!(
            ["visible", "after_due_date", "hidden"].contains(&test["visibility"].as_str().unwrap())
        );
    }
    assert_eq!(results["stdout_visibility"], "hidden");
}

#[test]
fn no_points_are_zero_without_a_sign() {
    let mut exam = exam(true, "x");
    // Five calls for one content lie on the threshold, where the curve comes from below.
    let repeat = exam.cases.get_mut(&Case::Repeat).unwrap();
    repeat.attempts = vec![repeat.attempts[0].clone(); 5];
    let rubric = Rubric::parse(builtin("caching").unwrap(), "caching").unwrap();
    let grade = judge(&exam, &[rubric]);
    for &format in Format::VARIANTS {
        assert!(!write(format, &grade).contains("-0"), "{format}");
    }
}

#[test]
fn a_service_that_could_not_be_examined_gets_no_zero() {
    let grade = graded(false, "down");
    assert!(json(Format::Gradescope, &grade).get("score").is_none());
    assert_eq!(json(Format::Prairielearn, &grade)["gradable"], false);
    assert!(write(Format::Tap, &grade).contains("Bail out! contract: down"));
    assert!(write(Format::Markdown, &grade).contains("no zero"));
    assert!(write(Format::Junit, &grade).contains("errors=\"5\""));
    assert!(
        write(Format::Csv, &grade)
            .lines()
            .nth(1)
            .unwrap()
            .contains("ungradable,,20,,")
    );
}

#[test]
fn classroom50_gets_whole_numbers_that_sum_up() {
    let result = json(Format::Classroom50, &graded(true, "x"));
    assert_eq!(result["schema"], "classroom50/result/v1");
    for field in [
        "classroom",
        "assignment",
        "submission",
        "commit",
        "release",
        "review",
    ] {
        assert!(result[field].is_string(), "{field}");
    }
    for (total, each) in [("score", "score"), ("max-score", "max-score")] {
        let sum: i64 = result["tests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|test| test[each].as_i64().unwrap())
            .sum();
        assert_eq!(result[total].as_i64(), Some(sum));
    }
    assert_eq!(result["max-score"], 7, "13 of 20 points are open");
}

#[test]
fn rounding_keeps_the_sum() {
    assert_eq!(whole_points(&[1.5, 1.5, 1.5, 1.5]), [2, 2, 1, 1]);
    assert_eq!(whole_points(&[0.4, 0.4, 0.2]), [1, 0, 0]);
    assert_eq!(whole_points(&[]), Vec::<i64>::new());
}

#[test]
fn the_github_table_and_notice_agree() {
    let text = write(Format::Github, &graded(true, "x"));
    assert!(text.len() < 90 * 1024);
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    let result: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(result["version"], 1);
    let tests = result["tests"].as_array().unwrap();
    let passed = tests.iter().filter(|test| test["status"] == "pass").count() as f64;
    let sum: f64 = tests
        .iter()
        .map(|test| test["score"].as_f64().unwrap())
        .sum();
    let table = passed / tests.len() as f64 * result["max_score"].as_f64().unwrap();
    assert!((table - sum).abs() < 1e-9);
}

#[test]
fn prairielearn_coderunner_and_autolab_get_their_fractions_and_sums() {
    let grade = graded(true, "x");
    let share = grade.fraction();
    let results = json(Format::Prairielearn, &grade);
    assert_eq!(results["score"].as_f64(), Some(share));
    assert!((0.0..=1.0).contains(&share));
    assert!(results["tests"][0]["max_points"].is_number());
    assert_eq!(
        json(Format::Coderunner, &grade)["fraction"].as_f64(),
        Some(share)
    );
    let line = write(Format::Autolab, &grade);
    let last: Value = serde_json::from_str(line.lines().last().unwrap()).unwrap();
    assert_eq!(last["scores"]["caching"].as_f64(), Some(grade.score));
    assert_eq!(last["scoreboard"][0].as_f64(), Some(grade.score));
}

#[test]
fn tap_has_a_plan_and_as_many_lines() {
    let text = write(Format::Tap, &graded(true, "x"));
    assert!(text.starts_with("TAP version 14\n1..5\n"), "{text}");
    let points = text
        .lines()
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
    assert_eq!(points.count(), 5);
}

#[test]
fn hostile_text_is_harmless_in_every_format() {
    for passed in [true, false] {
        let grade = graded(passed, HOSTILE);
        for &format in Format::VARIANTS {
            let text = write(format, &grade);
            assert!(!text.contains('\u{1b}'), "{format} passes an escape on");
            assert!(
                !text.lines().any(|line| line.trim_start().starts_with("::"))
                    && !text.contains("##[error"),
                "{format} passes a command on"
            );
        }
        for format in [Format::Junit, Format::Markdown] {
            assert!(!write(format, &grade).contains("<script>"), "{format}");
        }
        let csv = write(Format::Csv, &grade);
        assert!(
            !csv.lines().any(|line| line.starts_with(['=', '+', '@'])),
            "{csv}"
        );
    }
}

#[test]
fn junit_counts_what_it_holds() {
    let text = write(Format::Junit, &graded(true, "x"));
    assert_eq!(text.matches("<testcase ").count(), 5);
    let failures = text.matches("<failure ").count();
    assert!(text.contains(&format!("failures=\"{failures}\"")), "{text}");
    assert_eq!(text.matches("</testcase>").count(), 5);
}
