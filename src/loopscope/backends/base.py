"""What every backend does alike: steps, the task of a scope, and the unwinding of a cancellation.

A `Host` owns one loop. On it, every place in the collection tree that holds something open has one
`ScopeTask`. The caller (synchronous, outside the loop) sends a scope task one *step* at a time:
enter this fixture, run this coroutine, leave that fixture. The host turns the loop until the step
is done and hands back its `Outcome`; between two steps the loop stands still and the task is
parked. Because a fixture is entered and left in one task, last in first out, it may hold a cancel
scope, a task group or a timeout open across its `yield`, exactly as nested `async with` blocks do.

A cancellation can reach a scope task at three moments: parked, in the middle of a step, or just
before a step ends. Each means that a scope around the task was cancelled, and that scope is held
open by one of the fixtures on the task's stack: which one, only unwinding can tell. So it unwinds
at once, as nested blocks would. Whatever runs below and needs the innermost fixture is cancelled
first, then the cancellation is thrown in at that fixture's `yield`; if it comes out again it goes
on to the next fixture outwards; the first that turns it into something else (a group's error, a
TimeoutError) or absorbs it is the owner. Fixtures further out are not touched. What was found is a
`Crash`, reported with the outcome of the step that was under way.
"""

from __future__ import annotations

import abc
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from loopscope.errors import HostError

if TYPE_CHECKING:
    import contextvars

T = TypeVar("T")
AsyncFn = Callable[[], Awaitable[T]]


class YieldCountError(HostError):
    """An async generator fixture that yielded twice, or not at all."""


@dataclass(eq=False, slots=True)
class Entry:
    """A fixture between its setup and its teardown: an async generator held at its `yield`.

    `key` is the caller's own handle for it. `error` is what it raised when a cancellation passed
    through it on the way outwards.
    """

    key: Any
    generator: AsyncGenerator[Any, None]
    error: BaseException | None = None

    async def open(self) -> Any:
        """Run up to the `yield` and return what it yields."""
        try:
            return await self.generator.__anext__()
        except StopAsyncIteration:
            raise YieldCountError("did not yield a value") from None

    async def close(self, thrown: BaseException | None = None) -> None:
        """Resume after the `yield`, or throw `thrown` in there, and run to the end."""
        try:
            if thrown is None:
                await self.generator.__anext__()
            else:
                await self.generator.athrow(thrown)
        except StopAsyncIteration:
            return
        await self.generator.aclose()
        raise YieldCountError("yielded more than once")


