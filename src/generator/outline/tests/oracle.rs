//! Outlines of code that somebody else wrote, held against what the language's own parser finds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// Definitions by line and bare name; several of a kind count.
type Places = BTreeMap<(usize, String), i64>;

/// Prints FILE, LINE and QUALIFIED NAME of all that `ast` finds in the standard library.
const BY_AST: &str = r"
import ast, glob, os, sys
def walk(node, scope, path):
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = scope + [child.name]
            print(path, child.lineno, '.'.join(inner), sep='\t')
        walk(child, inner, path)
for path in sorted(glob.glob(os.path.dirname(ast.__file__) + '/*.py')):
    try:
        walk(ast.parse(open(path, encoding='utf-8').read()), [], path)
    except (SyntaxError, UnicodeDecodeError):
        print('skipped', path, file=sys.stderr)
";

#[test]
fn the_python_library_is_outlined_as_its_own_parser_outlines_it() {
    let Ok(output) = Command::new("python3").args(["-c", BY_AST]).output() else {
        return;
    };
    let mut expected: BTreeMap<PathBuf, Places> = BTreeMap::new();
    for row in String::from_utf8(output.stdout).unwrap().lines() {
        let fields: Vec<&str> = row.split('\t').collect();
        let places = expected.entry(fields[0].into()).or_default();
        *places
            .entry((fields[1].parse().unwrap(), fields[2].to_owned()))
            .or_default() += 1;
    }
    let ours = |path: &Path, text: &str| by_line(path, text);
    let (missing, extra, all) = compare(&expected, ours);
    assert!(all > 5_000, "{all}");
    assert_eq!((missing, extra), (vec![], vec![]));
}

/// Published packages of which some version is there, since this one is built with them.
const PACKAGES: [&str; 8] = [
    "tokio-1.",
    "hyper-1.",
    "regex-automata-0.",
    "clap_builder-4.",
    "rustls-0.",
    "h2-0.",
    "reqwest-0.",
    "rusqlite-0.",
];

#[test]
fn rust_packages_are_outlined_as_syn_outlines_them() {
    let mut expected: BTreeMap<PathBuf, Places> = BTreeMap::new();
    for path in sources().into_iter().flat_map(|folder| files(&folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(file) = syn::parse_file(&text) else {
            continue;
        };
        let mut names = Names::default();
        syn::visit::visit_file(&mut names, &file);
        expected.insert(path, names.0);
    }
    let ours = |path: &Path, text: &str| {
        let mut places = Places::new();
        for ((line, name), count) in by_line(path, text) {
            let bare = ground::symbols::bare(&name).to_owned();
            *places.entry((line, bare)).or_default() += count;
        }
        places
    };
    let (missing, extra, all) = compare(&expected, ours);
    assert!(expected.is_empty() || all > 10_000, "{all}");
    assert_eq!((missing, extra), (vec![], vec![]));
}

/// Folders of the packages, where Cargo keeps them.
fn sources() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registries = home
        .into_iter()
        .flat_map(|home| entries(&home.join("registry/src")));
    let packages = registries.flat_map(|registry| entries(&registry));
    let is_ours = |path: &PathBuf| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        PACKAGES.iter().any(|package| name.starts_with(package))
    };
    packages
        .filter(is_ours)
        .map(|package| package.join("src"))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// All files of Rust below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(folder).build();
    let paths = walk.map(|entry| entry.unwrap().into_path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

#[derive(Default)]
struct Names(Places);

impl Names {
    fn add(&mut self, name: &syn::Ident) {
        let line = name.span().start().line;
        *self.0.entry((line, name.to_string())).or_default() += 1;
    }
}

impl<'a> syn::visit::Visit<'a> for Names {
    fn visit_item(&mut self, item: &'a syn::Item) {
        use syn::Item;
        match item {
            Item::Enum(item) => self.add(&item.ident),
            Item::Mod(item) => self.add(&item.ident),
            Item::Struct(item) => self.add(&item.ident),
            Item::Trait(item) => self.add(&item.ident),
            Item::Type(item) => self.add(&item.ident),
            Item::Union(item) => self.add(&item.ident),
            Item::Macro(item) => item.ident.iter().for_each(|name| self.add(name)),
            _ => {}
        }
        syn::visit::visit_item(self, item);
    }

    fn visit_signature(&mut self, signature: &'a syn::Signature) {
        self.add(&signature.ident);
        syn::visit::visit_signature(self, signature);
    }

    fn visit_trait_item_type(&mut self, item: &'a syn::TraitItemType) {
        self.add(&item.ident);
        syn::visit::visit_trait_item_type(self, item);
    }

    fn visit_impl_item_type(&mut self, item: &'a syn::ImplItemType) {
        self.add(&item.ident);
        syn::visit::visit_impl_item_type(self, item);
    }
}

fn by_line(path: &Path, text: &str) -> Places {
    let outline = read(&path.to_string_lossy(), text, GRAIN);
    assert!(outline.is_exact, "{}", path.display());
    let mut places = Places::new();
    for definition in outline.definitions {
        *places
            .entry((definition.own_line, definition.name))
            .or_default() += 1;
    }
    places
}

/// What we miss and what we invent, and how much there is.
fn compare(
    expected: &BTreeMap<PathBuf, Places>,
    ours: impl Fn(&Path, &str) -> Places,
) -> (Vec<String>, Vec<String>, usize) {
    let (mut missing, mut extra, mut all) = (Vec::new(), Vec::new(), 0);
    for (path, theirs) in expected {
        let text = std::fs::read_to_string(path).unwrap();
        let mut places = ours(path, &text);
        for ((line, name), count) in theirs {
            all += usize::try_from(*count).unwrap();
            let left = places.entry((*line, name.clone())).or_default();
            *left -= count;
        }
        for ((line, name), count) in places {
            let shown = format!("{}:{line} {name}", path.display());
            match count {
                0 => {}
                1.. => extra.push(shown),
                _ => missing.push(shown),
            }
        }
    }
    (missing, extra, all)
}
