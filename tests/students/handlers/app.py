"""A naive handler, as the course begins with one: no retry, no cache, one prompt."""
import json, os, urllib.error, urllib.request


def document(path, content):
    body = {"model": "claude-opus-4-6", "max_tokens": 4096,
            "messages": [{"role": "user", "content": f"Document every function of {path}:\n\n{content}"}]}
    request = urllib.request.Request(
        os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode(),
        {"content-type": "application/json", "x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return "".join(block.get("text", "") for block in json.load(response)["content"])


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def lambda_handler(event, context):
    try:
        body = json.loads(event["body"] or "")
        path, content = body["file_path"], body["file_content"]
        assert isinstance(path, str) and isinstance(content, str)
    except Exception as error:
        return answer(400, {"type": "invalid_request", "message": repr(error)})
    try:
        return answer(200, {"file_path": path, "documentation": document(path, content)})
    except OSError as error:
        return answer(502, {"type": "upstream_error", "message": str(error)})
