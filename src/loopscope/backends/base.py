"""What every backend does alike: sending steps to the tasks of one loop, and turning it.

A `Host` owns one loop. On it, every place in the collection tree that holds something open has one
`ScopeTask`. The caller (synchronous, outside the loop) sends a scope task one *step* at a time:
enter this fixture, run this coroutine, leave that fixture. The host turns the loop until the step
is done and hands back its `Outcome`; between two steps the loop stands still and the task is
parked. Because a fixture is entered and left in one task, last in first out, it may hold a cancel
scope, a task group or a timeout open across its `yield`, exactly as nested `async with` blocks do.
"""

from __future__ import annotations

import abc
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from loopscope.backends.interruptible import Interruptible
from loopscope.backends.interrupts import Interrupts
from loopscope.backends.outcome import (
    AsyncFn,
    Crash,
    Death,
    Entry,
    Errand,
    Outcome,
    Step,
    StepCancelled,
    YieldCountError,
    keyboard_interrupt_in,
)
from loopscope.backends.task import ScopeTask
from loopscope.errors import HostError

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable, Iterator

    from loopscope.backends.leftovers import Ending, Leftover
    from loopscope.backends.loop_watch import LoopWatch

__all__ = [
    "AsyncFn",
    "Crash",
    "Death",
    "Entry",
    "Host",
    "Outcome",
    "ScopeTask",
    "StepCancelled",
    "YieldCountError",
]

T = TypeVar("T")


def _everything(entry: Entry) -> bool:
    return True


