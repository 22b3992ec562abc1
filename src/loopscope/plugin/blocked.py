"""Warnings about calls that keep a loop from turning."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loopscope.diagnose import catalog
from loopscope.errors import BlockedLoopWarning
from loopscope.plugin.described import describe
from loopscope.plugin.outcomes import add_note

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from loopscope.backends.loop_watch import Blocked, LoopWatch
    from loopscope.plugin.runtime import Runtime
    from loopscope.plugin.silence import Silence

BLOCKBUSTER = "blockbuster"


class BlockedLoops:
    """Warns, at the end of each phase of a test, of what `watch` found in it."""

    def __init__(self, runtime: Runtime, watch: LoopWatch, silence: Silence) -> None:
        self.runtime = runtime
        self.watch = watch
        self.silence = silence
        self._has_blockbuster = importlib.util.find_spec(BLOCKBUSTER) is not None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        with self._reported(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        with self._reported(item), self._no_blocking_calls(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        with self._reported(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        try:
            yield
        finally:
            self.watch.close()

    @contextmanager
    def _reported(self, item: pytest.Item) -> Iterator[None]:
        __tracebackhide__ = True
        try:
            yield
        except BaseException as exc:
            for blocked in self.watch.take():
                try:
                    self._warn(item, blocked)
                except BlockedLoopWarning as warning:
                    # The filters make it an error; there is one already.
                    add_note(exc, str(warning))
            raise
        for blocked in self.watch.take():
            self._warn(item, blocked)

    def _warn(self, item: pytest.Item, blocked: Blocked) -> None:
        __tracebackhide__ = True
        origins = self.runtime.collection.origins
        last = len(blocked.calls) - 1
        where = tuple(
            (
                origins.of_line(call.path, call.line),
                call.function,
                "blocked here" if index == last else "",
            )
            for index, call in enumerate(blocked.calls)
        )
        if self.runtime.trace is not None:
            stack = (f"{origin} {function}" for origin, function, _ in where)
            self.runtime.trace.blocked(item, blocked.seconds, stack)
        finding = catalog.blocked(item.name, blocked.seconds, self.watch.limit, where)
        if self.silence.covers(finding.code, item):
            return
        culprit = blocked.calls[-1]
        warnings.warn_explicit(
            BlockedLoopWarning(str(finding)), None, culprit.path, culprit.line, registry={}
        )

    @contextmanager
    def _no_blocking_calls(self, item: pytest.Item) -> Iterator[None]:
        """Have blockbuster, where it is installed, refuse blocking calls on a loop of asyncio's."""
        test = self.runtime.test(item)
        if not self._has_blockbuster or test is None or not isinstance(item, pytest.Function):
            yield
            return
        host = self.runtime.open(self.runtime.loop_for(test)) if describe(item).is_async else None
        if host is None or host.library != "asyncio":
            yield
            return
        with importlib.import_module(BLOCKBUSTER).blockbuster_ctx():
            yield
