//! What a request gets: a text, JSON, or the call of a tool; decided as a model would, before anything
//! is charged.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::author::{self, Fullness, NoValue, Written};
use crate::request::{ApiError, MessagesRequest, Role};

use super::prompt;
use super::script::AnswerRule;
use super::tools::{self, Offer, Run, Server};

/// What a request gets.
#[derive(Debug)]
pub(crate) enum Choice {
    /// A text.
    Text,
    /// JSON instead of a text.
    Json(Form),
    /// The call of a tool that the client runs.
    Call {
        name: String,
        form: Form,
        /// Whether the answer itself is in it, since the client allows no other.
        is_answer: bool,
    },
    /// The call of a tool that the API runs, and a text after it.
    Served(Server),
    /// What a rule says.
    Scripted(Box<AnswerRule>),
}

/// JSON that was made up, and the schema that it keeps.
#[derive(Debug)]
pub(crate) struct Form {
    pub(super) value: Value,
    /// With every property that the schema names.
    pub(super) full: Value,
    rules: Value,
}

impl Form {
    fn write(schema: &Value, seed: u64) -> Result<Self, NoValue> {
        let Written { value, rules } = author::write(schema, seed, Fullness::Sparse)?;
        let full = author::write(schema, seed, Fullness::Full);
        Ok(Self {
            full: full.map_or_else(|_| value.clone(), |written| written.value),
            rules: rules.into_owned(),
            value,
        })
    }

    fn known(value: Value) -> Self {
        Self {
            full: value.clone(),
            rules: Value::Bool(false),
            value,
        }
    }

    /// Whether another value keeps the schema as well.
    pub(super) fn takes(&self, value: &Value) -> bool {
        author::fits(&self.rules, value)
    }
}

/// Decides what `request` gets; the same `seed` fills forms in the same way. Where only shapes count,
/// a schema that makes no sense is answered in words.
pub(crate) fn choose(
    request: &MessagesRequest<'_>,
    seed: u64,
    is_lenient: bool,
) -> Result<Choice, ApiError> {
    match decide(request, seed) {
        Err(_) if is_lenient => Ok(Choice::Text),
        decided => decided,
    }
}

fn decide(request: &MessagesRequest<'_>, seed: u64) -> Result<Choice, ApiError> {
    if request.tools.is_some()
        && let Some(choice) = call(request, seed)?
    {
        return Ok(choice);
    }
    let Some(schema) = request.format().and_then(|format| format.schema.as_ref()) else {
        return Ok(Choice::Text);
    };
    let form = Form::write(schema, seed);
    form.map(Choice::Json)
        .map_err(|why| ApiError::invalid(format!("output_config.format.schema: {why}")))
}

fn call(request: &MessagesRequest<'_>, seed: u64) -> Result<Option<Choice>, ApiError> {
    let choice = request.tool_choice.as_ref();
    let kind = choice.map_or("auto", |choice| choice.kind.as_ref());
    let wanted = choice.and_then(|choice| choice.name.as_deref());
    let offers = tools::offered(request);
    let chosen = match kind {
        "any" => any(request, &offers),
        "tool" => offers
            .iter()
            .find(|offer| Some(offer.name.as_str()) == wanted),
        "auto" => spoken_of(request, &offers),
        _ => None,
    };
    let Some(offer) = chosen else {
        return Ok(None);
    };
    let is_forced = kind != "auto";
    let form = match &offer.run {
        Run::Server(server) => return Ok(Some(Choice::Served(*server))),
        Run::Known(input) => Form::known(input.clone()),
        Run::Client(schema) => match Form::write(schema, seed) {
            Ok(form) => form,
            Err(why) if is_forced => return Err(broken(request, &offer.name, &why)),
            // A model that may choose leaves alone what it cannot fill in.
            Err(_) => return Ok(None),
        },
        Run::Never => return Ok(None),
    };
    Ok(Some(Choice::Call {
        name: offer.name.clone(),
        form,
        is_answer: is_forced,
    }))
}

fn broken(request: &MessagesRequest<'_>, name: &str, why: &NoValue) -> ApiError {
    let has_name = |raw: &RawValue| {
        let tool: Option<Value> = serde_json::from_str(raw.get()).ok();
        tool.is_some_and(|tool| tool["name"] == name)
    };
    let at = request.tools.iter().flatten().position(|raw| has_name(raw));
    let at = at.unwrap_or(0);
    ApiError::invalid(format!("tools.{at}.custom.input_schema: {why}"))
}

/// The tool that is called where one must be: one that is spoken of, then the one that ends the
/// work, then the first that was not called yet.
fn any<'o>(request: &MessagesRequest<'_>, offers: &'o [Offer]) -> Option<&'o Offer> {
    let called = called(request);
    let is_new = |offer: &&Offer| !called.contains(&offer.name);
    let ends = |offer: &&Offer| ends_the_work(&offer.name);
    let is_ours = |offer: &&Offer| !matches!(offer.run, Run::Server(_));
    let spoken = spoken_of(request, offers).filter(|offer| !ends(offer));
    spoken
        .or_else(|| offers.iter().filter(is_ours).find(ends))
        .or_else(|| offers.iter().filter(is_ours).find(is_new))
        .or_else(|| offers.iter().rev().find(is_ours))
        .or_else(|| offers.first())
}

/// The first tool of which the user's last question has a word, and which was not called since.
fn spoken_of<'o>(request: &MessagesRequest<'_>, offers: &'o [Offer]) -> Option<&'o Offer> {
    let question = prompt::question(request);
    let words: BTreeSet<&str> = question
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() >= SHORTEST_WORD)
        .collect();
    let called = called(request);
    let is_meant = |offer: &&Offer| {
        let mut names = words_of(&offer.name).into_iter();
        !called.contains(&offer.name) && names.any(|word| words.contains(word.as_str()))
    };
    offers.iter().find(is_meant)
}

/// Shorter words, such as "get", say too little.
const SHORTEST_WORD: usize = 4;

/// The words of a name such as `get_weather` or `GetWeather`, in small letters.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() || (letter.is_uppercase() && was_small);
        if begins {
            words.push(String::new());
        }
        was_small = letter.is_lowercase();
        if letter.is_alphanumeric() {
            words
                .last_mut()
                .into_iter()
                .for_each(|word| word.extend(letter.to_lowercase()));
        }
    }
    words
}

/// Whether a tool of this name takes the result of the work, as frameworks call it.
fn ends_the_work(name: &str) -> bool {
    let ends = [
        "final",
        "result",
        "output",
        "answer",
        "response",
        "respond",
        "submit",
        "finish",
        "done",
        "complete",
        "return",
        "structured",
    ];
    words_of(name)
        .iter()
        .any(|word| ends.contains(&word.as_str()))
}

/// The tools that were called since the user's last question.
fn called(request: &MessagesRequest<'_>) -> BTreeSet<String> {
    let answers = prompt::since_question(request)
        .iter()
        .filter(|message| message.role == Role::Assistant);
    let blocks = answers.flat_map(|message| message.content.blocks());
    blocks
        .filter(|block| block.kind == "tool_use" || block.kind == "server_tool_use")
        .filter_map(|block| block.name.as_deref().map(str::to_owned))
        .collect()
}
