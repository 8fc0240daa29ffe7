//! Which files are taken, what each of them cost, and what another model would.

use super::*;

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join("code").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn code() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a.py", "def alpha(x):\n    return x\n");
    put(folder.path(), "sub/b.js", "function beta() {}\n");
    put(folder.path(), "sub/a_test.py", "def gamma(): pass\n");
    put(folder.path(), "vendor/v.py", "def delta(): pass\n");
    put(folder.path(), "big.py", &"x = 1\n".repeat(5_000));
    folder
}

fn listed(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = document(folder, &[&["code", "--list"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let names = said(&output);
    names
        .lines()
        .map(|line| line.rsplit('\t').next().unwrap().to_owned())
        .collect()
}

#[test]
fn patterns_choose_files_as_gitignore_does() {
    let folder = code();
    let names = |arguments: &[&str]| listed(folder.path(), arguments);
    assert_eq!(names(&[]), ["alpha", "gamma", "beta", "delta"]);
    assert_eq!(names(&["--include", "*.js"]), ["beta"]);
    let without = ["--exclude", "vendor", "--exclude", "*_test.py"];
    assert_eq!(names(&without), ["alpha", "beta"]);
    let both = ["--include", "/sub/**", "--exclude", "*.js"];
    assert_eq!(names(&both), ["gamma"]);
}

#[test]
fn what_leaves_nothing_or_cannot_be_read_is_refused_by_name() {
    let folder = code();
    for (arguments, words) in [
        (
            ["--include", "*.zig"],
            "--include and --exclude leave no file",
        ),
        (["--exclude", "a["], "pattern `a[` cannot be read"),
        (["--max-file-size", "5x"], "give a number of bytes"),
        (["--max-file-size", "0"], "give a number of bytes"),
    ] {
        let output = document(
            folder.path(),
            &[&["code", "--list"][..], &arguments].concat(),
        );
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
}

#[test]
fn the_index_tells_what_each_file_cost_and_a_second_run_tells_the_same() {
    let folder = code();
    let arguments = ["code", "--out", "docs", "--max-file-size", "20kB"];
    let first = document(folder.path(), &arguments);
    assert!(
        said(&first).contains("big.py skipped: 30000 bytes"),
        "{}",
        said(&first)
    );
    let index = std::fs::read_to_string(folder.path().join("docs/index.md")).unwrap();
    let costs: Vec<f64> = index
        .lines()
        .filter_map(|line| line.split(" | $").nth(1)?.split(' ').next()?.parse().ok())
        .collect();
    assert_eq!(costs.len(), 4, "{index}");
    assert!(costs.iter().all(|cost| *cost > 0.0), "{index}");
    let said = said(&first);
    let total = said.split("output tokens: $").nth(1).unwrap();
    let total: f64 = total.split(',').next().unwrap().parse().unwrap();
    assert!(
        (costs.iter().sum::<f64>() - total).abs() < 0.0005,
        "{total}\n{index}"
    );
    document(folder.path(), &arguments);
    let again = std::fs::read_to_string(folder.path().join("docs/index.md")).unwrap();
    assert_eq!(again, index);
}

#[test]
fn models_are_compared_by_what_the_same_files_would_cost() {
    let folder = code();
    let output = document(folder.path(), &["code", "--compare-models"]);
    let table = said(&output);
    let prices: Vec<f64> = table
        .lines()
        .filter_map(|line| line.split(" $").nth(1)?.split(' ').next()?.parse().ok())
        .collect();
    assert!(prices.len() > 5 && prices.is_sorted(), "{table}");
    assert_eq!(table.matches("  chosen").count(), 1, "{table}");
    let asked = document(folder.path(), &["code", "--dry-run"]);
    let alone = table.lines().find(|line| line.ends_with("chosen")).unwrap();
    let price = alone.split(" $").nth(1).unwrap().split(' ').next().unwrap();
    assert!(
        said(&asked).contains(&format!("${price} ")),
        "{}\n{alone}",
        said(&asked)
    );
}
