// Stands before a Lambda handler as an API gateway does: HTTP on PORT, one event per request.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

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

const invoke = (given) =>
  handler.length >= 3
    ? new Promise((done, failed) => handler(given, context(), (error, result) => (error ? failed(error) : done(result))))
    : handler(given, context());

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const result = await invoke(event(request, Buffer.concat(chunks)));
    const isWhole = typeof result === "object" && result !== null && "statusCode" in result;
    const { statusCode = 200, headers = {}, body = "", isBase64Encoded = false } = isWhole
      ? result
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(result ?? null) };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(statusCode, headers).end(isBase64Encoded ? Buffer.from(text, "base64") : text);
  } catch (error) {
    console.error(error);
    response.writeHead(502, { "content-type": "application/json" }).end('{"message": "Internal server error"}');
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
