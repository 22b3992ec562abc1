"""The hooks around the phases of a test: one of ours each, whatever there is to be done.

A wrapper costs more than most of what is done in it. So there is one, outside of all others, and
those who look after a test are called from here, in an order that can be read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.plugin.background import raise_all, tell_besides
from loopscope.plugin.outcomes import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from loopscope.core.graph import Vertex
    from loopscope.plugin.endings import Endings
    from loopscope.plugin.execution import Execution
    from loopscope.plugin.notes import Notes
    from loopscope.plugin.progress import Progress
    from loopscope.plugin.side_by_side import SideBySide
    from loopscope.plugin.timeouts import Timeouts

    Check = Callable[[pytest.Item, Vertex | None], list[BaseException]]


class Phases:
    """Looks after the tests that are ours, and sees those pass by that are not."""

    def __init__(
        self,
        execution: Execution,
        side_by_side: SideBySide | None,
        timeouts: Timeouts,
        endings: Endings,
        notes: Notes,
        progress: Progress | None,
    ) -> None:
        self.runtime = execution.runtime
        self.finalizers = execution.finalizers
        self.side_by_side = side_by_side
        self.timeouts = timeouts
        self.endings = endings
        self.notes = notes
        self.progress = progress

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        test = self.runtime.test(item)
        is_ours = test is not None or self._is_side_by_side(item)
        self.endings.begin(is_ours=is_ours)
        if self.progress is not None:
            self.progress.begin(item if is_ours else None)
        problem = self.timeouts.begin(item) if is_ours else None
        self.finalizers.of_test(item)
        with _Phase(self, item, test, self.runtime.aftermath.of_phase):
            result = yield
            # Not before: others have to take note of the test, or they fail at its teardown.
            if problem is not None:
                fail(problem)
            if test is not None:
                self.runtime.make_ready(item, test)
            return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        self.timeouts.begin_call()
        test = self.runtime.test(item)
        with _Phase(self, item, test, self.runtime.aftermath.of_phase):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        test = self.runtime.test(item)
        with self.endings.tearing_down():
            self.timeouts.begin_teardown()
            try:
                # One that is not ours may be the last one in the scope of fixtures that are.
                with _Phase(self, item, test, self.runtime.aftermath.of_test):
                    return (yield)
            finally:
                self.timeouts.stop()

    def _is_side_by_side(self, item: pytest.Item) -> bool:
        return self.side_by_side is not None and self.side_by_side.claims(item)


class _Phase:
    """A phase of `item`, and what follows it, whether it fails or not.

    `check` returns what has gone wrong that nobody knows of yet.
    """

    __slots__ = ("_check", "_item", "_phases", "_test")

    def __init__(
        self, phases: Phases, item: pytest.Item, test: Vertex | None, check: Check
    ) -> None:
        self._phases = phases
        self._item = item
        self._test = test
        self._check = check

    def __enter__(self) -> None:
        if self._test is not None:
            self._phases.runtime.begin(self._item, self._test)

    def __exit__(self, kind: object, exc: BaseException | None, traceback: object) -> None:
        __tracebackhide__ = True
        try:
            errors = self._check(self._item, self._test)
            if exc is not None:
                tell_besides(exc, errors)
                self._phases.notes.explain(exc, self._item)
            elif errors:
                raise_all(errors)
        except BaseException as raised:
            self._phases.notes.explain(raised, self._item)
            raise
        finally:
            self._phases.runtime.under_way.item = None
            too_late = self._phases.timeouts.end_of_phase()
        if exc is None and too_late is not None:
            raise too_late
