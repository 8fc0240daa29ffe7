"""Drives the official Python SDK against the mock: python_sdk.py URL OUTCOMES.json

Works with the 0.x and the 2.x SDK. Exits 1 at the first behaviour that is not as expected and
writes what each fault looks like to a Python program.
"""

import asyncio
import json
import sys
import time

import anthropic

URL, OUTCOMES = sys.argv[1:]
MODEL = "claude-test"
PROMPT = [{"role": "user", "content": "def alpha(x):\n    return x\n\ndef beta(x):\n    return x\n"}]
FAULTS = [
    "rate_limit", "overloaded", "server_error", "billing", "permission", "timeout_error", "reset",
    "hang", "slow_drip", "malformed_json", "stream_error", "truncate_stream",
    "truncate_stream_clean", "duplicate_event", "bad_chunk",
]


def client(**settings):
    settings = {"max_retries": 0, "timeout": 2.5, **settings}
    return anthropic.Anthropic(base_url=URL, api_key="key", **settings)


def ask(api, headers=None, **more):
    request = {"model": MODEL, "max_tokens": 500, "messages": PROMPT, **more}
    return api.messages.create(extra_headers=headers or {}, **request)


def stream(api, headers=None, **more):
    request = {"model": MODEL, "max_tokens": 500, "messages": PROMPT, **more}
    with api.messages.stream(extra_headers=headers or {}, **request) as events:
        events.until_done()
        return events.get_final_message()


def check(what, holds):
    print(("ok      " if holds else "FAILED  ") + what)
    if not holds:
        sys.exit(1)


def answers():
    message = ask(client())
    text = message.content[0].text
    check("create: text, usage and resolved model", "ref:alpha:" in text and "ref:beta:" in text
          and message.usage.output_tokens > 0 and message.model == "claude-test-4-5"
          and message.stop_reason == "end_turn" and message.id.startswith("msg_01"))
    streamed = stream(client())
    check("stream: same shape, stop reason and usage",
          "ref:beta:" in streamed.content[0].text and streamed.stop_reason == "end_turn"
          and streamed.usage.output_tokens == message.usage.output_tokens)
    raw = client().messages.with_raw_response.create(model=MODEL, max_tokens=50, messages=PROMPT)
    check("request-id header", raw.headers["request-id"].startswith("req_011C"))
    check("max_tokens", raw.parse().stop_reason == "max_tokens")
    stopped = ask(client(), stop_sequences=["ref:alpha"])
    check("stop_sequences", stopped.stop_reason == "stop_sequence"
          and stopped.stop_sequence == "ref:alpha")
    count = client().messages.count_tokens(model=MODEL, messages=PROMPT)
    check("count_tokens = usage", count.input_tokens == message.usage.input_tokens)
    tool = {"name": "weather", "input_schema": {"type": "object",
            "properties": {"city": {"type": "string"}}, "required": ["city"]}}
    forced = {"tools": [tool], "tool_choice": {"type": "tool", "name": "weather"}}
    used = ask(client(), **forced)
    check("tool_use", used.stop_reason == "tool_use" and used.content[0].input == {"city": "example"})
    check("tool_use streamed", stream(client(), **forced).content[0].input == {"city": "example"})


async def asynchronous():
    async with anthropic.AsyncAnthropic(base_url=URL, api_key="key") as api:
        answers = await asyncio.gather(*[
            api.messages.create(model=MODEL, max_tokens=100, messages=PROMPT) for _ in range(20)])
        check("async: 20 at once, unique ids", len({a.id for a in answers}) == 20)


def caching():
    def usage(prompt):
        system = [{"type": "text", "text": prompt * 1000, "cache_control": {"type": "ephemeral"}}]
        return ask(client(), system=system, max_tokens=10).usage
    prompt = f"cache me {time.time()} "
    first, second = usage(prompt), usage(prompt)
    check("prompt caching: written, then read",
          first.cache_creation_input_tokens > 1024 and first.cache_read_input_tokens == 0
          and second.cache_read_input_tokens == first.cache_creation_input_tokens)