@dataclass(eq=False, slots=True)
class Crash:
    """A scope that a fixture held open was cancelled, and what unwinding it told.

    `unwound` lists the fixtures that are torn down by it, innermost first; `owner` is the last of
    them, whose scope it was (None if nobody's was), and `error` what the owner raised (None if it
    absorbed the cancellation).
    """

    owner: Entry | None = None
    error: BaseException | None = None
    unwound: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a step ended: with a value, or with an error.

    `cause` is the crash that cut this step short, if one did; `crashes` are all those that became
    known while it ran, of whatever scope.
    """

    value: T | None = None
    error: BaseException | None = None
    cause: Crash | None = None
    crashes: tuple[Crash, ...] = ()


@dataclass(eq=False, slots=True)
class Step:
    """One thing that a scope task is asked to do."""

    task: ScopeTask
    action: AsyncFn[Any]
    needs: Callable[[Entry], bool]
    guarded: bool
    context: contextvars.Context | None = None
    value: Any = None
    error: BaseException | None = None
    cause: Crash | None = None
    done: bool = False
    stopped: bool = False
    interrupt: BaseException | None = None
    on_done: list[Callable[[], None]] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class _Errand:
    """Something that async code wants done outside the loop."""

    action: Callable[[], Any]
    task: ScopeTask
    value: Any = None
    error: BaseException | None = None
    done: bool = False


class ScopeTask(abc.ABC):
    """The one task in which the fixtures of one scope are entered and left.

    It is started by its first step and ends by itself as soon as it holds nothing open. All that
    runs in it sees `context`, which outlives it.
    """

    def __init__(self, host: Host, name: str, context: contextvars.Context) -> None:
        self.host = host
        self.name = name
        self.context = context
        self.stack: list[Entry] = []
        self._inbox: Step | None = None

    @abc.abstractmethod
    def _wake(self) -> None:
        """Start the task, or wake it where it is parked, to look into its inbox."""

    @abc.abstractmethod
    async def _park(self) -> None:
        """Wait to be woken; raises the library's cancellation if a scope around is cancelled."""

    @abc.abstractmethod
    async def _await(self, step: Step) -> Any:
        """Await the action of `step` in this task's context, so that `_cancel` can stop it."""

    @abc.abstractmethod
    async def _resume(self, action: AsyncFn[T], context: contextvars.Context | None) -> T:
        """Await `action` in `context`, or in this task's own."""

    @abc.abstractmethod
    def _cancel(self, step: Step) -> None:
        """Cancel `step`, which this task is performing."""

    @abc.abstractmethod
    async def _cancellation_after(self, step: Step) -> BaseException | None:
        """Return the cancellation that a scope around `step` asked for, if there is one."""

    @abc.abstractmethod
    async def _until_done(self, step: Step) -> None:
        """Wait until `step`, of another task, is done, whatever is cancelled meanwhile."""

    @abc.abstractmethod
    def _cancelled_again(self) -> BaseException | None:
        """Return a further cancellation that nothing will deliver to this task any more."""

    def send(self, step: Step) -> None:
        """Hand `step` to the task."""
        self._inbox = step
        self._wake()

    async def serve(self) -> None:
        """Perform steps until nothing is held open: the body of the task."""
        while True:
            await self._perform_next()
            if not self.stack and self._inbox is None:
                return

    async def serve_until(self, errand: _Errand) -> None:
        """Perform steps in the middle of another one, until `errand` is done."""
        while not errand.done:
            await self._perform_next(errand)

    async def _perform_next(self, errand: _Errand | None = None) -> None:
        while self._inbox is None and not (errand and errand.done):
            try:
                await self._park()
            except self.host.cancelled_type as exc:
                if errand is not None:
                    raise
                await self._unwind_all(exc)
                if not self.stack and self._inbox is None:
                    return
        step, self._inbox = self._inbox, None
        if step is not None:
            await self._perform(step)

    async def _perform(self, step: Step) -> None:
        try:
            step.value = await self._await(step)
        except BaseException as exc:
            step.error = without_frames_of_ours(exc)
        cancelled = await self._cancellation_after(step)
        if cancelled is not None and self.stack:
            step.cause = await self._unwind_all(cancelled)
        self.host.finish(step)

    async def _unwind_all(self, cancelled: BaseException) -> Crash:
        first = await self._unwind(cancelled)
        while self.stack and (again := self._cancelled_again()) is not None:
            await self._unwind(again)
        return first

    async def _unwind(self, cancelled: BaseException) -> Crash:
        crash = Crash()
        self.host.unwinding += 1
        stopped: list[Step] = []
        while self.stack and crash.owner is None:
            entry = self.stack[-1]
            step = self.host.step_that_needs(entry)
            if step is not None and step.task is not self and not step.done:
                step.stopped = True
                stopped.append(step)
                step.task._cancel(step)
                await self._until_done(step)
            self.stack.remove(entry)
            crash.unwound.append(entry)
            try:
                await self._resume(partial(entry.close, cancelled), None)
            except BaseException as exc:
                passed_on, own = self.host.split(exc)
                if passed_on is None:
                    crash.owner, crash.error = entry, without_frames_of_ours(exc)
                else:
                    cancelled, entry.error = passed_on, own
            else:
                crash.owner = entry
        for step in stopped:
            step.cause = crash
        self.host.unwound(crash)
        return crash


