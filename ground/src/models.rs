//! What the id of a model tells: its class, what it accepts, and how it is called.

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
#[must_use]
pub fn class(id: &str) -> String {
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
#[must_use]
pub fn rejects_prefill(id: &str) -> bool {
    Name::read(id).is_some_and(|name| name.generation >= (4, 6))
}

/// Whether the model takes this `thinking.type`. Models whose id tells nothing take all.
#[must_use]
pub fn accepts_thinking(id: &str, kind: &str) -> bool {
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
#[must_use]
pub fn accepts_sampling(id: &str) -> bool {
    Name::read(id).is_none_or(|name| name.generation < (4, 7))
}

/// Whether `tool_choice` may force a tool.
#[must_use]
pub fn accepts_forced_tools(id: &str) -> bool {
    Name::read(id).is_none_or(|Name { line, generation }| {
        !matches!((line, generation), ("opus", (5, 5)) | ("fable", (5, 1)))
    })
}

/// Tokens of the hidden system prompt that comes with tools, by whether `tool_choice` forces one.
/// Published for Opus 5, Sonnet 5 and Haiku 4.5; the others are taken to be like their line.
#[must_use]
pub fn tool_prompt_tokens(id: &str, forced: bool) -> u64 {
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
#[must_use]
pub fn omits_thinking(id: &str) -> bool {
    Name::read(id).is_some_and(|name| name.generation >= (4, 7))
}

/// Shortest prompt prefix that is cached, in tokens.
#[must_use]
pub fn min_cached_tokens(id: &str) -> u64 {
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

/// The line that the model belongs to, e.g. `opus`, if it is one that the API lists.
#[must_use]
pub fn line(id: &str) -> Option<&str> {
    let line = Name::read(id).map(|name| name.line);
    line.filter(|line| ["haiku", "sonnet", "opus", "fable", "mythos"].contains(line))
}

/// `claude-opus-4-6` as `Claude Opus 4.6`.
#[must_use]
pub fn display_name(id: &str) -> String {
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
}
