//! A conversation as `Converse` takes it, and the Messages request that it means.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::cloud;
use crate::request::ApiError;

use super::block::{self, Block};
use super::error::validation;

/// What `Converse` and `CountTokens` take; members that nobody knows are ignored, as by all of AWS.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Conversation {
    #[serde(default)]
    messages: Vec<Turn>,
    #[serde(default)]
    system: Vec<Block>,
    #[serde(default)]
    inference_config: InferenceConfig,
    tool_config: Option<ToolConfig>,
    #[serde(default)]
    additional_model_request_fields: Map<String, Value>,
    output_config: Option<OutputConfig>,
    guardrail_config: Option<Value>,
    performance_config: Option<PerformanceConfig>,
    prompt_variables: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Turn {
    role: String,
    content: Vec<Block>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig {
    tools: Vec<Tool>,
    tool_choice: Option<ToolChoice>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Tool {
    #[serde(rename = "toolSpec")]
    Own(ToolSpec),
    CachePoint(block::CachePoint),
    #[serde(rename = "systemTool")]
    Amazons {},
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec {
    name: String,
    description: Option<String>,
    input_schema: InputSchema,
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct InputSchema {
    json: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ToolChoice {
    Auto {},
    Any {},
    Tool { name: String },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig {
    text_format: Option<TextFormat>,
    effort: Option<String>,
}

#[derive(Debug, Deserialize)]
struct TextFormat {
    structure: Structure,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    json_schema: JsonSchema,
}

#[derive(Debug, Deserialize)]
struct JsonSchema {
    /// The schema as JSON inside a string.
    schema: String,
}

#[derive(Debug, Deserialize)]
struct PerformanceConfig {
    latency: Option<String>,
}

/// Reads a conversation.
///
/// # Errors
/// When it is no JSON, or a member has another type.
pub(super) fn read(body: &[u8]) -> Result<Conversation, ApiError> {
    cloud::read_json(body).map_err(|why| validation(&why))
}

impl Conversation {
    /// Whether it names beta features.
    pub(super) fn is_beta(&self) -> bool {
        self.additional_model_request_fields.contains_key(BETA)
    }

    /// The Messages request to `model` that it means; without a limit of its own it may write
    /// `most` tokens.
    ///
    /// # Errors
    /// When it asks for what Claude, or the mock, does not have.
    pub(super) fn to_messages(
        &self,
        model: &str,
        most: u64,
        stream: bool,
    ) -> Result<Value, ApiError> {
        self.refuse_what_is_not_there()?;
        let mut written = self.additional_model_request_fields.clone();
        written.remove(BETA);
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                written.insert(name.to_owned(), value);
            }
        };
        let inference = &self.inference_config;
        let stop_sequences = inference.stop_sequences.clone().map(Value::from);
        put("model", Some(json!(model)));
        put(
            "max_tokens",
            Some(json!(inference.max_tokens.unwrap_or(most))),
        );
        put("stream", stream.then_some(json!(true)));
        put("temperature", inference.temperature.map(Value::from));
        put("top_p", inference.top_p.map(Value::from));
        put("stop_sequences", stop_sequences);
        let system = block::blocks(&self.system, "system")?;
        put("system", (!system.is_empty()).then(|| Value::from(system)));
        put("messages", Some(self.turns()?));
        if let Some(config) = &self.tool_config {
            put("tools", Some(tools(&config.tools)?));
            put("tool_choice", config.tool_choice.as_ref().map(tool_choice));
        }
        if let Some(config) = &self.output_config {
            put("output_config", Some(output_config(config)?));
        }
        Ok(Value::Object(written))
    }

    fn refuse_what_is_not_there(&self) -> Result<(), ApiError> {
        if self.guardrail_config.is_some() {
            return Err(validation(
                "The guardrail identifier or version provided in the request does not exist.",
            ));
        }
        if self.prompt_variables.is_some() {
            return Err(validation(
                "promptVariables: only a prompt from Prompt management has variables.",
            ));
        }
        let latency = self.performance_config.as_ref();
        match latency.and_then(|config| config.latency.as_deref()) {
            None | Some("standard") => Ok(()),
            Some(latency) => Err(validation(&format!(
                "Latency performance configuration {latency} is not supported for this model."
            ))),
        }
    }

    fn turns(&self) -> Result<Value, ApiError> {
        let mut turns = Vec::new();
        for (index, turn) in self.messages.iter().enumerate() {
            let content = block::blocks(&turn.content, &format!("messages.{index}.content"))?;
            turns.push(json!({ "role": turn.role, "content": content }));
        }
        Ok(Value::from(turns))
    }
}

/// The additional field that names beta features.
const BETA: &str = "anthropic_beta";

fn tools(tools: &[Tool]) -> Result<Value, ApiError> {
    let mut written: Vec<Value> = Vec::new();
    for tool in tools {
        match tool {
            Tool::Own(spec) => {
                let mut tool = json!({ "name": spec.name, "input_schema": spec.input_schema.json });
                if let Some(description) = &spec.description {
                    tool["description"] = json!(description);
                }
                if let Some(strict) = spec.strict {
                    tool["strict"] = json!(strict);
                }
                written.push(tool);
            }
            Tool::CachePoint(point) => block::cache(written.last_mut(), point),
            Tool::Amazons {} => {
                return Err(validation(
                    "This model doesn't support the systemTool field.",
                ));
            }
        }
    }
    Ok(Value::from(written))
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto {} => json!({ "type": "auto" }),
        ToolChoice::Any {} => json!({ "type": "any" }),
        ToolChoice::Tool { name } => json!({ "type": "tool", "name": name }),
    }
}

fn output_config(config: &OutputConfig) -> Result<Value, ApiError> {
    let mut written = Map::new();
    if let Some(effort) = &config.effort {
        written.insert("effort".to_owned(), json!(effort));
    }
    if let Some(format) = &config.text_format {
        let schema: Value = serde_json::from_str(&format.structure.json_schema.schema)
            .map_err(|_| validation("outputConfig.textFormat: the schema is no JSON"))?;
        let format = json!({ "type": "json_schema", "schema": schema });
        written.insert("format".to_owned(), format);
    }
    Ok(Value::Object(written))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(conversation: &Value) -> Result<Value, ApiError> {
        read(conversation.to_string().as_bytes())?.to_messages("m", 500, false)
    }

    #[test]
    fn a_conversation_with_tools_and_cache_points_becomes_anthropics() {
        let conversation = json!({
            "system": [{ "text": "Be brief" }, { "cachePoint": { "type": "default", "ttl": "1h" } }],
            "messages": [
                { "role": "user", "content": [{ "text": "go" }] },
                { "role": "assistant", "content": [
                    { "toolUse": { "toolUseId": "t", "name": "f", "input": { "q": 1 } } },
                ]},
                { "role": "user", "content": [
                    { "toolResult": { "toolUseId": "t", "content": [{ "json": { "a": 1 } }],
                                      "status": "error" } },
                ]},
            ],
            "inferenceConfig": { "maxTokens": 9, "topP": 0.5, "stopSequences": ["x"] },
            "toolConfig": {
                "tools": [
                    { "toolSpec": { "name": "f", "inputSchema": { "json": { "type": "object" } } } },
                    { "cachePoint": { "type": "default" } },
                ],
                "toolChoice": { "tool": { "name": "f" } },
            },
            "additionalModelRequestFields": { "top_k": 5, "anthropic_beta": ["a-2025-01-01"] },
            "unknownMember": 1,
        });
        let expected = json!({
            "model": "m", "max_tokens": 9, "top_p": 0.5, "top_k": 5, "stop_sequences": ["x"],
            "system": [{ "type": "text", "text": "Be brief",
                         "cache_control": { "type": "ephemeral", "ttl": "1h" } }],
            "messages": [
                { "role": "user", "content": [{ "type": "text", "text": "go" }] },
                { "role": "assistant", "content": [
                    { "type": "tool_use", "id": "t", "name": "f", "input": { "q": 1 } },
                ]},
                { "role": "user", "content": [
                    { "type": "tool_result", "tool_use_id": "t", "is_error": true,
                      "content": [{ "type": "text", "text": "{\"a\":1}" }] },
                ]},
            ],
            "tools": [{ "name": "f", "input_schema": { "type": "object" },
                        "cache_control": { "type": "ephemeral" } }],
            "tool_choice": { "type": "tool", "name": "f" },
        });
        assert_eq!(messages(&conversation), Ok(expected));
    }

    #[test]
    fn a_schema_for_the_answer_is_read_out_of_its_string() {
        let structure = |schema: &str| {
            json!({ "outputConfig": { "effort": "low", "textFormat": {
                "type": "json_schema", "structure": { "jsonSchema": { "schema": schema } } } } })
        };
        let meant = messages(&structure("{\"type\":\"object\"}")).unwrap();
        let format = json!({ "type": "json_schema", "schema": { "type": "object" } });
        let expected = json!({ "effort": "low", "format": format });
        assert_eq!(meant["output_config"], expected);
        assert!(messages(&structure("{")).is_err());
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for conversation in [
            json!({ "guardrailConfig": { "guardrailIdentifier": "g" } }),
            json!({ "performanceConfig": { "latency": "optimized" } }),
            json!({ "promptVariables": {} }),
            json!({ "messages": [{ "role": "user", "content": "text" }] }),
            json!({ "toolConfig": { "tools": [{ "systemTool": { "name": "nova" } }] } }),
        ] {
            let error = messages(&conversation).unwrap_err();
            assert_eq!(error.kind, "ValidationException", "{conversation}");
        }
    }
}
