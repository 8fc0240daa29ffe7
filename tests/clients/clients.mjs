// Drives one JavaScript client against the mock: node clients.mjs URL NAME
//
// Prints as JSON what the client made of a text, a stream, a loop of tool calls, a structured answer and two
// errors: "yes", or the reason why not; a key that is missing is something that the client does not offer.
// CLIENTS_ROOT is the folder that holds node_modules.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, name] = process.argv.slice(2);
const from = createRequire(`${process.env.CLIENTS_ROOT}/package.json`);
const load = (module) => import(pathToFileURL(from.resolve(module)).href);

const MODEL = "claude-sonnet-4-5";
const PROFILE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const CODE = "def alpha(x):\n    return x\n";
const WEATHER = "What is the weather in Pune?";
const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" }, tags: { type: "array", items: { type: "string" } } },
  required: ["name", "age", "tags"],
  additionalProperties: false,
};
const MOST_TURNS = 5;
const RATE_LIMIT = { "x-mock-fault": "rate_limit" };

const documented = (text) => text.includes("ref:alpha:");
const isPerson = (value) => Number.isInteger(value.age) && typeof value.name === "string" && Array.isArray(value.tags);

async function raises(kind, work) {
  try {
    await work();
  } catch (error) {
    const names = [error?.name, error?.constructor?.name];
    return names.includes(kind) || `${names.join(" or ")}, not ${kind}`;
  }
  return `no ${kind}`;
}

// All clients of Anthropic's own packages have the same shape.
function anthropic(api, model, unknown) {
  const ask = (more, options) =>
    api.messages.create(
      { model, max_tokens: 500, messages: [{ role: "user", content: CODE }], ...more }, options);
  return {
    text: async () => documented((await ask()).content[0].text),
    stream: async () => {
      const messages = [{ role: "user", content: CODE }];
      const stream = api.messages.stream({ model, max_tokens: 500, messages });
      return documented((await stream.finalMessage()).content[0].text);
    },
    tools: async () => {
      const messages = [{ role: "user", content: WEATHER }];
      const tools = [{ name: "get_weather", description: "weather", input_schema: SCHEMA }];
      for (let turn = 0; turn < MOST_TURNS; turn += 1) {
        const message = await ask({ messages, tools });
        const calls = message.content.filter((block) => block.type === "tool_use");
        if (calls.length === 0) return turn === 1;
        messages.push({ role: "assistant", content: message.content });
        const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: "31 C" }));
        messages.push({ role: "user", content: results });
      }
      return false;
    },
    structured: async () => {
      const format = { type: "json_schema", schema: PERSON };
      const answer = await ask({ messages: [{ role: "user", content: "Who?" }], output_config: { format } });
      return isPerson(JSON.parse(answer.content[0].text));
    },
    not_found: () => raises(unknown, () => ask({ model: "anthropic.claude-nobody" })),
    rate_limited: () => raises("RateLimitError", () => ask({}, { headers: RATE_LIMIT })),
  };
}

async function sdk() {
  const { default: Anthropic } = await load("@anthropic-ai/sdk");
  return anthropic(new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 }), MODEL, "NotFoundError");
}

async function bedrock() {
  const { AnthropicBedrock } = await load("@anthropic-ai/bedrock-sdk");
  const keys = { awsAccessKey: "AKIDEXAMPLE", awsSecretKey: "any", awsRegion: "us-east-1" };
  return anthropic(new AnthropicBedrock({ baseURL: url, maxRetries: 0, ...keys }), PROFILE, "BadRequestError");
}

async function vertex() {
  const { AnthropicVertex } = await load("@anthropic-ai/vertex-sdk");
  const authClient = { getRequestHeaders: async () => new Headers({ Authorization: "Bearer any" }) };
  const api = new AnthropicVertex({
    projectId: "any", region: "global", authClient, baseURL: `${url}/v1`, maxRetries: 0 });
  return anthropic(api, "claude-sonnet-4-5@20250929", "NotFoundError");
}