class Host(Interruptible):
    """Owns one loop and the task tree on it.

    A host is used from the thread that made it. It never raises for what user code does: that
    comes back as an `Outcome`, except a KeyboardInterrupt and any other exception that a signal
    handler raised, which is raised again once the step that it interrupted has been cancelled and
    has ended.
    """

    backend: str
    library: str
    cancelled_type: type[BaseException]

    def __init__(self, backend: str, name: str) -> None:
        super().__init__()
        self.backend = backend
        self.name = name
        self.unwinding = 0
        self.closed = False
        self.watch: LoopWatch | None = None
        self.interrupts = Interrupts()
        self._turning = False
        self._crashes: list[Crash] = []
        self._deaths: list[Death] = []
        self._errand: Errand | None = None
        self._told: list[BaseException] = []

    @property
    @abc.abstractmethod
    def native(self) -> Any:
        """The library's own object for the loop (None where it has none)."""

    @abc.abstractmethod
    def task(self, name: str, context: contextvars.Context, *, hidden: bool = False) -> ScopeTask:
        """Make the task of one scope; nothing runs before its first step.

        While a `hidden` task is idle, code on the loop cannot find it by asking the library for all
        tasks.
        """

    @abc.abstractmethod
    def split(self, error: BaseException) -> tuple[BaseException | None, BaseException | None]:
        """Return the part of `error` that is a cancellation, and the rest."""

    @abc.abstractmethod
    def _turn(self) -> None:
        """Turn the loop until `_stop` is called."""

    @abc.abstractmethod
    def _stop(self) -> None:
        """Make `_turn` return as soon as it can."""

    @abc.abstractmethod
    def _is_closed(self) -> bool:
        """Whether the loop cannot turn any more, whoever closed it."""

    @abc.abstractmethod
    def _shut_down(self) -> None:
        """Cancel what is left on the loop and close it.

        Raises:
            GaveUp: something did not end within the patience of `interrupts`.
        """

    @abc.abstractmethod
    def _scope_task(self) -> ScopeTask | None:
        """Return the scope task that the calling code runs in."""

    @abc.abstractmethod
    def is_running_here(self) -> bool:
        """Say whether the calling code runs on this loop, by what the library knows of it."""

    def become_current(self) -> None:
        """Make this loop the one that synchronous code finds, where the library has such a one."""
        return

    def run_beside(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call a function outside of the loop, while it is the one that synchronous code finds."""
        return function(*args, **kwargs)

    def run(
        self,
        task: ScopeTask,
        action: AsyncFn[T],
        needs: Callable[[Entry], bool] = _everything,
        context: contextvars.Context | None = None,
        owner: object = None,
    ) -> Outcome[T]:
        """Await `action()` in `task`, for `owner`, and in `context` or in the task's own.

        `needs` says whether the action depends on an entry: if the scope of one that it needs is
        cancelled, the action is cancelled too.
        """
        task = self._idle(task)
        return self._do(Step(task, action, needs, context=context, owner=owner))

    def enter(
        self, task: ScopeTask, entry: Entry, needs: Callable[[Entry], bool] = _everything
    ) -> Outcome[Any]:
        """Set up the fixture `entry` in `task`, on top of what the task holds open."""
        task = self._idle(task)
        return self._do(Step(task, partial(task.open, entry), needs, entry, owner=entry.key))

    def leave(
        self, task: ScopeTask, entry: Entry, needs: Callable[[Entry], bool] = _everything
    ) -> Outcome[None]:
        """Tear down the fixture `entry`; nothing happens if a crash has torn it down already."""
        holder = next((one for one in task.chain() if entry in one.stack), None)
        if holder is None:
            return Outcome(error=entry.error)
        return self._do(Step(holder, partial(holder.close, entry), needs, entry, owner=entry.key))

    async def outside(self, action: Callable[[], T]) -> T:
        """Call `action` outside the loop, which stands still meanwhile, and return its result.

        The action may send further steps to this host, among them steps of the very task that
        awaits here: they run in a task beside it.

        Raises:
            HostError: the caller is not the task that performs the current step, or is being
                cancelled by a crash.
        """
        task = self._scope_task()
        step = self._steps[-1] if self._steps else None
        if task is None or step is None or step.task is not task:
            raise HostError("only the task of the running test or fixture may do this")
        if step.stopped or task.unwinding:
            raise HostError("a test or fixture that is being cancelled may not do this")
        errand = Errand(action, task)
        self._errand = errand
        self._stop()
        try:
            await task.serve_until(errand)
        finally:
            if self._errand is errand:
                self._errand = None
            errand.awaited = False
        if errand.error is not None:
            raise errand.error
        value: T = errand.value
        return value

    def close(self) -> tuple[Crash, ...]:
        """Cancel what is left, run the shutdown steps there is a need for, close the loop.

        Fixtures that are still open are unwound; what that told is returned.

        Raises:
            GaveUp: the run is to end, and something that was left did not end in time.
            Exception: what kept it from being closed in order; it is closed nevertheless.
        """
        if not self.closed:
            self.closed = True
            self._shut_down()
        return self._take_crashes()

    @property
    def is_quiet(self) -> bool:
        """Whether `deaths` and `end_leftovers` have nothing to find, whatever has ended."""
        return not self._deaths

    def deaths(self, ending: Ending) -> tuple[Death, ...]:
        """Return, once, the errors that nobody awaits.

        They are what the loop was told since, whoever it was that failed, and what those background
        tasks ended with that `ending` concerns.
        """
        deaths, self._deaths = tuple(self._deaths), []
        return deaths

    def end_leftovers(self, ending: Ending) -> Outcome[tuple[Leftover, ...]]:
        """End what goes on, though `ending` is the end of whoever it is for; return what it was."""
        return Outcome(())

    def finish(self, step: Step) -> None:
        """Take note that `step` is done."""
        step.done = True
        for callback in step.on_done:
            callback()
        self._stop_if_done()

    def unwound(self, crashes: list[Crash]) -> None:
        """Take note of what unwinding told."""
        self._crashes.extend(crashes)
        self.unwinding -= 1
        self._stop_if_done()

    def steps_that_need(self, entry: Entry) -> Iterator[Step]:
        """Yield the steps under way that need `entry`, innermost first."""
        for step in reversed(self._steps):
            if not step.done and step.needs(entry):
                yield step

    def _stop_if_done(self) -> None:
        if self._turning and not self.unwinding and self._steps[-1].done:
            self._stop()

    def _idle(self, task: ScopeTask) -> ScopeTask:
        """Return `task`, or one beside it while it is in the middle of a step."""
        while self._steps and any(step.task is task and not step.done for step in self._steps):
            task = task.beside()
        return task

    def _take_crashes(self) -> tuple[Crash, ...]:
        crashes, self._crashes = tuple(self._crashes), []
        return crashes

    def _refusal(self) -> str | None:
        """Say why a step cannot be done now."""
        if self.closed or self._is_closed():
            return f"the loop of {self.name} is closed"
        if self._turning:
            return f"the loop of {self.name} is running: code on it may do this by outside()"
        return None

    def _do(self, step: Step) -> Outcome[Any]:
        refusal = self._refusal()
        if refusal is not None:
            return Outcome(error=HostError(refusal))
        self._steps.append(step)
        before = self.interrupts.aim(self)
        try:
            step.task.send(step)
            while not step.done or self.unwinding:
                if self._is_closed():
                    step.error = HostError(f"the loop of {self.name} was closed while it was used")
                    break
                self._turn_for(step)
        finally:
            self.interrupts.aim(before)
            self._steps.pop()
        interrupt = step.interrupt or self._untold_interrupt(step)
        if interrupt is not None:
            self._told.append(interrupt)
            if interrupt is step.interrupt and (step.where or step.error is not None):
                # Where the code of the step was tells more than where the loop was.
                where = step.where or (step.error and step.error.__traceback__)
                BaseException.with_traceback(interrupt, where or None)
            raise interrupt
        return Outcome(step.value, step.error, step.cause, self._take_crashes())

    def _untold_interrupt(self, step: Step) -> KeyboardInterrupt | None:
        """Return a KeyboardInterrupt that `step`, or a task that crashed meanwhile, ended with."""
        if step.error is None and not self._crashes:
            return None
        for error in (step.error, *(crash.error for crash in self._crashes)):
            interrupt = keyboard_interrupt_in(error)
            # A loop and a group may both have it.
            if interrupt is not None and not any(interrupt is told for told in self._told):
                return interrupt
        return None

    def _turn_for(self, step: Step) -> None:
        self._turning = True
        if self.watch is not None:
            self.watch.begin(self)
        try:
            self._turn()
        except BaseException as exc:
            # A signal handler raised in the middle of the loop's own code, or in a task that is not
            # the step's. The first time, end the step in an orderly way; the second time somebody
            # is in a hurry.
            if self._is_closed() or (step.interrupt is not None and step.interrupt is not exc):
                raise
            step.interrupt, self._errand = exc, None
            if not step.done:
                step.stop()
        finally:
            self._turning = False
            if self.watch is not None:
                self.watch.end()
        errand, self._errand = self._errand, None
        if errand is not None:
            step.is_outside = True
            with self.interrupts.lifted():
                errand.do()
            step.is_outside = False
            if errand.awaited and not self._is_closed():
                errand.task.wake()
