"""The command as the tests run it: in this process, or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from loopscope.cli.commands import loopscope
from loopscope.trace.file import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loopscope.trace.events import Event


def run(*arguments: object) -> Result:
    """Run the command in this process; an error that is not the command's own is raised."""
    result = CliRunner().invoke(loopscope, [str(one) for one in arguments], prog_name="loopscope")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m loopscope` in a process of its own, with every warning an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "loopscope", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


def saved(path: Path, *processes: Sequence[Event]) -> Path:
    """Write a trace and return its path."""
    write(path, processes)
    return path
