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

use std::borrow::Cow;

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

/// A value, and the rules that it keeps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written<'s> {
    pub(crate) value: Value,
    /// The schema, with the constraints of its descriptions spelled out if they are kept too.
    pub(crate) rules: Cow<'s, Value>,
}

/// A value that is valid against `schema`; the same `seed` writes the same value.
///
/// Constraints that an SDK has moved into a description (`{minLength: 3}`), because the API does not
/// take them, are kept too where that is possible.
pub(crate) fn write(schema: &Value, seed: u64, fullness: Fullness) -> Result<Written<'_>, NoValue> {
    if let Some(spelled) = wishes::spell_out(schema)
        && let Ok(value) = value(&spelled, seed, fullness)
    {
        let rules = Cow::Owned(spelled);
        return Ok(Written { value, rules });
    }
    let rules = Cow::Borrowed(schema);
    value(schema, seed, fullness).map(|value| Written { value, rules })
}

fn value(schema: &Value, seed: u64, fullness: Fullness) -> Result<Value, NoValue> {
    let document = Document::new(schema);
    document.check()?;
    let arena = Arena::new();
    let optional = match fullness {
        Fullness::Sparse => Optional::Seldom,
        Fullness::Full => Optional::All,
    };
    let mut author = Author::new(&document, &arena, Chance::new(seed), optional);
    author.write().ok_or(NoValue::Contradiction)
}

#[cfg(test)]
mod tests;
