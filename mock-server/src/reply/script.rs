//! Scripted answers: which request gets which, before the built-in author is asked.

use fancy_regex::Regex;
use ground::fault::FaultKind;
use ground::usage::Usage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::request::{MessagesRequest, Role, Tool};

use super::prompt;

/// An answer for the requests that it matches. All conditions that are given must hold; a rule
/// without any matches every request. The first rule that matches decides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerRule {
    /// Matches if this text occurs in what the system and the user said; case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_text: Option<String>,
    /// Matches if this regular expression matches the last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_pattern: Option<String>,
    /// Matches if this model is asked: its id or an alias, or the beginning of one before a `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_model: Option<String>,
    /// Matches if the request offers a tool of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_tool: Option<String>,
    /// Matches if the request brings back what the tool of this name found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_result_of: Option<String>,
    /// Matches only the request of this number among those that all other conditions hold for,
    /// counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Matches only the first so many of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,

    /// The text that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The tools that are called, after the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Why the model stops; `tool_use` or `end_turn` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// Tokens that the answer is said to cost, and is charged for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<ScriptedUsage>,
    /// What goes wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultKind>,
    /// Milliseconds until the answer begins, instead of the model's own time to the first token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<f64>,
}

/// The call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// Which tool.
    pub name: String,
    /// What it is given: an object.
    #[serde(default)]
    pub input: serde_json::Map<String, Value>,
}

/// Why the model stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It has said everything.
    EndTurn,
    /// There was no more room.
    MaxTokens,
    /// It waits for a tool.
    ToolUse,
    /// It refuses to answer.
    Refusal,
    /// It wants to be asked to go on.
    PauseTurn,
    /// The window is full.
    ModelContextWindowExceeded,
    /// It wrote this text, at which it was to stop.
    StopSequence(String),
}

/// Tokens of a scripted answer; what is absent is counted as usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptedUsage {
    /// Input that is neither written to the cache nor read from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Input that is written to the cache for five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation_input_tokens: Option<u64>,
    /// Input that is read from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_input_tokens: Option<u64>,
}

impl ScriptedUsage {
    /// `counted` with what is said instead.
    pub(crate) fn input(self, counted: Usage) -> Usage {
        Usage {
            input_tokens: self.input_tokens.unwrap_or(counted.input_tokens),
            cache_write_5m_tokens: self
                .cache_creation_input_tokens
                .unwrap_or(counted.cache_write_5m_tokens),
            cache_read_tokens: self
                .cache_read_input_tokens
                .unwrap_or(counted.cache_read_tokens),
            ..counted
        }
    }
}

/// A mistake in a rule: its number from 1, the key, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleMistake {
    pub(crate) number: usize,
    pub(crate) key: &'static str,
    pub(crate) words: String,
}

/// The rules in force, ready to be matched.
#[derive(Debug, Default)]
pub(crate) struct Script {
    rules: Vec<(AnswerRule, Option<Regex>)>,
}

