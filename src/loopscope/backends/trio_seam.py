"""The one place that touches trio's internals: a run that is turned by hand.

`trio.run` is a loop around a generator, `unrolled_run`: send in the I/O events, get back how long
to wait for more. Turning that generator here, step by step, gives a run that can be left standing,
in the same thread, with the same I/O wait as `trio.run`. (Guest mode, the public way, hands every
wait to a thread, and keeps one for as long as a run is idle; a suite has runs that are idle most of
the time.) What makes a run the current one of its thread is exchanged around each turn: the
contents of a thread-local object, the hooks for async generators, and the name that sniffio reads.
So several runs can stand in one thread. What a Ctrl-C does is the host's affair.
"""

from __future__ import annotations

import sys
import time
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import trio
from trio._core import _ki, _run

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable, Callable, Generator
    from types import FrameType

try:
    from sniffio import thread_local as _current_library
except ImportError:  # sniffio is no dependency of ours, only of trio's
    _current_library = None  # type: ignore[assignment]


class TrioRun:
    """One trio run, turned by hand."""

    def __init__(
        self,
        main: Callable[[], Awaitable[None]],
        *,
        clock: trio.abc.Clock | None = None,
        instruments: tuple[trio.abc.Instrument, ...] = (),
        restrict_keyboard_interrupt_to_checkpoints: bool = False,
        strict_exception_groups: bool = True,
    ) -> None:
        self._context: dict[str, Any] = {}
        self._hooks = sys.get_asyncgen_hooks()
        self._is_current = False
        self._events: Any = None
        self._started = False
        self.running = True
        with self._current():
            self._runner = _run.setup_runner(
                clock=clock,
                instruments=instruments,
                restrict_keyboard_interrupt_to_checkpoints=(
                    restrict_keyboard_interrupt_to_checkpoints
                ),
                strict_exception_groups=strict_exception_groups,
            )
            self._generator = _run.unrolled_run(
                self._runner, main, (), host_uses_signal_set_wakeup_fd=True
            )
            # The handler of Ctrl-C is not trio's, which knows nothing of steps.
            self._runner.ki_manager.close()

    @contextmanager
    def _current(self) -> Generator[None, None, None]:
        """Make this run the current one of the thread."""
        if self._is_current:
            yield
            return
        current = _run.GLOBAL_RUN_CONTEXT.__dict__
        others, others_hooks = dict(current), sys.get_asyncgen_hooks()
        library = getattr(_current_library, "name", None)
        current.clear()
        current.update(self._context)
        sys.set_asyncgen_hooks(*self._hooks)
        if _current_library is not None:
            _current_library.name = "trio"
        self._is_current = True
        try:
            yield
        finally:
            self._is_current = False
            if _current_library is not None:
                _current_library.name = library
            self._context, self._hooks = dict(current), sys.get_asyncgen_hooks()
            current.clear()
            current.update(others)
            sys.set_asyncgen_hooks(*others_hooks)

    def turn(self, until: Callable[[], bool], deadline: float | None = None) -> None:
        """Turn the run until `until` says so, or the run has ended.

        Or until `deadline`, on the monotonic clock.

        Raises:
            BaseException: what ended the run, or what a signal handler raised during the wait.
        """
        if not self.running:
            return
        with self._current():
            self._turn(until, deadline)

    def _turn(self, until: Callable[[], bool], deadline: float | None) -> None:
        # Whatever was rescheduled while the run stood still must not wait for I/O.
        timeout = 0.0
        while True:
            if deadline is not None:
                rest = deadline - time.monotonic()
                if rest <= 0:
                    return
                timeout = min(timeout, rest)
            if self._started:
                self._events = self._runner.io_manager.get_events(timeout)
            self._started = True
            try:
                timeout = self._generator.send(self._events)
            except StopIteration:
                self.running = False
                assert self._runner.main_task_outcome is not None
                self._runner.main_task_outcome.unwrap()
                return
            except BaseException:
                self.running = False
                raise
            if until():
                return

    def abandon(self) -> list[str]:
        """Give up a run that does not end, and return the names of the tasks that are left."""
        runner = self._runner
        trios = (None, runner.system_nursery)
        names = [
            f"task {task.name}"
            for task in runner.tasks
            if task is not runner.main_task and task.parent_nursery not in trios
        ]
        self.running = False
        with self._current(), warnings.catch_warnings():
            # That weird things might happen.
            warnings.simplefilter("ignore", RuntimeWarning)
            self._generator.close()
        return names

    def spawn(
        self,
        async_fn: Callable[[], Awaitable[None]],
        nursery: trio.Nursery,
        name: str,
        context: contextvars.Context,
    ) -> trio.lowlevel.Task:
        """Start a task in `nursery` that runs in `context` itself, not in a copy."""
        with self._current():
            return self._runner.spawn_impl(async_fn, (), nursery, name, context=context)

    def call(self, function: Callable[[], object]) -> None:
        """Call a synchronous function of trio's in this run, inside or outside a turn."""
        with self._current():
            function()

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a synchronous function in a later turn; a signal handler may ask for it."""
        with suppress(trio.RunFinishedError):
            self._runner.entry_queue.run_sync_soon(function)

    def may_raise_in(self, frame: FrameType | None) -> bool:
        """Say whether trio lets an interrupt be raised in the code of `frame`, just now."""
        return not _ki.ki_protection_enabled(frame)

    def current_task(self) -> trio.lowlevel.Task | None:
        """Return the task of this run that the calling code runs in, if it does."""
        return getattr(_run.GLOBAL_RUN_CONTEXT, "task", None) if self._is_current else None
