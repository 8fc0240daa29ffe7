//! Models as the API lists them, and what their names tell.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::profile::Profile;

/// What a model id such as `claude-opus-4-6` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name<'a> {
    line: &'a str,
    generation: (u32, u32),
}

impl<'a> Name<'a> {
    fn read(id: &'a str) -> Option<Self> {
        let mut parts = id.strip_prefix("claude-")?.split('-');
        let line = parts.next()?;
        let major = parts.next()?.parse().ok()?;
        // A long number is the date of a release.
        let minor = parts
            .next()
            .filter(|part| part.len() < 3)
            .and_then(|part| part.parse().ok());
        Some(Self {
            line,
            generation: (major, minor.unwrap_or(0)),
        })
    }
}

/// Models of one class share their limits: Opus 4.x, Sonnet 4.x and Fable 5.x; others are alone.
pub(crate) fn class(id: &str) -> String {
    match Name::read(id) {
        Some(Name {
            line: line @ ("opus" | "sonnet"),
            generation: (4, _),
        }) => format!("{line}-4"),
        Some(Name {
            line: "fable",
            generation: (5, _),
        }) => "fable-5".to_owned(),
        _ => id.to_owned(),
    }
}

/// Since generation 4.6 a conversation must end with a user message.
pub(crate) fn rejects_prefill(id: &str) -> bool {
    Name::read(id).is_some_and(|name| name.generation >= (4, 6))
}

/// Whether the model takes this `thinking.type`. Models whose id tells nothing take all.
pub(crate) fn accepts_thinking(id: &str, kind: &str) -> bool {
    let Some(Name { line, generation }) = Name::read(id) else {
        return true;
    };
    match kind {
        "adaptive" => generation >= (4, 6),
        "enabled" => generation < (4, 7),
        "disabled" => {
            let always = ["fable", "mythos"].contains(&line) && generation.0 == 5;
            !always && (line, generation) != ("opus", (5, 5))
        }
        _ => true,
    }
}

/// Since generation 4.7 sampling parameters keep their defaults.
pub(crate) fn accepts_sampling(id: &str) -> bool {
    Name::read(id).is_none_or(|name| name.generation < (4, 7))
}

/// Whether `tool_choice` may force a tool.
pub(crate) fn accepts_forced_tools(id: &str) -> bool {
    Name::read(id).is_none_or(|Name { line, generation }| {
        !matches!((line, generation), ("opus", (5, 5)) | ("fable", (5, 1)))
    })
}

/// Tokens of the hidden system prompt that comes with tools, by whether `tool_choice` forces one.
/// Published for Opus 5, Sonnet 5 and Haiku 4.5; the others are taken to be like their line.
pub(crate) fn tool_prompt_tokens(id: &str, forced: bool) -> u64 {
    let line = Name::read(id).map_or("sonnet", |name| name.line);
    match (line, forced) {
        ("opus" | "fable" | "mythos", false) => 286,
        ("opus" | "fable" | "mythos", true) => 406,
        ("haiku", false) => 496,
        ("haiku", true) => 588,
        (_, false) => 354,
        (_, true) => 474,
    }
}

/// Since generation 4.7 thinking is shown only to those who ask for it.
pub(crate) fn omits_thinking(id: &str) -> bool {
    Name::read(id).is_some_and(|name| name.generation >= (4, 7))
}

/// Shortest prompt prefix that is cached, in tokens.
pub(crate) fn min_cached_tokens(id: &str) -> u64 {
    match Name::read(id) {
        Some(Name {
            line: "opus" | "fable" | "mythos",
            generation: (5, _),
        }) => 512,
        Some(Name {
            line: "haiku",
            generation: (5, _),
        }) => 512,
        Some(Name {
            line: "opus",
            generation: (4, 7),
        }) => 2048,
        Some(Name {
            line: "opus",
            generation: (4, 5 | 6),
        }) => 4096,
        Some(Name {
            line: "haiku",
            generation: (4, _),
        }) => 4096,
        _ => 1024,
    }
}

