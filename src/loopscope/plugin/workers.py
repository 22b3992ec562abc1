"""The plan under pytest-xdist: the workers collect, and the controller has the terminal.

What refuses a test is told by the error of the test. What is only told would be lost; so would the
ladder. A worker can hand over what it has to tell when it ends, and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopscope.plugin import reporting
from loopscope.report.ladder import Ladder, ladder

if TYPE_CHECKING:
    from loopscope.plugin.state import State

_FINDINGS = "loopscope_findings"
_LADDER = "loopscope_ladder"


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process runs tests for another one, which has the terminal."""
    return hasattr(config, "workerinput")


def hand_over(config: pytest.Config, state: State) -> None:
    """Let the controller know, if this is a worker, of findings that refuse nothing, and loops."""
    output = getattr(config, "workeroutput", None)
    if output is None:
        return
    output[_FINDINGS] = [str(finding) for finding in state.findings if not finding.refuses]
    if state.settings.ladder and state.plan is not None:
        output[_LADDER] = ladder(state.plan).as_plain()


class Controller:
    """Tells at the end what the workers have found: all of them have collected the same."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}
        self._ladder: Ladder | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", None) or {}  # a worker that crashed has none
        self._told.update(dict.fromkeys(output.get(_FINDINGS, ())))
        if self._ladder is None and _LADDER in output:
            self._ladder = Ladder.from_plain(output[_LADDER])

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        if self._ladder is not None:
            terminalreporter.section("loops")
            for line in reporting.drawn(config, self._ladder):
                terminalreporter.write_line(line)
        if self._told:
            terminalreporter.section("loopscope findings")
            for finding in self._told:
                terminalreporter.write_line(finding)
                terminalreporter.write_line("")
