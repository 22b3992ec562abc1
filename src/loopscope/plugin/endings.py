"""The hooks by which a run that is told to end does so, and loses nothing."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from loopscope.diagnose import catalog
from loopscope.plugin import last_threads, reporting
from loopscope.plugin.termination import Termination

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from loopscope.backends.interrupts import Interrupts
    from loopscope.plugin.runtime import Runtime

_NOTHING = nullcontext()


class Endings:
    """Sees to it that whatever was set up is torn down, and that the process ends.

    `is_worker` says that this process works for another one (a worker of pytest-xdist): that one
    knows what to do when a worker dies.
    """

    def __init__(
        self,
        interrupts: Interrupts,
        runtime: Runtime,
        *,
        is_worker: bool,
    ) -> None:
        self._interrupts = interrupts
        self._runtime = runtime
        self._termination = None if is_worker else Termination(interrupts)

    def begin(self, *, is_ours: bool) -> None:
        """Begin a test."""
        self._interrupts.begin()
        if self._termination is not None:
            if is_ours:
                self._termination.watch()
            elif not self._runtime.loops:
                self._termination.put_back()

    def tearing_down(self) -> AbstractContextManager[None]:
        """Tear down, in a block, all that there is, whatever interrupts it."""
        return _TearingDown(self._runtime) if self._runtime.holds_anything else _NOTHING

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if isinstance(excinfo.value, KeyboardInterrupt):
            self._interrupts.end()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        try:
            with _TearingDown(self._runtime):
                try:
                    yield
                finally:
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
        lines = self._runtime.loops.untold
        threads = last_threads.alive() if self._interrupts.is_ending else frozenset()
        if threads:
            names = sorted(thread.name for thread in threads)
            lines = [*lines, catalog.threads_left(tuple(names), last_threads.GRACE)]
            last_threads.limit(threads)
        reporting.tell(config, lines, sys.stderr)


class _TearingDown:
    """A block in which pytest tears down, and drops the finalizers that come after an interrupt."""

    __slots__ = ("_runtime",)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def __enter__(self) -> None:
        self._runtime.teardown.begin()

    def __exit__(self, kind: object, exc: BaseException | None, traceback: object) -> None:
        __tracebackhide__ = True
        try:
            if exc is not None and not isinstance(exc, Exception):
                self._runtime.sweep()
        finally:
            self._runtime.teardown.end()
