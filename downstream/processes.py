"""Child processes: their environment, their output in a file, their end."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from downstream.errors import DownstreamError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What the caller's shell may have set and what would make a suite behave otherwise.
LEAKS = ("PYTEST", "PYTHON", "COV_", "COVERAGE", "LOOPSCOPE", "DOWNSTREAM", "TOX_", "NOX_", "HATCH")
LEAKING = (
    *("CI", "BUILD_NUMBER", "VIRTUAL_ENV", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"),
    *("PY_COLORS", "ANYIO_BACKEND", "UV_PYTHON", "__PYVENV_LAUNCHER__"),
)

TAIL = 25


class Children:
    """The processes that run, so that none is left when the command is interrupted."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def run(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        cwd: Path,
        timeout: int,
        extra: dict[str, str] | None = None,
    ) -> int:
        """Run a command, its output appended to a log that begins with how to repeat it."""
        words = [str(word) for word in command]
        with log.open("ab") as file:
            file.write(_heading(words, cwd, extra or {}).encode())
            file.flush()
            process = self._start(words, cwd, file.fileno(), extra or {})
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                raise DownstreamError(f"no end after {timeout} s\n{tail(log)}") from None
            finally:
                _kill_group(process)
                with self._lock:
                    self._running.discard(process)

    def check(
        self, command: Sequence[str | Path], log: Path, *, cwd: Path, timeout: int = 600
    ) -> None:
        """Run a command that has to succeed."""
        if self.run(command, log, cwd=cwd, timeout=timeout) != 0:
            words = [str(word) for word in command]
            raise DownstreamError(f"{shlex.join(words)}\n{tail(log)}")

    def kill(self) -> None:
        """End whatever still runs."""
        with self._lock:
            for process in self._running:
                _kill_group(process)

    def _start(
        self, words: list[str], cwd: Path, output: int, extra: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env=environment(extra),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
        return process


def environment(extra: dict[str, str]) -> dict[str, str]:
    """Return this process's environment without what would leak into a suite."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(LEAKS) and name not in LEAKING
    }
    return kept | extra


def interruptible() -> None:
    """Give SIGINT its usual effect, here and in the children.

    Shells start background jobs with SIGINT ignored, children inherit that, and a suite that sends
    itself a SIGINT then waits for ever.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def tail(log: Path) -> str:
    """Return the last lines of a log, and where the rest is."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    return "\n".join([*(f"    {line}" for line in lines), f"    (all of it: {log})"])


def _heading(words: list[str], cwd: Path, extra: dict[str, str]) -> str:
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in extra.items())
    return f"$ cd {shlex.quote(str(cwd))}; {settings} {shlex.join(words)}\n"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
