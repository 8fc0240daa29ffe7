"""The fixture, with the SDKs that students use."""

import asyncio
import os
import time

import anthropic
import pytest

from breaklab import MockClaudeError

CODE = [{"role": "user", "content": "def alpha(x):\n    return x\n"}]


def ask(api=None, **more):
    return (api or anthropic.Anthropic()).messages.create(
        **{"model": "claude-sonnet-5", "max_tokens": 500, "messages": CODE, **more})


def test_a_client_without_arguments_asks_the_mock(mock_claude):
    assert "ref:alpha:" in ask().content[0].text
    assert [call["status"] for call in mock_claude.calls] == [200]
    assert 0 < mock_claude.cost < 0.01
    mock_claude.expect(lost=0, retry_after_ignored=0, cost_below="$0.01")


def test_nothing_of_the_test_before_is_left(mock_claude):
    assert mock_claude.calls == []
    assert mock_claude.cost == 0
    assert mock_claude.verdict["clean"]


def test_an_asynchronous_client_asks_it_too(mock_claude):
    async def both():
        api = anthropic.AsyncAnthropic()
        return await asyncio.gather(*(
            api.messages.create(model="claude-sonnet-5", max_tokens=100, messages=CODE) for _ in range(5)))

    assert len(asyncio.run(both())) == 5
    assert len(mock_claude.calls) == 5


def test_limits_are_kept_and_a_client_that_gives_up_has_lost(mock_claude):
    mock_claude.limits(rpm=1)
    ask()
    with pytest.raises(anthropic.RateLimitError):
        ask(anthropic.Anthropic(max_retries=0), messages=[{"role": "user", "content": "other"}])
    mock_claude.expect(lost=1)
    with pytest.raises(AssertionError, match="1 requests were never answered, not 0: req_"):
        mock_claude.expect(lost=0)


def test_a_wait_that_is_ignored_is_named(mock_claude):
    mock_claude.limits(rpm=1)
    ask()
    api = anthropic.Anthropic(max_retries=0)
    for _ in range(2):
        with pytest.raises(anthropic.RateLimitError):
            ask(api)
    with pytest.raises(AssertionError, match="waits were ignored, not 0: wait as long as"):
        mock_claude.expect(retry_after_ignored=0)


def test_an_outage_passes(mock_claude):
    mock_claude.outage(seconds=0.5, status=529)
    with pytest.raises(anthropic.APIStatusError):
        ask(anthropic.Anthropic(max_retries=0))
    time.sleep(0.6)
    ask()


def test_faults_strike_the_first_attempts_and_the_sdk_comes_through(mock_claude):
    mock_claude.fault("reset", attempts=1)
    assert ask().stop_reason == "end_turn"
    assert [call["ending"] for call in mock_claude.calls] == ["reset", "complete"]


def test_a_time_out_is_a_real_one(mock_claude):
    mock_claude.fault("hang")
    with pytest.raises(anthropic.APITimeoutError):
        ask(anthropic.Anthropic(max_retries=0, timeout=0.3))


def test_answers_can_be_scripted(mock_claude):
    mock_claude.answer("forty-two", if_text="question")
    assert ask(messages=[{"role": "user", "content": "A question"}]).content[0].text == "forty-two"


def test_time_can_run_faster_and_answers_can_take_theirs(mock_claude):
    mock_claude.latency("model")
    mock_claude.clock(speed=50)
    begun = time.monotonic()
    ask()
    assert 0.005 < time.monotonic() - begun < 30
    assert mock_claude.calls[0]["service_ms"] > 500


def test_a_bare_call_to_the_live_api_fails_and_says_why(mock_claude):
    with pytest.raises(anthropic.APIConnectionError) as raised:
        ask(anthropic.Anthropic(base_url="https://api.anthropic.com", max_retries=0))
    chain, why = raised.value, []
    while chain is not None:
        why.append(str(chain))
        chain = chain.__cause__ or chain.__context__
    assert any("outside this machine; mock_claude answers at" in words for words in why), why


def test_what_cannot_be_is_refused_in_words(mock_claude):
    for wrong in [lambda: mock_claude.fault("sneeze"), lambda: mock_claude.outage(seconds=1, status=418),
                  lambda: mock_claude.limits(tier="golden"), lambda: mock_claude.latency("slow")]:
        with pytest.raises(MockClaudeError):
            wrong()
    ask()


def test_a_client_of_bedrock_and_one_of_openai_ask_it_too(mock_claude):
    boto3 = pytest.importorskip("boto3")
    openai = pytest.importorskip("openai")
    answer = boto3.client("bedrock-runtime").converse(
        modelId="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        messages=[{"role": "user", "content": [{"text": "hello"}]}])
    assert answer["usage"]["inputTokens"] > 0
    assert openai.OpenAI().chat.completions.create(model="claude-sonnet-5", messages=CODE).usage.total_tokens > 0
    assert len(mock_claude.calls) == 2


def test_the_environment_is_given_back():
    assert os.environ.get("ANTHROPIC_API_KEY") != "mock"
