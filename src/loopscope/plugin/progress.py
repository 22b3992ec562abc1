"""Says what the run waits for, if it waits for long.

A thread looks once in a while at what is going on, which the engine takes note of anyway: a test
that is fast costs nothing. There is one thread for the whole session.

It is silent where it would be a nuisance: in workers of pytest-xdist, which have no terminal; while
somebody debugs; and, unless `loopscope_progress` is set, with `-s`, where the terminal belongs to
the tests, who may be asking a question there, and with `-qq`, where not even results are shown.
"""

from __future__ import annotations

import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from loopscope.backends.call_graph import called_by_us, calls_of
from loopscope.plugin import workers
from loopscope.plugin.debuggers import is_debugging
from loopscope.plugin.interjection import Interjections
from loopscope.plugin.lookout import Lookout
from loopscope.plugin.timer import MOMENT, Activity
from loopscope.plugin.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Generator

    from loopscope.backends.call_graph import Call, TaskNode
    from loopscope.core.plan import Loop
    from loopscope.plugin.runtime import Runtime
    from loopscope.plugin.side_by_side import SideBySide
    from loopscope.plugin.state import State
    from loopscope.plugin.timer import Turning

DEFAULT = 10.0
"""Seconds after which people begin to wonder."""
OFTEN = 1.0


def register(
    config: pytest.Config, state: State, runtime: Runtime, side_by_side: SideBySide | None
) -> Progress | None:
    """Have it said what the run waits for, where there is a terminal and it is welcome."""
    if workers.is_worker(config) or not config.pluginmanager.hasplugin("terminalreporter"):
        return None
    seconds = state.settings.progress
    if seconds is None:
        is_unwelcome = config.getoption("capture", "no") == "no" or config.option.verbose < -1
        seconds = 0.0 if is_unwelcome else DEFAULT
    if not seconds:
        return None
    progress = Progress(config, seconds, state, runtime, side_by_side)
    config.pluginmanager.register(progress, "loopscope-progress")
    return progress


class Progress:
    """Watches the tests that are ours, from the first one to the end of the session."""

    def __init__(
        self,
        config: pytest.Config,
        seconds: float,
        state: State,
        runtime: Runtime,
        side_by_side: SideBySide | None,
    ) -> None:
        self._state = state
        self._runtime = runtime
        self._side_by_side = side_by_side
        self._terminal = Interjections(config)
        self._waits = Waits(seconds)
        self._lookout = Lookout(min(OFTEN, seconds / 4), self._look)
        # Not by its name in this module: those are exchanged by who stops the clock for a test.
        self._now = monotonic
        self._main = threading.get_ident()
        self._item: pytest.Item | None = None
        self._is_debugging = False

    def begin(self, item: pytest.Item | None) -> None:
        """Watch `item`, a test of ours that begins, or nothing meanwhile."""
        self._is_debugging = False
        self._item = item
        if item is not None and not self._lookout.is_settled and not is_debugging():
            self._lookout.begin()

    @pytest.hookimpl
    def pytest_enter_pdb(self) -> None:
        self._is_debugging = True

    @pytest.hookimpl
    def pytest_leave_pdb(self) -> None:
        self._is_debugging = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        self._item = None
        try:
            yield
        finally:
            self._lookout.end()
            self._terminal.close()

    # What follows is called in the other thread.

    def _look(self) -> None:
        if self._is_debugging:
            self._waits.forget()
            return
        item = self._item
        told = self._waits.look(self._going_on(), self._now())
        if told is None:
            return
        what, seconds = told
        parts = [part for part in (*self._described(what, item), self._how()) if part]
        # To see how it waits takes a moment, by which it may be over.
        if any(one is what for one in self._going_on()):
            digits = 1 if seconds < 10 else 0
            self._terminal.say(f"... {seconds:.{digits}f} s: {', '.join(parts)}")

    def _going_on(self) -> list[object]:
        item = self._item
        activities = self._runtime.under_way.activities
        return [*activities] if item is None else [item, *activities]

    def _described(self, what: object, item: pytest.Item | None) -> list[str]:
        """Say what it is, on which loop it runs, and what test it is for."""
        name = "" if item is None else item.name
        if not isinstance(what, Activity):
            collection = self._state.collection
            test = None if item is None else collection.tests.get(item)
            at = collection.origins.of(getattr(item, "function", None))
            return [f"{name} ({at})", self._on(None if test is None else self._loop(test.id))]
        vertex = what.vertex
        scope = "" if vertex is None else f"{vertex.anchor.scope.word}, "
        loop = None if vertex is None else self._loop(vertex.id)
        if what.action == "call":
            return [f"{what.name} ({what.origin})", self._on(loop)]
        if what.action == "given":
            return [f"examples of {what.name} ({what.origin})"]
        fixture = f"{what.action} of fixture {what.name} ({scope}{what.origin})"
        word = "for" if what.action == "setup" else "after"
        return [fixture, self._on(loop), f"{word} {name}" if name else ""]

    def _loop(self, id: str) -> Loop | None:
        plan = self._state.plan
        return None if plan is None else plan.loop_of(id)

    @staticmethod
    def _on(loop: Loop | None) -> str:
        return "" if loop is None else f"on the loop of {loop.name}"

    def _how(self) -> str:
        """Say how it waits: in which line, and for what of a library's."""
        turning: Turning | None = self._runtime.turning()
        if turning is None and self._side_by_side is not None:
            turning = self._side_by_side.turning
        frame = sys._current_frames().get(self._main)
        if turning is None:
            return self._at("at", calls_of(called_by_us(frame)))
        seen: list[TaskNode] = []
        is_over = threading.Event()
        part = turning.under_way

        def look() -> None:
            # On the loop: nobody else may look at what it turns for.
            try:
                if turning.under_way is part:
                    seen.append(turning.call_graph(None))
            finally:
                is_over.set()

        try:
            turning.call_soon(look)
        except Exception:
            return ""  # it has come to its end just now
        if not is_over.wait(MOMENT):
            return self._at("blocked at", calls_of(turning.running_stack(frame) or ()))
        if not seen:
            return ""
        [task] = seen
        while not task.calls and task.children:
            task = task.children[0]
        return self._at(f"waiting for {task.waits_for} at" if task.waits_for else "at", task.calls)

    def _at(self, how: str, calls: tuple[Call, ...]) -> str:
        if not calls:
            return how.removesuffix(" at") if " " in how else ""
        return f"{how} {self._state.collection.origins.of_line(calls[-1].path, calls[-1].line)}"
