//! Values made up to be valid against a JSON Schema (draft 2020-12, and the older spellings that
//! clients still send).
//!
//! A place in a value is ruled by the row of all schemas that must hold there. The author walks down
//! such rows, decides between the branches of `anyOf`, `oneOf`, `if` and `not` by trying them, and
//! holds every part that it has written against the schemas once more.

mod array;
mod chance;
mod decimal;
mod document;
mod fits;
mod format;
mod kind;
mod negate;
mod number;
mod object;
mod pattern;
mod solve;
mod text;
mod wishes;

use serde_json::Value;
use typed_arena::Arena;

use chance::Chance;
use document::Document;
use solve::{Author, Optional};

pub(crate) use document::NoValue;
pub(crate) use fits::fits;

/// How a value is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fullness {
    /// As a model fills a form in: what is required, and seldom more.
    Sparse,
    /// Every property that the schema names.
    Full,
}

/// A value that is valid against `schema`; the same `seed` writes the same value.
///
/// Constraints that an SDK has moved into a description (`{minLength: 3}`), because the API does not
/// take them, are kept too where that is possible.
pub(crate) fn write(schema: &Value, seed: u64, fullness: Fullness) -> Result<Value, NoValue> {
    let document = Document::new(schema);
    document.check()?;
    let arena = Arena::new();
    let optional = match fullness {
        Fullness::Sparse => Optional::Seldom,
        Fullness::Full => Optional::All,
    };
    for heeds_wishes in [true, false] {
        if heeds_wishes && !document.has_wishes() {
            continue;
        }
        let chance = Chance::new(seed);
        let mut author = Author::new(&document, &arena, chance, optional, heeds_wishes);
        if let Some(value) = author.write() {
            return Ok(value);
        }
    }
    Err(NoValue::Contradiction)
}

#[cfg(test)]
mod tests;
