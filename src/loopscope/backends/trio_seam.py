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
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from trio import RunFinishedError
from trio._core import _run

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable, Callable, Generator, Iterator

    import trio

try:
    from sniffio import thread_local as _current_library
except ImportError:  # sniffio is no dependency of ours, only of trio's
    _current_library = None  # type: ignore[assignment]


def abort(task: trio.lowlevel.Task, error: Callable[[], BaseException]) -> None:
    """Have what `task`, of the current run, waits for be aborted by an error, even in a shield.

    As trio does it to deliver a KeyboardInterrupt; a task that is about to run is left alone.
    """

    def raise_error() -> NoReturn:
        raise error()

    if task._abort_func is not None:
        task._attempt_abort(raise_error)


def with_descendants(task: trio.lowlevel.Task) -> Iterator[trio.lowlevel.Task]:
    """Yield all tasks below `task`, and it itself, in the order in which they can end."""
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            yield from with_descendants(child)
    yield task


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

    def turn(self, until: Callable[[], bool], seconds: float | None = None) -> None:
        """Turn the run until `until` says so or the run has ended, or for so many seconds.

        Raises:
            BaseException: what ended the run, or what a signal handler raised during the wait.
        """
        if self.running:
            with self._current():
                self._turn(until, None if seconds is None else time.monotonic() + seconds)

    def _turn(self, until: Callable[[], bool], deadline: float | None) -> None:
        # Whatever was rescheduled while the run stood still must not wait for I/O.
        timeout = 0.0
        while deadline is None or time.monotonic() < deadline:
            if deadline is not None:
                timeout = min(timeout, max(0.0, deadline - time.monotonic()))
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
        """Call `function` in the run's next turn; a signal handler or another thread may ask."""
        try:
            self._runner.entry_queue.run_sync_soon(function)
        except RunFinishedError:
            pass

    def is_running_here(self) -> bool:
        """Say whether the run that trio itself takes for the current one is this one."""
        return getattr(_run.GLOBAL_RUN_CONTEXT, "runner", None) is self._runner

    def current_task(self) -> trio.lowlevel.Task | None:
        """Return the task of this run that the calling code runs in, if it does."""
        return getattr(_run.GLOBAL_RUN_CONTEXT, "task", None) if self._is_current else None
