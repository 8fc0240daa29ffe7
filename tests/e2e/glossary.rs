//! `docs/glossary.md` and the program say the same words: a closed list that gains a value, or a key that is gone,
//! shows here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

const PAGE: &str = include_str!("../../docs/glossary.md");

/// A public enum whose variants' names stand in files.
struct ClosedList {
    /// As the glossary tells where it is, e.g. "(`Ending` in `src/record.rs`)".
    place: String,
    values: BTreeSet<String>,
}

#[test]
fn every_closed_list_of_the_files_stands_there_with_all_its_values_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = sources(&root.join("src"));
    paths.extend(sources(&root.join("ground/src")));
    let mut found = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root).unwrap().to_str().unwrap();
        for list in closed_lists(&text, path) {
            let told = told(&list.place);
            assert_eq!(
                told, list.values,
                "the values of {} in docs/glossary.md",
                list.place
            );
            found += 1;
        }
    }
    assert_eq!(
        PAGE.matches("\n### ").count(),
        found,
        "the glossary has a list that no file has"
    );
}

#[test]
fn every_key_of_a_summary_stands_there() {
    let summary: Value =
        serde_json::from_str(include_str!("../../reports/baseline/summary.json")).unwrap();
    let mut keys = BTreeSet::new();
    collect_keys(&summary, &mut keys);
    for key in keys {
        let is_status = key.parse::<u16>().is_ok();
        assert!(
            is_status || PAGE.contains(&format!("`{key}`")),
            "docs/glossary.md says nothing about `{key}`"
        );
    }
}

#[test]
fn no_flag_is_named_that_does_not_exist() {
    let flags = PAGE
        .split('`')
        .skip(1)
        .step_by(2)
        .flat_map(|code| code.split(' ').filter(|word| word.starts_with("--")));
    let help: String = ["run", "load", "gate", "grade", "serve", "document", "mock"]
        .map(|command| {
            let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_breaklab"));
            let output = program.args([command, "--help"]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        })
        .concat();
    for flag in flags {
        assert!(help.contains(flag), "no command has {flag}");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.push(path);
        }
    }
    paths.sort();
    paths
}

/// The public enums of a formatted source whose names serde derives.
fn closed_lists(text: &str, path: &str) -> Vec<ClosedList> {
    let mut lists = Vec::new();
    let mut style = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((_, rest)) = line.split_once("rename_all = \"") {
            style = rest.split('"').next();
        }
        let name = line
            .strip_prefix("pub enum ")
            .and_then(|rest| rest.strip_suffix(" {"));
        if let Some((name, style)) = name.zip(style) {
            let variants = lines.by_ref().take_while(|line| *line != "}");
            let mut renamed = None;
            let values = variants.filter_map(|line| {
                if let Some((_, rest)) = line.split_once("serde(rename = \"") {
                    renamed = rest.split('"').next().map(str::to_owned);
                }
                let value = value(line, style)?;
                Some(renamed.take().unwrap_or(value))
            });
            lists.push(ClosedList {
                place: format!("(`{name}` in `{path}`)"),
                values: values.collect(),
            });
        }
        if line == "}" || line.starts_with("pub ") {
            style = None;
        }
    }
    lists
}

/// The value of a variant's line, as serde spells it.
fn value(line: &str, style: &str) -> Option<String> {
    let name = line.strip_prefix("    ")?;
    let name = &name[..name.find([',', ' ', '('])?];
    if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }
    let gap = if style == "kebab-case" { '-' } else { '_' };
    let mut value = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !value.is_empty() {
            value.push(gap);
        }
        value.push(letter.to_ascii_lowercase());
    }
    Some(value)
}

/// The values that the glossary tells of the list at `place`.
fn told(place: &str) -> BTreeSet<String> {
    let after = PAGE.split_once(place).map_or("", |(_, after)| after);
    after
        .lines()
        .take_while(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(value, _)| value.to_owned())
        .collect()
}

fn collect_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                keys.insert(key.clone());
                collect_keys(value, keys);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}
