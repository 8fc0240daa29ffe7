//! A chat completion's request, and the Messages request that it means.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::cloud;
use crate::request::ApiError;

use super::block::blocks;

/// The fields that count; Anthropic ignores all others.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    pub(super) model: String,
    messages: Vec<Message>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop: Option<Value>,
    n: Option<u64>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
    parallel_tool_calls: Option<bool>,
    /// The older spelling of `tools`.
    functions: Option<Vec<Function>>,
    /// The older spelling of `tool_choice`.
    function_call: Option<Value>,
    /// Anthropic's own, which clients send as an extra field.
    thinking: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    /// The older spelling of a tool's result.
    Function,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: Role,
    #[serde(default)]
    content: Value,
    tool_calls: Option<Vec<Call>>,
    function_call: Option<CalledFunction>,
    tool_call_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    id: String,
    function: CalledFunction,
}

#[derive(Debug, Deserialize)]
struct CalledFunction {
    name: String,
    /// An object as JSON.
    #[serde(default)]
    arguments: String,
}

#[derive(Debug, Deserialize)]
struct Tool {
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
}

/// Reads a body.
///
/// # Errors
/// When it is no JSON, or a field that counts has another type.
pub(super) fn read(body: &[u8]) -> Result<ChatRequest, ApiError> {
    cloud::read_json(body).map_err(ApiError::invalid)
}

impl ChatRequest {
    /// Whether a stream tells at its end what was used.
    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .is_some_and(|options| options.include_usage == Some(true))
    }

    /// The Messages request that it means; without a limit of its own it may write `most` tokens.
    ///
    /// # Errors
    /// When it asks for what the dialect cannot say.
    pub(super) fn to_messages(&self, most: u64) -> Result<Value, ApiError> {
        if self.n.is_some_and(|n| n != 1) {
            return Err(ApiError::invalid("n: Only 1 is supported"));
        }
        let mut written = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                written.insert(name.to_owned(), value);
            }
        };
        let max_tokens = self.max_completion_tokens.or(self.max_tokens);
        put("model", Some(json!(self.model)));
        put("max_tokens", Some(json!(max_tokens.unwrap_or(most))));
        put("stream", self.stream.map(Value::from));
        put("temperature", self.temperature.map(|t| json!(t.min(1.0))));
        put("top_p", self.top_p.map(Value::from));
        put("stop_sequences", stop_sequences(self.stop.as_ref())?);
        put("thinking", self.thinking.clone());
        put("system", self.system()?);
        put("messages", Some(Value::from(self.turns()?)));
        let tools = self.tools();
        put("tool_choice", self.tool_choice(!tools.is_empty())?);
        put("tools", (!tools.is_empty()).then(|| Value::from(tools)));
        Ok(Value::Object(written))
    }

    /// The system and developer messages, wherever they stand, joined with single line breaks.
    fn system(&self) -> Result<Option<Value>, ApiError> {
        let mut texts: Vec<String> = Vec::new();
        for (index, message) in self.messages.iter().enumerate() {
            if matches!(message.role, Role::System | Role::Developer) {
                let blocks = blocks(&message.content, index)?;
                let text = |block: &Value| block["text"].as_str().map(str::to_owned);
                texts.extend(blocks.iter().filter_map(text));
            }
        }
        Ok((!texts.is_empty()).then(|| Value::from(texts.join("\n"))))
    }

    fn turns(&self) -> Result<Vec<Value>, ApiError> {
        let mut turns: Vec<Value> = Vec::new();
        // Functions are called without an id: each result belongs to the last call.
        let mut function_id = String::new();
        // Results of calls made together belong into one turn.
        let mut after_result = false;
        for (index, message) in self.messages.iter().enumerate() {
            match message.role {
                Role::System | Role::Developer => continue,
                Role::User => {
                    let blocks = blocks(&message.content, index)?;
                    let content = if blocks.is_empty() {
                        Value::from("")
                    } else {
                        Value::from(blocks)
                    };
                    turns.push(json!({ "role": "user", "content": content }));
                }
                Role::Assistant => {
                    function_id = format!("function_{index}");
                    let content = said(message, index, &function_id)?;
                    if !content.is_empty() {
                        turns.push(json!({ "role": "assistant", "content": content }));
                    }
                }
                Role::Tool | Role::Function => {
                    let id = message.tool_call_id.as_ref().unwrap_or(&function_id);
                    let result = json!({
                        "type": "tool_result",
                        "tool_use_id": id,
                        "content": blocks(&message.content, index)?,
                    });
                    match turns.last_mut().filter(|_| after_result) {
                        Some(turn) => push(&mut turn["content"], result),
                        None => turns.push(json!({ "role": "user", "content": [result] })),
                    }
                }
            }
            after_result = matches!(message.role, Role::Tool | Role::Function);
        }
        Ok(turns)
    }

    fn tools(&self) -> Vec<Value> {
        let tools = self.tools.iter().flatten().map(|tool| &tool.function);
        let functions = tools.chain(self.functions.iter().flatten());
        functions.map(tool).collect()
    }

    fn tool_choice(&self, has_tools: bool) -> Result<Option<Value>, ApiError> {
        if !has_tools {
            return Ok(None);
        }
        let wanted = self.tool_choice.as_ref().or(self.function_call.as_ref());
        let mut choice = match wanted {
            None | Some(Value::Null) => json!({ "type": "auto" }),
            Some(Value::String(word)) => match word.as_str() {
                "auto" | "none" => json!({ "type": word }),
                "required" => json!({ "type": "any" }),
                _ => return Err(unknown_choice(word)),
            },
            Some(named) => {
                let name = named["function"]["name"].as_str();
                let name = name.or_else(|| named["name"].as_str());
                let name = name.ok_or_else(|| unknown_choice(&named.to_string()))?;
                json!({ "type": "tool", "name": name })
            }
        };
        if self.parallel_tool_calls == Some(false) && choice["type"] != "none" {
            choice["disable_parallel_tool_use"] = json!(true);
        }
        Ok(Some(choice))
    }
}

