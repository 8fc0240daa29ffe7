"""Drives one Python client against the mock: clients.py URL NAME

Prints as JSON what the client made of a text, a stream, a loop of tool calls, a structured answer and two
errors: "yes", or the reason why not; a key that is missing is something that the client does not offer.
"""

import json
import sys

import pydantic

URL, NAME = sys.argv[1:]
MODEL = "claude-sonnet-4-5"
PROFILE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
CODE = "def alpha(x):\n    return x\n"
WEATHER = "What is the weather in Pune?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MOST_TURNS = 5
RATE_LIMIT = {"x-mock-fault": "rate_limit"}


class Person(pydantic.BaseModel):
    name: str
    age: int
    tags: list[str]


def documented(text):
    return "ref:alpha:" in text


def raises(kind, work):
    """Whether `work` raises `kind`, by its name so that each client's own exception can be told."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever the client raises is the result
        return type(error).__name__ == kind or f"{type(error).__name__}, not {kind}"
    return f"no {kind}"


class Anthropic:
    """All clients of Anthropic's own packages have the same shape."""

    def __init__(self, api, model, errors=("NotFoundError", "RateLimitError"), format=True):
        self.api, self.model, self.errors = api, model, errors
        if not format:
            self.structured = None

    def ask(self, model=None, messages=None, **more):
        messages = messages or [{"role": "user", "content": CODE}]
        return self.api.messages.create(model=model or self.model, max_tokens=500, messages=messages, **more)

    def text(self):
        return documented(self.ask().content[0].text)

    def stream(self):
        messages = [{"role": "user", "content": CODE}]
        with self.api.messages.stream(model=self.model, max_tokens=500, messages=messages) as events:
            return documented(events.get_final_message().content[0].text)

    def tools(self):
        turns = [{"role": "user", "content": WEATHER}]
        offered = [{"name": "get_weather", "description": "weather", "input_schema": SCHEMA}]
        for turn in range(MOST_TURNS):
            message = self.ask(messages=turns, tools=offered)
            calls = [block for block in message.content if block.type == "tool_use"]
            if not calls:
                return turn == 1
            turns.append({"role": "assistant", "content": message.content})
            results = [{"type": "tool_result", "tool_use_id": call.id, "content": "31 C"} for call in calls]
            turns.append({"role": "user", "content": results})

    def structured(self):
        wanted = {"type": "json_schema", "schema": {**Person.model_json_schema(), "additionalProperties": False}}
        answer = self.ask(messages=[{"role": "user", "content": "Who?"}], output_config={"format": wanted})
        return bool(Person.model_validate_json(answer.content[0].text))

    def not_found(self):
        return raises(self.errors[0], lambda: self.ask(model="anthropic.claude-nobody"))

    def rate_limited(self):
        return raises(self.errors[1], lambda: self.ask(extra_headers=RATE_LIMIT))


def sdk():
    import anthropic
    return Anthropic(anthropic.Anthropic(base_url=URL, api_key="any", max_retries=0), MODEL)


SIGNED = {"aws_access_key": "AKIDEXAMPLE", "aws_secret_key": "any", "aws_region": "us-east-1", "max_retries": 0}


def sdk_bedrock():
    import anthropic
    api = anthropic.AnthropicBedrock(base_url=URL, **SIGNED)
    return Anthropic(api, PROFILE, errors=("BadRequestError", "RateLimitError"))


def sdk_mantle():
    import anthropic
    api = anthropic.AnthropicBedrockMantle(base_url=URL + "/anthropic", **SIGNED)
    return Anthropic(api, "anthropic." + MODEL)


def sdk_aws():
    import anthropic
    return Anthropic(anthropic.AnthropicAWS(base_url=URL, workspace_id="wrkspc_mine", **SIGNED), MODEL)


def sdk_vertex():
    import anthropic
    api = anthropic.AnthropicVertex(project_id="any", region="global", access_token="any", max_retries=0,
                                    base_url=URL + "/v1")
    return Anthropic(api, "claude-sonnet-4-5@20250929")


