"""The loop of each test, for the reports that other plugins write.

pytest carries `user_properties` from the process that runs a test to the one that writes: so they
are set where there is somebody to read them, and again before each phase, because a test may come
to need a wider loop while it runs.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest

from loopscope.plugin.state import SIDE_BY_SIDE

if TYPE_CHECKING:
    from loopscope.core.plan import Loop
    from loopscope.plugin.side_by_side import SideBySide
    from loopscope.plugin.state import State

LOOP, BACKEND = "loopscope_loop", "loopscope_backend"


def register(config: pytest.Config, state: State) -> None:
    """Tell the reports that are asked for of the loops, if it is us who run the tests."""
    html = config.getoption("htmlpath", None)
    if state.settings.engine == "on" and (html or config.getoption("xmlpath", None)):
        config.pluginmanager.register(Properties(state), "loopscope-properties")
        if html:
            config.pluginmanager.register(HtmlColumns(), "loopscope-html")


class Properties:
    """Sets the properties of the tests that run on a loop of ours."""

    def __init__(self, state: State) -> None:
        self._state = state

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._set(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self._set(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        self._set(item)

    def _set(self, item: pytest.Item) -> None:
        told = self._told(item)
        if told is not None:
            others = [pair for pair in item.user_properties if pair[0] not in (LOOP, BACKEND)]
            item.user_properties[:] = [*others, (LOOP, told[0]), (BACKEND, told[1])]

    def _told(self, item: pytest.Item) -> tuple[str, str] | None:
        """Return what to tell of a test: the place that its loop lives at, and the backend."""
        test = self._state.collection.tests.get(item)
        if test is not None and self._state.plan is not None:
            loop: Loop | None = self._state.plan.loop_of(test.id)
            return None if loop is None else (loop.place, loop.backend)
        beside: SideBySide | None = item.config.pluginmanager.get_plugin(SIDE_BY_SIDE)
        # Each of these has a run of trio's for itself.
        return ("function", "trio") if beside is not None and beside.claims(item) else None


class HtmlColumns:
    """Shows the properties in the report of pytest-html, in the process that writes it."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        for index, name in enumerate(("loop", "backend"), start=2):
            heading = f'<th class="sortable" data-column-type="{name}">{name.capitalize()}</th>'
            cells.insert(index, heading)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        # A module that could not be collected has a row as well, and no properties.
        told = dict(getattr(report, "user_properties", ()))
        for index, (name, key) in enumerate((("loop", LOOP), ("backend", BACKEND)), start=2):
            text = escape(str(told.get(key, "")))
            cells.insert(index, f'<td class="col-{name}">{text}</td>')
