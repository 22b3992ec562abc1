"""The hooks by which a run ends early: interrupts, SIGTERM, and threads that do not end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from loopscope.diagnose import catalog
from loopscope.plugin import reporting
from loopscope.plugin.last_threads import LastThreads
from loopscope.plugin.termination import Termination

if TYPE_CHECKING:
    from collections.abc import Generator

    from loopscope.plugin.runtime import Runtime


class Endings:
    """Sees to it that a run that is told to end does so, and that what it held is torn down.

    `is_worker` says that this process works for another one (a worker of pytest-xdist): that one
    knows what to do when a worker dies.
    """

    def __init__(self, runtime: Runtime, *, is_worker: bool) -> None:
        self._runtime = runtime
        self._interrupts = runtime.interrupts
        self._termination = None if is_worker else Termination(runtime.interrupts)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._interrupts.begin()
        if self._termination is not None and self._runtime.test(item) is not None:
            self._termination.watch()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        __tracebackhide__ = True
        try:
            with self._runtime.tearing_down():
                yield
        finally:
            if self._termination is not None and not self._runtime.loops:
                self._termination.put_back()

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if isinstance(excinfo.value, KeyboardInterrupt):
            self._interrupts.end()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        try:
            with self._runtime.tearing_down():
                try:
                    yield
                finally:
                    self._runtime.close()
        except KeyboardInterrupt:
            if self._interrupts.is_over:
                raise
            # Everything is torn down, and the summary is printed: it only came very late.
            excinfo = pytest.ExceptionInfo.from_current()
            session.config.hook.pytest_keyboard_interrupt(excinfo=excinfo)
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        finally:
            if self._termination is not None:
                self._termination.put_back()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        lines = self._runtime.untold
        if self._interrupts.is_ending:
            threads = LastThreads.that_run()
            if threads:
                lines.append(catalog.threads_left(threads.names))
                threads.limit()
        reporting.tell(config, lines, sys.stderr)