class Host(abc.ABC):
    """Owns one loop and the task tree on it.

    A host is used from the thread that made it. It never raises for what user code does: that
    comes back as an `Outcome`, except an exception that a signal handler raised, which is raised
    again once the step that it interrupted has been cancelled and has ended.
    """

    backend: str
    library: str
    cancelled_type: type[BaseException]

    def __init__(self, backend: str, name: str) -> None:
        self.backend = backend
        self.name = name
        self.unwinding = 0
        self.closed = False
        self._steps: list[Step] = []
        self._crashes: list[Crash] = []
        self._errand: _Errand | None = None

    @property
    @abc.abstractmethod
    def native(self) -> Any:
        """The library's own object for the loop (None where it has none)."""

    @abc.abstractmethod
    def task(self, name: str, context: contextvars.Context, *, hidden: bool = False) -> ScopeTask:
        """Make the task of one scope; nothing runs before its first step.

        A `hidden` task is none that code on the loop can find by asking the library for all tasks.
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
        """Cancel what is left on the loop and close it."""

    @abc.abstractmethod
    def _scope_task(self) -> ScopeTask | None:
        """Return the scope task that the calling code runs in."""

    def run(
        self,
        task: ScopeTask,
        action: AsyncFn[T],
        needs: Callable[[Entry], bool] = lambda entry: True,
        context: contextvars.Context | None = None,
    ) -> Outcome[T]:
        """Await `action()` in `task`, and in `context` or in the task's own.

        `needs` says whether the action depends on an entry: if the scope of one that it needs is
        cancelled, the action is cancelled too.
        """
        return self._do(Step(task, action, needs, guarded=True, context=context))

    def enter(
        self,
        task: ScopeTask,
        entry: Entry,
        needs: Callable[[Entry], bool] = lambda entry: True,
    ) -> Outcome[Any]:
        """Set up the fixture `entry` in `task`, on top of what the task holds open."""

        async def action() -> Any:
            value = await entry.open()
            task.stack.append(entry)
            return value

        return self._do(Step(task, action, needs, guarded=False))

    def leave(self, task: ScopeTask, entry: Entry) -> Outcome[None]:
        """Tear down the fixture `entry`; nothing happens if a crash has torn it down already."""
        if entry not in task.stack:
            return Outcome(error=entry.error)

        async def action() -> None:
            task.stack.remove(entry)
            await entry.close()

        return self._do(Step(task, action, lambda other: other is not entry, guarded=False))

    async def outside(self, action: Callable[[], T]) -> T:
        """Call `action` outside the loop, which stands still meanwhile, and return its result.

        The action may send further steps to this host, among them steps of the very task that
        awaits here.

        Raises:
            HostError: the caller is not the task that performs the current step.
        """
        task = self._scope_task()
        if task is None or not self._steps or self._steps[-1].task is not task:
            raise HostError("only the task of the running test or fixture may do this")
        errand = _Errand(action, task)
        self._errand = errand
        self._stop()
        await task.serve_until(errand)
        if errand.error is not None:
            raise errand.error
        value: T = errand.value
        return value

    def close(self) -> None:
        """Cancel what is left, run the shutdown steps there is a need for, close the loop."""
        if not self.closed:
            self.closed = True
            self._shut_down()

    def finish(self, step: Step) -> None:
        """Take note that `step` is done."""
        step.done = True
        for callback in step.on_done:
            callback()
        if not self.unwinding:
            self._stop()

    def unwound(self, crash: Crash) -> None:
        """Take note of what unwinding told."""
        self._crashes.append(crash)
        self.unwinding -= 1
        if not self.unwinding and (not self._steps or self._steps[-1].done):
            self._stop()

    def step_that_needs(self, entry: Entry) -> Step | None:
        """Return the step under way if it needs `entry`."""
        if self._steps and self._steps[-1].needs(entry):
            return self._steps[-1]
        return None

    def _do(self, step: Step) -> Outcome[Any]:
        if self.closed or self._is_closed():
            return Outcome(error=HostError(f"the loop of {self.name} is closed"))
        self._steps.append(step)
        step.task.send(step)
        try:
            while not step.done or self.unwinding:
                self._turn_once_for(step)
        finally:
            self._steps.pop()
        if step.interrupt is not None:
            raise step.interrupt
        crashes, self._crashes = tuple(self._crashes), []
        return Outcome(step.value, step.error, step.cause, crashes)

    def _turn_once_for(self, step: Step) -> None:
        try:
            self._turn()
        except BaseException as exc:
            # A signal handler raised in the middle of the loop's own code. The first time, end the
            # step in an orderly way; the second time somebody is in a hurry.
            if step.interrupt is not None or self._is_closed():
                raise
            step.interrupt = exc
            if not step.done:
                step.task._cancel(step)
            return
        errand, self._errand = self._errand, None
        if errand is not None:
            try:
                errand.value = errand.action()
            except BaseException as exc:
                errand.error = exc
            errand.done = True
            errand.task._wake()


def without_frames_of_ours(error: BaseException) -> BaseException:
    """Return `error` with the leading frames of the backends cut off its traceback."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_globals.get("__name__", "").startswith(
        __package__ or "loopscope.backends"
    ):
        traceback = traceback.tb_next
    return error.with_traceback(traceback) if traceback is not None else error
