//! The modules of a crate and who imports whom, through any number of re-exports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::source::{Named, Source};

/// Where a module stands, from the crate's root.
pub(super) type Place = Vec<String>;

/// One crate: its modules, each with what it names.
#[derive(Debug)]
pub(super) struct House {
    /// As it is written in paths.
    pub(super) name: String,
    modules: BTreeMap<Place, Source>,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// To a module of the same crate, and what is defined there.
    Own(Place),
    /// To another crate of the workspace.
    Foreign(String),
}

/// One module that imports from another, or from another crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) from: Place,
    pub(super) to: Target,
    pub(super) in_test: bool,
}

/// The crates that the laws speak of.
const WORKSPACE: [&str; 3] = ["ground", "mock_claude", "breaklab"];

/// Re-exports are followed so far.
const MAX_STEPS: usize = 8;

impl House {
    /// The crate `name` whose sources stand in `folder`.
    pub(super) fn read(name: &str, folder: &Path) -> Self {
        let mut files = Vec::new();
        super::rust_files(folder, &mut files);
        let texts = files.iter().map(|file| {
            let place = file.strip_prefix(folder).unwrap().with_extension("");
            let place = place.iter().map(|part| part.to_string_lossy().into_owned());
            (place.collect(), std::fs::read_to_string(file).unwrap())
        });
        Self::of(name, texts)
    }

    /// The crate `name` with these modules; `lib` is its root.
    pub(super) fn of(name: &str, texts: impl IntoIterator<Item = (Place, String)>) -> Self {
        let read = |(place, text): (Place, String)| {
            let place = if place == ["lib"] { vec![] } else { place };
            (place, Source::read(&text))
        };
        let mut house = Self {
            name: name.to_owned(),
            modules: texts.into_iter().map(read).collect(),
        };
        house.mark_tests();
        house
    }

    /// Everything in the file of a test module is only for tests.
    fn mark_tests(&mut self) {
        let mut tests = BTreeSet::new();
        for (place, source) in &self.modules {
            for name in &source.test_modules {
                tests.insert([place.as_slice(), std::slice::from_ref(name)].concat());
            }
        }
        for (place, source) in &mut self.modules {
            if tests.iter().any(|test| place.starts_with(test)) {
                source
                    .named
                    .iter_mut()
                    .for_each(|named| named.in_test = true);
            }
        }
    }

    /// Every import of the crate, in the order of its modules.
    pub(super) fn imports(&self) -> Vec<Import> {
        let all = self.modules.iter().flat_map(|(from, source)| {
            source.named.iter().filter_map(|named| {
                let to = self.target(from, named, MAX_STEPS)?;
                (to != Target::Own(from.clone())).then(|| Import {
                    from: from.clone(),
                    to,
                    in_test: named.in_test,
                })
            })
        });
        all.collect()
    }

    fn target(&self, from: &[String], named: &Named, steps: usize) -> Option<Target> {
        let (first, rest) = named.path.split_first()?;
        let child = [from, std::slice::from_ref(first)].concat();
        let place = match first.as_str() {
            "crate" => rest.to_vec(),
            name if name == self.name => rest.to_vec(),
            "self" => [from, rest].concat(),
            "super" => {
                let up = rest.iter().take_while(|part| *part == "super").count();
                let above = &from[..from.len().checked_sub(up + 1)?];
                [above, &rest[up..]].concat()
            }
            _ if self.modules.contains_key(&child) => [from, &named.path].concat(),
            name if WORKSPACE.contains(&name) => return Some(Target::Foreign(name.to_owned())),
            _ => return None,
        };
        Some(self.defined_at(&place, steps))
    }

    /// The module that defines what stands at `place`, wherever it is re-exported from.
    fn defined_at(&self, place: &[String], steps: usize) -> Target {
        let lengths = (0..=place.len()).rev();
        let known = lengths.map(|length| &place[..length]);
        let module = known
            .into_iter()
            .find(|module| self.modules.contains_key(*module))
            .unwrap_or_default();
        let rest = &place[module.len()..];
        let bound = rest.first().and_then(|item| {
            let named = &self.modules.get(module)?.named;
            named
                .iter()
                .find(|named| named.binds.as_ref() == Some(item))
        });
        let through = bound.filter(|_| steps > 0).and_then(|named| {
            let path = [&named.path, &rest[1..]].concat();
            let named = Named {
                path,
                ..named.clone()
            };
            self.target(module, &named, steps - 1)
        });
        through.unwrap_or_else(|| Target::Own(module.to_vec()))
    }
}

/// The shortest way from each module back to itself over `edges`, each circle once.
pub(super) fn circles(edges: &BTreeSet<(Place, Place)>) -> Vec<Vec<Place>> {
    let mut found: BTreeMap<BTreeSet<Place>, Vec<Place>> = BTreeMap::new();
    for start in edges.iter().map(|(from, _)| from) {
        if let Some(circle) = way_back(start, edges) {
            found
                .entry(circle.iter().cloned().collect())
                .or_insert(circle);
        }
    }
    found.into_values().collect()
}

fn way_back(start: &Place, edges: &BTreeSet<(Place, Place)>) -> Option<Vec<Place>> {
    let mut came_from: BTreeMap<&Place, &Place> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(at) = next.pop_front() {
        for (_, to) in edges.iter().filter(|(from, _)| from == at) {
            if to == start {
                let mut way = vec![at.clone()];
                let mut at = at;
                while at != start {
                    at = came_from[at];
                    way.push(at.clone());
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(to) {
                came_from.insert(to, at);
                next.push_back(to);
            }
        }
    }
    None
}
