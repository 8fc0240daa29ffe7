//! What CONTRIBUTING.md names is there, so that who follows it is not sent astray by a renamed file.

use std::path::Path;

/// Paths in `guide`: what stands in single backticks, has a slash, and is spelt without placeholders.
fn paths(guide: &str) -> Vec<&str> {
    let mut in_block = false;
    let prose = guide.lines().filter(|line| {
        in_block ^= line.starts_with("```");
        !in_block
    });
    let code = prose.flat_map(|line| line.split('`').skip(1).step_by(2));
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let plain = |code: &&str| code.bytes().all(|b| letter(b) || b"./_-".contains(&b));
    code.filter(|code| code.contains('/'))
        .filter(plain)
        .collect()
}

#[test]
fn every_file_that_the_guide_for_contributors_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let named = paths(&guide);
    assert!(named.len() > 30, "{named:?}");
    let mut gone = named.clone();
    gone.retain(|path| !root.join(path).exists());
    assert!(gone.is_empty(), "CONTRIBUTING.md names {gone:?}");
}

#[test]
fn a_path_is_what_has_a_slash_and_no_placeholder_outside_of_blocks() {
    let guide =
        "`src/lib.rs` and `cargo test`, `src/NAME.rs`\n```sh\n`a/b`\n```\nthen `docs/`, `plain.md`";
    assert_eq!(paths(guide), ["src/lib.rs", "docs/"]);
}