fn unknown_choice(choice: &str) -> ApiError {
    ApiError::invalid(format!(
        "tool_choice: Input should be 'auto', 'none', 'required' or a function, not {choice}"
    ))
}

fn push(list: &mut Value, item: Value) {
    if let Value::Array(items) = list {
        items.push(item);
    }
}

fn tool(function: &Function) -> Value {
    let nothing = || json!({ "type": "object", "properties": {} });
    let mut tool = json!({
        "name": function.name,
        "input_schema": function.parameters.clone().unwrap_or_else(nothing),
    });
    if let Some(description) = &function.description {
        tool["description"] = json!(description);
    }
    tool
}

/// What an assistant said: its text, then its calls.
fn said(message: &Message, index: usize, function_id: &str) -> Result<Vec<Value>, ApiError> {
    let mut content = blocks(&message.content, index)?;
    for (i, call) in message.tool_calls.iter().flatten().enumerate() {
        let at = format!("messages.{index}.tool_calls.{i}");
        content.push(tool_use(&call.id, &call.function, &at)?);
    }
    if let Some(function) = &message.function_call {
        let at = format!("messages.{index}.function_call");
        content.push(tool_use(function_id, function, &at)?);
    }
    Ok(content)
}

fn tool_use(id: &str, function: &CalledFunction, at: &str) -> Result<Value, ApiError> {
    let arguments = match function.arguments.trim() {
        "" => "{}",
        arguments => arguments,
    };
    let input: Map<String, Value> = serde_json::from_str(arguments)
        .map_err(|_| ApiError::invalid(format!("{at}: arguments are no JSON object")))?;
    Ok(json!({ "type": "tool_use", "id": id, "name": function.name, "input": input }))
}

