// A handler for Node that remembers what it has documented.
const known = new Map();

const answer = (statusCode, body) => ({ statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

async function document(content) {
  const response = await fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": process.env.ANTHROPIC_API_KEY, "anthropic-version": "2023-06-01" },
    body: JSON.stringify({ model: "claude-opus-4-6", max_tokens: 4096, messages: [{ role: "user", content: `Document:\n\n${content}` }] }),
  });
  if (!response.ok) throw new Error(`the API answered ${response.status}`);
  return (await response.json()).content.map((block) => block.text ?? "").join("");
}

export const handler = async (event) => {
  let file;
  try {
    file = JSON.parse(event.body);
    if (typeof file.file_path !== "string" || typeof file.file_content !== "string") throw new Error("file_path and file_content");
  } catch (error) {
    return answer(400, { type: "invalid_request", message: String(error) });
  }
  try {
    const waiting = known.get(file.file_content) ?? document(file.file_content);
    known.set(file.file_content, waiting);
    return answer(200, { file_path: file.file_path, documentation: await waiting });
  } catch (error) {
    known.delete(file.file_content);
    return answer(502, { type: "upstream_error", message: String(error) });
  }
};
