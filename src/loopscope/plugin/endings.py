"""The hooks by which a run that is told to end does so, and loses nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest

from loopscope.diagnose import catalog
from loopscope.plugin import last_threads, reporting
from loopscope.plugin.termination import Termination

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from loopscope.backends.interrupts import Interrupts
    from loopscope.plugin.runtime import Runtime
    from loopscope.plugin.side_by_side import SideBySide


class Endings:
    """Sees to it that whatever was set up is torn down, and that the process ends.

    `is_worker` says that this process works for another one (a worker of pytest-xdist): that one
    knows what to do when a worker dies.
    """

    def __init__(
        self,
        interrupts: Interrupts,
        runtime: Runtime | None,
        side_by_side: SideBySide | None,
        *,
        is_worker: bool,
    ) -> None:
        self._interrupts = interrupts
        self._runtime = runtime
        self._side_by_side = side_by_side
        self._termination = None if is_worker else Termination(interrupts)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._interrupts.begin()
        if self._termination is not None and self._is_ours(item):
            self._termination.watch()

    def _is_ours(self, item: pytest.Item) -> bool:
        if self._runtime is not None and self._runtime.test(item) is not None:
            return True
        return self._side_by_side is not None and self._side_by_side.claims(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        __tracebackhide__ = True
        try:
            with self._tearing_down():
                yield
        finally:
            if self._termination is not None and not self._holds_loops():
                self._termination.put_back()

    @contextmanager
    def _tearing_down(self) -> Iterator[None]:
        __tracebackhide__ = True
        runtime = self._runtime
        with nullcontext() if runtime is None else runtime.teardown.under_way():
            try:
                yield
            except Exception:
                raise
            except BaseException:
                # pytest has dropped the finalizers that were to come.
                if runtime is not None:
                    runtime.sweep()
                raise

    def _holds_loops(self) -> bool:
        return self._runtime is not None and len(self._runtime.loops) > 0

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if isinstance(excinfo.value, KeyboardInterrupt):
            self._interrupts.end()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        try:
            with self._tearing_down():
                try:
                    yield
                finally:
                    if self._runtime is not None:
                        self._runtime.close()
        except KeyboardInterrupt:
            if self._interrupts.is_over:
                raise
            # It came when there was nothing but teardowns to interrupt, and they are done.
            excinfo = pytest.ExceptionInfo.from_current()
            session.config.hook.pytest_keyboard_interrupt(excinfo=excinfo)
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        finally:
            if self._termination is not None:
                self._termination.put_back()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        lines = [] if self._runtime is None else self._runtime.loops.untold
        threads = last_threads.alive() if self._interrupts.is_ending else frozenset()
        if threads:
            names = sorted(thread.name for thread in threads)
            lines = [*lines, catalog.threads_left(tuple(names), last_threads.GRACE)]
            last_threads.limit(threads)
        reporting.tell(config, lines, sys.stderr)
