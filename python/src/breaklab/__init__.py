"""The Claude API on a real socket, for tests: see `MockClaude`, and the pytest fixture `mock_claude`."""

from .mock import MockClaude, MockClaudeError

__all__ = ["MockClaude", "MockClaudeError"]
