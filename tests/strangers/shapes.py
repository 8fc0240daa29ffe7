"""Ways to ask the API for documentation, each as people really do it with a public client."""
import asyncio, json, os, random, re

import anthropic
import httpx

MODEL = "claude-sonnet-4-6"
TASK = "Document every definition in this file, in order. Keep lines that start with ref: as they are."


def said(message):
    return "".join(block.text for block in message.content if block.type == "text")


class Plain:
    """The official SDK, which retries by itself."""
    options = {"max_retries": 4, "timeout": 20}

    def __init__(self):
        self.client = anthropic.AsyncAnthropic(**self.options)

    async def create(self, **request):
        return await self.client.messages.create(model=MODEL, **{"max_tokens": 8000, **request})

    async def ask(self, path, code):
        answer = await self.create(messages=[{"role": "user", "content": f"{TASK}\n\n```python\n{code}\n```"}])
        return said(answer), answer.stop_reason


class System(Plain):
    async def ask(self, path, code):
        answer = await self.create(system=[{"type": "text", "text": f"You document this file:\n{code}"}],
                                   messages=[{"role": "user", "content": TASK}])
        return said(answer), answer.stop_reason


class Document(Plain):
    async def ask(self, path, code):
        block = {"type": "document", "title": path, "source": {"type": "text", "media_type": "text/plain", "data": code}}
        answer = await self.create(messages=[{"role": "user", "content": [block, {"type": "text", "text": TASK}]}])
        return said(answer), answer.stop_reason


class Tool(Plain):
    chunk_lines = 300

    async def ask(self, path, code):
        tool = {"name": "write_documentation", "description": "Stores the documentation of a file.",
                "input_schema": {"type": "object", "properties": {"documentation": {"type": "string", "description": "Markdown"}},
                                 "required": ["documentation"]}}
        answer = await self.create(tools=[tool], tool_choice={"type": "tool", "name": "write_documentation"},
                                   messages=[{"role": "user", "content": f"{TASK}\n\n{code}"}])
        if answer.stop_reason == "max_tokens":
            return "", "max_tokens"
        return next(block.input["documentation"] for block in answer.content if block.type == "tool_use"), answer.stop_reason


class Structured(Plain):
    chunk_lines = 300

    async def ask(self, path, code):
        schema = {"type": "object", "additionalProperties": False, "required": ["summary", "entries"], "properties": {
            "summary": {"type": "string"}, "entries": {"type": "array", "items": {
                "type": "object", "additionalProperties": False, "required": ["name", "documentation"],
                "properties": {"name": {"type": "string"}, "documentation": {"type": "string"}}}}}}
        answer = await self.create(output_config={"format": {"type": "json_schema", "schema": schema}},
                                   messages=[{"role": "user", "content": f"{TASK}\n\n{code}"}])
        if answer.stop_reason == "max_tokens":
            return "", "max_tokens"
        entries = json.loads(said(answer))["entries"]
        return "\n\n".join(f"## {entry['name']}\n{entry['documentation']}" for entry in entries), answer.stop_reason


class Counted(Plain):
    """Looks first whether it fits."""
    async def ask(self, path, code):
        messages = [{"role": "user", "content": f"{TASK}\n\n{code}"}]
        count = await self.client.messages.count_tokens(model=MODEL, messages=messages)
        if count.input_tokens > 15_000:
            return "", "max_tokens"
        answer = await self.create(messages=messages)
        return said(answer), answer.stop_reason


class TwoPasses(Plain):
    """An outline first, then the text along it."""
    async def ask(self, path, code):
        outline = await self.create(max_tokens=200, messages=[{"role": "user", "content": f"Say in one sentence what {path} is for.\n\n{code}"}])
        answer = await self.create(messages=[{"role": "user", "content": f"{path}: {said(outline)[:80]}\n\n{TASK}\n\n{code}"}])
        return said(answer), answer.stop_reason


class EachDefinition(Plain):
    """One call a definition, several side by side."""
    chunk_lines = 1


class Small(Plain):
    chunk_lines = 24


class GoOn(Plain):
    """Asks a cut answer to go on until it is whole."""
    async def ask(self, path, code):
        messages = [{"role": "user", "content": f"{TASK}\n\n{code}"}]
        text = ""
        for _ in range(12):
            answer = await self.create(max_tokens=4000, messages=messages)
            text += said(answer)
            if answer.stop_reason != "max_tokens":
                return text, answer.stop_reason
            messages = messages[:1] + [{"role": "assistant", "content": text.rstrip()},
                                       {"role": "user", "content": "Go on exactly where you stopped."}]
        return text, "max_tokens"


class Prefill(Plain):
    async def ask(self, path, code):
        answer = await self.client.messages.create(model="claude-haiku-4-5", max_tokens=8000, messages=[
            {"role": "user", "content": f"{TASK}\n\n{code}"}, {"role": "assistant", "content": "# Documentation"}])
        return said(answer), answer.stop_reason


class Streamed(Plain):
    async def ask(self, path, code):
        for attempt in range(5):
            try:
                async with self.client.messages.stream(model=MODEL, max_tokens=8000, messages=[
                        {"role": "user", "content": f"{TASK}\n\n{code}"}]) as stream:
                    answer = await stream.get_final_message()
                if answer.stop_reason is None:
                    raise ValueError("the stream broke off")
                return said(answer), answer.stop_reason
            except (httpx.TransportError, ValueError, AssertionError) as error:
                if attempt == 4:
                    raise
                await asyncio.sleep(0.3 * 2 ** attempt * (0.5 + os.urandom(1)[0] / 255))


