// Drives the official TypeScript SDK against the mock: node typescript_sdk.mjs URL OUTCOMES.json
// Exits 1 at the first behaviour that is not as expected and writes what each fault looks like.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The SDK is installed beside the build, not beside this file.
const require = createRequire(process.env.SDK_ROOT + "/");
const { default: Anthropic } = await import(pathToFileURL(require.resolve("@anthropic-ai/sdk")));

const [url, outcomes] = process.argv.slice(2);
const model = "claude-test";
const source = "def alpha(x):\n    return x\n\ndef beta(x):\n    return x\n";
const messages = [{ role: "user", content: source }];
const schema = new URL("../../docs/mock/settings.schema.json", import.meta.url);
const faults = JSON.parse(readFileSync(schema)).$defs.FaultKind.oneOf.map((kind) => kind.const);

const client = (settings = {}) =>
  new Anthropic({ baseURL: url, apiKey: "key", maxRetries: 0, timeout: 2500, ...settings });
const ask = (api, headers = {}, more = {}) =>
  api.messages.create({ model, max_tokens: 500, messages, ...more }, { headers });
const stream = (api, headers = {}, more = {}) =>
  api.messages.stream({ model, max_tokens: 500, messages, ...more }, { headers }).finalMessage();

function check(what, holds) {
  console.log((holds ? "ok      " : "FAILED  ") + what);
  if (!holds) process.exit(1);
}

const message = await ask(client());
check("create: text and usage", message.content[0].text.includes("ref:beta:")
  && message.usage.output_tokens > 0 && message.stop_reason === "end_turn");
const soundLength = message.content[0].text.length;
const streamed = await stream(client());
check("stream: same shape", streamed.usage.output_tokens === message.usage.output_tokens
  && streamed.stop_reason === "end_turn");
const count = await client().messages.countTokens({ model, messages });
check("count_tokens = usage", count.input_tokens === message.usage.input_tokens);
const tools = [{ name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } }];
const used = await stream(client(), {}, { tools, tool_choice: { type: "tool", name: "weather" } });
check("tool_use streamed", used.content[0].input.city === "example");
const weather = { name: "get_weather", input_schema: tools[0].input_schema };
const turns = [{ role: "user", content: "What is the weather in Pune?" }];
const first = await ask(client(), {}, { tools: [weather], messages: turns });
check("tool chosen by the model", first.stop_reason === "tool_use" && first.content[0].name === "get_weather");
turns.push({ role: "assistant", content: first.content }, { role: "user", content: [
  { type: "tool_result", tool_use_id: first.content[0].id, content: "31 degrees" }] });
const second = await ask(client(), {}, { tools: [weather], messages: turns });
check("tool result answered in words", second.stop_reason === "end_turn");

const thinking = { max_tokens: 3000, thinking: { type: "enabled", budget_tokens: 2000 } };
const thoughtful = await ask(client(), {}, thinking);
check("thinking: a signed block before the text", thoughtful.content[0].type === "thinking"
  && thoughtful.content[0].signature && thoughtful.content[1].type === "text");
const thought = await stream(client(), {}, thinking);
check("thinking streamed: same thought, signed", thought.content[0].thinking === thoughtful.content[0].thinking
  && thought.content[0].signature.length > 0 && thought.content[1].type === "text");
const raw = [];
for await (const event of await client().messages.create({ model, max_tokens: 500, messages, stream: true })) {
  raw.push(event.type);
}
check("raw events in the API's order", raw[0] === "message_start" && raw[1] === "content_block_start"
  && raw.slice(-2).join() === "message_delta,message_stop");
const many = await Promise.all(Array.from({ length: 20 }, () => ask(client())));
check("20 at once, unique ids", new Set(many.map((answer) => answer.id)).size === 20);

const ids = [];
for await (const found of client().models.list()) ids.push(found.id);
check("models", ids.join() === "claude-test-4-5");
check("alias resolves", (await client().models.retrieve("claude-test")).id === "claude-test-4-5");