const MAX_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 20;

/// `GET /v1/models` with its query string.
pub(crate) fn list(profiles: &[Profile], query: &str) -> Result<Value, ApiError> {
    let all: Vec<Value> = profiles.iter().map(describe).collect();
    page(&all, query)
}

/// One page of objects with an `id`, newest first, as every list of the API is paged.
pub(crate) fn page(all: &[Value], query: &str) -> Result<Value, ApiError> {
    let field = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
    };
    let limit = match field("limit").map(|(_, value)| value.parse::<usize>()) {
        None => DEFAULT_PAGE,
        Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => limit,
        Some(_) => {
            return Err(ApiError::invalid(format!(
                "limit: Input should be an integer between 1 and {MAX_PAGE}"
            )));
        }
    };
    let position = |id: &str| all.iter().position(|object| object["id"] == id);
    let (from, to) = match (field("after_id"), field("before_id")) {
        (Some((_, id)), _) => (position(id).map_or(all.len(), |at| at + 1), all.len()),
        (None, Some((_, id))) => {
            let end = position(id).unwrap_or(0);
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, all.len()),
    };
    let backwards = field("after_id").is_none() && field("before_id").is_some();
    let end = to.min(from + limit);
    let data = &all[from..end];
    Ok(json!({
        "data": data,
        "has_more": if backwards { from > 0 } else { end < all.len() },
        "first_id": data.first().map(|object| &object["id"]),
        "last_id": data.last().map(|object| &object["id"]),
    }))
}

/// `GET /v1/models/{id}`.
pub(crate) fn describe(profile: &Profile) -> Value {
    let line = Name::read(&profile.model).map(|name| name.line);
    let line = line.filter(|l| ["haiku", "sonnet", "opus", "fable", "mythos"].contains(l));
    json!({
        "type": "model",
        "id": profile.model,
        "display_name": display_name(&profile.model),
        "created_at": format!("{}T00:00:00Z", profile.as_of),
        "max_input_tokens": profile.context_window,
        "max_tokens": profile.max_output_tokens,
        "capabilities": null,
        "lifecycle": "active",
        "deprecated_at": null,
        "retires_at": null,
        "line": line,
    })
}

/// `claude-opus-4-6` as `Claude Opus 4.6`.
fn display_name(id: &str) -> String {
    let Some(Name {
        line,
        generation: (major, minor),
    }) = Name::read(id)
    else {
        return id.to_owned();
    };
    let (first, rest) = line.split_at(line.len().min(1));
    let minor = if minor == 0 {
        String::new()
    } else {
        format!(".{minor}")
    };
    format!("Claude {}{rest} {major}{minor}", first.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_generation_and_class() {
        assert_eq!(
            display_name("claude-haiku-4-5-20251001"),
            "Claude Haiku 4.5"
        );
        assert_eq!(display_name("claude-sonnet-5"), "Claude Sonnet 5");
        assert_eq!(class("claude-opus-4-8"), class("claude-opus-4-5-20251101"));
        assert_ne!(class("claude-opus-5"), class("claude-opus-5-5"));
        assert!(rejects_prefill("claude-sonnet-4-6") && !rejects_prefill("claude-sonnet-4-5"));
    }

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        let all: Vec<Value> = (0..5).map(|i| json!({ "id": format!("m{i}") })).collect();
        let ids = |query| {
            let page = page(&all, query).unwrap();
            let ids: Vec<String> = page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| o["id"].to_string())
                .collect();
            (ids.join(""), page["has_more"].as_bool().unwrap())
        };
        assert_eq!(ids("limit=2"), ("\"m0\"\"m1\"".to_owned(), true));
        assert_eq!(ids("limit=2&after_id=m3"), ("\"m4\"".to_owned(), false));
        assert_eq!(
            ids("limit=2&before_id=m3"),
            ("\"m1\"\"m2\"".to_owned(), true)
        );
        assert!(page(&all, "limit=0").is_err());
    }
}
