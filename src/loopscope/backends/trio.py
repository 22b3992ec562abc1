"""trio: scope tasks are tasks of one nursery, in a run that stands still between two steps."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import outcome
import trio

from loopscope.backends.base import AsyncFn, Host, Outcome, ScopeTask, StepCancelled
from loopscope.backends.call_graph import TaskNode, calls_of, running_below
from loopscope.backends.drive import Abandoned, keep
from loopscope.backends.side_by_side import clock_among, instruments_among
from loopscope.backends.trio_graph import graph_of, stack_of
from loopscope.backends.trio_seam import TrioRun, abort, with_descendants
from loopscope.errors import GaveUp

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from types import FrameType

    from loopscope.backends.call_graph import Stack
    from loopscope.backends.outcome import Entry, Step

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Guard:
    """A scope around a step, or around all of a fixture, by which the host cancels just that."""

    scope: trio.CancelScope
    is_over: bool = False


class TrioTask(ScopeTask):
    """A scope task on a trio run."""

    host: TrioHost

    def __init__(self, host: TrioHost, name: str, context: contextvars.Context) -> None:
        super().__init__(host, name, context)
        self.native: trio.lowlevel.Task | None = None
        self._parked = False
        self._guards: list[_Guard] = []
        self._guard_of: dict[Entry, _Guard] = {}
        # Those that fixtures had open when the step under way began.
        self._held_nurseries = 0

    def wake(self) -> None:
        if self.native is None:
            self.native = self.host.spawn(self._main, self.name, self.context)
        elif self._parked:
            self._parked = False
            self.host.seam.call(partial(trio.lowlevel.reschedule, self.native))

    def shake(self) -> None:
        if self.native is not None:
            for task in list(self._tasks_of_step(self.native)):
                abort(task, Abandoned)

    def may_abandon(self, sent: object) -> bool:
        # An error means that the wait was aborted. What has not been may be a nursery that waits
        # for its children, and is not to be left without them.
        return isinstance(sent, (outcome.Error, BaseException))

    def _tasks_of_step(self, native: trio.lowlevel.Task) -> Iterator[trio.lowlevel.Task]:
        # Innermost first: a nursery waits for its children.
        for nursery in native.child_nurseries[self._held_nurseries :]:
            for child in nursery.child_tasks:
                yield from with_descendants(child)
        yield native

    def await_stack(self, running: Stack | None) -> Stack:
        if self.native is None:
            return ()
        return stack_of(self.native, running, self.host.seam.current_task())

    def call_graph(self, running: Stack | None) -> TaskNode:
        if self.native is None:
            return TaskNode(self.name)
        return graph_of(self.native, running, self.host.seam.current_task())

    async def _main(self) -> None:
        try:
            await self.serve()
        finally:
            self.native = None

    async def _park(self) -> None:
        def abort(raise_cancel: object) -> trio.lowlevel.Abort:
            self._parked = False
            return trio.lowlevel.Abort.SUCCEEDED

        self._parked = True
        await trio.lowlevel.wait_task_rescheduled(abort)

    async def _await(self, step: Step) -> Any:
        if step.entry is None:
            guard = self._new_guard()
        elif step.entry in self._guard_of:
            guard = self._guard_of[step.entry]
        else:
            guard = self._guard_of[step.entry] = self._new_guard()
        assert self.native is not None
        self._held_nurseries = len(self.native.child_nurseries)
        step.begin(partial(self.host.seam.call, guard.scope.cancel))
        if step.entry is not None:
            try:
                return await self._run(step.action, step.context)
            except Abandoned as exc:
                # What was to leave the scope may have been given up with the code inside.
                self._guard_of.pop(step.entry, None)
                if guard in self._guards and not guard.is_over:
                    self._leave(guard, exc)
                raise
        return await self._within(guard, lambda: self._run(step.action, step.context))

    async def open(self, entry: Entry) -> Any:
        guard = self._guard_of[entry]
        try:
            return await self._within(guard, partial(super().open, entry), keep=True)
        except BaseException:
            del self._guard_of[entry]
            raise

    async def close(self, entry: Entry, thrown: BaseException | None = None) -> None:
        guard = self._guard_of.pop(entry)
        try:
            await self._within(guard, partial(super().close, entry, thrown))
        except StepCancelled:
            if thrown is None:
                raise

    def _new_guard(self) -> _Guard:
        guard = _Guard(trio.CancelScope())
        guard.scope.__enter__()
        self._guards.append(guard)
        return guard

    async def _within(self, guard: _Guard, action: AsyncFn[T], *, keep: bool = False) -> T:
        """Await `action` and leave `guard`, unless it is to be kept and all went well."""
        try:
            value = await action()
        except BaseException as exc:
            if not self._leave(guard, exc):
                raise
            where = exc.__traceback__
        else:
            if not keep:
                self._leave(guard, None)
            return value
        raise StepCancelled("cancelled").with_traceback(where)

    def _leave(self, guard: _Guard, error: BaseException | None) -> bool:
        """Leave the scope of `guard`; return whether it absorbs `error`.

        Scopes must be left last in first out, whatever the order of the fixtures.
        """
        guard.is_over = True
        if self._guards[-1] is not guard:
            return False
        absorbed = False
        while self._guards and self._guards[-1].is_over:
            scope = self._guards.pop().scope
            absorbed |= bool(scope.__exit__(type(error) if error else None, error, None))
            error = None
        return absorbed

    async def _pending(self, delivered: BaseException | None) -> BaseException | None:
        # A cancelled scope raises at every checkpoint until it is left.
        try:
            await trio.lowlevel.checkpoint_if_cancelled()
        except trio.Cancelled as exc:
            return exc
        return None

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
    cancellation = "trio.Cancelled"

    def __init__(
        self,
        backend: str,
        name: str,
        *,
        clock: trio.abc.Clock | None = None,
        instruments: tuple[trio.abc.Instrument, ...] = (),
        restrict_keyboard_interrupt_to_checkpoints: bool = False,
        strict_exception_groups: bool = True,
        arguments: Mapping[str, object] | None = None,
    ) -> None:
        """Start the run, with the options of `trio.run`.

        A clock and instruments may be found among the `arguments` of a test instead.
        """
        super().__init__(backend, name)
        if arguments is not None:
            clock = clock_among(arguments) or clock
            instruments = (*instruments, *instruments_among(arguments))
        self._stopped = False
        self._nursery: trio.Nursery | None = None
        self._closing = trio.Event()
        self._ended = False
        self._ended_by: BaseException | None = None
        self.seam = TrioRun(
            self._main,
            clock=clock,
            instruments=instruments,
            restrict_keyboard_interrupt_to_checkpoints=restrict_keyboard_interrupt_to_checkpoints,
            strict_exception_groups=strict_exception_groups,
        )
        self.seam.turn(lambda: self._nursery is not None)

    @property
    def native(self) -> None:
        return None

    def is_running_here(self) -> bool:
        return self.seam.is_running_here()

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
        async with trio.open_nursery() as self._nursery:
            try:
                await self._closing.wait()
            finally:
                self._ended = True
            self._nursery.cancel_scope.cancel()

    def _turn(self) -> None:
        self._stopped = False
        try:
            self.seam.turn(lambda: self._stopped)
        except BaseException as exc:
            if not self.seam.running:
                self._ended_by = exc
            raise

    def _stop(self) -> None:
        self._stopped = True

    def call_soon(self, function: Callable[[], object]) -> None:
        self.seam.call_soon(function)

    def running_stack(self, frame: FrameType | None) -> Stack | None:
        return running_below(frame, TrioRun.turn.__code__)

    def may_raise(self, frame: FrameType | None) -> bool:
        # In a task, that is, and where trio would let an interrupt of the user's through.
        return (
            self.seam.current_task() is not None
            and not trio.lowlevel.currently_ki_protected()
            and bool(calls_of(self.running_stack(frame) or ()))
        )

    def give_up(self) -> None:
        keep(self)
        self.seam.running = False
        self._stop()

    def _is_closed(self) -> bool:
        return not self.seam.running

    def _refusal(self) -> str | None:
        if self._ended_by is not None:
            return f"the loop of {self.name} is closed: the run has ended with {self._ended_by!r}"
        return f"the loop of {self.name} is closed" if self._ended else super()._refusal()

    def _do(self, step: Step) -> Outcome[Any]:
        outcome = super()._do(step)
        if not self._ended or self.closed or self._ended_by is not None:
            return outcome
        # Something has cancelled the main task, and with it all others, and only the run says what.
        try:
            self.seam.turn(lambda: False)
        except KeyboardInterrupt:
            raise
        except BaseException as exc:
            self._ended_by = exc
            return Outcome(error=exc, crashes=(*outcome.crashes, *self._take_crashes()))
        return outcome

    def _scope_task(self) -> ScopeTask | None:
        current = self.seam.current_task()
        for step in reversed(self._steps):
            task = step.task
            if isinstance(task, TrioTask) and current is not None and task.native is current:
                return task
        return None

    def _shut_down(self) -> None:
        if not self.seam.running:
            return
        self.seam.call(self._closing.set)
        try:
            self.seam.turn(lambda: False, self.interrupts.patience)
        except KeyboardInterrupt:
            self.give_up()
            raise
        if self.seam.running:
            self.give_up()
            assert self._nursery is not None
            names = (task.name for task in self._nursery.child_tasks)
            raise GaveUp(", ".join(f"task {name}" for name in names))