const params = { model, max_tokens: 100, messages };
const batch = await client().messages.batches.create({ requests: [{ custom_id: "good", params }] });
for (let i = 0; i < 50; i++) {
  const now = await client().messages.batches.retrieve(batch.id);
  if (now.processing_status === "ended") break;
  await new Promise((done) => setTimeout(done, 100));
}
const results = [];
for await (const line of await client().messages.batches.results(batch.id)) results.push(line.result.type);
check("batch results", results.join() === "succeeded");
const waiting = await client().messages.batches.create({ requests: [{ custom_id: "x", params }] });
const canceling = await client().messages.batches.cancel(waiting.id);
check("batch cancelled", canceling.cancel_initiated_at !== null);
check("batch deleted", (await client().messages.batches.delete(batch.id)).type === "message_batch_deleted");

for (const [name, status, headers, more] of [
  ["BadRequestError", 400, {}, { max_tokens: 5000 }],
  ["PaymentRequiredError", 402, { "x-mock-fault": "billing" }, {}],
  ["PermissionDeniedError", 403, { "x-mock-fault": "permission" }, {}],
  ["NotFoundError", 404, {}, { model: "nobody" }],
  ["RateLimitError", 429, { "x-mock-fault": "rate_limit" }, {}],
  ["InternalServerError", 500, { "x-mock-fault": "server_error" }, {}],
  ["GatewayTimeoutError", 504, { "x-mock-fault": "timeout_error" }, {}],
  ["OverloadedError", 529, { "x-mock-fault": "overloaded" }, {}],
]) {
  const error = await ask(client(), headers, more).then(() => null, (error) => error);
  check(`${status} rejects with ${name}`, error?.constructor.name === name
    && error.status === status && error.requestID?.startsWith("req_011C"));
}

const stranger = await ask(client({ apiKey: "wrong" })).then(() => null, (error) => error);
check("401 rejects with AuthenticationError", stranger?.constructor.name === "AuthenticationError");

async function waited(fault, times, settings) {
  const headers = { "x-mock-fault": fault, "x-mock-fault-times": String(times),
    "x-mock-fault-key": `ts-${fault}-${Date.now()}` };
  const start = Date.now();
  await ask(client(settings), headers);
  return (Date.now() - start) / 1000;
}
check("429: waits retry-after, then succeeds", (await waited("rate_limit", 1, { maxRetries: 2 })) >= 0.99);
check("529 twice: two back-offs, then succeeds", (await waited("overloaded", 2, { maxRetries: 2 })) >= 1.0);
const once = { "x-mock-fault": "permission", "x-mock-fault-times": "1", "x-mock-fault-key": `ts-${Date.now()}` };
check("403: not retried", await ask(client({ maxRetries: 2 }), once).then(() => false, () => true));
check("hang once: timed out and retried", (await waited("hang", 1, { maxRetries: 1, timeout: 500 })) >= 0.49);
check("reset once: retried", (await waited("reset", 1, { maxRetries: 2 })) >= 0.3);

async function outcome(call) {
  // Node has no limit of its own on a silent body that a test could wait for.
  const silence = new Promise((_, no) => setTimeout(() => no(new Error("silent")), 8000).unref());
  try {
    const message = await Promise.race([call(), silence]);
    if (message.stop_reason === null) return "**no error**, partial message";
    return message.content[0].text.length > soundLength ? "message with repeated text" : "message";
  } catch (error) {
    const ours = error instanceof Anthropic.AnthropicError;
    return "`" + error.constructor.name + "`" + (ours ? "" : " (raw)");
  }
}

const table = {};
for (const fault of faults) {
  const headers = { "x-mock-fault": fault };
  table[fault] = {
    json: await outcome(() => ask(client(), headers)),
    stream: await outcome(() => stream(client(), headers)),
  };
}
writeFileSync(outcomes, JSON.stringify(table, null, 1));
process.exit(0);
