//! A scenario that begins with another one: `extends = "rate-limits"`, and only what differs from it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Loaded, Scenario, ScenarioError, catalog, read, syntax, unknown};

/// Settings that may be names of files, which lie beside the file that names them.
const FILES: [&str; 2] = ["profile", "prices"];

/// The scenario in `text`, completed by those that it extends.
///
/// # Errors
/// When it or one of them is wrong.
pub(super) fn scenario(text: &str, file: &str, folder: &Path) -> Result<Scenario, ScenarioError> {
    let below = below(text, file, folder)?;
    if let Some(base) = below.first() {
        // An error in the other file belongs to that file.
        Loaded::parse(&base.text, &base.file, &base.folder(folder))?;
    }
    let table = whole(text, file, &below)?;
    Scenario::deserialize(toml::Deserializer::from(table)).map_err(|mut error| {
        error.set_input(Some(text));
        syntax("scenario", file, &error)
    })
}

/// In a file that extends another scenario, no key is required.
pub(super) fn relax(schema: &mut schemars::Schema) {
    if let Some(required) = schema.remove("required") {
        let ways = serde_json::json!([{ "required": required }, { "required": ["extends"] }]);
        schema.insert("anyOf".to_owned(), ways);
    }
}

/// A scenario that another one extends.
struct Extended {
    text: String,
    file: String,
    /// Where it lies, seen from the folder of the scenario that begins.
    moved: PathBuf,
}

impl Extended {
    fn folder(&self, folder: &Path) -> PathBuf {
        folder.join(&self.moved)
    }
}

/// The scenarios that the one in `text` extends, the nearest first.
///
/// # Errors
/// When one is no TOML or does not exist, or they extend each other in a circle.
fn below(text: &str, file: &str, folder: &Path) -> Result<Vec<Extended>, ScenarioError> {
    let mut below: Vec<Extended> = Vec::new();
    let mut files = vec![file.to_owned()];
    let mut next = extended_name(text, file)?;
    while let Some(name) = next {
        let moved = below.last().map_or(Path::new(""), |last| &last.moved);
        let extended = find(&name, moved, folder)?;
        let is_circle = files.iter().any(|other| is_same(other, &extended.file));
        files.push(extended.file.clone());
        if is_circle {
            return Err(ScenarioError::Circle { files });
        }
        next = extended_name(&extended.text, &extended.file)?;
        below.push(extended);
    }
    Ok(below)
}

fn extended_name(text: &str, file: &str) -> Result<Option<String>, ScenarioError> {
    let table = DeTable::parse(text).map_err(|error| syntax("scenario", file, &error))?;
    // What is not a name is refused with its place when the whole is read.
    let name = table.get_ref().get("extends");
    Ok(name.and_then(|name| Some(name.get_ref().as_str()?.to_owned())))
}

fn find(name: &str, moved: &Path, folder: &Path) -> Result<Extended, ScenarioError> {
    if !name.ends_with(".toml") {
        let text = catalog::builtin(name)
            .ok_or_else(|| unknown("scenario", name, catalog::builtin_ids()))?;
        return Ok(Extended {
            text: text.to_owned(),
            file: format!("scenarios/{name}.toml"),
            moved: moved.to_owned(),
        });
    }
    let path = moved.join(name);
    let file = folder.join(&path);
    Ok(Extended {
        text: read(&file)?,
        file: file.display().to_string(),
        moved: path.parent().unwrap_or(Path::new("")).to_owned(),
    })
}

fn is_same(one: &str, other: &str) -> bool {
    match (
        Path::new(one).canonicalize(),
        Path::new(other).canonicalize(),
    ) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The table in `text` on top of those that it extends. Places in the text stay known, so that an error in it is still
/// told with its line.
///
/// # Errors
/// When one is no TOML.
fn whole<'a>(
    text: &'a str,
    file: &str,
    below: &'a [Extended],
) -> Result<Spanned<DeTable<'a>>, ScenarioError> {
    let mut table = DeTable::parse(text).map_err(|error| syntax("scenario", file, &error))?;
    for extended in below {
        let base = DeTable::parse(&extended.text)
            .map_err(|error| syntax("scenario", &extended.file, &error))?;
        let mut base = base.into_inner();
        for key in FILES {
            if let Some(value) = base.get_mut(key)
                && let DeValue::String(file) = value.get_mut()
                && file.ends_with(".toml")
            {
                *file = extended
                    .folder(Path::new(""))
                    .join(file.as_ref())
                    .display()
                    .to_string()
                    .into();
            }
        }
        lay_over(table.get_mut(), base);
    }
    Ok(table)
}