impl Script {
    pub(crate) fn new(rules: &[AnswerRule]) -> Result<Self, RuleMistake> {
        let read = |(i, rule): (usize, &AnswerRule)| {
            let mistake = |key, words: String| RuleMistake {
                number: i + 1,
                key,
                words,
            };
            if let Some((key, words)) = rule.mistake() {
                return Err(mistake(key, words));
            }
            let pattern = rule.if_pattern.as_deref().map(Regex::new).transpose();
            let pattern = pattern.map_err(|error| {
                mistake(
                    "if_pattern",
                    format!("is not a regular expression: {error}"),
                )
            })?;
            Ok((rule.clone(), pattern))
        };
        let rules: Result<_, _> = rules.iter().enumerate().map(read).collect();
        Ok(Self { rules: rules? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules whose conditions hold for `request` to the model `model`, in order.
    pub(crate) fn matching(&self, request: &MessagesRequest<'_>, model: &str) -> Vec<usize> {
        let prompt = prompt::text(request).to_lowercase();
        let rules = self.rules.iter().enumerate();
        rules
            .filter(|(_, (rule, pattern))| rule.holds(pattern.as_ref(), request, model, &prompt))
            .map(|(i, _)| i)
            .collect()
    }

    /// The first of the `matching` rules whose turn it is; `counts` says how often the conditions of
    /// each held before, and counts this request for all up to the one that decides.
    pub(crate) fn pick(&self, matching: &[usize], counts: &mut Vec<u64>) -> Option<&AnswerRule> {
        counts.resize(self.rules.len(), 0);
        matching.iter().find_map(|i| {
            let rule = &self.rules[*i].0;
            counts[*i] += 1;
            let in_turn = rule.nth.is_none_or(|nth| nth == counts[*i])
                && rule.times.is_none_or(|times| counts[*i] <= times);
            in_turn.then_some(rule)
        })
    }
}

impl AnswerRule {
    /// Whether it says what the answer is, and not only what it costs or how it is disturbed.
    pub(crate) fn is_answer(&self) -> bool {
        self.text.is_some() || !self.tool_calls.is_empty() || self.stop_reason.is_some()
    }

    fn holds(
        &self,
        pattern: Option<&Regex>,
        request: &MessagesRequest<'_>,
        model: &str,
        prompt: &str,
    ) -> bool {
        let text = self.if_text.as_ref();
        text.is_none_or(|text| prompt.contains(&text.to_lowercase()))
            && pattern
                .is_none_or(|pattern| pattern.is_match(&last_message(request)).unwrap_or(false))
            && self.is_for(&request.model, model)
            && self
                .if_tool
                .as_ref()
                .is_none_or(|name| offers(request, name))
            && self
                .if_result_of
                .as_ref()
                .is_none_or(|name| brings(request, name))
    }

    /// Whether the model that was asked for as `asked`, and is called `model`, is meant.
    fn is_for(&self, asked: &str, model: &str) -> bool {
        let Some(wanted) = self.if_model.as_deref() else {
            return true;
        };
        match wanted.strip_suffix('*') {
            Some(start) => asked.starts_with(start) || model.starts_with(start),
            None => asked == wanted || model == wanted,
        }
    }

    /// The key that makes no sense, and why.
    fn mistake(&self) -> Option<(&'static str, String)> {
        let texts = [
            ("if_text", &self.if_text),
            ("if_pattern", &self.if_pattern),
            ("if_model", &self.if_model),
            ("if_tool", &self.if_tool),
            ("if_result_of", &self.if_result_of),
        ];
        let is_empty = |(_, text): &&(&str, &Option<String>)| text.as_deref() == Some("");
        if let Some((key, _)) = texts.iter().find(is_empty) {
            return Some((key, "is empty: leave it out to match everything".to_owned()));
        }
        if self
            .delay_ms
            .is_some_and(|delay| !(0.0..=1e9).contains(&delay))
        {
            return Some(("delay_ms", "must be between 0 and 1,000,000,000".to_owned()));
        }
        let says_nothing = *self
            == Self {
                if_text: self.if_text.clone(),
                if_pattern: self.if_pattern.clone(),
                if_model: self.if_model.clone(),
                if_tool: self.if_tool.clone(),
                if_result_of: self.if_result_of.clone(),
                nth: self.nth,
                times: self.times,
                ..Self::default()
            };
        says_nothing.then(|| {
            let words =
                "says nothing: give it text, tool_calls, stop_reason, usage, fault or delay_ms";
            ("", words.to_owned())
        })
    }

    /// Whether it has the same conditions as `other`, or more.
    fn is_within(&self, other: &Self) -> bool {
        let covers =
            |theirs: &Option<String>, ours: &Option<String>| theirs.is_none() || theirs == ours;
        covers(&other.if_text, &self.if_text)
            && covers(&other.if_pattern, &self.if_pattern)
            && covers(&other.if_model, &self.if_model)
            && covers(&other.if_tool, &self.if_tool)
            && covers(&other.if_result_of, &self.if_result_of)
            && other.nth.is_none()
            && other.times.is_none()
    }
}

/// Why rule `number` (from 0) of `rules` can never match where `models` (ids and aliases) are served;
/// the key that makes it so comes first.
pub(crate) fn never_matches<'m>(
    rules: &[AnswerRule],
    number: usize,
    mut models: impl Iterator<Item = &'m str>,
) -> Option<(&'static str, String)> {
    let rule = &rules[number];
    if rule.nth == Some(0) {
        return Some(("nth", "nth counts from 1".to_owned()));
    }
    if rule.times == Some(0) {
        return Some(("times", "times = 0 leaves no request to it".to_owned()));
    }
    if let (Some(nth), Some(times)) = (rule.nth, rule.times)
        && nth > times
    {
        return Some((
            "nth",
            format!("request {nth} is not among the first {times}"),
        ));
    }
    if let Some(wanted) = &rule.if_model
        && !models.any(|id| rule.is_for(id, id))
    {
        return Some(("if_model", format!("no model `{wanted}` is served")));
    }
    let earlier = rules[..number]
        .iter()
        .position(|other| rule.is_within(other))?;
    let words = format!(
        "answer {} matches first, whatever this one matches",
        earlier + 1
    );
    Some(("", words))
}

fn last_message(request: &MessagesRequest<'_>) -> String {
    let mut texts = Vec::new();
    if let Some(message) = request.messages.last() {
        message.content.each_text(&mut |text| texts.push(text));
    }
    texts.join("\n")
}

fn offers(request: &MessagesRequest<'_>, name: &str) -> bool {
    let tools = request.tools.iter().flatten();
    let mut tools = tools.filter_map(|raw| serde_json::from_str::<Tool<'_>>(raw.get()).ok());
    tools.any(|tool| tool.name.as_deref() == Some(name))
}

/// Whether the last message has the result of a call of the tool `name`.
fn brings(request: &MessagesRequest<'_>, name: &str) -> bool {
    let Some(last) = request.messages.last() else {
        return false;
    };
    let results = last.content.blocks().iter();
    let ids: Vec<&str> = results
        .filter_map(|block| block.tool_use_id.as_deref())
        .collect();
    let answers = request
        .messages
        .iter()
        .filter(|message| message.role == Role::Assistant);
    let mut calls = answers.flat_map(|message| message.content.blocks());
    calls.any(|block| {
        block.name.as_deref() == Some(name)
            && block.id.as_deref().is_some_and(|id| ids.contains(&id))
    })
}
