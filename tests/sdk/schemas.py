"""Lets the mock fill in schemas of strangers: schemas.py URL SUITE

SUITE is the folder `json/tests` of the official JSON Schema test suite, as the sources of Python's
`jsonschema` bring it. Each schema that has a valid instance there must get a structured answer that
`jsonschema` accepts, and models of Pydantic must parse what the SDK brings. Exits 1 otherwise.
"""

import json
import pathlib
import sys
from typing import Annotated, Literal, Optional, Union

import anthropic
import jsonschema
import pydantic

URL, SUITE = sys.argv[1], pathlib.Path(sys.argv[2])
MODEL = "claude-sonnet-5"
PROMPT = [{"role": "user", "content": "Hello"}]
DRAFTS = {"draft2020-12": jsonschema.Draft202012Validator, "draft7": jsonschema.Draft7Validator}
# References out of the schema, and the one rule of annotations inside `not`, are not served; nor is
# the dynamic scope that is left behind.
NOT_SERVED = {
    "validate definition against metaschema",
    "remote ref, containing refs itself",
    "collect annotations inside a 'not', even if collection is disabled",
    "after leaving a dynamic scope, it is not used by a $dynamicRef",
}
client = anthropic.Anthropic(base_url=URL, api_key="key", max_retries=0)
failed = []


def answered(schema):
    """What the mock writes for `schema`, which the API takes only if it is an object."""
    wrapped = {"type": "object", "properties": {"value": {"$ref": "#/$defs/it"}}, "required": ["value"]}
    plain = isinstance(schema, dict) and not any(key in json.dumps(schema) for key in ('"$ref"', '"$dynamicRef"', '"$id"', "Anchor"))
    sent = {**wrapped, "$defs": {"it": schema}} if plain or isinstance(schema, bool) else schema
    message = client.messages.create(model=MODEL, max_tokens=30_000, messages=PROMPT, timeout=20,
                                     output_config={"format": {"type": "json_schema", "schema": sent}})
    value = json.loads(message.content[0].text)
    return value["value"] if sent is not schema else value


def suite(draft, validator):
    tried = 0
    for file in sorted((SUITE / draft).glob("*.json")):
        for group in json.loads(file.read_text()):
            name = group["description"]
            possible = any(test["valid"] for test in group["tests"])
            if not possible or name in NOT_SERVED or "http://localhost" in json.dumps(group["schema"]):
                continue
            tried += 1
            try:
                validator(group["schema"]).validate(answered(group["schema"]))
            except Exception as error:
                failed.append(f"{draft} {file.stem}, {name}: {type(error).__name__} {str(error)[:200]}")
    print(f"{draft}: {tried} schemas")


class Address(pydantic.BaseModel):
    street: Annotated[str, pydantic.Field(min_length=3, max_length=12)]
    code: Annotated[str, pydantic.Field(pattern=r"^[0-9]{5}$")]


class Circle(pydantic.BaseModel):
    kind: Literal["circle"]
    radius: Annotated[float, pydantic.Field(gt=0, lt=1)]


class Square(pydantic.BaseModel):
    kind: Literal["square"]
    side: Annotated[int, pydantic.Field(ge=10, multiple_of=7)]


class Order(pydantic.BaseModel):
    addresses: Annotated[list[Address], pydantic.Field(min_length=2, max_length=3)]
    shape: Union[Circle, Square] = pydantic.Field(discriminator="kind")
    pair: tuple[int, str]
    names: set[str]
    note: Optional[Address]


def models():
    schema = Order.model_json_schema()
    parsed = client.messages.parse(model=MODEL, max_tokens=4000, messages=PROMPT, output_format=Order)
    if parsed.parsed_output is None:
        failed.append("messages.parse brought nothing")
    tool = {"name": "order", "input_schema": schema}
    called = client.messages.create(model="claude-haiku-4-5", max_tokens=4000, messages=PROMPT, tools=[tool],
                                    tool_choice={"type": "tool", "name": "order"})
    Order.model_validate(called.content[0].input)
    print("Pydantic: parsed and validated")


for draft, validator in DRAFTS.items():
    suite(draft, validator)
models()
print("\n".join(failed))
sys.exit(1 if failed else 0)
