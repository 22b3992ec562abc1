"""Write one JSON line for each test of a run, and one for the run itself.

Loaded with `-p` into an environment that has pytest and perhaps nothing else, hence alone in a
folder of its own. PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

VARIABLE = "DOWNSTREAM_RECORD"
LEFT_OUT = "DOWNSTREAM_LEFT_OUT"

# From what says least about a test to what says most.
RANK = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")


def outcome_of(when: str, outcome: str, *, xfail: bool) -> str:
    """Return what one phase of a test says about the test."""
    if outcome == "failed":
        return "failed" if when == "call" else "error"
    if xfail:
        return "xfailed" if outcome == "skipped" else "xpassed"
    return outcome


def combined(outcomes: Iterable[str]) -> str:
    """Return the outcome of a test whose phases had these outcomes."""
    return max(outcomes, key=RANK.index, default="passed")


def matches(pattern: str, test: str) -> bool:
    """Say whether a node id is this one, where `*` is any text and brackets are brackets."""
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), test, re.DOTALL) is not None


def _message(report: pytest.TestReport | pytest.CollectReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message).strip()
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return report.longreprtext.strip()


class Recorder:
    """Collects the phases of each test, and writes its line as soon as it has ended."""

    def __init__(self, path: str, left_out: list[str]) -> None:
        # Left open for the whole run: suites change the working directory and the environment.
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115
        self._outcomes: dict[str, list[str]] = {}
        self._messages: dict[str, str] = {}
        self._left_out = dict.fromkeys(left_out, 0)

    def pytest_ignore_collect(self, collection_path: Path, config: pytest.Config) -> bool | None:
        path = os.path.relpath(collection_path, config.rootpath).replace(os.sep, "/")
        return True if self._leave_out(path) else None

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        left_out = [item for item in items if self._leave_out(item.nodeid)]
        if left_out:
            items[:] = [item for item in items if item not in left_out]
            config.hook.pytest_deselected(items=left_out)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        manager = session.config.pluginmanager
        self._write(
            start=True,
            loopscope=manager.hasplugin("loopscope"),
            options={
                name: value
                for name, value in vars(session.config.option).items()
                if name.startswith("loopscope_") and isinstance(value, str)
            },
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            outcome = "error" if report.outcome == "failed" else report.outcome
            self._write(test=report.nodeid, outcome=outcome, message=_message(report))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = outcome_of(report.when or "", report.outcome, xfail=hasattr(report, "wasxfail"))
        self._outcomes.setdefault(report.nodeid, []).append(outcome)
        if report.outcome != "passed":
            self._messages[report.nodeid] = _message(report)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        outcome = combined(self._outcomes.pop(nodeid, ()))
        self._write(test=nodeid, outcome=outcome, message=self._messages.pop(nodeid, ""))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write(exit=int(exitstatus), left_out=self._left_out)

    def pytest_unconfigure(self) -> None:
        self._file.close()

    def _leave_out(self, test: str) -> bool:
        found = [pattern for pattern in self._left_out if matches(pattern, test)]
        for pattern in found:
            self._left_out[pattern] += 1
        return bool(found)

    def _write(self, **line: Any) -> None:
        # Flushed at once: a process that a suite forks must find nothing to write again.
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def pytest_configure(config: pytest.Config) -> None:
    path = os.environ.pop(VARIABLE, None)
    if path is not None:
        left_out = os.environ.pop(LEFT_OUT, "").splitlines()
        config.pluginmanager.register(Recorder(path, left_out), "downstream-recorder")
