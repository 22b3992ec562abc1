"""Small suites in a directory of their own, and the command in a process there."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ASYNCIO_CONFTEST = """
import pytest_asyncio

@pytest_asyncio.fixture(scope="session")
async def db():
    yield
"""
ASYNCIO_TESTS = """
import pytest

@pytest.mark.asyncio
@pytest.mark.parametrize("number", range(3))
async def test_query(db, number): ...

@pytest.mark.asyncio(loop_scope="session")
async def test_ping(db): ...

def test_sync(): ...
"""
ASYNCIO = {
    "pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope = fixture-scope\n",
    "conftest.py": ASYNCIO_CONFTEST,
    "test_db.py": ASYNCIO_TESTS,
}

LYING_ENGINE = """
from loopscope.plugin.runtime import Runtime

run = Runtime.run

def lying(self, vertex, action, context=None):
    if vertex.name != "test_alone":
        return run(self, vertex, action, context)
    (wide, *_) = (loop for loop in self.loops if loop.anchor.scope.word == "module")
    host, task = self._task(wide, vertex.anchor)
    return self._unwrap(host.run(task, action, self._is_needed, context, vertex))

Runtime.run = lying
"""
"""An engine that puts a test on another loop than is planned, and believes that it has not."""


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write a suite into `folder` and return that."""
    for name, source in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(source), encoding="utf-8")
    return folder


def run_in(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in `folder`, as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "loopscope", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )
