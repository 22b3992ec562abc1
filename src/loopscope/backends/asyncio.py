"""asyncio, with any loop factory: a host whose loop turns by `run_forever` until it is stopped."""

from __future__ import annotations

import asyncio
import time
import weakref
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from loopscope.backends import leftovers, recycling
from loopscope.backends.asyncio_current import current
from loopscope.backends.asyncio_task import AsyncioTask, NativeTask
from loopscope.backends.base import Host, Outcome, ScopeTask
from loopscope.backends.call_graph import calls_of, running_below
from loopscope.backends.drive import keep
from loopscope.backends.leftovers import (
    description,
    end_leftovers,
    is_ended_by,
    tasks_of,
    until_ended,
)
from loopscope.backends.outcome import Death
from loopscope.backends.watch import Kind, Watch, reference
from loopscope.errors import GaveUp, HostError

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable
    from types import FrameType

    from loopscope.backends.call_graph import Stack
    from loopscope.backends.leftovers import Ending, Leftover
    from loopscope.backends.outcome import Entry


T = TypeVar("T")

POLL = 0.01
"""Seconds between two looks at jobs that are to end."""

# Suites put something else in place of it while a test runs, and do not mean us.
_sleep = asyncio.sleep


class AsyncioHost(Host):
    """Owns an asyncio event loop."""

    library = "asyncio"
    cancelled_type = asyncio.CancelledError
    cancellation = "asyncio.CancelledError"

    def __init__(
        self,
        backend: str,
        name: str,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
        *,
        debug: bool | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        policy: Any = None,
    ) -> None:
        """Make the loop by a factory or a policy, or take `loop`, which its maker closes."""
        super().__init__(backend, name)
        self.natives: set[NativeTask] = set()
        self._policy = policy
        self._is_borrowed = loop is not None
        self._is_given_up = False
        if loop is None:
            make_loop = recycling.new_event_loop if policy is None else policy.new_event_loop
            loop = (loop_factory or make_loop)()
        self._loop = loop
        if debug is not None:
            self._loop.set_debug(debug)
        self._interrupt: BaseException | None = None
        self._tell = self._loop.call_exception_handler
        hear = partial(_hear, weakref.ref(self), reference(loop))
        self._loop.call_exception_handler = hear  # type: ignore[method-assign]
        self._watch = Watch(loop, self._is_a_fixture)

    @property
    def native(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_running_here(self) -> bool:
        return asyncio._get_running_loop() is self._loop

    def become_current(self) -> None:
        if self._policy is not None or not current.is_found(self._loop):
            current.set(self._loop, self._policy)

    def run_beside(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        before = current.loop
        self.become_current()
        try:
            return function(*args, **kwargs)
        finally:
            current.set(before, self._policy)

    def task(self, name: str, context: contextvars.Context, *, hidden: bool = False) -> ScopeTask:
        return AsyncioTask(self, name, context, hidden)

    def split(self, error: BaseException) -> tuple[BaseException | None, BaseException | None]:
        return (error, None) if isinstance(error, asyncio.CancelledError) else (None, error)

    def hear(self, context: dict[str, Any]) -> None:
        """Take note of what the loop is told that nobody awaits."""
        # A loop only logs what comes out of a callback, and uvloop runs signal handlers in one.
        # What is no `Exception` is for somebody: pytest's own outcomes, when a time is up, say.
        error = context.get("exception")
        if "handle" in context and not isinstance(error, (Exception, asyncio.CancelledError)):
            self._interrupt = error
            self._stop()
        elif isinstance(error, Exception) and self._loop.get_exception_handler() is None:
            task = context.get("task") or context.get("future")
            made = self._watch.maker_of(task)
            name = task.get_name() if isinstance(task, asyncio.Task) else None
            self._deaths.append(Death(error, str(context.get("message", "")), name, made))
        else:
            self._tell(context)

    @property
    def is_quiet(self) -> bool:
        return not self._deaths and not self._watch.noted

    def deaths(self, ending: Ending) -> tuple[Death, ...]:
        died = [one for one in self._watch.made() if one.has_died and ending.concerns(one)]
        if died:
            others = [*self._open_generators(), *tasks_of(self._watch.made())]
            kept = ending.kept(died, others)
            for one in died:
                if one not in kept:
                    task = one.refer()
                    # Once it is asked for, it is no longer unobserved.
                    self._deaths.append(Death(task.exception(), "", task.get_name(), one))
        return super().deaths(ending)

    def end_leftovers(self, ending: Ending) -> Outcome[tuple[Leftover, ...]]:
        if self.closed or self._is_closed():
            return Outcome(())
        if not any(is_ended_by(ending, one) for one in self._watch.made()):
            return Outcome(())
        task = self.task("leftovers", copy_context(), hidden=True)
        generators = self._open_generators()
        end = partial(end_leftovers, ending, self._watch.made, generators, self._grace)
        return self.run(task, end, _nothing)

    def _open_generators(self) -> list[tuple[object, object]]:
        """Return the generators that fixtures are, each with the key of its fixture."""
        return [
            (entry.key, entry.generator)
            for native in self.natives
            for entry in native.scope_task.stack
        ]

    def _is_a_fixture(self, generator: object) -> bool:
        """Say whether a generator that begins is the fixture that is being set up."""
        entry = self._steps[-1].entry if self._steps else None
        return entry is not None and entry.generator is generator

    @property
    def _grace(self) -> float:
        patience = self.interrupts.patience
        return leftovers.GRACE if patience is None else patience

    def _turn(self) -> None:
        self._loop.run_forever()
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt

    def _stop(self) -> None:
        self._loop.stop()

    def call_soon(self, function: Callable[[], object]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)

    def running_stack(self, frame: FrameType | None) -> Stack | None:
        return running_below(frame, AsyncioHost._turn.__code__)

    def may_raise(self, frame: FrameType | None) -> bool:
        # In a callback of the user's, that is, and not in the loop's own code.
        return bool(calls_of(self.running_stack(frame) or ()))

    def give_up(self) -> None:
        keep(self)
        self._is_given_up = True
        self._stop()

    def _is_closed(self) -> bool:
        return self._is_given_up or self._loop.is_closed()

    def _refusal(self) -> str | None:
        refusal = super()._refusal()
        if refusal is None and asyncio._get_running_loop() is not None:
            return f"the loop of {self.name} cannot run while another one runs in this thread"
        return refusal

    def _scope_task(self) -> ScopeTask | None:
        task = asyncio.current_task(self._loop)
        return task.scope_task if isinstance(task, NativeTask) else None

    def _shut_down(self) -> None:
        loop = self._loop
        if self._is_given_up:
            current.forget(loop)
            return
        if self._is_borrowed and not loop.is_closed():
            if self.natives:
                loop.run_until_complete(_cancel_all(set(self.natives), self._grace))
            del loop.call_exception_handler
            self._watch.take_off()
            return
        if loop.is_closed():
            for native in self.natives:
                # Whoever closed the loop has been told, by every step since.
                native._log_destroy_pending = False  # type: ignore[attr-defined]
            current.forget(loop)
            raise HostError("somebody else has closed it")
        loop.set_task_factory(None)  # the steps are ours, whatever the user's tasks are made by
        try:
            # uvloop keeps these three to itself, so there the steps are always taken.
            for _ in range(2):
                # What is ready may be an async generator that was dropped, and wants to be closed.
                if getattr(loop, "_ready", True):
                    _turn_once(loop)
            tasks = asyncio.all_tasks(loop) | self.natives
            if tasks:
                loop.run_until_complete(_cancel_all(tasks, self._grace))
            if getattr(loop, "_asyncgens", True) or _is_replaced(loop, "shutdown_asyncgens"):
                loop.run_until_complete(loop.shutdown_asyncgens())
            if getattr(loop, "_default_executor", True) is not None:
                self._wait_for_jobs()
                loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            self._watch.take_off()
            recycling.close(loop)
            current.forget(loop)

    def _wait_for_jobs(self) -> None:
        """Give jobs of executors a moment to end, if the run is to end.

        Raises:
            GaveUp: some of them have not.
        """
        patience = self.interrupts.patience
        if patience is None:
            return
        deadline = time.monotonic() + patience
        while jobs := [
            made for made in self._watch.made() if made.kind is Kind.EXECUTOR_JOB and made.is_left
        ]:
            if time.monotonic() >= deadline:
                raise GaveUp(", ".join(map(description, jobs)))
            # Not by the clock of the loop, which need not be that of the wall.
            time.sleep(POLL)
            _turn_once(self._loop)


def _turn_once(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_until_complete(_sleep(0))
    except RuntimeError:
        pass  # somebody had stopped it before; what has not run is cancelled with all the rest


def _is_replaced(loop: asyncio.AbstractEventLoop, method: str) -> bool:
    """Say whether somebody has put something of their own in place of a method of `loop`."""
    return method in getattr(loop, "__dict__", ())


def _hear(
    host: Callable[[], AsyncioHost | None],
    loop: Callable[[], asyncio.AbstractEventLoop | None],
    context: dict[str, Any],
) -> None:
    """Tell a host what its loop is told, as long as there is one.

    Both are referred to weakly: a loop that is closed is to go without the garbage collector, for
    which it would be most of what there is to be done.
    """
    hearing, told = host(), loop()
    if hearing is not None:
        hearing.hear(context)
    elif told is not None:
        type(told).call_exception_handler(told, context)


async def _cancel_all(tasks: set[asyncio.Task[Any]], grace: float) -> None:
    for task in tasks:
        task.cancel()
    await until_ended(tasks, grace)
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {
                    "message": "unhandled exception while the loop was closed",
                    "exception": error,
                    "task": task,
                }
            )


def _nothing(entry: Entry) -> bool:
    return False
