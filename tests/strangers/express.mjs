// Express with the official SDK for TypeScript: `express.mjs [no_retry]`.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(process.env.STRANGERS_NODE + '/');
const express = require('express');
const { Anthropic } = require('@anthropic-ai/sdk');

const client = new Anthropic({ maxRetries: process.argv[2] === 'no_retry' ? 0 : 4, timeout: 20_000 });
const app = express();
app.use(express.json({ limit: '32mb' }));

let free = 8;
const waiting = [];
const slot = async (work) => {
  if (free === 0) await new Promise((go) => waiting.push(go));
  else free -= 1;
  try { return await work(); } finally {
    const next = waiting.shift();
    if (next) next(); else free += 1;
  }
};

const split = (text, lines) => {
  const chunks = [];
  let chunk = [];
  for (const line of text.split(/(?<=\n)/)) {
    if (chunk.length >= lines && /^(async def|def|class)\s/.test(line)) { chunks.push(chunk.join('')); chunk = []; }
    chunk.push(line);
  }
  return [...chunks, chunk.join('')];
};

const ask = async (code, here) => {
  const answer = await slot(() => {
    if (!here()) throw new Error('the client has left');
    return client.messages.create({
    model: 'claude-sonnet-4-6', max_tokens: 8000,
    messages: [{ role: 'user', content: `Document every definition. Keep lines that start with ref:\n\n${code}` }],
    });
  });
  if (answer.stop_reason !== 'max_tokens') return answer.content.map((block) => block.text ?? '').join('');
  const parts = split(code, Math.max(1, Math.floor(code.split('\n').length / 2)));
  if (parts.length < 2) return ask(code, here);
  return (await Promise.all(parts.map((part) => ask(part, here)))).join('\n\n');
};

const generate = async (content, here) => {
  const parts = await Promise.allSettled(split(content, 600).map((part) => ask(part, here)));
  const missing = parts.filter((part) => part.status === 'rejected').map((part) => String(part.reason.message));
  if (missing.length === parts.length) throw Object.assign(new Error(missing[0]), { status: parts[0].reason.status });
  const documentation = parts.filter((part) => part.status === 'fulfilled').map((part) => part.value).join('\n\n');
  return { documentation, status: missing.length ? 'partial' : 'done', missing };
};

const cache = new Map();
const flights = new Map();
const document = async ({ file_path, file_content }, here) => {
  const key = createHash('sha256').update(file_content).digest('hex');
  if (!cache.has(key)) {
    if (!flights.has(key)) flights.set(key, generate(file_content, here).finally(() => flights.delete(key)));
    const result = await flights.get(key);
    if (result.status === 'done') cache.set(key, result);
    return { file_path, ...result };
  }
  return { file_path, ...cache.get(key) };
};

const sound = (file) => file && typeof file.file_path === 'string' && typeof file.file_content === 'string';
app.get('/health', (_, response) => response.json({ ok: true }));
app.post('/document', async (request, response) => {
  if (!sound(request.body)) return response.status(400).json({ error: 'file_path and file_content must be texts' });
  try { response.json(await document(request.body, () => !response.destroyed)); } catch (error) {
    response.status([400, 429].includes(error.status) ? error.status : 502).json({ error: { type: 'failed', message: error.message } });
  }
});
app.post('/documents', async (request, response) => {
  const files = request.body?.files;
  if (!Array.isArray(files) || !files.length || !files.every(sound)) return response.status(400).json({ error: 'no files' });
  response.json({ results: await Promise.all(files.map((file) => document(file, () => true).catch((error) => (
    { file_path: file.file_path, error: { type: 'failed', message: error.message } })))) });
});
app.listen(Number(process.env.PORT), '127.0.0.1');
