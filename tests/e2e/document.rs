//! `breaklab document` as its users type it: good input, bad input, money, batches.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use breaklab::corpus;
use ground::proof;
use rusqlite::{Connection, OpenFlags};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::machine::until;
use crate::provider::Provider;

mod again;
mod batches;
mod choose;

/// The code in six languages that this repository keeps for tests.
const CODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/code");

/// `breaklab document` with a key in its environment.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breaklab"));
    command
        .arg("document")
        .args(arguments)
        .current_dir(folder)
        .env("ANTHROPIC_API_KEY", "sk-test")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn document(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Every file that was written for people, by its path.
pub(crate) fn pages(out: &Path) -> BTreeMap<PathBuf, String> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![out.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == ".breaklab") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                pages.insert(path.strip_prefix(out).unwrap().to_owned(), text);
            }
        }
    }
    pages
}

/// Files of three small functions each.
pub(crate) fn write_code(folder: &Path, files: usize) {
    std::fs::create_dir_all(folder.join("code")).unwrap();
    for file in 0..files {
        let function = |i| format!("def f{file}_{i}(x):\n    return x + {i}\n\n\n");
        let text: String = (0..3).map(function).collect();
        std::fs::write(folder.join(format!("code/m{file:03}.py")), text).unwrap();
    }
}

fn answers(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

async fn provider(status: u16, body: &str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .respond_with(answers(status, body))
        .mount(&server)
        .await;
    server
}

#[test]
fn code_in_six_languages_is_documented_whole_and_in_one_call_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let output = document(folder.path(), &[CODE, "--out", "docs"]);
    assert!(output.status.success(), "{}", said(&output));
    let pages = pages(&folder.path().join("docs"));
    let loaded = corpus::load(Path::new(CODE)).unwrap();
    let key = proof::Key::new("mock-claude");
    let mut languages = BTreeMap::new();
    for file in &loaded.files {
        let page = &pages[Path::new(&format!("{}.md", file.path))];
        let proofs: Vec<_> = proof::find(page).collect();
        assert!(proofs.iter().all(|proof| key.verify(proof)), "{page}");
        *languages
            .entry(file.path.split('/').next().unwrap().to_owned())
            .or_default() += proofs.len();
    }
    let expected = [
        ("go", 8),
        ("java", 11),
        ("javascript", 8),
        ("python", 9),
        ("rust", 12),
        ("typescript", 12),
    ];
    let expected = expected.map(|(language, symbols)| (language.to_owned(), symbols));
    assert_eq!(languages, BTreeMap::from(expected));
    assert!(said(&output).contains("\n7 calls"), "{}", said(&output));
}

#[test]
fn what_git_ignores_is_left_out_and_bad_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 2);
    let code = folder.path().join("code");
    let write = |name: &str, bytes: &[u8]| std::fs::write(code.join(name), bytes).unwrap();
    write(".gitignore", b"build/\n");
    std::fs::create_dir(code.join("build")).unwrap();
    write("build/made.py", b"def made(): pass\n");
    write("empty.py", b"");
    write("latin.py", b"def f(): return '\xe9'\n");
    write("copy.py", &std::fs::read(code.join("m000.py")).unwrap());
    write(
        "mixed.py",
        b"def a(): pass\r\ndef b(): pass\n\rdef c(): pass",
    );
    #[cfg(unix)]
    std::os::unix::fs::symlink(&code, code.join("loop")).unwrap();
    let output = document(folder.path(), &["code", "--out", "docs"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("4 files: 4 whole") && said.contains("3 skipped; 1 already paid for"),
        "{said}"
    );
    assert!(
        said.contains("loop skipped: it leads back to")
            && said.contains("empty.py skipped: empty")
            && said.contains("latin.py skipped: not UTF-8 at byte 17"),
        "{said}"
    );
    let pages = pages(&folder.path().join("docs"));
    assert_eq!(pages.len(), 6, "{:?}", pages.keys());
    assert!(pages[Path::new("index.md")].contains("latin.py: not UTF-8"));
    assert!(
        pages
            .values()
            .all(|page| page.contains("the mock wrote this text"))
    );
    assert!(said.contains("nothing was spent"), "{said}");
}

#[test]
fn a_dry_run_says_what_is_left_to_do_and_what_it_will_cost() {
    let folder = tempfile::tempdir().unwrap();
    let cost = |output: &Output| -> f64 {
        let said = said(output);
        let usd = said.split('$').nth(1).unwrap_or_else(|| panic!("{said}"));
        let end = usd.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        usd[..end.unwrap_or(usd.len())].parse().unwrap()
    };
    let same = folder.path().join("copy");
    std::fs::create_dir(&same).unwrap();
    for name in ["a.py", "b.py", "c.rb"] {
        std::fs::write(same.join(name), "def same():\n    return 1\n").unwrap();
    }
    let paths = [CODE, "copy", "--out", "docs"];
    let dry = |paths: &[&str]| document(folder.path(), &[paths, &["--dry-run"]].concat());
    let estimate = dry(&paths);
    // One content is paid for once in each language.
    assert!(
        said(&estimate).contains(": 9 calls to"),
        "{}",
        said(&estimate)
    );
    assert!(!folder.path().join("docs").exists());
    let bill = document(folder.path(), &paths);
    assert!(said(&bill).contains("\n9 calls in"), "{}", said(&bill));
    let ratio = cost(&estimate) / cost(&bill);
    assert!(
        (0.85..=1.15).contains(&ratio),
        "{ratio}: {}",
        said(&estimate)
    );
    assert!(
        said(&dry(&paths)).contains(": 0 calls to"),
        "{}",
        said(&dry(&paths))
    );
    std::fs::write(same.join("d.py"), "def other(): pass\n").unwrap();
    assert!(
        said(&dry(&paths)).contains(": 1 calls to"),
        "{}",
        said(&dry(&paths))
    );
}

