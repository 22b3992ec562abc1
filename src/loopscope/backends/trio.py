"""trio: a run that stands still between two steps.

`trio.run` is a loop around a generator, `unrolled_run`: send in the I/O events, get back how long
to wait for more. Turning that generator here, step by step, gives a run that can be left standing,
in the same thread, with the same I/O wait as `trio.run`. (Guest mode, the public way, hands every
wait to a thread, and keeps one for as long as a run is idle; a suite has runs that are idle most of
the time.) A thread has one current run, in a thread-local object; several runs can stand in one
thread if its contents are exchanged around each turn, and so are the hooks for async generators and
the name that sniffio reads. `_Seam` is the only code that touches trio's internals, and has tests
of its own.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import trio
from trio._core import _run

from loopscope.backends.base import AsyncFn, Host, ScopeTask, Step
from loopscope.backends.context import await_in
from loopscope.errors import HostError

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable, Callable, Generator

try:
    from sniffio import thread_local as _current_library
except ImportError:  # sniffio is no dependency of ours, only of trio's
    _current_library = None  # type: ignore[assignment]

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

T = TypeVar("T")


class StepCancelled(HostError):
    """The code of a step was cancelled by the host."""


class _Seam:
    """One trio run, turned by hand."""

    def __init__(
        self,
        main: Callable[[], Awaitable[None]],
        *,
        clock: trio.abc.Clock | None = None,
        instruments: tuple[trio.abc.Instrument, ...] = (),
    ) -> None:
        self._context: dict[str, Any] = {}
        self._hooks = sys.get_asyncgen_hooks()
        self._events: Any = None
        self._started = False
        self.running = True
        with self._current():
            self._runner = _run.setup_runner(
                clock=clock,
                instruments=instruments,
                restrict_keyboard_interrupt_to_checkpoints=False,
                strict_exception_groups=True,
            )
            self._generator = _run.unrolled_run(
                self._runner, main, (), host_uses_signal_set_wakeup_fd=True
            )

    @contextmanager
    def _current(self) -> Generator[None, None, None]:
        """Make this run the current one of the thread."""
        current = _run.GLOBAL_RUN_CONTEXT.__dict__
        others, others_hooks = dict(current), sys.get_asyncgen_hooks()
        library = getattr(_current_library, "name", None)
        current.clear()
        current.update(self._context)
        sys.set_asyncgen_hooks(*self._hooks)
        if _current_library is not None:
            _current_library.name = "trio"
        try:
            yield
        finally:
            if _current_library is not None:
                _current_library.name = library
            self._context, self._hooks = dict(current), sys.get_asyncgen_hooks()
            current.clear()
            current.update(others)
            sys.set_asyncgen_hooks(*others_hooks)

    def turn(self, until: Callable[[], bool]) -> None:
        """Turn the run until `until` says so, or the run has ended."""
        with self._current():
            # Whatever was rescheduled while the run stood still must not wait for I/O.
            timeout = 0.0
            while True:
                if self._started:
                    self._events = self._runner.io_manager.get_events(timeout)
                self._started = True
                try:
                    timeout = self._generator.send(self._events)
                except StopIteration:
                    self.running = False
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

    def reschedule(self, task: trio.lowlevel.Task) -> None:
        """Make a parked task runnable."""
        with self._current():
            trio.lowlevel.reschedule(task)

    def cancel(self, scope: trio.CancelScope) -> None:
        """Cancel `scope`, inside or outside a turn."""
        with self._current():
            scope.cancel()


class TrioTask(ScopeTask):
    """A scope task on a trio run."""

    host: TrioHost

    def __init__(self, host: TrioHost, name: str, context: contextvars.Context) -> None:
        super().__init__(host, name, context)
        self._native: trio.lowlevel.Task | None = None
        self._parked = False
        self._whole = trio.CancelScope()
        self._guard: trio.CancelScope | None = None

    def _wake(self) -> None:
        if self._native is None:
            self._native = self.host.spawn(self._main, self.name, self.context)
        elif self._parked:
            self._parked = False
            self.host.seam.reschedule(self._native)

    async def _main(self) -> None:
        try:
            with trio.CancelScope() as self._whole:
                await self.serve()
        finally:
            self._native = None

    async def _park(self) -> None:
        def abort(raise_cancel: object) -> trio.lowlevel.Abort:
            self._parked = False
            return trio.lowlevel.Abort.SUCCEEDED

        self._parked = True
        await trio.lowlevel.wait_task_rescheduled(abort)

    async def _await(self, step: Step) -> Any:
        if not step.guarded:
            # A scope around the step would be left before those that the fixture holds open.
            return await self._resume(step.action, step.context)
        with trio.CancelScope() as guard:
            outer, self._guard = self._guard, guard
            try:
                return await self._resume(step.action, step.context)
            finally:
                self._guard = outer
        raise StepCancelled

    async def _resume(self, action: AsyncFn[T], context: contextvars.Context | None) -> T:
        return await (action() if context is None else await_in(context, action))

    def _cancel(self, step: Step) -> None:
        self.host.seam.cancel(self._guard if step.guarded and self._guard else self._whole)

    async def _cancellation_after(self, step: Step) -> BaseException | None:
        if step.error is not None:
            cancelled, _ = self.host.split(step.error)
            if cancelled is not None:
                return cancelled
        try:
            await trio.lowlevel.checkpoint_if_cancelled()
        except trio.Cancelled as exc:
            return exc
        return None

    def _cancelled_again(self) -> BaseException | None:
        return None  # a cancelled trio scope raises at every checkpoint: parking will tell

    async def _until_done(self, step: Step) -> None:
        if not step.done:
            done = trio.Event()
            step.on_done.append(done.set)
            with trio.CancelScope(shield=True):
                await done.wait()


class TrioHost(Host):
    """Owns a trio run."""

    library = "trio"
    cancelled_type = trio.Cancelled

    def __init__(
        self,
        backend: str,
        name: str,
        *,
        clock: trio.abc.Clock | None = None,
        instruments: tuple[trio.abc.Instrument, ...] = (),
    ) -> None:
        super().__init__(backend, name)
        self._stopped = False
        self._tasks: dict[trio.lowlevel.Task, TrioTask] = {}
        self._nursery: trio.Nursery | None = None
        self._interrupt: KeyboardInterrupt | None = None
        self._main_task: trio.lowlevel.Task | None = None
        self.seam = _Seam(self._main, clock=clock, instruments=instruments)
        self.seam.turn(lambda: self._nursery is not None)

    @property
    def native(self) -> None:
        return None

    def task(self, name: str, context: contextvars.Context, *, hidden: bool = False) -> ScopeTask:
        return TrioTask(self, name, context)

    def split(self, error: BaseException) -> tuple[BaseException | None, BaseException | None]:
        if isinstance(error, trio.Cancelled):
            return error, None
        if isinstance(error, BaseExceptionGroup):
            cancelled, rest = error.split(trio.Cancelled)
            return cancelled, rest
        return None, error

    def spawn(
        self, async_fn: Callable[[], Awaitable[None]], name: str, context: contextvars.Context
    ) -> trio.lowlevel.Task:
        """Start the task of a scope task."""
        assert self._nursery is not None
        return self.seam.spawn(async_fn, self._nursery, name, context)

    async def _main(self) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._main_task = trio.lowlevel.current_task()
            while not self.closed:
                try:
                    await trio.lowlevel.wait_task_rescheduled(
                        lambda raise_cancel: trio.lowlevel.Abort.SUCCEEDED
                    )
                except KeyboardInterrupt as exc:
                    # trio hands an interrupt of its own code to the main task, which is this one.
                    self._interrupt = exc
                    self._stop()
            nursery.cancel_scope.cancel()

    def _turn(self) -> None:
        self._stopped = False
        self.seam.turn(lambda: self._stopped)
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt

    def _stop(self) -> None:
        self._stopped = True

    def _is_closed(self) -> bool:
        return not self.seam.running

    def _scope_task(self) -> ScopeTask | None:
        try:
            current = trio.lowlevel.current_task()
        except RuntimeError:
            return None
        for step in self._steps:
            task = step.task
            if isinstance(task, TrioTask) and task._native is current:
                return task
        return None

    def _shut_down(self) -> None:
        if self.seam.running and self._main_task is not None:
            self.seam.reschedule(self._main_task)
            self.seam.turn(lambda: False)
