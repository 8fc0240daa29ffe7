//! How long the generator takes to cut a file of 50,000 lines into questions, in each language that it has a
//! grammar for, beside counting the file's lines.
//!
//! `cargo bench --bench chunk`: the files are the fixtures, repeated.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench shows its figures, and stops where it stands"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use breaklab::clock::Stopwatch;
use breaklab::corpus;
use breaklab::generator::{Document, Policy, Settings};
use breaklab::record::Base;

const LINES: usize = 50_000;
const TURNS: usize = 5;

fn main() {
    let policy = Policy::new(Base::Hardened, &Settings::default());
    println!("| language | lines | chunks | cutting, ms | counting lines, ms |");
    println!("|---|---|---|---|---|");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/code");
    let mut languages: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    languages.sort();
    for folder in languages {
        let language = folder.file_name().unwrap().to_string_lossy();
        let document = repeated(&folder);
        let chunks = policy.calls(&document).len();
        let lines = document.content.lines().count();
        let cutting = median_ms(|| policy.calls(&document).len());
        let counting = median_ms(|| document.content.lines().count());
        println!("| {language} | {lines} | {chunks} | {cutting:.0} | {counting:.1} |");
    }
}

/// The files of one language after each other, as often as it takes.
fn repeated(folder: &Path) -> Document {
    let files = corpus::load(folder).unwrap().files;
    let mut content = String::new();
    let mut more = files.iter().cycle();
    while content.lines().count() < LINES {
        writeln!(content, "{}", more.next().unwrap().content).unwrap();
    }
    Document {
        path: files[0].path.clone(),
        content: content.into(),
    }
}

fn median_ms(mut work: impl FnMut() -> usize) -> f64 {
    let mut walls: Vec<Duration> = (0..TURNS)
        .map(|_| {
            let wall = Stopwatch::start();
            black_box(work());
            wall.elapsed()
        })
        .collect();
    walls.sort();
    walls[TURNS / 2].as_secs_f64() * 1000.0
}