class Boto3:
    def __init__(self):
        import boto3
        from botocore.config import Config
        self.api = boto3.client(
            "bedrock-runtime", endpoint_url=URL, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="any", config=Config(retries={"total_max_attempts": 1}))
        self.headers = {}
        self.api.meta.events.register("before-call", lambda params, **_: params["headers"].update(self.headers))
        self.messages = [{"role": "user", "content": [{"text": CODE}]}]

    def text(self):
        body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 500,
                           "messages": [{"role": "user", "content": CODE}]})
        arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + PROFILE
        answer = self.api.invoke_model(modelId=arn, body=body)
        counted = self.api.count_tokens(modelId=PROFILE, input={"invokeModel": {"body": body}})["inputTokens"]
        told = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-input-token-count"]
        conversed = self.api.converse(modelId=PROFILE, messages=self.messages)
        return (documented(json.loads(answer["body"].read())["content"][0]["text"]) and int(told) == counted
                and documented(conversed["output"]["message"]["content"][0]["text"])
                and conversed["usage"]["inputTokens"] == counted)

    def stream(self):
        body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 500,
                           "messages": [{"role": "user", "content": CODE}]})
        invoked = self.api.invoke_model_with_response_stream(modelId=PROFILE, body=body)["body"]
        events = [json.loads(event["chunk"]["bytes"]) for event in invoked]
        conversed = list(self.api.converse_stream(modelId=PROFILE, messages=self.messages)["stream"])
        parts = [event["contentBlockDelta"]["delta"]["text"] for event in conversed if "contentBlockDelta" in event]
        return (documented("".join(parts)) and conversed[-1]["metadata"]["usage"]["outputTokens"] > 0
                and events[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] > 0)

    def tools(self):
        turns = [{"role": "user", "content": [{"text": WEATHER}]}]
        spec = {"name": "get_weather", "description": "weather", "inputSchema": {"json": SCHEMA}}
        for turn in range(MOST_TURNS):
            answer = self.api.converse(modelId=PROFILE, messages=turns, toolConfig={"tools": [{"toolSpec": spec}]})
            message = answer["output"]["message"]
            calls = [block["toolUse"] for block in message["content"] if "toolUse" in block]
            if not calls:
                return turn == 1
            results = [{"toolResult": {"toolUseId": call["toolUseId"], "content": [{"json": {"c": 31}}]}}
                       for call in calls]
            turns += [message, {"role": "user", "content": results}]

    def structured(self):
        schema = json.dumps({**Person.model_json_schema(), "additionalProperties": False})
        wanted = {"type": "json_schema", "structure": {"jsonSchema": {"name": "person", "schema": schema}}}
        answer = self.api.converse(modelId=PROFILE, messages=[{"role": "user", "content": [{"text": "Who?"}]}],
                                   outputConfig={"textFormat": wanted})
        return bool(Person.model_validate_json(answer["output"]["message"]["content"][0]["text"]))

    def not_found(self):
        return raises("ValidationException", lambda: self.api.converse(modelId="anthropic.claude-nobody",
                                                                       messages=self.messages))

    def rate_limited(self):
        self.headers = RATE_LIMIT
        return raises("ThrottlingException", lambda: self.api.converse(modelId=PROFILE, messages=self.messages))


def functions_are_called(ask):
    """The loop of tool calls as OpenAI's clients write it."""
    turns = [{"role": "user", "content": WEATHER}]
    offered = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
    for turn in range(MOST_TURNS):
        message = ask(turns, tools=offered).choices[0].message
        if not message.tool_calls:
            return turn == 1
        turns.append(message.model_dump(exclude_none=True))
        turns += [{"role": "tool", "tool_call_id": call.id, "content": "31 C"} for call in message.tool_calls]
    return "no end"


class OpenAI:
    def __init__(self):
        import openai
        self.api = openai.OpenAI(base_url=URL + "/v1/", api_key="any", max_retries=0)

    def ask(self, content=CODE, model=MODEL, **more):
        messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
        return self.api.chat.completions.create(model=model, messages=messages, **more)

    def text(self):
        listed = [model.id for model in self.api.models.list()]
        return documented(self.ask().choices[0].message.content) and len(listed) > 1

    def stream(self):
        chunks = list(self.ask(stream=True, stream_options={"include_usage": True}))
        parts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        return documented("".join(parts)) and chunks[-1].usage.completion_tokens > 0

    def tools(self):
        return functions_are_called(self.ask)

    def not_found(self):
        return raises("NotFoundError", lambda: self.ask(model="gpt-5"))

    def rate_limited(self):
        return raises("RateLimitError", lambda: self.ask(extra_headers=RATE_LIMIT))


class LiteLLM:
    def ask(self, content=CODE, model="anthropic/" + MODEL, **more):
        import litellm
        litellm.suppress_debug_info = True
        messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
        return litellm.completion(model=model, messages=messages, api_base=URL, api_key="any", num_retries=0,
                                  max_tokens=500, **more)

    def text(self):
        bedrock = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "any",
                   "aws_region_name": "us-east-1"}
        texts = [self.ask(), self.ask(model="bedrock/" + PROFILE, **bedrock)]
        return all(documented(answer.choices[0].message.content) for answer in texts)

    def stream(self):
        return documented("".join(chunk.choices[0].delta.content or "" for chunk in self.ask(stream=True)))

    def tools(self):
        return functions_are_called(self.ask)

    def structured(self):
        answer = self.ask("Who?", response_format=Person).choices[0].message.content
        return bool(Person.model_validate_json(answer))

    def not_found(self):
        return raises("NotFoundError", lambda: self.ask(model="anthropic/claude-nobody"))

    def rate_limited(self):
        return raises("RateLimitError", lambda: self.ask(extra_headers=RATE_LIMIT))


