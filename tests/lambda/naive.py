"""The chapter's Phase 1 service as a Lambda function: one prompt with the whole file, nothing else."""
import json
import os
import urllib.error
import urllib.request


def handler(event, context):
    try:
        source = json.loads(event["body"])["file_content"]
    except (ValueError, TypeError, KeyError):
        source = event["body"]
    request = urllib.request.Request(
        os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
        json.dumps({
            "model": "claude-opus-4-6", "max_tokens": 128_000,
            "messages": [{"role": "user", "content": "Document this code:\n\n" + source}],
        }).encode(),
        {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01", "content-type": "application/json"},
    )
    try:
        answer = json.load(urllib.request.urlopen(request))
    except urllib.error.HTTPError as error:
        return {"statusCode": error.code, "body": json.dumps({"error": error.reason})}
    return {"statusCode": 200, "body": json.dumps({"documentation": answer["content"][0]["text"], "usage": answer["usage"]})}
