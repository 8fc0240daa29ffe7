//! The tools that a request offers: the client's own, the API's that clients run, and those that the
//! API runs itself.

use serde_json::{Value, json};

use crate::request::{MessagesRequest, Tool};

/// Who runs a tool, and what it is given.
#[derive(Debug)]
pub(super) enum Run {
    /// The client; its input is made up from the schema.
    Client(Value),
    /// The client, which knows the input by heart.
    Known(Value),
    /// The API.
    Server(Server),
    /// Nobody here.
    Never,
}

/// Tools that the API runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    WebSearch,
    WebFetch,
    CodeExecution,
    /// Code execution since August 2025: it runs commands.
    BashCodeExecution,
}

/// A tool that may be called.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) name: String,
    pub(super) run: Run,
}

/// The tools of `request` that can be called, in order.
pub(super) fn offered(request: &MessagesRequest<'_>) -> Vec<Offer> {
    let tools = request.tools.iter().flatten();
    let tools = tools.filter_map(|raw| serde_json::from_str::<Tool<'_>>(raw.get()).ok());
    tools.filter_map(offer).collect()
}

fn offer(tool: Tool<'_>) -> Option<Offer> {
    let name = tool.name?.into_owned();
    let run = match tool.kind.as_deref() {
        None | Some("custom") => Run::Client(tool.input_schema.unwrap_or_else(|| json!({}))),
        Some(kind) => run_of(kind),
    };
    (!matches!(run, Run::Never)).then_some(Offer { name, run })
}

/// Who runs the API's tool of this dated type.
fn run_of(kind: &str) -> Run {
    let (name, date) = kind.rsplit_once('_').unwrap_or((kind, ""));
    match name {
        "bash" => Run::Known(json!({"command": "ls"})),
        "text_editor" => Run::Known(json!({"command": "view", "path": "."})),
        "computer" => Run::Known(json!({"action": "screenshot"})),
        "memory" => Run::Known(json!({"command": "view", "path": "/memories"})),
        "web_search" => Run::Server(Server::WebSearch),
        "web_fetch" => Run::Server(Server::WebFetch),
        "code_execution" if date <= "20250522" => Run::Server(Server::CodeExecution),
        "code_execution" => Run::Server(Server::BashCodeExecution),
        _ => Run::Never,
    }
}

impl Server {
    /// The name under which it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WebSearch => "web_search",
            Self::WebFetch => "web_fetch",
            Self::CodeExecution => "code_execution",
            Self::BashCodeExecution => "bash_code_execution",
        }
    }

    /// What it is asked.
    pub(super) fn input(self) -> Value {
        match self {
            Self::WebSearch => json!({"query": "example"}),
            Self::WebFetch => json!({"url": ADDRESS}),
            Self::CodeExecution => json!({"code": "print(\"hello\")"}),
            Self::BashCodeExecution => json!({"command": "echo hello"}),
        }
    }

    /// The block with what it found.
    pub(super) fn result(self, call: &str) -> Value {
        let ran = |kind: &str| json!({"type": kind, "stdout": "hello\n", "stderr": "", "return_code": 0, "content": []});
        let content = match self {
            Self::WebSearch => json!([{
                "type": "web_search_result", "title": "Example Domain", "url": ADDRESS,
                "encrypted_content": "RXhhbXBsZSBEb21haW4=", "page_age": null,
            }]),
            Self::WebFetch => json!({
                "type": "web_fetch_result", "url": ADDRESS, "retrieved_at": "2026-11-14T00:00:00Z",
                "content": {
                    "type": "document", "title": "Example Domain", "citations": null,
                    "source": {"type": "text", "media_type": "text/plain", "data": "Example Domain"},
                },
            }),
            Self::CodeExecution => ran("code_execution_result"),
            Self::BashCodeExecution => ran("bash_code_execution_result"),
        };
        let kind = format!("{}_tool_result", self.name());
        json!({"type": kind, "tool_use_id": call, "content": content})
    }
}

const ADDRESS: &str = "https://example.com/";