class ToolLoop(Plain):
    """The model asks for the file with a tool, and gets it as the tool's result."""
    chunk_lines = 400

    async def ask(self, path, code):
        tools = [{"name": "read_file", "description": "Reads a file.", "input_schema": {
            "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}]
        messages = [{"role": "user", "content": f"Read the file {path} with the tool, then: {TASK}"}]
        for _ in range(6):
            answer = await self.create(tools=tools, messages=messages)
            if answer.stop_reason != "tool_use":
                return said(answer), answer.stop_reason
            results = [{"type": "tool_result", "tool_use_id": block.id, "content": code}
                       for block in answer.content if block.type == "tool_use"]
            messages += [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]},
                         {"role": "user", "content": results}]
        raise RuntimeError("the model reads without end")


class Quoted(Plain):
    """The file as JSON within the prompt."""
    async def ask(self, path, code):
        answer = await self.create(messages=[{"role": "user", "content": TASK + "\n" + json.dumps({"path": path, "code": code})}])
        return said(answer), answer.stop_reason


class Raw:
    """httpx without an SDK."""
    timeout, attempts, transient = 15, 5, {408, 429, 500, 502, 503, 504, 529}

    def __init__(self):
        self.http = httpx.AsyncClient(base_url=os.environ["ANTHROPIC_BASE_URL"], timeout=self.timeout, headers={
            "x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"})

    def body(self, path, code):
        return {"model": MODEL, "max_tokens": 8000, "messages": [{"role": "user", "content": f"{TASK}\n\n{code}"}]}

    def wait(self, attempt, answer):
        after = float(answer.headers.get("retry-after", 0)) if answer is not None else 0
        return after + 0.6 * 2 ** attempt * os.urandom(1)[0] / 255

    async def ask(self, path, code):
        why = "no attempt"
        for attempt in range(self.attempts):
            answer = None
            try:
                answer = await self.http.post("/v1/messages", json=self.body(path, code))
                if answer.status_code == 200:
                    message = answer.json()
                    return "".join(block["text"] for block in message["content"]), message["stop_reason"]
                why = f"the API answered {answer.status_code}"
                if answer.status_code not in self.transient:
                    break
            except (httpx.TransportError, ValueError, KeyError) as error:
                why = repr(error)
            if attempt + 1 < self.attempts:
                await asyncio.sleep(self.wait(attempt, answer))
        raise RuntimeError(why)


class Patient3(Raw):
    timeout = 3


class Patient10(Raw):
    timeout = 10


class Patient45(Raw):
    timeout = 45


class Impatient60(Raw):
    """Gives up after a minute and says so."""
    timeout = 60

    async def ask(self, path, code):
        try:
            return await super().ask(path, code)
        except httpx.TimeoutException:
            raise RuntimeError("the API did not answer within a minute")


class LangChain:
    def __init__(self):
        from langchain_anthropic import ChatAnthropic
        self.chat = ChatAnthropic(model=MODEL, max_tokens=8000, max_retries=4, timeout=20)

    async def ask(self, path, code):
        answer = await self.chat.ainvoke([("system", TASK), ("human", code)])
        text = answer.content if isinstance(answer.content, str) else "".join(part.get("text", "") for part in answer.content)
        return text, answer.response_metadata.get("stop_reason")


class OpenAi:
    """The layer that speaks as OpenAI does."""
    def __init__(self):
        import openai
        self.client = openai.AsyncOpenAI(base_url=os.environ["ANTHROPIC_BASE_URL"] + "/v1", api_key=os.environ["ANTHROPIC_API_KEY"],
                                         max_retries=4, timeout=20)

    async def ask(self, path, code):
        answer = await self.client.chat.completions.create(model=MODEL, max_tokens=8000, messages=[
            {"role": "system", "content": TASK}, {"role": "user", "content": code}])
        choice = answer.choices[0]
        return choice.message.content, "max_tokens" if choice.finish_reason == "length" else "end_turn"


class Converse:
    """Amazon Bedrock, by boto3."""
    retries = {"max_attempts": 5, "mode": "standard"}

    def __init__(self):
        import boto3
        from botocore.config import Config
        self.client = boto3.client("bedrock-runtime", config=Config(read_timeout=20, retries=self.retries, max_pool_connections=50))

    async def call(self, operation, **request):
        """boto3 gives up a model that has timed out, and reads nothing in an answer that has broken off."""
        from botocore.exceptions import ClientError
        for left in reversed(range(4)):
            try:
                answer = await asyncio.to_thread(operation, **request)
                if self.is_whole(answer) or not left:
                    return answer
            except ClientError as error:
                error.status_code = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if not left or error.response["Error"]["Code"] != "ModelTimeoutException":
                    raise
            await asyncio.sleep(random.uniform(0, 0.5))

    @staticmethod
    def is_whole(answer):
        return "output" in answer

    async def ask(self, path, code):
        answer = await self.call(
            self.client.converse, modelId="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            system=[{"text": TASK}], messages=[{"role": "user", "content": [{"text": code}]}], inferenceConfig={"maxTokens": 8000})
        return answer["output"]["message"]["content"][0]["text"], answer["stopReason"]


class Invoke(Converse):
    """The same by the older operation, and with a model that nobody knows here."""
    @staticmethod
    def is_whole(answer):
        try:
            answer["body"] = json.loads(answer["body"].read())
            return True
        except ValueError:
            return False

    async def ask(self, path, code):
        body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 8000, "system": TASK,
                "messages": [{"role": "user", "content": code}]}
        answer = await self.call(self.client.invoke_model, modelId="anthropic.claude-next-v9:0", body=json.dumps(body))
        return answer["body"]["content"][0]["text"], answer["body"]["stop_reason"]


class BedrockSdk(Plain):
    """Anthropic's own client of Bedrock."""
    def __init__(self):
        self.client = anthropic.AsyncAnthropicBedrock(base_url=os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"], **self.options)

    async def create(self, **request):
        return await self.client.messages.create(model="anthropic.claude-sonnet-4-5-20250929-v1:0", **{"max_tokens": 8000, **request})


# Each of these has one flaw.

class Only429(Raw):
    transient = {429, 529}


class RepeatsInstructions(Raw):
    """A handbook of 16 kB in front of each small chunk."""
    chunk_lines = 100

    def body(self, path, code):
        return {**super().body(path, code), "system": "Write well. " * 1400}


class ConverseOnce(Converse):
    """Asks once, whatever comes back."""
    is_whole = staticmethod(lambda answer: True)
    retries = {"total_max_attempts": 1}


class NoRetry(Plain):
    options = {"max_retries": 0, "timeout": 20}


class NoTimeout(Plain):
    options = {"max_retries": 4, "timeout": 600}


class Doubled(Plain):
    """A loop around the SDK's own retries."""
    async def ask(self, path, code):
        for attempt in range(4):
            try:
                return await super().ask(path, code)
            except anthropic.APIStatusError as error:
                if error.status_code < 500 or attempt == 3:
                    raise
                await asyncio.sleep(0.2)


class IgnoresStop(Plain):
    async def ask(self, path, code):
        text, _ = await super().ask(path, code)
        return text, "end_turn"
