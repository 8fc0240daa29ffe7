//! The house's laws, held against the paths that every source file of every crate names: a room imports
//! only rooms below it, judges never meet doers, the thing under test never knows the mock, and
//! nothing turns in a circle.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use house::{House, Import, Place, Target, circles};

mod house;
mod planted;
mod source;

/// Floors of the harness from the ground up. A room imports itself and rooms on lower floors.
const FLOORS: &[&[&str]] = &[
    &["text"],
    &["record"],
    &["contract", "corpus", "clock"],
    &["transport"],
    &["claude", "load", "limit"],
    &["summary"],
    &["report", "gate", "grade"],
    &["generator"],
    &["platform"],
    &["scenario"],
    &["runner", "examiner"],
    &["selftest"],
    &["cli"],
    &["main"],
];

/// Floors of the mock.
const MOCK_FLOORS: &[&[&str]] = &[
    &["limits"],
    &["fault", "author"],
    &["request"],
    &["reply"],
    &["settings"],
    &["state"],
    &["api"],
    &["server"],
    &["cli"],
    &["main"],
];

const JUDGES: &[&str] = &["summary", "report", "gate", "grade"];
const DOERS: &[&str] = &["generator", "platform", "load", "claude", "transport"];

/// What is measured: it must be usable and readable without the mock, and so must its tests.
const UNDER_TEST: &[&str] = &["claude", "generator"];
/// Who may know the mock: a room, or one file of it.
const KNOW_THE_MOCK: &[&str] = &[
    "transport::in_process",
    "runner",
    "examiner",
    "selftest",
    "cli",
    "main",
];

/// Imports that still close a circle inside their room. The law holds all others.
const STILL_OPEN: &[(&str, &str)] = &[];

/// Whether children may import what their parent defines although it imports them: usual in Rust,
/// and harmless, because both are read together.
#[derive(Clone, Copy, PartialEq)]
enum Parents {
    Apart,
    WithTheirChildren,
}

fn floor(floors: &[&[&str]], room: &str) -> Option<usize> {
    floors.iter().position(|rooms| rooms.contains(&room))
}

/// Why `from` must not import `to`, if so.
fn breach(floors: &[&[&str]], from: &str, to: &str) -> Option<String> {
    if from == to {
        return None;
    }
    let (Some(high), Some(low)) = (floor(floors, from), floor(floors, to)) else {
        return Some(format!(
            "`{from}` or `{to}` is on no floor; add it to the floors"
        ));
    };
    if low >= high {
        return Some(format!("`{from}` imports `{to}`, which is not below it"));
    }
    let meet = (JUDGES.contains(&from) && DOERS.contains(&to))
        || (DOERS.contains(&from) && JUDGES.contains(&to));
    meet.then(|| format!("`{from}` imports `{to}`: judges and doers meet in `record` only"))
}

fn room(place: &Place) -> &str {
    place.first().map_or("lib", String::as_str)
}