#[test]
fn the_list_names_what_would_be_documented_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.py"),
        "class A:\n    @d\n    def f(self): pass\n",
    )
    .unwrap();
    let output = document(folder.path(), &["a.py", "--list"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "a.py\t1\tA\na.py\t3\tA.f\n"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn files_of_others_in_the_folder_are_refused_and_pages_of_gone_sources_go() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 2);
    let docs = folder.path().join("docs");
    std::fs::create_dir(&docs).unwrap();
    std::fs::write(docs.join("index.md"), "mine\n").unwrap();
    let refused = document(folder.path(), &["code", "--out", "docs"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(
        said(&refused).contains("`index.md`") && said(&refused).contains("another --out"),
        "{}",
        said(&refused)
    );
    assert_eq!(
        std::fs::read_to_string(docs.join("index.md")).unwrap(),
        "mine\n"
    );
    std::fs::rename(docs.join("index.md"), docs.join("own.md")).unwrap();
    assert!(
        document(folder.path(), &["code", "--out", "docs"])
            .status
            .success()
    );
    std::fs::remove_file(folder.path().join("code/m000.py")).unwrap();
    // Only a part is asked for: what is left out is not gone.
    write_code(&folder.path().join("other"), 1);
    assert!(
        document(folder.path(), &["other/code", "--out", "docs"])
            .status
            .success()
    );
    let names: Vec<_> = pages(&docs).into_keys().collect();
    assert_eq!(
        names,
        ["index.md", "m000.py.md", "m001.py.md", "names.md", "own.md"].map(PathBuf::from)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_keys_and_bad_caps_are_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 1);
    let api = provider(500, "{}").await;
    let url = api.uri();
    let arguments = |cap| {
        [
            "code",
            "--out",
            "docs",
            "--base-url",
            &url,
            "--max-cost-usd",
            cap,
        ]
        .map(str::to_owned)
    };
    for cap in ["nan", "-1", "0", "inf", "1e9", "much"] {
        let arguments = arguments(cap);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = document(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{cap}: {}", said(&output));
    }
    let arguments = arguments("1");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut with_key = command(folder.path(), &arguments);
    let output = with_key
        .env("ANTHROPIC_API_KEY", "sk-\u{7}")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("no key has"), "{}", said(&output));
    assert_eq!(api.received_requests().await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_failed_try_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 1);
    let arguments = [
        "code",
        "--out",
        "docs",
        "--base-url",
        "http://127.0.0.1:1",
        "--max-cost-usd",
        "1",
    ];
    let mut child = command(folder.path(), &arguments).spawn().unwrap();
    let mut said = String::new();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut lines, &mut said).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        said.contains("a call failed: the API cannot be reached"),
        "{said}"
    );
}

#[test]
fn a_journal_that_cannot_be_written_ends_the_job_before_money_is_spent() {
    let folder = tempfile::tempdir().unwrap();
    write_code(folder.path(), 60);
    // A file system without room: the journal cannot grow, and every file has its place already.
    let script = format!(
        "ulimit -f 160; trap '' XFSZ; exec '{}' document code --out docs --parallel 1",
        env!("CARGO_BIN_EXE_breaklab")
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("could not be written down"), "{said}");
    let calls: u64 = said
        .lines()
        .find_map(|line| line.split_once(" calls in")?.0.parse().ok())
        .unwrap_or_else(|| panic!("{said}"));
    let books =
        rusqlite::Connection::open(folder.path().join("docs/.breaklab/journal.sqlite")).unwrap();
    let booked: u64 = books
        .query_row("SELECT count(*) FROM attempts", [], |row| row.get(0))
        .unwrap();
    assert!(
        calls < 60 && booked >= calls,
        "{calls} calls, {booked} in the books: {said}"
    );
}

#[test]
fn a_function_longer_than_a_chunk_and_a_line_of_five_megabytes_are_asked_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let code = folder.path().join("code");
    std::fs::create_dir(&code).unwrap();
    std::fs::write(
        code.join("long.py"),
        format!("def long():\n{}", "    x = 1\n".repeat(5_000)),
    )
    .unwrap();
    std::fs::write(
        code.join("wide.py"),
        format!("a = \"{}\"", "é".repeat(2_500_000)),
    )
    .unwrap();
    let output = document(folder.path(), &["code", "--out", "docs"]);
    assert!(
        said(&output).contains("2 files: 2 whole"),
        "{}",
        said(&output)
    );
}
