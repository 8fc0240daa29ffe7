"""The program that the wheel brings along."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path


def path() -> str:
    """Where `breaklab` is: as `BREAKLAB` says, beside this Python, or on the path."""
    given = os.environ.get("BREAKLAB")
    if given:
        return given
    name = "breaklab.exe" if os.name == "nt" else "breaklab"
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError("there is no `breaklab` beside this Python; install it again with pip")
    return found


def mock_claude() -> None:
    """The command `mock-claude`."""
    program = path()
    os.execv(program, [program, "mock", *sys.argv[1:]])
