//! Puts the answers together in the order of the source, with a marker wherever something is missing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::markdown;

/// Lines of a document that are not documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First line, from 1.
    pub from_line: usize,
    /// Last line.
    pub to_line: usize,
    /// Why, in words.
    pub why: String,
}

/// The documentation of consecutive lines, or the reason why there is none.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Text(Arc<str>),
    /// An answer that broke off at `max_tokens`.
    Unfinished(Arc<str>),
    Missing(Gap),
}

/// One text from `parts`, and the gaps among them.
pub(super) fn join(parts: Vec<Part>) -> (String, Vec<Gap>) {
    if let [Part::Text(text) | Part::Unfinished(text)] = parts.as_slice() {
        return (text.to_string(), Vec::new());
    }
    let mut text = String::new();
    let mut gaps = Vec::new();
    for part in parts {
        if !text.is_empty() {
            text.truncate(text.trim_end().len());
            text.push_str("\n\n");
        }
        match part {
            Part::Text(more) | Part::Unfinished(more) => text.push_str(&more),
            Part::Missing(gap) => {
                text.push_str(&marker(&gap));
                gaps.push(gap);
            }
        }
    }
    (text, gaps)
}

fn marker(gap: &Gap) -> String {
    format!(
        "> **Missing:** lines {} to {}: {}.\n",
        gap.from_line,
        gap.to_line,
        markdown::inline(&gap.why)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_named_where_they_are() {
        let gap = Gap {
            from_line: 11,
            to_line: 20,
            why: "the API did not answer in time".into(),
        };
        let parts = vec![
            Part::Text("### `a`\n\nref:a:1:2\n\n".into()),
            Part::Missing(gap.clone()),
            Part::Text("### `b`\n".into()),
        ];
        let (text, gaps) = join(parts);
        assert_eq!(
            text,
            "### `a`\n\nref:a:1:2\n\n> **Missing:** lines 11 to 20: the API did not answer in time.\n\n### `b`\n"
        );
        assert_eq!(gaps, [gap]);
    }
}
