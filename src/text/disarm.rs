//! Commands to a workflow that foreign text smuggles in, disarmed.
//!
//! GitHub obeys `::command::` at the start of a line and `##[command]` anywhere in it; Azure
//! Pipelines `##vso[command]`, TeamCity `##teamcity[command]`. GitLab's need control characters.

/// One line in which spaces stand wherever a runner would read a command. A name like `std::fmt`
/// is none; a word that begins with `::` may come to stand at the start of a line.
pub(super) fn disarmed(line: &str) -> String {
    if !line.contains("::") && !line.contains("##") {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len() + 8);
    let mut starts_word = true;
    for (at, letter) in line.char_indices() {
        let rest = &line[at..];
        let command = (starts_word && rest.starts_with("::")) || begins_bracketed(rest);
        out.push(letter);
        if command {
            out.push(' ');
        } else {
            starts_word = letter.is_whitespace();
        }
    }
    out
}

/// Whether `rest` begins like `##[` or `##vso[`.
fn begins_bracketed(rest: &str) -> bool {
    rest.strip_prefix("##").is_some_and(|name| {
        name.trim_start_matches(|letter: char| letter.is_ascii_alphabetic())
            .starts_with('[')
    })
}
