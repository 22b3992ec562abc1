"""Findings under pytest-xdist: the workers collect, and the controller has the terminal.

What refuses a test is told by the error of the test. What is only told would be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.diagnose.catalog import Finding

_FINDINGS = "loopscope_findings"


def hand_over(config: pytest.Config, findings: Iterable[Finding]) -> None:
    """Let the controller know, if this is a worker, of findings that refuse nothing."""
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output[_FINDINGS] = [str(finding) for finding in findings if not finding.refuses]


class Controller:
    """Tells at the end what the workers have found: all of them have collected the same."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", None) or {}  # a worker that crashed has none
        self._told.update(dict.fromkeys(output.get(_FINDINGS, ())))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._told:
            terminalreporter.section("loopscope findings")
            for finding in self._told:
                terminalreporter.write_line(finding)
                terminalreporter.write_line("")
