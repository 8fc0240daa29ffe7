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
