"""Run pytest and write how many functions were called to a file: `calls.py FILE ARGUMENTS...`.

A program of its own, since it runs in the environment of a suite.
"""

from __future__ import annotations

import cProfile
import sys
from pathlib import Path

import pytest


def main(file: str, *arguments: str) -> int:
    """Return the exit code of pytest."""
    profile = cProfile.Profile()
    code = profile.runcall(pytest.main, list(arguments))
    calls = sum(entry.callcount for entry in profile.getstats())
    Path(file).write_text(str(calls), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