class LangChain:
    def __init__(self):
        self.api = self.of(MODEL)

    def of(self, model, **more):
        from langchain_anthropic import ChatAnthropic
        return ChatAnthropic(model=model, base_url=URL, api_key="any", max_retries=0, max_tokens=500, **more)

    def text(self):
        return documented(str(self.api.invoke(CODE).text))

    def stream(self):
        return documented("".join(str(chunk.text) for chunk in self.api.stream(CODE)))

    def tools(self):
        from langchain_core.messages import HumanMessage
        from langchain_core.tools import tool

        @tool
        def get_weather(city: str) -> str:
            """The weather of a city."""
            return "31 C in " + city

        turns = [HumanMessage(WEATHER)]
        for turn in range(MOST_TURNS):
            turns.append(self.api.bind_tools([get_weather]).invoke(turns))
            calls = turns[-1].tool_calls
            if not calls:
                return turn == 1
            turns += [get_weather.invoke(call) for call in calls]

    def structured(self):
        return isinstance(self.api.with_structured_output(Person).invoke("Who?"), Person)

    def not_found(self):
        return raises("AnthropicModelNotFoundError", lambda: self.of("claude-nobody").invoke("x"))

    def rate_limited(self):
        return raises("AnthropicRateLimitError", lambda: self.of(MODEL, default_headers=RATE_LIMIT).invoke("x"))


class PydanticAI:
    def agent(self, model=MODEL, **more):
        import anthropic
        from pydantic_ai import Agent
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider
        api = anthropic.AsyncAnthropic(base_url=URL, api_key="any", max_retries=0)
        return Agent(AnthropicModel(model, provider=AnthropicProvider(anthropic_client=api)), **more)

    def text(self):
        return documented(self.agent().run_sync(CODE).output)

    def stream(self):
        import asyncio

        async def read():
            async with self.agent().run_stream(CODE) as result:
                return await result.get_output()

        return documented(asyncio.run(read()))

    def tools(self):
        agent = self.agent()

        @agent.tool_plain
        def get_weather(city: str) -> str:
            return "31 C in " + city

        # Question, call, result, answer.
        return len(agent.run_sync(WEATHER).all_messages()) == 4

    def structured(self):
        return isinstance(self.agent(output_type=Person).run_sync("Who?").output, Person)

    def not_found(self):
        return raises("ModelNotFoundError", lambda: self.agent("claude-nobody").run_sync("x"))

    def rate_limited(self):
        settings = {"extra_headers": RATE_LIMIT}
        return raises("ModelRateLimitError", lambda: self.agent(model_settings=settings).run_sync("x"))


class Instructor:
    def ask(self, model=MODEL, **more):
        import anthropic
        import instructor
        api = instructor.from_anthropic(anthropic.Anthropic(base_url=URL, api_key="any", max_retries=0))
        return api.messages.create(model=model, max_tokens=500, response_model=Person, max_retries=0,
                                   messages=[{"role": "user", "content": "Who?"}], **more)

    def structured(self):
        return isinstance(self.ask(), Person)

    def not_found(self):
        return raises("InstructorRetryException", lambda: self.ask(model="claude-nobody"))

    def rate_limited(self):
        return raises("InstructorRetryException", lambda: self.ask(extra_headers=RATE_LIMIT))


CLIENTS = {"anthropic": sdk, "AnthropicBedrock": sdk_bedrock, "AnthropicBedrockMantle": sdk_mantle,
           "AnthropicAWS": sdk_aws, "AnthropicVertex": sdk_vertex, "boto3": Boto3, "openai": OpenAI,
           "litellm": LiteLLM, "langchain-anthropic": LangChain, "pydantic-ai": PydanticAI, "instructor": Instructor}


def outcome(check):
    try:
        result = check()
    except Exception as error:  # noqa: BLE001 - a client that fails is a result too
        return f"{type(error).__name__}: {error}".splitlines()[0][:120]
    return "yes" if result is True else f"not as expected: {result}"


client = CLIENTS[NAME]()
checks = ["text", "stream", "tools", "structured", "not_found", "rate_limited"]
print(json.dumps({check: outcome(getattr(client, check)) for check in checks if getattr(client, check, None)}))