async function aws() {
  const sdk = await load("@aws-sdk/client-bedrock-runtime");
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "any" };
  const api = new sdk.BedrockRuntimeClient({ endpoint: url, region: "us-east-1", credentials, maxAttempts: 1 });
  const messages = [{ role: "user", content: [{ text: CODE }] }];
  const converse = (more) => api.send(new sdk.ConverseCommand({ modelId: PROFILE, messages, ...more }));
  const body = JSON.stringify({
    anthropic_version: "bedrock-2023-05-31", max_tokens: 500, messages: [{ role: "user", content: CODE }] });
  return {
    text: async () => {
      const invoked = await api.send(new sdk.InvokeModelCommand({ modelId: PROFILE, body }));
      const conversed = await converse();
      return documented(JSON.parse(Buffer.from(invoked.body)).content[0].text)
        && documented(conversed.output.message.content[0].text);
    },
    stream: async () => {
      let text = "";
      const conversed = await api.send(new sdk.ConverseStreamCommand({ modelId: PROFILE, messages }));
      for await (const event of conversed.stream) text += event.contentBlockDelta?.delta.text ?? "";
      const command = new sdk.InvokeModelWithResponseStreamCommand({ modelId: PROFILE, body });
      let last;
      for await (const event of (await api.send(command)).body) last = JSON.parse(Buffer.from(event.chunk.bytes));
      return documented(text) && last.type === "message_stop";
    },
    tools: async () => {
      const turns = [{ role: "user", content: [{ text: WEATHER }] }];
      const tools = [{ toolSpec: { name: "get_weather", description: "weather", inputSchema: { json: SCHEMA } } }];
      for (let turn = 0; turn < MOST_TURNS; turn += 1) {
        const { message } = (await converse({ messages: turns, toolConfig: { tools } })).output;
        const calls = message.content.filter((block) => block.toolUse);
        if (calls.length === 0) return turn === 1;
        const result = ({ toolUse }) =>
          ({ toolResult: { toolUseId: toolUse.toolUseId, content: [{ json: { c: 31 } }] } });
        turns.push(message, { role: "user", content: calls.map(result) });
      }
      return false;
    },
    structured: async () => {
      const jsonSchema = { name: "person", schema: JSON.stringify(PERSON) };
      const outputConfig = { textFormat: { type: "json_schema", structure: { jsonSchema } } };
      const answer = await converse({ messages: [{ role: "user", content: [{ text: "Who?" }] }], outputConfig });
      return isPerson(JSON.parse(answer.output.message.content[0].text));
    },
    not_found: () => raises("ValidationException", () => converse({ modelId: "anthropic.claude-nobody" })),
    rate_limited: () => {
      const force = (next) => (args) => {
        Object.assign(args.request.headers, RATE_LIMIT);
        return next(args);
      };
      api.middlewareStack.add(force, { step: "build" });
      return raises("ThrottlingException", converse);
    },
  };
}

async function openai() {
  const { default: OpenAI } = await load("openai");
  const api = new OpenAI({ baseURL: `${url}/v1/`, apiKey: "any", maxRetries: 0 });
  const ask = (more, options) => api.chat.completions.create(
    { model: MODEL, messages: [{ role: "user", content: CODE }], ...more }, options);
  return {
    text: async () => documented((await ask()).choices[0].message.content),
    stream: async () => {
      let text = "";
      for await (const chunk of await ask({ stream: true })) text += chunk.choices[0]?.delta.content ?? "";
      return documented(text);
    },
    tools: async () => {
      const messages = [{ role: "user", content: WEATHER }];
      const tools = [{ type: "function", function: { name: "get_weather", parameters: SCHEMA } }];
      for (let turn = 0; turn < MOST_TURNS; turn += 1) {
        const { message } = (await ask({ messages, tools })).choices[0];
        if (!message.tool_calls?.length) return turn === 1;
        const result = (call) => ({ role: "tool", tool_call_id: call.id, content: "31 C" });
        messages.push(message, ...message.tool_calls.map(result));
      }
      return false;
    },
    not_found: () => raises("NotFoundError", () => ask({ model: "gpt-5" })),
    rate_limited: () => raises("RateLimitError", () => ask({}, { headers: RATE_LIMIT })),
  };
}