/// Each of `breaches` once, in order.
fn once(breaches: impl Iterator<Item = String>) -> Vec<String> {
    breaches.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Imports that go up, or where judges and doers meet. The root only lists its rooms.
fn upward(house: &House, floors: &[&[&str]]) -> Vec<String> {
    let check = |import: &Import| match &import.to {
        Target::Own(to) if !import.from.is_empty() && !import.in_test => {
            let why = breach(floors, room(&import.from), room(to))?;
            Some(format!("{}: {why}", import.from.join("::")))
        }
        _ => None,
    };
    once(house.imports().iter().filter_map(check))
}

/// Modules that import the crate `foreign` although `may` says no.
fn foreign(house: &House, foreign: &str, may: impl Fn(&Import) -> bool) -> Vec<String> {
    let wrong = |import: &Import| import.to == Target::Foreign(foreign.to_owned()) && !may(import);
    let name = |import: Import| format!("{} imports `{foreign}`", import.from.join("::"));
    once(house.imports().into_iter().filter(wrong).map(name))
}

/// Whether a module of the harness may import the mock.
fn may_know_the_mock(import: &Import) -> bool {
    let place = import.from.join("::");
    let within = |allowed: &str| {
        place
            .strip_prefix(allowed)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let is_test = import.in_test && !UNDER_TEST.contains(&room(&import.from));
    is_test || KNOW_THE_MOCK.iter().any(|allowed| within(allowed))
}

/// Modules of one room that import each other in a circle.
fn circles_inside(house: &House, parents: Parents) -> Vec<String> {
    let mut edges = BTreeSet::new();
    for import in house.imports() {
        let Target::Own(to) = import.to else { continue };
        let of_parent = parents == Parents::WithTheirChildren && import.from.starts_with(&to);
        let ends = (import.from.join("::"), to.join("::"));
        let is_open = STILL_OPEN.contains(&(&ends.0, &ends.1));
        if !import.in_test && !of_parent && !is_open && room(&import.from) == room(&to) {
            edges.insert((import.from, to));
        }
    }
    let name = |circle: Vec<Place>| {
        let names: Vec<String> = circle.iter().map(|place| place.join("::")).collect();
        format!("circle: {} → {}", names.join(" → "), names[0])
    };
    circles(&edges).into_iter().map(name).collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn harness() -> House {
    House::read("breaklab", &root().join("src"))
}

fn mock() -> House {
    House::read("mock_claude", &root().join("mock-server/src"))
}

fn ground() -> House {
    House::read("ground", &root().join("ground/src"))
}

fn assert_none(breaches: &[String]) {
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_room_imports_only_rooms_below_it_and_judges_never_meet_doers() {
    assert_none(&upward(&harness(), FLOORS));
    assert_none(&upward(&mock(), MOCK_FLOORS));
}

#[test]
fn no_module_imports_itself_through_others_of_its_room() {
    assert_none(&circles_inside(&harness(), Parents::WithTheirChildren));
    assert_none(&circles_inside(&mock(), Parents::Apart));
    assert_none(&circles_inside(&ground(), Parents::Apart));
}

#[test]
fn only_those_who_run_the_mock_import_it_and_the_thing_under_test_never_does() {
    assert_none(&foreign(&harness(), "mock_claude", may_know_the_mock));
}

#[test]
fn the_mock_and_the_ground_know_nothing_of_what_stands_on_them() {
    assert_none(&foreign(&mock(), "breaklab", |_| false));
    for above in ["breaklab", "mock_claude"] {
        assert_none(&foreign(&ground(), above, |_| false));
    }
}

/// Rooms that the map in the documentation of a `lib.rs` names: the first words of the text block
/// after the line that begins with "Rooms".
fn mapped(lib: &str) -> BTreeSet<&str> {
    let docs = lib.lines().filter_map(|line| line.strip_prefix("//!"));
    let map = docs.skip_while(|line| !line.trim().starts_with("Rooms"));
    let map = map.skip_while(|line| line.trim() != "```text").skip(1);
    let map = map.take_while(|line| line.trim() != "```");
    map.filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// Rooms that a `lib.rs` declares.
fn declared(lib: &str) -> BTreeSet<&str> {
    let names = lib.lines().filter_map(|line| {
        let line = line.trim_start_matches("pub ");
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    names.collect()
}

#[test]
fn the_map_of_each_crate_names_its_rooms_and_no_others() {
    for lib in ["src/lib.rs", "mock-server/src/lib.rs", "ground/src/lib.rs"] {
        let text = std::fs::read_to_string(root().join(lib)).unwrap();
        assert_eq!(mapped(&text), declared(&text), "{lib}");
    }
}

#[test]
fn folders_are_at_most_three_deep() {
    for crate_root in ["src", "mock-server/src", "ground/src"] {
        let folder = root().join(crate_root);
        let mut files = Vec::new();
        rust_files(&folder, &mut files);
        for file in files {
            let depth = file.strip_prefix(&folder).unwrap().components().count() - 1;
            assert!(depth <= 3, "{}", file.display());
        }
    }
}
