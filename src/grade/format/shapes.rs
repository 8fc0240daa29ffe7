//! Each JSON format against the shape that its consumer documents: every key, its type, its bounds.

use super::tests::{HOSTILE, graded, json};
use super::*;

/// What a key may hold.
enum Must {
    Text,
    OneOf(&'static [&'static str]),
    /// From 0 up to this.
    UpTo(f64),
    /// The same, and whole.
    Whole(i64),
    Flag,
    Object,
    Texts,
    Numbers,
    Each(Shape),
}

use Must::{Each, Flag, Numbers, Object, OneOf, Text, Texts, UpTo, Whole};

/// Keys and what each must hold.
type Shape = &'static [(&'static str, Must)];

/// Holds `value` against `shape`: no key may be unknown; keys that end in `?` may lack.
fn hold(value: &Value, shape: &[(&str, Must)], at: &str) {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("{at} is no object"));
    for key in object.keys() {
        let known = shape
            .iter()
            .any(|(name, _)| name.trim_end_matches('?') == key);
        assert!(known, "{at}: `{key}` is not in the shape");
    }
    for (name, must) in shape {
        let at = format!("{at}.{name}");
        match object.get(name.trim_end_matches('?')) {
            Some(field) => hold_field(field, must, &at),
            None => assert!(name.ends_with('?'), "{at} lacks"),
        }
    }
}

fn hold_field(field: &Value, must: &Must, at: &str) {
    let fits = match must {
        Text => field
            .as_str()
            .is_some_and(|text| !text.contains(['\u{1b}', '\0', '\r'])),
        OneOf(words) => field.as_str().is_some_and(|word| words.contains(&word)),
        UpTo(most) => field
            .as_f64()
            .is_some_and(|number| (0.0..=*most).contains(&number)),
        Whole(most) => field
            .as_i64()
            .is_some_and(|number| (0..=*most).contains(&number)),
        Flag => field.is_boolean(),
        Object => field.is_object(),
        Texts => field
            .as_array()
            .is_some_and(|all| all.iter().all(Value::is_string)),
        Numbers => field
            .as_array()
            .is_some_and(|all| all.iter().all(Value::is_number)),
        Each(shape) => {
            let items = field
                .as_array()
                .unwrap_or_else(|| panic!("{at} is no list"));
            items.iter().for_each(|item| hold(item, shape, at));
            true
        }
    };
    assert!(fits, "{at} is {field}");
}

/// Any maximum: the shapes do not depend on it.
const POINTS: f64 = 20.0;

/// gradescope/autograder_samples, docs/specs.md. Without `score` and `tests` the autograder counts
/// as failed, which is what a service that could not be examined needs.
const GRADESCOPE: Shape = &[
    ("score?", UpTo(POINTS)),
    ("output", Text),
    (
        "output_format",
        OneOf(&["text", "html", "simple_format", "md", "ansi"]),
    ),
    ("stdout_visibility", OneOf(VISIBILITY)),
    ("extra_data", Object),
    (
        "tests?",
        Each(&[
            ("name", Text),
            ("score", UpTo(POINTS)),
            ("max_score", UpTo(POINTS)),
            ("status", OneOf(&["passed", "failed"])),
            ("output", Text),
            (
                "output_format",
                OneOf(&["text", "html", "simple_format", "md", "ansi"]),
            ),
            ("tags", Texts),
            ("visibility", OneOf(VISIBILITY)),
            ("extra_data", Object),
        ]),
    ),
];
const VISIBILITY: &[&str] = &["hidden", "after_due_date", "after_published", "visible"];

/// foundation50/classroom50, schemas/result-v1.schema.json, less what its runner stamps itself:
/// `assignment_type`, `owner` and `datetime`.
const CLASSROOM50: Shape = &[
    ("schema", OneOf(&["classroom50/result/v1"])),
    ("classroom", Text),
    ("assignment", Text),
    ("submission", Text),
    ("commit", Text),
    ("release", Text),
    ("review", Text),
    ("score", Whole(20)),
    ("max-score", Whole(20)),
    (
        "tests",
        Each(&[
            ("test-name", Text),
            ("passed", Flag),
            ("score", Whole(20)),
            ("max-score", Whole(20)),
            ("message", Text),
        ]),
    ),
];

