//! The laws can fail: each finds the breach that is planted against it, and nothing else.

use super::*;

fn house(name: &str, files: &[(&str, &str)]) -> House {
    let texts = files.iter().map(|(place, text)| {
        let place = place.split("::").map(str::to_owned).collect();
        (place, (*text).to_owned())
    });
    House::of(name, texts)
}

#[test]
fn an_import_that_goes_up_is_found_in_a_use_in_code_and_in_a_macro() {
    let breaches = [
        "use crate::runner::Job;",
        "use crate::{record::Run, runner::{self, Job}};",
        "fn f() { crate::runner::run_all() }",
        "fn f() { assert!(crate::runner::IS_UP) }",
        "pub struct A { b: Vec<super::runner::Job> }",
        "use breaklab::runner::Job;",
    ];
    for text in breaches {
        let house = house("breaklab", &[("record", text), ("runner", "")]);
        let found = upward(&house, FLOORS);
        assert_eq!(
            found,
            ["record: `record` imports `runner`, which is not below it"],
            "{text}"
        );
    }
}

#[test]
fn comments_texts_and_tests_import_nothing_and_what_lies_below_may_be_imported() {
    let lawful = [
        "//! See [`crate::runner`].\n/* crate::runner::Job */",
        "const A: &str = \"crate::runner::Job\";",
        "#[cfg(test)] mod tests { use crate::runner::Job; }",
        "#[cfg(test)] use crate::runner::Job;",
        "use other::runner::Job;",
        "use crate::text::plain;",
    ];
    for text in lawful {
        let files = [("record", text), ("runner", ""), ("text", "")];
        assert_none(&upward(&house("breaklab", &files), FLOORS));
    }
}

#[test]
fn a_file_that_only_tests_have_is_a_test() {
    let files = [
        ("record", "#[cfg(test)]\nmod tests;"),
        ("record::tests", "use crate::runner::Job;"),
        ("runner", ""),
    ];
    assert_none(&upward(&house("breaklab", &files), FLOORS));
}

#[test]
fn a_meeting_of_judge_and_doer_is_found_although_it_goes_down() {
    let files = [
        ("platform", "use crate::summary::Numbers;"),
        ("summary", ""),
    ];
    let found = upward(&house("breaklab", &files), FLOORS);
    let expected = "platform: `platform` imports `summary`: judges and doers meet in `record` only";
    assert_eq!(found, [expected]);
}

#[test]
fn a_room_without_a_floor_is_found() {
    let files = [("cli", "use crate::attic::Box;"), ("attic", "")];
    assert!(upward(&house("breaklab", &files), FLOORS)[0].contains("on no floor"));
}

#[test]
fn an_arrow_up_in_the_mock_is_found() {
    let files = [
        ("limits::bucket", "use crate::api::MockClaude;"),
        ("api", ""),
    ];
    let found = upward(&house("mock_claude", &files), MOCK_FLOORS);
    assert_eq!(
        found,
        ["limits::bucket: `limits` imports `api`, which is not below it"]
    );
}

#[test]
fn a_circle_is_found_through_re_exports_and_over_any_number_of_files() {
    let files = [
        ("report", "pub use c::C; mod a; mod b; mod c;"),
        ("report::a", "use super::b::B;"),
        ("report::b", "use super::C;"),
        ("report::c", "use crate::report::a::A;"),
    ];
    let found = circles_inside(&house("breaklab", &files), Parents::WithTheirChildren);
    assert_eq!(
        found,
        ["circle: report::a → report::b → report::c → report::a"]
    );
}

#[test]
fn a_parent_and_its_child_are_a_circle_only_where_they_stand_apart() {
    let files = [
        ("limits", "mod bucket; use bucket::Bucket; pub struct Ramp;"),
        ("limits::bucket", "use super::Ramp;"),
    ];
    let house = house("mock_claude", &files);
    assert_none(&circles_inside(&house, Parents::WithTheirChildren));
    assert_eq!(
        circles_inside(&house, Parents::Apart),
        ["circle: limits → limits::bucket → limits"]
    );
}

#[test]
fn the_thing_under_test_may_not_name_the_mock_in_any_file_or_test() {
    let naming = "use mock_claude::MockClaude;";
    let in_test = "#[cfg(test)] mod tests { use mock_claude::MockClaude; }";
    let found = |place, text| {
        let house = house("breaklab", &[(place, text)]);
        foreign(&house, "mock_claude", may_know_the_mock)
    };
    let breaches = [
        ("record", naming),
        ("transport", naming),
        ("transport::in_process_too", naming),
        ("generator::call", naming),
        ("generator::call", in_test),
        ("claude", in_test),
    ];
    for (place, text) in breaches {
        assert_eq!(
            found(place, text),
            [format!("{place} imports `mock_claude`")],
            "{text}"
        );
    }
    for (place, text) in [
        ("transport::in_process", naming),
        ("runner", naming),
        ("cli::mock", naming),
        ("platform", in_test),
    ] {
        assert_none(&found(place, text));
    }
}

#[test]
fn a_crate_that_names_one_above_it_is_found() {
    let mock = house(
        "mock_claude",
        &[("api::mock", "use breaklab::record::Run;")],
    );
    assert_eq!(
        foreign(&mock, "breaklab", |_| false),
        ["api::mock imports `breaklab`"]
    );
    let ground = house("ground", &[("prices", "fn f() { mock_claude::serve() }")]);
    assert_eq!(
        foreign(&ground, "mock_claude", |_| false),
        ["prices imports `mock_claude`"]
    );
}

#[test]
fn a_map_with_a_room_too_few_or_too_many_differs_from_the_rooms() {
    let lib = "//! Title.\n//!\n//! Rooms:\n//!\n//! ```text\n//! api   what it is\n//! attic gone\n//! ```\n\n\
               pub mod api;\nmod state;\n";
    assert_eq!(mapped(lib), BTreeSet::from(["api", "attic"]));
    assert_eq!(declared(lib), BTreeSet::from(["api", "state"]));
}
