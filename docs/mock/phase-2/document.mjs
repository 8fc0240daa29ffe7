// The documentation service of Phase 1, as small as it can be: one prompt with the whole file.
//
//     node document.mjs FILE... [--times=N] [--at-once=N] [--timeout=SECONDS]

import { readFile } from "node:fs/promises";
import Anthropic from "@anthropic-ai/sdk";

const option = (name, usual) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? usual);
const files = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));

// No retries: what goes wrong is to be seen.
const client = new Anthropic({ maxRetries: 0, timeout: option("timeout", 300) * 1000 });

async function document(path) {
  try {
    const message = await client.messages.create({
      model: "claude-opus-4-6",
      max_tokens: 32_000,
      messages: [{ role: "user", content: `Document this file:\n${await readFile(path, "utf8")}` }],
    });
    return message.stop_reason;
  } catch (error) {
    return error.constructor.name;
  }
}

const start = Date.now();
const waiting = Array(option("times", 1)).fill(files).flat();
const ends = {};
const worker = async () => {
  for (let path = waiting.shift(); path; path = waiting.shift()) {
    const end = await document(path);
    ends[end] = (ends[end] ?? 0) + 1;
  }
};
await Promise.all(Array.from({ length: option("at-once", 1) }, worker));
for (const [end, count] of Object.entries(ends)) console.log(`${String(count).padStart(5)} x ${end}`);
console.log(`${Math.round((Date.now() - start) / 1000)} s`);
