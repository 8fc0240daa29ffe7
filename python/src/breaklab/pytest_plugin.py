"""The pytest fixture `mock_claude`, and the option `--breaklab-report`."""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from .mock import MockClaude

PROPERTY = "breaklab"
KEYS = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("breaklab").addoption(
        "--breaklab-report", action="store_true", help="a line for each test that used mock_claude: calls, cost, verdict")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--breaklab-report"):
        config.pluginmanager.register(_Report(), "breaklab-report")


class _Report:
    """Collects a line for each test; with xdist, those of all workers come to the one that reports."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "teardown":
            self.lines += [f"{report.nodeid}: {value}" for name, value in report.user_properties if name == PROPERTY]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.lines:
            terminalreporter.section("breaklab")
            for line in self.lines:
                terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def _mock_claude_process() -> Iterator[MockClaude]:
    """One process for a session, and so one for each worker of xdist."""
    with MockClaude() as mock:
        yield mock


@pytest.fixture
def mock_claude(_mock_claude_process: MockClaude, monkeypatch: pytest.MonkeyPatch,
                request: pytest.FixtureRequest) -> Iterator[MockClaude]:
    """The Claude API on a real socket, as new for each test; nothing outside this machine can be reached meanwhile."""
    mock = _mock_claude_process
    mock.reset()
    for name, value in _environment(mock.url).items():
        monkeypatch.setenv(name, value)
    for name in ("ANTHROPIC_AUTH_TOKEN", "AWS_SESSION_TOKEN", "AWS_PROFILE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
                 "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    _stay_here(monkeypatch, mock.url)
    yield mock
    request.node.user_properties.append((PROPERTY, _line(mock)))


def _environment(url: str) -> dict[str, str]:
    return {
        **dict.fromkeys(KEYS, "mock"),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_BASE": url,
        "ANTHROPIC_BEDROCK_BASE_URL": url,
        "ANTHROPIC_VERTEX_BASE_URL": url + "/v1",
        "OPENAI_BASE_URL": url + "/v1",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _is_here(host: Any) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return host == socket.gethostname()


def _stay_here(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Lets sockets reach nothing but this machine."""

    def refuse(host: Any) -> None:
        if not _is_here(host):
            raise RuntimeError(f"this test would call {host}, outside this machine; mock_claude answers at {url}: let the "
                               "client ask there (most read ANTHROPIC_BASE_URL)")

    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(original: Any) -> Any:
        def call(sock: socket.socket, address: Any) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                refuse(address[0])
            return original(sock, address)
        return call

    def look_up(host: Any, *args: Any, **more: Any) -> Any:
        refuse(host.decode() if isinstance(host, bytes) else host)
        return getaddrinfo(host, *args, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def _line(mock: MockClaude) -> str:
    calls = mock.calls
    statuses = Counter(str(call["status"]) if call["status"] else call["ending"] for call in calls)
    became = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())) or "none"
    verdict = mock.verdict
    found = "clean" if verdict["clean"] else ", ".join(f["rule"] for f in verdict["findings"])
    return f"{len(calls)} calls ({became}), ${mock.cost:.6f}, {found}"
