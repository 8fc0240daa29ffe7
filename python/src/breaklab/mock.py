"""A mock Claude that runs beside the tests, and what they may ask of it."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Optional, Union

from . import program

KINDS = {401: "authentication", 402: "billing", 403: "permission", 429: "rate_limit", 500: "server_error",
         504: "timeout_error", 529: "overloaded"}


class MockClaudeError(Exception):
    """What was asked of the mock cannot be."""


class MockClaude:
    """A mock of the Claude API behind `url`. It ends with `stop`, or with a `with` block."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(16)
        command = [program.path(), "mock", "--quiet", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
                   "--control-token", self._token]
        # Its own words are few, and an unread pipe holds them.
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.url = self._told(r"listening on (http\S+)")
        self._control = self._told(r"control on (http\S+)")
        # Faults that never reach a proxy of the environment.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._faults: list[dict[str, Any]] = []
        self._answers: list[dict[str, Any]] = []
        self._profiles: list[dict[str, Any]] = self._ask("GET", "/config")["config"]["profiles"]
        self.reset()

    def _told(self, pattern: str) -> str:
        said = []
        for line in self._process.stdout or []:
            said.append(line)
            found = re.match(pattern, line)
            if found:
                return found[1]
        raise MockClaudeError("the mock did not start: " + "".join(said).strip())

    def _ask(self, method: str, path: str, body: Optional[Mapping[str, Any]] = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._control + path, data=data, method=method)
        request.add_header("authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise MockClaudeError(json.loads(error.read())["error"]) from None

    def _change(self, **parts: Any) -> None:
        self._ask("PATCH", "/config", parts)

    def __enter__(self) -> MockClaude:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def reset(self) -> None:
        """Forgets all calls, and takes back limits, faults, answers, latency and speed."""
        self._faults, self._answers = [], []
        self._change(config={"limits": None, "faults": [], "answer": [], "profiles": _instant(self._profiles)},
                     options={"tier": None}, clock={"speed": 1})
        self._ask("POST", "/reset")

    def limits(self, tier: Optional[str] = None, *, rpm: Optional[int] = None, itpm: Optional[int] = None,
               otpm: Optional[int] = None) -> None:
        """Rate limits from now on: those of a usage tier (`start`, `build`, `scale`, `tier1-2025`), or requests, input
        and output tokens a minute; what is not given is as good as none."""
        if tier is not None:
            return self._change(config={"limits": None}, options={"tier": tier})
        most = 1_000_000_000
        self._change(config={"limits": {"requests_per_minute": rpm or most, "input_tokens_per_minute": itpm or most,
                                        "output_tokens_per_minute": otpm or most}}, options={"tier": None})

    def fault(self, kind: str, *, probability: Optional[float] = None, attempts: Optional[int] = None,
              after: Optional[float] = None) -> None:
        """A fault from now on, e.g. `reset` or `truncate_stream`: for a share of all attempts, or for the first so many
        with the same body; `after` is the share of an answer that gets through."""
        self._add_fault({"kind": kind, "probability": probability, "attempts": attempts, "after": after})

    def outage(self, *, at: float = 0, seconds: float, status: int = 529) -> None:
        """From `at` simulated seconds from now on, every call fails with `status` for so many seconds."""
        if status not in KINDS:
            raise MockClaudeError(f"no outage has the status {status}; there are {', '.join(map(str, KINDS))}")
        begin = self._ask("GET", "/clock")["simulated_s"] + at
        self._add_fault({"kind": KINDS[status], "from_s": begin, "to_s": begin + seconds})

    def _add_fault(self, rule: dict[str, Any]) -> None:
        rules = [*self._faults, {key: value for key, value in rule.items() if value is not None}]
        self._change(config={"faults": rules})
        self._faults = rules

    def answer(self, text: Optional[str] = None, **rule: Any) -> None:
        """What is answered, instead of what the mock makes up: `text`, `tool_calls`, `stop_reason`, `usage`, `fault`,
        `delay_ms`, if `if_text`, `if_pattern`, `if_model`, `if_tool`, `if_result_of`, `nth`, `times` match."""
        rules = [*self._answers, {**rule, **({} if text is None else {"text": text})}]
        self._change(config={"answer": rules})
        self._answers = rules

    def latency(self, how: str) -> None:
        """`model`: answers take as long as the model's; `none`: no time at all, as at the beginning."""
        if how not in ("model", "none"):
            raise MockClaudeError(f"latency is `model` or `none`, not `{how}`")
        self._change(config={"profiles": self._profiles if how == "model" else _instant(self._profiles)})

    def clock(self, *, speed: float) -> None:
        """Simulated seconds that pass in a second."""
        self._change(clock={"speed": speed})

    @property
    def calls(self) -> list[dict[str, Any]]:
        """All attempts that have ended: status, ending, model, usage, request id, moments in milliseconds."""
        rows: list[dict[str, Any]] = []
        more = True
        while more:
            after = f"&after={rows[-1]['seq']}" if rows else ""
            page = self._ask("GET", f"/attempts?limit=1000{after}")
            rows += page["rows"]
            more = page["has_more"]
        return rows

    @property
    def cost(self) -> float:
        """Dollars that everything so far would have cost."""
        ledger = self._ask("GET", "/ledger")
        return float(ledger["usd"]["cost"] + ledger["batches"]["usd"])

    @property
    def verdict(self) -> dict[str, Any]:
        """What the client did wrong: `clean`, and `findings` with their evidence."""
        found: dict[str, Any] = self._ask("GET", "/verdict")
        return found

    def lost(self) -> list[str]:
        """Ids of the last attempt of each request that was never answered whole."""
        ends: dict[Any, dict[str, Any]] = {}
        for call in self.calls:
            known = ends.get(call["digest"])
            if known is None or known["ending"] != "complete":
                ends[call["digest"]] = call
        return [call["request_id"] for call in ends.values() if call["ending"] != "complete"]

    def expect(self, *, lost: Optional[int] = None, retry_after_ignored: Optional[int] = None,
               cost_below: Union[str, float, None] = None) -> None:
        """Fails unless at most so many requests were lost, so many waits ignored, and it cost less.

        Raises:
            AssertionError: with each expectation that does not hold, what was found, and the request ids.
        """
        wrong = []
        gone = self.lost() if lost is not None else []
        if lost is not None and len(gone) > lost:
            wrong.append(f"{len(gone)} requests were never answered, not {lost}: {', '.join(gone[:5])}")
        if retry_after_ignored is not None:
            findings = [f for f in self.verdict["findings"] if f["rule"] == "ignored_retry_after"]
            count = sum(finding["count"] for finding in findings)
            if count > retry_after_ignored:
                ids = ", ".join(findings[0]["evidence"])
                wrong.append(f"{count} waits were ignored, not {retry_after_ignored}: {findings[0]['advice']} ({ids})")
        if cost_below is not None:
            most = float(str(cost_below).lstrip("$"))
            cost = self.cost
            if cost >= most:
                wrong.append(f"it cost ${cost:.6f}, not less than ${most}")
        if wrong:
            raise AssertionError("; ".join(wrong))


def _instant(profiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    fast = {"time_to_first_token_ms": 0.0, "prefill_tokens_per_s": 1e12, "decode_tokens_per_s": 1e12, "sigma": 0.0}
    return [{**profile, "latency": fast} for profile in profiles]
