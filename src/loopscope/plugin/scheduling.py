"""Units of work from the workers of pytest-xdist, which plan, to the controller, which schedules.

The controller has node ids, and nothing else of what was collected. So it opens a channel to every
worker, who sends the units along it before the node ids. They cannot be put into those, as xdist
does it with groups: with pytest 9.2 that has no effect any more (pytest-xdist's issue 1386), and
whoever reads a report or asks for the last failures knows the tests by their ids.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.plugin.work_units import MODES
from loopscope.plugin.workers import WORK_UNITS

if TYPE_CHECKING:
    from collections.abc import Generator


class Scheduling:
    """Has the scheduler of the controller keep units of ours together."""

    def __init__(self) -> None:
        self._units: dict[str, str] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        mode = node.config.getoption("dist")
        if mode in MODES:
            node.workerinput[WORK_UNITS] = mode, node.gateway.newchannel()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any) -> None:
        if WORK_UNITS in node.workerinput and not self._units:
            _, channel = node.workerinput[WORK_UNITS]
            # It was sent before the ids, or never. All workers have collected the same, and work
            # is scheduled by the units of the first one to the end.
            with suppress(channel.TimeoutError, EOFError):
                self._units = channel.receive(timeout=0)

    @pytest.hookimpl(optionalhook=True, wrapper=True)
    def pytest_xdist_make_scheduler(self) -> Generator[None, Any, Any]:
        scheduler = yield
        # A suite may have a scheduler of its own, which knows better. Those of xdist that keep
        # tests together ask this method which.
        if type(scheduler).__module__.startswith("xdist.") and hasattr(scheduler, "_split_scope"):
            otherwise = scheduler._split_scope
            scheduler._split_scope = lambda id: self._units.get(id) or otherwise(id)
        return scheduler
