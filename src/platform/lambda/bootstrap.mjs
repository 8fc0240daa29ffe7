// Loads a Lambda handler for Node and hands it events by the Lambda Runtime API, as AWS's own client does.
import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const { AWS_LAMBDA_RUNTIME_API: api, _HANDLER: named, LAMBDA_TASK_ROOT: root } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let current;

for (const [name, level] of [["log", "INFO"], ["info", "INFO"], ["warn", "WARN"], ["error", "ERROR"], ["debug", "DEBUG"], ["trace", "TRACE"]]) {
  console[name] = (...words) => {
    const text = format(...words).replaceAll("\n", "\r");
    process.stdout.write(`${new Date().toISOString()}\t${current}\t${level}\t${text}\n`);
  };
}

function call(method, path, body, headers = {}) {
  const [host, port] = api.split(":");
  return new Promise((done, failed) => {
    const asked = request({ agent, host, port, method, headers, path: `/2018-06-01/runtime/${path}` }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => done({ headers: response.headers, body: Buffer.concat(parts) }));
    });
    asked.on("error", failed);
    asked.setNoDelay(true);
    asked.end(body);
  });
}

const told = (error) => JSON.stringify({
  errorType: error?.name ?? "Error", errorMessage: error?.message ?? String(error), trace: (error?.stack ?? "").split("\n"),
});

const wrong = (name, message) => Object.assign(new Error(message), { name: `Runtime.${name}` });

async function load() {
  const dot = named.lastIndexOf(".");
  if (dot < 1) throw wrong("MalformedHandlerName", `${named} is no MODULE.FUNCTION`);
  const [module, name] = [named.slice(0, dot), named.slice(dot + 1)];
  const file = ["", ".js", ".mjs", ".cjs"].map((ending) => resolve(root, module + ending)).find(existsSync);
  if (!file) throw wrong("ImportModuleError", `Error: Cannot find module '${module}'`);
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError && !file.endsWith(".mjs")) loaded = createRequire(pathToFileURL(file))(file);
    else if (error instanceof SyntaxError) throw wrong("UserCodeSyntaxError", `${error}`);
    else throw error;
  }
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler !== "function") throw wrong("HandlerNotFound", `${named} is undefined or not exported`);
  return handler;
}

async function fail(path, error, code) {
  const body = told(error);
  console.error(`Invoke Error \t${body}`);
  await call("POST", path, body, { "content-type": "application/json", "lambda-runtime-function-error-type": error?.name ?? "Error" }).catch(() => {});
  if (code) process.exit(code);
}

const invoke = (handler, event, context) => new Promise((done, failed) => {
  const callback = (error, result) => (error ? failed(error) : done(result));
  const result = handler(event, context, callback);
  if (typeof result?.then === "function") result.then(done, failed);
  else if (handler.length < 3) done(result);
});

let handler;
try {
  handler = await load();
} catch (error) {
  await fail("init/error", error, 1);
}
process.on("uncaughtException", (error) => fail(`invocation/${current}/error`, error, 129));
process.on("unhandledRejection", (error) => fail(`invocation/${current}/error`, error, 128));

for (;;) {
  const next = await call("GET", "invocation/next");
  current = next.headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"];
  const deadline = Number(next.headers["lambda-runtime-deadline-ms"]);
  const context = {
    awsRequestId: current,
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: next.headers["lambda-runtime-invoked-function-arn"],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const result = await invoke(handler, JSON.parse(next.body.toString("utf8")), context);
    const body = JSON.stringify(result ?? null);
    await call("POST", `invocation/${current}/response`, body, { "content-type": "application/json" });
  } catch (error) {
    await fail(`invocation/${current}/error`, error);
  }
}