/// Tables are completed key by key, lists and values replaced. A `[load]` that says how requests arrive replaces the
/// other one, whose figures belong to other arrivals.
fn lay_over<'a>(upper: &mut DeTable<'a>, base: DeTable<'a>) {
    for (key, below) in base {
        let Some(here) = upper.get_mut(&key) else {
            upper.insert(key, below);
            continue;
        };
        if let (DeValue::Table(here), DeValue::Table(below)) = (here.get_mut(), below.into_inner())
            && !here.contains_key("arrivals")
        {
            lay_over(here, below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, folder: &Path) -> Result<Loaded, String> {
        let file = folder.join("mine.toml").display().to_string();
        Loaded::parse(text, &file, folder).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_as_in_the_other_scenario() {
        let base = Loaded::find("gateway-timeout").unwrap();
        let text = "extends = \"gateway-timeout\"\nid = \"mine\"\n[generator]\nparallel = 3\n";
        let mine = parse(text, Path::new("")).unwrap();
        let mut expected = base.clone();
        expected.scenario.id = "mine".to_owned();
        expected.scenario.generator.parallel = 3;
        expected.scenario.extends = Some("gateway-timeout".to_owned());
        assert_eq!(mine, expected);
        assert_ne!(mine.digest(), base.digest());
    }

    #[test]
    fn the_same_story_has_the_same_digest_however_it_is_written() {
        let mine = parse("extends = \"rate-limits\"\n", Path::new("")).unwrap();
        assert_eq!(mine.digest(), Loaded::find("rate-limits").unwrap().digest());
    }

    #[test]
    fn other_arrivals_leave_nothing_of_the_load_below() {
        let text = "extends = \"cache-per-instance\"\n[load]\nrequests = 7\narrivals = \"job\"\n";
        let load = parse(text, Path::new("")).unwrap().scenario.load;
        let alone = "extends = \"slow-processing\"\n[load]\nrequests = 7\n";
        assert_eq!(load, parse(alone, Path::new("")).unwrap().scenario.load);
    }

    #[test]
    fn an_error_is_told_with_its_line_in_the_file_that_has_it() {
        let text = "extends = \"rate-limits\"\n\n[load]\nreqests = 7\n";
        let message = parse(text, Path::new("")).unwrap_err();
        assert!(message.contains("line 4, column 1"), "{message}");
        assert!(message.contains("reqests = 7"), "{message}");
        let message = parse("extends = 3\n", Path::new("")).unwrap_err();
        assert!(message.contains("line 1"), "{message}");
        let message = parse("extends = \"rate-limit\"\n", Path::new("")).unwrap_err();
        assert!(message.contains("did you mean `rate-limits`?"), "{message}");
    }

    #[test]
    fn files_that_the_other_scenario_names_are_found_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let course = folder.path().join("course");
        std::fs::create_dir(&course).unwrap();
        let prices = catalog::prices("chapter").unwrap();
        std::fs::write(course.join("ours.toml"), prices).unwrap();
        let base = "extends = \"rate-limits\"\nprices = \"ours.toml\"\n";
        std::fs::write(course.join("base.toml"), base).unwrap();
        let text = "extends = \"course/base.toml\"\ntitle = \"Mine\"\n";
        let mine = parse(text, folder.path()).unwrap();
        assert_eq!(mine.prices.name, "chapter");
        assert_eq!(mine.scenario.title, "Mine");
    }

    #[test]
    fn scenarios_that_extend_each_other_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.toml");
        std::fs::write(&other, "extends = \"mine.toml\"\n").unwrap();
        let text = "extends = \"other.toml\"\n";
        std::fs::write(folder.path().join("mine.toml"), text).unwrap();
        let message = parse(text, folder.path()).unwrap_err();
        assert!(message.contains("in a circle"), "{message}");
        assert_eq!(message.matches("mine.toml").count(), 2, "{message}");
    }
}
