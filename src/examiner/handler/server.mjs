// Stands before a Lambda handler as an API gateway does: HTTP on PORT, one event per request.
// Each instance is a process that handles one event at a time, as on Lambda: what it keeps in memory, no other sees.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const MOST_INSTANCES = 40;

function event(request, body) {
  const url = new URL(request.url, "http://localhost");
  const text = body.toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(body);
  const { method, headers } = request;
  const query = Object.fromEntries(url.searchParams);
  return {
    version: "2.0", routeKey: "$default", rawPath: url.pathname, rawQueryString: url.search.slice(1),
    resource: url.pathname, path: url.pathname, httpMethod: method, headers,
    queryStringParameters: Object.keys(query).length ? query : null, pathParameters: null, stageVariables: null,
    requestContext: {
      requestId: randomUUID(), stage: "$default", path: url.pathname, httpMethod: method,
      http: { method, path: url.pathname, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: headers["user-agent"] ?? "" },
    },
    body: body.length ? (isText ? text : body.toString("base64")) : null, isBase64Encoded: !isText,
  };
}

const context = () => ({
  functionName: "function", functionVersion: "$LATEST", memoryLimitInMB: "512", awsRequestId: randomUUID(),
  invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:function", getRemainingTimeInMillis: () => 300_000,
});

const invoke = (handler, given) =>
  handler.length >= 3
    ? new Promise((done, failed) => handler(given, context(), (error, result) => (error ? failed(error) : done(result))))
    : handler(given, context());

async function load() {
  const named = process.env.HANDLER;
  const dot = named.lastIndexOf(".");
  const [module, name] = [named.slice(0, dot), named.slice(dot + 1)];
  const file = ["mjs", "js", "cjs"].map((ending) => resolve(`${module}.${ending}`)).find(existsSync);
  if (!file) throw new Error(`no file ${module}.mjs, .js or .cjs in ${process.cwd()}`);
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (file.endsWith(".mjs")) throw error;
    loaded = createRequire(pathToFileURL(file))(file);
  }
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler !== "function") throw new Error(`${file} exports no function ${name}`);
  return handler;
}

async function instance() {
  const handler = await load();
  process.on("message", async (given) => {
    try {
      process.send({ result: (await invoke(handler, given)) ?? null });
    } catch (error) {
      console.error(error);
      process.send({ failed: true });
    }
  });
  process.on("disconnect", () => process.exit(0));
  process.send("ready");
}

function gateway() {
  const idle = []; // the last used first
  const waiting = [];
  let count = 0;

  function start() {
    count += 1;
    const child = spawn(process.execPath, ["--input-type=module", "-e", process.env.HANDLER_SERVER], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, HANDLER_INSTANCE: "1" },
    });
    const end = () => {
      count -= 1;
      child.done?.({ failed: true });
    };
    child.once("exit", end);
    return new Promise((done) => {
      child.once("message", () => done(child));
      child.once("exit", () => done(null));
    });
  }

  const place = async () => idle.pop() ?? (count < MOST_INSTANCES ? start() : new Promise((done) => waiting.push(done)));

  async function invokeOn(given, isGone) {
    const child = await place();
    if (!child) return { failed: true };
    // A gateway would have begun at once; what waited here for a client that has left is not begun any more.
    if (isGone()) {
      free(child);
      return { failed: true };
    }
    const said = await new Promise((done) => {
      child.done = done;
      child.once("message", done);
      child.send(given);
    });
    child.done = undefined;
    free(child);
    return said;
  }

  function free(child) {
    const next = child.connected && waiting.shift();
    if (next) next(child);
    else if (child.connected) idle.push(child);
  }

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { result, failed } = await invokeOn(event(request, Buffer.concat(chunks)), () => response.destroyed);
    if (failed) {
      response.writeHead(502, { "content-type": "application/json" }).end('{"message": "Internal server error"}');
      return;
    }
    const isWhole = typeof result === "object" && result !== null && "statusCode" in result;
    const { statusCode = 200, headers = {}, body = "", isBase64Encoded = false } = isWhole
      ? result
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(result ?? null) };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const bytes = Buffer.from(text, isBase64Encoded ? "base64" : "utf8");
    const given = Object.entries(headers).filter(([name]) => !["content-length", "connection"].includes(name.toLowerCase()));
    response.writeHead(statusCode, { ...Object.fromEntries(given), "content-length": bytes.length }).end(bytes);
  });
  start().then((first) => {
    if (!first) process.exit(1);
    idle.push(first);
    server.listen(Number(process.env.PORT), "127.0.0.1");
  });
}

if (process.env.HANDLER_INSTANCE) await instance();
else gateway();