/// The texts that are to stop the model; Claude takes no blank ones.
fn stop_sequences(stop: Option<&Value>) -> Result<Option<Value>, ApiError> {
    let texts = match stop {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
        Some(_) => {
            return Err(ApiError::invalid(
                "stop: Input should be a string or a list",
            ));
        }
    };
    let texts: Vec<&str> = texts
        .into_iter()
        .filter(|text| !text.trim().is_empty())
        .collect();
    Ok((!texts.is_empty()).then(|| Value::from(texts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(chat: &Value) -> Result<Value, ApiError> {
        read(chat.to_string().as_bytes())?.to_messages(500)
    }

    #[test]
    fn a_conversation_with_tools_becomes_one_of_blocks() {
        let chat = json!({
            "model": "m", "max_completion_tokens": 9, "temperature": 1.7, "stop": ["x", " "],
            "parallel_tool_calls": false, "seed": 4,
            "messages": [
                { "role": "developer", "content": "Be" },
                { "role": "user", "content": [
                    { "type": "text", "text": "see" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } },
                    { "type": "input_audio", "input_audio": {} },
                ]},
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": "a", "type": "function", "function": { "name": "f", "arguments": "{\"q\":1}" } },
                    { "id": "b", "type": "function", "function": { "name": "f", "arguments": "" } },
                ]},
                { "role": "tool", "tool_call_id": "a", "content": "one" },
                { "role": "tool", "tool_call_id": "b", "content": "two" },
                { "role": "system", "content": "brief" },
                { "role": "user", "content": "so?" },
            ],
            "tools": [{ "type": "function", "function": { "name": "f" } }],
        });
        let text = |text: &str| json!({ "type": "text", "text": text });
        let expected = json!({
            "model": "m", "max_tokens": 9, "temperature": 1.0, "stop_sequences": ["x"],
            "system": "Be\nbrief",
            "tool_choice": { "type": "auto", "disable_parallel_tool_use": true },
            "tools": [{ "name": "f", "input_schema": { "type": "object", "properties": {} } }],
            "messages": [
                { "role": "user", "content": [text("see"), { "type": "image", "source":
                    { "type": "base64", "media_type": "image/png", "data": "AA==" } }] },
                { "role": "assistant", "content": [
                    { "type": "tool_use", "id": "a", "name": "f", "input": { "q": 1 } },
                    { "type": "tool_use", "id": "b", "name": "f", "input": {} },
                ]},
                { "role": "user", "content": [
                    { "type": "tool_result", "tool_use_id": "a", "content": [text("one")] },
                    { "type": "tool_result", "tool_use_id": "b", "content": [text("two")] },
                ]},
                { "role": "user", "content": [text("so?")] },
            ],
        });
        assert_eq!(messages(&chat), Ok(expected));
    }

    #[test]
    fn functions_are_the_older_spelling_of_tools() {
        let chat = json!({
            "model": "m", "functions": [{ "name": "f" }], "function_call": { "name": "f" },
            "messages": [
                { "role": "user", "content": "go" },
                { "role": "assistant", "function_call": { "name": "f", "arguments": "{}" } },
                { "role": "function", "name": "f", "content": "done" },
            ],
        });
        let meant = messages(&chat).unwrap();
        assert_eq!(meant["max_tokens"], 500);
        assert_eq!(meant["tool_choice"], json!({ "type": "tool", "name": "f" }));
        let call = &meant["messages"][1]["content"][0]["id"];
        assert_eq!(call, &meant["messages"][2]["content"][0]["tool_use_id"]);
    }

    #[test]
    fn what_cannot_be_said_is_refused_by_its_place() {
        let with = |name: &str, value: Value| {
            let mut chat = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }],
                                   "tools": [{ "function": { "name": "f" } }] });
            chat[name] = value;
            messages(&chat).map_err(|error| error.message)
        };
        for (name, value, start) in [
            ("n", json!(2), "n: "),
            (
                "messages",
                json!([{ "role": "robot" }]),
                "messages[0].role: ",
            ),
            (
                "messages",
                json!([{ "role": "user", "content": 4 }]),
                "messages.0.content: ",
            ),
            (
                "messages",
                json!([{ "role": "assistant", "function_call": { "name": "f", "arguments": "[" } }]),
                "messages.0.function_call: ",
            ),
            ("tool_choice", json!("must"), "tool_choice: "),
            ("stop", json!(4), "stop: "),
        ] {
            let message = with(name, value).unwrap_err();
            assert!(message.starts_with(start), "{message}");
        }
        assert!(read(b"{").is_err());
    }
}