/// classroom-resources/autograding-grading-reporter.
const GITHUB: Shape = &[
    ("version", Whole(1)),
    ("status", OneOf(&["pass", "fail", "error"])),
    ("max_score", UpTo(POINTS)),
    (
        "tests",
        Each(&[
            ("name", Text),
            ("status", OneOf(&["pass", "fail", "error"])),
            ("score", UpTo(POINTS)),
            ("message", Text),
            ("test_code", Text),
            ("filename", Text),
            ("line_no", Whole(0)),
            ("duration", UpTo(1e9)),
        ]),
    ),
];

/// PrairieLearn/PrairieLearn, docs/externalGrading.md.
const PRAIRIELEARN: Shape = &[
    ("gradable", Flag),
    ("score", UpTo(1.0)),
    ("format_errors?", Texts),
    ("output?", Text),
    (
        "tests?",
        Each(&[
            ("name", Text),
            ("description", Text),
            ("points", UpTo(POINTS)),
            ("max_points", UpTo(POINTS)),
            ("message", Text),
        ]),
    ),
];

/// trampgeek/moodle-qtype_coderunner, Readme.md, template graders.
const CODERUNNER: Shape = &[("fraction", UpTo(1.0)), ("got", Text), ("abort?", Flag)];

/// autolab/Autolab, docs/lab.md: names of problems, and a row of numbers.
const AUTOLAB: Shape = &[("scores", Object), ("scoreboard?", Numbers)];

fn documents(grade: &Grade) -> Vec<(Format, Value, Shape)> {
    let github = base64::engine::general_purpose::STANDARD
        .decode(super::tests::write(Format::Github, grade))
        .unwrap();
    vec![
        (
            Format::Gradescope,
            json(Format::Gradescope, grade),
            GRADESCOPE,
        ),
        (
            Format::Classroom50,
            json(Format::Classroom50, grade),
            CLASSROOM50,
        ),
        (
            Format::Github,
            serde_json::from_slice(&github).unwrap(),
            GITHUB,
        ),
        (
            Format::Prairielearn,
            json(Format::Prairielearn, grade),
            PRAIRIELEARN,
        ),
        (
            Format::Coderunner,
            json(Format::Coderunner, grade),
            CODERUNNER,
        ),
        (Format::Autolab, json(Format::Autolab, grade), AUTOLAB),
    ]
}

#[test]
fn every_format_has_the_documented_keys_with_their_types_and_bounds() {
    for examined in [true, false] {
        for said in ["x", HOSTILE] {
            for (format, value, shape) in documents(&graded(examined, said)) {
                hold(&value, shape, &format.to_string());
            }
        }
    }
}

#[test]
fn no_part_has_more_points_than_there_are() {
    let mut grade = graded(true, "x");
    for (at, one) in grade.rubrics[0].criteria.iter_mut().enumerate() {
        one.max_points = 1.5;
        one.points = if at == 4 { 1.4 } else { 0.2 };
    }
    grade.rubrics[0].score = 2.2;
    let result = json(Format::Classroom50, &grade);
    for test in result["tests"].as_array().unwrap() {
        assert!(
            test["score"].as_i64() <= test["max-score"].as_i64(),
            "{test}"
        );
    }
    assert!(result["score"].as_i64() <= result["max-score"].as_i64());
}

#[test]
fn a_service_that_could_not_be_examined_is_an_error_and_no_zero() {
    let grade = graded(false, "down");
    let whole = json(Format::Classroom50, &grade);
    assert_eq!(
        (&whole["max-score"], &whole["tests"]),
        (&0.into(), &json!([]))
    );
    let autolab = json(Format::Autolab, &grade);
    assert_eq!(
        autolab,
        json!({ "scores": {} }),
        "no problem is set to zero"
    );
    let gradescope = json(Format::Gradescope, &grade);
    assert!(gradescope.get("tests").is_none() && gradescope.get("score").is_none());
}