async function langchain() {
  const { ChatAnthropic } = await load("@langchain/anthropic");
  const { tool } = await load("@langchain/core/tools");
  const of = (model, defaultHeaders) => new ChatAnthropic({
    model, apiKey: "any", anthropicApiUrl: url, maxRetries: 0, maxTokens: 500, clientOptions: { defaultHeaders } });
  const chat = of(MODEL);
  return {
    text: async () => documented((await chat.invoke(CODE)).text),
    stream: async () => {
      let text = "";
      for await (const chunk of await chat.stream(CODE)) text += chunk.text;
      return documented(text);
    },
    tools: async () => {
      const offered = { name: "get_weather", description: "weather", schema: SCHEMA };
      const weather = tool(async ({ city }) => `31 C in ${city}`, offered);
      const messages = [{ role: "user", content: WEATHER }];
      for (let turn = 0; turn < MOST_TURNS; turn += 1) {
        const message = await chat.bindTools([weather]).invoke(messages);
        if (!message.tool_calls?.length) return turn === 1;
        messages.push(message);
        for (const call of message.tool_calls) messages.push(await weather.invoke(call));
      }
      return false;
    },
    structured: async () => isPerson(await chat.withStructuredOutput({ title: "Person", ...PERSON }).invoke("Who?")),
    not_found: () => raises("NotFoundError", () => of("claude-nobody").invoke("x")),
    rate_limited: () => raises("RateLimitError", () => of(MODEL, RATE_LIMIT).invoke("x")),
  };
}

async function vercel() {
  const ai = await load("ai");
  const { createAnthropic } = await load("@ai-sdk/anthropic");
  const model = createAnthropic({ baseURL: `${url}/v1`, apiKey: "any" });
  const ask = (more) => ai.generateText({ model: model(MODEL), prompt: CODE, maxRetries: 0, ...more });
  return {
    text: async () => documented((await ask()).text),
    stream: async () => {
      let text = "";
      for await (const part of ai.streamText({ model: model(MODEL), prompt: CODE }).textStream) text += part;
      return documented(text);
    },
    tools: async () => {
      const execute = async ({ city }) => `31 C in ${city}`;
      const inputSchema = ai.jsonSchema(SCHEMA);
      const tools = { get_weather: ai.tool({ description: "weather", inputSchema, execute }) };
      const answer = await ask({ prompt: WEATHER, tools, stopWhen: ai.stepCountIs(MOST_TURNS) });
      return answer.steps.length === 2 && answer.finishReason === "stop";
    },
    structured: async () => {
      const schema = ai.jsonSchema(PERSON);
      return isPerson((await ai.generateObject({ model: model(MODEL), prompt: "Who?", schema })).object);
    },
    not_found: () => raises("AI_APICallError", () => ask({ model: model("claude-nobody") })),
    rate_limited: () => raises("AI_APICallError", () => ask({ headers: RATE_LIMIT })),
  };
}

async function outcome(check) {
  try {
    const result = await check();
    return result === true ? "yes" : `not as expected: ${result}`;
  } catch (error) {
    return `${error?.name}: ${error?.message}`.split("\n")[0].slice(0, 120);
  }
}

const CLIENTS = {
  "@anthropic-ai/sdk": sdk, "@anthropic-ai/bedrock-sdk": bedrock, "@anthropic-ai/vertex-sdk": vertex,
  "@aws-sdk/client-bedrock-runtime": aws, openai, "@langchain/anthropic": langchain, ai: vercel,
};
const client = await CLIENTS[name]();
const outcomes = {};
for (const check of ["text", "stream", "tools", "structured", "not_found", "rate_limited"]) {
  if (client[check]) outcomes[check] = await outcome(client[check]);
}
console.log(JSON.stringify(outcomes));
process.exit(0);
