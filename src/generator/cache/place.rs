//! Where answers are kept beyond the process that paid for them, as people name it.

use std::fmt::{Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;

/// Where answers are kept: `memory`, `sqlite:FILE`, or `dynamodb:TABLE`.
///
/// ```
/// use breaklab::generator::CachePlace;
///
/// let place: CachePlace = "dynamodb:answers".parse().unwrap();
/// assert_eq!(place, CachePlace::Dynamodb("answers".to_owned()));
/// // A name without a kind is a file.
/// let place: CachePlace = "answers.sqlite".parse().unwrap();
/// assert_eq!(place.to_string(), "sqlite:answers.sqlite");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CachePlace {
    /// In the process alone.
    Memory,
    /// In a file that processes of one machine share.
    Sqlite(PathBuf),
    /// In a table of DynamoDB that machines share.
    Dynamodb(String),
}

impl FromStr for CachePlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            None if text.is_empty() => Err(unknown(text)),
            None => Ok(Self::Sqlite(text.into())),
            Some(("sqlite", file)) if !file.is_empty() => Ok(Self::Sqlite(file.into())),
            Some(("dynamodb", table)) => table_name(table).map(Self::Dynamodb),
            // A path may have a colon in it, but no kind is written with a slash.
            Some((kind, _)) if kind.contains(['/', '.']) => Ok(Self::Sqlite(text.into())),
            Some(_) => Err(unknown(text)),
        }
    }
}

fn unknown(text: &str) -> String {
    format!("`{text}` is no cache; give sqlite:FILE, dynamodb:TABLE or memory")
}

/// Source of the rule: "Naming rules and data types", Amazon DynamoDB Developer Guide.
fn table_name(name: &str) -> Result<String, String> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if (3..=255).contains(&name.len()) && name.chars().all(is_letter) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "`{name}` is no name of a table: 3 to 255 letters, digits, `_`, `-` and `.`"
    ))
}

impl Display for CachePlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(file) => write!(f, "sqlite:{}", file.display()),
            Self::Dynamodb(table) => write!(f, "dynamodb:{table}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_need_no_kind_and_what_is_no_cache_is_told_what_is() {
        let place = |text: &str| text.parse::<CachePlace>();
        assert_eq!(place("memory"), Ok(CachePlace::Memory));
        for file in ["cache", "./a:b", "sqlite:memory"] {
            let Ok(CachePlace::Sqlite(_)) = place(file) else {
                panic!("{file}");
            };
        }
        for wrong in ["", "redis:answers", "sqlite:", "dynamodb:", "dynamodb:a/b"] {
            let why = place(wrong).unwrap_err();
            assert!(
                why.contains("dynamodb:TABLE") || why.contains("name of a table"),
                "{why}"
            );
        }
    }
}