def lists():
    models = list(client().models.list())
    check("models", [m.id for m in models] == ["claude-test-4-5"])
    check("alias resolves", client().models.retrieve("claude-test").id == "claude-test-4-5")
    batches = client().messages.batches
    params = {"model": MODEL, "max_tokens": 100, "messages": PROMPT}
    batch = batches.create(requests=[
        {"custom_id": "good", "params": params},
        {"custom_id": "bad", "params": {**params, "model": "nobody"}}])
    check("batch in progress", batch.processing_status == "in_progress"
          and batch.request_counts.processing == 2 and batch.results_url is None)
    deadline = time.time() + 5
    while batches.retrieve(batch.id).processing_status != "ended" and time.time() < deadline:
        time.sleep(0.1)
    results = {line.custom_id: line.result.type for line in batches.results(batch.id)}
    check("batch results", results == {"good": "succeeded", "bad": "errored"})
    check("batch listed", batch.id in [b.id for b in batches.list()])
    check("batch deleted", batches.delete(batch.id).type == "message_batch_deleted")
    waiting = batches.create(requests=[{"custom_id": "x", "params": params}])
    check("batch cancelled", batches.cancel(waiting.id).cancel_initiated_at is not None)


def errors():
    for name, status, call in [
        ("NotFoundError", 404, lambda: ask(client(), model="nobody")),
        ("BadRequestError", 400, lambda: ask(client(), max_tokens=5000)),
        ("BadRequestError", 400, lambda: ask(client(), messages=[])),
        ("PermissionDeniedError", 403, lambda: ask(client(), {"x-mock-fault": "permission"})),
        ("RateLimitError", 429, lambda: ask(client(), {"x-mock-fault": "rate_limit"})),
        ("InternalServerError", 500, lambda: ask(client(), {"x-mock-fault": "server_error"})),
    ]:
        try:
            call()
        except anthropic.APIStatusError as error:
            check(f"{status} raises {name} with the request id", type(error).__name__ == name
                  and error.status_code == status
                  and error.body["request_id"] == error.response.headers["request-id"])
        else:
            check(f"{status} raises {name}", False)


def retries():
    def waited(fault, times, **settings):
        headers = {"x-mock-fault": fault, "x-mock-fault-times": str(times),
                   "x-mock-fault-key": f"{anthropic.__version__}-{fault}-{time.time()}"}
        start = time.time()
        ask(client(**settings), headers)
        return time.time() - start
    check("429: waits retry-after, then succeeds", waited("rate_limit", 1, max_retries=2) >= 1.0)
    took = waited("overloaded", 2, max_retries=2)
    check("529 twice: two back-offs, then succeeds", 1.0 <= took <= 3.0)
    check("reset once: retried", waited("reset", 1, max_retries=2) >= 0.3)
    check("hang once: timed out and retried", waited("hang", 1, max_retries=1, timeout=0.5) >= 0.5)


def outcome(call):
    try:
        message = call()
    except Exception as error:  # every kind is an outcome
        kind = type(error)
        ours = issubclass(kind, anthropic.AnthropicError)
        return f"`{kind.__name__}`" + ("" if ours else " (raw)")
    if message.stop_reason is None:
        return "**no error**, partial message"
    text = message.content[0].text
    return "message" + (" with repeated text" if len(text) > SOUND_LENGTH else "")


def faults():
    table = {}
    for fault in FAULTS:
        headers = {"x-mock-fault": fault}
        table[fault] = {
            "json": outcome(lambda: ask(client(), headers)),
            "stream": outcome(lambda: stream(client(), headers)),
        }
    with open(OUTCOMES, "w") as out:
        json.dump(table, out, indent=1)


print("anthropic", anthropic.__version__)
SOUND_LENGTH = len(ask(client()).content[0].text)
answers()
asyncio.run(asynchronous())
caching()
lists()
errors()
retries()
faults()
