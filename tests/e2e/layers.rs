//! The house's law: a room imports only rooms below it, and judges never meet doers.

use std::path::{Path, PathBuf};

/// Floors from the ground up. A room may import itself and rooms on lower floors.
const FLOORS: &[&[&str]] = &[
    &["text", "record"],
    &["transport", "corpus", "clock"],
    &["load", "claude", "limit"],
    &["summary"],
    &["generator"],
    &["report", "gate"],
    &["platform", "grade"],
    &["scenario"],
    &["runner", "probe"],
    &["selftest"],
    &["cli"],
];

const JUDGES: &[&str] = &["summary", "report", "gate", "grade"];
const DOERS: &[&str] = &["generator", "platform", "load", "claude", "transport"];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Why `from` must not import `to`, if so.
fn breach(from: &str, to: &str) -> Option<String> {
    if from == to {
        return None;
    }
    let (Some(high), Some(low)) = (floor(from), floor(to)) else {
        return Some(format!(
            "`{from}` or `{to}` is on no floor; add it to FLOORS"
        ));
    };
    if low >= high {
        return Some(format!("`{from}` imports `{to}`, which is not below it"));
    }
    let meet = (JUDGES.contains(&from) && DOERS.contains(&to))
        || (DOERS.contains(&from) && JUDGES.contains(&to));
    meet.then(|| format!("`{from}` imports `{to}`: judges and doers meet in `record` only"))
}

/// Rooms named by `crate::ROOM` in a source text.
fn imports(text: &str) -> Vec<&str> {
    text.match_indices("crate::")
        .filter(|(at, _)| {
            !text[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
        .map(|(at, found)| {
            let rest = &text[at + found.len()..];
            &rest[..rest
                .find(|after: char| !after.is_alphanumeric() && after != '_')
                .unwrap_or(rest.len())]
        })
        .filter(|room| !room.is_empty() && *room != "cli")
        .collect()
}

/// A source text without its comment lines: docs may point upwards.
fn code(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
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

fn room_of(file: &Path, source: &Path) -> String {
    let first = file
        .strip_prefix(source)
        .unwrap()
        .components()
        .next()
        .unwrap();
    Path::new(first.as_os_str())
        .file_stem()
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

#[test]
fn every_room_imports_only_rooms_below_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let mut breaches = Vec::new();
    for file in &files {
        let room = room_of(file, &source);
        if room == "lib" || room == "main" {
            continue;
        }
        let text = code(&std::fs::read_to_string(file).unwrap());
        breaches.extend(
            imports(&text)
                .into_iter()
                .filter_map(|to| breach(&room, to))
                .map(|why| format!("{}: {why}", file.display())),
        );
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn an_upward_import_and_a_meeting_of_judge_and_doer_are_breaches() {
    assert!(breach("record", "runner").is_some());
    assert!(breach("report", "generator").is_some());
    assert!(breach("platform", "summary").is_some());
    assert!(breach("runner", "record").is_none());
    assert_eq!(
        imports("use crate::runner::Job; use mycrate::x; crate::record::Run"),
        ["runner", "record"]
    );
}

#[test]
fn the_mock_server_knows_nothing_of_the_harness() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("mock-server");
    let mut files = vec![source.join("Cargo.toml")];
    rust_files(&source.join("src"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            !text.contains("breaklab::") && !text.contains("\nbreaklab"),
            "{}",
            file.display()
        );
    }
}
