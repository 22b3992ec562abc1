"""Write one JSON line for each phase of each test, whoever executes it.

A copy of this file is loaded with `-p` into the suite's environment, where there may be an older
Python, any pytest, and no loopscope: so it imports the standard library only, and nothing that is
younger than Python 3.7. PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import json
import os
import platform
import re
from typing import Any

VARIABLE = "LOOPSCOPE_OUTCOMES"
_OURS = re.compile(r"\s*LS\d{3} ")
"""What loopscope adds to an error, which says more of it than its first line."""


class Recorder:
    """Writes what becomes of the tests of one run."""

    def __init__(self, path: str) -> None:
        # Left open for the whole run: suites change the working directory and the environment.
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115

    def write(self, **line: Any) -> None:
        # Flushed at once: a process that a suite forks must find nothing to write again.
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome == "failed":
            self._phase(report, "collect", report.nodeid + ":1", "failed")

    def pytest_runtest_logreport(self, report: Any) -> None:
        path, line, _ = report.location
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfailed" if outcome == "skipped" else "xpassed"
        self._phase(report, report.when, f"{path}:{(line or 0) + 1}", outcome)

    def _phase(self, report: Any, when: str, origin: str, outcome: str) -> None:
        error = _message(report) if outcome == "failed" else None
        origin = origin.replace(os.sep, "/")
        self.write(test=report.nodeid, when=when, outcome=outcome, origin=origin, error=error)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.write(exit=int(exitstatus))


def _message(report: Any) -> str:
    """Return the first line of an error, and of what loopscope has added to it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        text = str(crash.message)
    elif isinstance(report.longrepr, tuple):
        text = str(report.longrepr[2])
    else:
        text = str(report.longrepr or "")
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines or report.when == "collect":
        # That is told with a traceback, whose last line says what it was.
        return lines[-1].strip() if lines else ""
    notes = [line.strip() for line in lines[1:] if _OURS.match(line)]
    return ": ".join([lines[0].strip(), *notes[:1]])


def pytest_configure(config: Any) -> None:
    """Begin to record, unless this is a worker of pytest-xdist."""
    path = os.environ.pop(VARIABLE, None)
    if path is None or hasattr(config, "workerinput"):
        return
    import pytest

    found = {}
    for _, dist in config.pluginmanager.list_plugin_distinfo():
        found[dist.project_name] = dist.version
    recorder = Recorder(path)
    recorder.write(python=platform.python_version(), pytest=pytest.__version__, plugins=found)
    config.pluginmanager.register(recorder, "loopscope-outcomes")
