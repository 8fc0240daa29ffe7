"""Drives the official Python SDK against the mock: python_sdk.py URL OUTCOMES.json

Works with the 0.x, 1.x and 2.x SDKs. Exits 1 at the first behaviour that is not as expected and
writes what each fault looks like to a Python program.
"""

import asyncio
import json
import pathlib
import sys
import time

import anthropic

URL, OUTCOMES = sys.argv[1:]
MODEL = "claude-test"
PROMPT = [{"role": "user", "content": "def alpha(x):\n    return x\n\ndef beta(x):\n    return x\n"}]
SCHEMA = pathlib.Path(__file__).parents[2] / "docs/mock/settings.schema.json"
FAULTS = [kind["const"] for kind in json.loads(SCHEMA.read_text())["$defs"]["FaultKind"]["oneOf"]]


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


def tool_loop():
    tool = {"name": "get_weather", "description": "Weather of a city", "input_schema": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
    turns = [{"role": "user", "content": "What is the weather in Pune?"}]
    first = ask(client(), tools=[tool], messages=turns)
    call = first.content[-1]
    check("tool chosen by the model", first.stop_reason == "tool_use" and call.name == "get_weather")
    turns += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": call.id, "content": "31 degrees"}]}]
    second = ask(client(), tools=[tool], messages=turns)
    check("tool result answered in words", second.stop_reason == "end_turn"
          and second.content[0].type == "text")
    try:
        ask(client(), tools=[tool], messages=turns[:2] + [{"role": "user", "content": "Well?"}])
    except anthropic.BadRequestError as error:
        check("a call without its result is refused", "`tool_use` ids were found" in str(error))
    else:
        check("a call without its result is refused", False)


def thinking():
    wanted = {"max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 2000}}
    message = ask(client(), **wanted)
    thought, text = message.content
    check("thinking: a signed block before the text", thought.type == "thinking"
          and thought.thinking and thought.signature and text.type == "text")
    streamed = stream(client(), **wanted)
    check("thinking streamed: same thought, signed", streamed.content[0].thinking == thought.thinking
          and streamed.content[0].signature and streamed.content[1].type == "text")
    turns = PROMPT + [{"role": "assistant", "content": message.content},
                      {"role": "user", "content": "Go on."}]
    check("thinking passed back", ask(client(), messages=turns, **wanted).stop_reason == "end_turn")


def events():
    """The stream helper's own events, and the raw events of `stream=True`."""
    request = {"model": MODEL, "max_tokens": 500, "messages": PROMPT}
    with client().messages.stream(**request) as helper:
        text = "".join(helper.text_stream)
        check("text_stream spells the message", text == helper.get_final_message().content[0].text)
    raw = [event.type for event in client().messages.create(stream=True, **request)]
    check("raw events in the API's order", raw[:2] == ["message_start", "content_block_start"]
          and raw[-3:] == ["content_block_stop", "message_delta", "message_stop"])


async def asynchronous():
    async with anthropic.AsyncAnthropic(base_url=URL, api_key="key") as api:
        answers = await asyncio.gather(*[
            api.messages.create(model=MODEL, max_tokens=100, messages=PROMPT) for _ in range(20)])
        check("async: 20 at once, unique ids", len({a.id for a in answers}) == 20)
        async with api.messages.stream(model=MODEL, max_tokens=500, messages=PROMPT) as events:
            message = await events.get_final_message()
        check("async stream", message.stop_reason == "end_turn" and message.usage.output_tokens > 0)
        count = await api.messages.count_tokens(model=MODEL, messages=PROMPT)
        check("async count_tokens", count.input_tokens == message.usage.input_tokens)


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
    deadline = time.time() + 60
    while batches.retrieve(batch.id).processing_status != "ended" and time.time() < deadline:
        time.sleep(0.1)
    results = {line.custom_id: line.result.type for line in batches.results(batch.id)}
    check("batch results", results == {"good": "succeeded", "bad": "errored"})
    check("batch listed", batch.id in [b.id for b in batches.list()])
    check("batch deleted", batches.delete(batch.id).type == "message_batch_deleted")
    waiting = batches.create(requests=[{"custom_id": "x", "params": params}])
    check("batch cancelled", batches.cancel(waiting.id).cancel_initiated_at is not None)


def files():
    api = client().beta
    code = PROMPT[0]["content"].encode()
    file = api.files.upload(file=("code.txt", code, "text/plain"))
    check("file uploaded", file.filename == "code.txt" and file.size_bytes == len(code) and file.id in [
        listed.id for listed in api.files.list()])
    block = {"type": "document", "source": {"type": "file", "file_id": file.id}}
    asked = {"model": MODEL, "messages": [{"role": "user", "content": [block]}]}
    message = api.messages.create(max_tokens=500, **asked, betas=["files-api-2025-04-14"])
    counted = api.messages.count_tokens(**asked, betas=["files-api-2025-04-14"]).input_tokens
    check("a prompt that names a file is read as one that holds it", "ref:beta:" in message.content[0].text
          and counted == message.usage.input_tokens == ask(client()).usage.input_tokens)
    check("file shown and deleted", api.files.retrieve_metadata(file.id).id == file.id
          and api.files.delete(file.id).type == "file_deleted")
    check("a deleted file is not found", isinstance(
        raised(lambda: api.files.retrieve_metadata(file.id)), anthropic.NotFoundError))


def raised(call):
    try:
        call()
    except anthropic.APIStatusError as error:
        return error
    return None


def errors():
    forced = lambda fault: lambda: ask(client(), {"x-mock-fault": fault})
    stranger = anthropic.Anthropic(base_url=URL, api_key="wrong", max_retries=0)
    late = {"PaymentRequiredError": "APIStatusError", "GatewayTimeoutError": "InternalServerError",
            "ContentTooLargeError": "RequestTooLargeError"}
    for name, status, call in [
        ("BadRequestError", 400, lambda: ask(client(), max_tokens=5000)),
        ("BadRequestError", 400, lambda: ask(client(), messages=[])),
        ("AuthenticationError", 401, lambda: ask(stranger)),
        ("PaymentRequiredError", 402, forced("billing")),
        ("PermissionDeniedError", 403, forced("permission")),
        ("NotFoundError", 404, lambda: ask(client(), model="nobody")),
        ("NotFoundError", 404, lambda: client().models.retrieve("nobody")),
        ("NotFoundError", 404, lambda: client().messages.batches.retrieve("msgbatch_none")),
        ("RateLimitError", 429, forced("rate_limit")),
        ("InternalServerError", 500, forced("server_error")),
        ("GatewayTimeoutError", 504, forced("timeout_error")),
        ("OverloadedError", 529, forced("overloaded")),
    ]:
        error = raised(call)
        # Older SDKs have no class of their own for some statuses.
        names = [name] if anthropic.__version__.startswith("2.") else [name, late.get(name)]
        check(f"{status} raises {name} with the request id", error is not None
              and type(error).__name__ in names and error.status_code == status
              and error.body["request_id"] == error.response.headers["request-id"])
    huge = raised(lambda: ask(client(timeout=20), messages=[{"role": "user", "content": "x" * (33 << 20)}]))
    check("413 raises a class of its own, without request_id in the body, as the edge sends it",
          huge is not None and huge.status_code == 413 and "TooLarge" in type(huge).__name__
          and "request_id" not in huge.body)


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
    check("500 once: retried", waited("server_error", 1, max_retries=2) >= 0.3)
    check("504 once: retried", waited("timeout_error", 1, max_retries=2) >= 0.3)
    check("reset once: retried", waited("reset", 1, max_retries=2) >= 0.3)
    check("hang once: timed out and retried", waited("hang", 1, max_retries=1, timeout=0.5) >= 0.5)


    for fault in ["permission", "billing"]:
        headers = {"x-mock-fault": fault, "x-mock-fault-times": "1",
                   "x-mock-fault-key": f"{anthropic.__version__}-{fault}-{time.time()}"}
        error = raised(lambda: ask(client(max_retries=2), headers))
        check(f"{fault}: not retried", error is not None)


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
tool_loop()
thinking()
events()
asyncio.run(asynchronous())
caching()
lists()
files()
errors()
retries()
faults()
