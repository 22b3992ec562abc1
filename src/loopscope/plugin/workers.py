"""The plan under pytest-xdist: the workers collect, and the controller has the terminal.

What refuses a test is told by the error of the test. What is only told would be lost; so would the
ladder. What a worker has to tell it hands over when it ends; xdist has no way to do that before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopscope.plugin import reporting
from loopscope.report.ladder import Ladder, ladder

if TYPE_CHECKING:
    from loopscope.plugin.options import Settings
    from loopscope.plugin.state import State

_FINDINGS = "loopscope_findings"
_LADDER = "loopscope_ladder"

WORK_UNITS = "loopscope_work_units"
"""What a worker is asked for units of work by: the mode, and the channel to send them along."""


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process runs tests for another one, which has the terminal."""
    return hasattr(config, "workerinput")


def listen(config: pytest.Config, settings: Settings) -> None:
    """Have what the workers hand over told and done, if this is the process that they work for."""
    if config.getoption("dist", "no") == "no":  # as it is in a worker, and without xdist
        return
    config.pluginmanager.register(Controller(), "loopscope-controller")
    if settings.xdist_group == "loop":
        from loopscope.plugin.scheduling import Scheduling

        config.pluginmanager.register(Scheduling(), "loopscope-scheduling")


def hand_over(session: pytest.Session, state: State) -> None:
    """Let the controller know, if this is a worker, of findings that refuse nothing, and loops.

    If it asks which tests are to stay together, it is told at once.
    """
    output = getattr(session.config, "workeroutput", None)
    if output is None:
        return
    wanted = vars(session.config)["workerinput"].get(WORK_UNITS)
    if wanted is not None and state.plan is not None:
        from loopscope.plugin.work_units import work_units

        mode, channel = wanted
        channel.send(work_units(state.collection, state.plan, session.items, mode))
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
