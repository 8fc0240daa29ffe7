//! Where in a settings file something stands.

use std::path::Path;

use toml::de::DeTable;

/// ` (line 7, column 3)`: where answer `number`, counted from 1, or its `key` stands in the file at
/// `path`; nothing if it is in no file.
pub(super) fn of_answer(path: Option<&Path>, number: usize, key: &str) -> String {
    let text = path.and_then(|path| std::fs::read_to_string(path).ok());
    let place = text
        .as_deref()
        .and_then(|text| offset(text, number, key).map(|at| (text, at)));
    place.map_or_else(String::new, |(text, at)| {
        let (line, column) = line_and_column(text, at);
        format!(" (line {line}, column {column})")
    })
}

fn offset(text: &str, number: usize, key: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let answers = table.get_ref().get("answer")?.get_ref().as_array()?;
    let answer = answers.get(number.checked_sub(1)?)?;
    let found = answer
        .get_ref()
        .as_table()?
        .iter()
        .find(|(name, _)| name.get_ref() == key);
    Some(match found {
        Some((name, _)) => name.span().start,
        None => answer.span().start,
    })
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_rules_are_found() {
        let text = "seed = 1\n\n[[answer]]\ntext = \"a\"\n\n[[answer]]\ntext = \"b\"\n  nth = 0\n";
        let place = |number, key| offset(text, number, key).map(|at| line_and_column(text, at));
        assert_eq!(place(2, "nth"), Some((8, 3)));
        assert_eq!(place(1, "text"), Some((4, 1)));
        assert_eq!(place(2, "").map(|(line, _)| line), Some(6));
        assert_eq!(place(3, "nth"), None);
    }
}
