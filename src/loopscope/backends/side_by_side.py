"""One test and its fixtures in one trio run, each in a task of its own, side by side.

The fixtures of a test form a graph: each uses others, and the test, which nothing uses, stands at
its root. A fixture starts as soon as all that it uses is set up, and is torn down as soon as all of
its users are gone; what neither uses the other is set up, and torn down, at the same time.

A fixture may yield inside a nursery or a cancel scope. While it stands at its `yield`, that scope
is open in its task though no code inside it runs, and anything may be cancelled there at any time:
a background task fails, a deadline passes. In a task of its own, such a cancellation strikes
nothing but the fixture it belongs to; there it is kept, and thrown in at the `yield` once the users
are gone, so that it reaches the block that waits for it. What the other tasks have to know is no
more than one fact: the test has *crashed*. From then on nothing new starts, what is being set up
and the test itself are cancelled, and all the rest is torn down in the usual order, undisturbed.

Errors are collected, not propagated, for the same reason: a task that raised into the nursery of
the run would cancel its siblings in the middle of their teardown.
"""

from __future__ import annotations

import contextvars
import inspect
import sys
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import trio
from trio.abc import Clock, Instrument

from loopscope.backends.call_graph import TaskNode, calls_of, running_below
from loopscope.backends.outcome import more_urgent, without_frames_of_ours
from loopscope.backends.trio_graph import graph_of, stack_of
from loopscope.core.placeholders import NURSERY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
    from types import FrameType, TracebackType

    from loopscope.backends.call_graph import Stack

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup


_ENDED = object()

# What a fixture function with a `yield` returns.
_Steps: TypeAlias = "AsyncGenerator[Any, Any] | Generator[Any, Any, Any]"


class Part:
    """A fixture, or the test: a function, and the arguments to call it with.

    An argument that is a part stands for the value of that part. A part is never changed, so that
    it can be run any number of times. (It is no dataclass because Hypothesis, which prints the
    arguments of a test that fails, would print all the fields of all the parts behind it.)
    """

    __slots__ = ("arguments", "function", "name")

    def __init__(
        self, name: str, function: Callable[..., Any], arguments: Mapping[str, object] | None = None
    ) -> None:
        self.name = name
        self.function = function
        self.arguments = dict(arguments or {})

    def __repr__(self) -> str:
        return self.name


class RunningTest:
    """A test while it is run, for whoever wants to end it before its time.

    It is to a timer what a `Host` is: its methods do what those of the same name do there. `error`
    and `where` are what it was ended with.
    """

    cancellation = "trio.Cancelled"

    def __init__(self, name: str) -> None:
        self.error: BaseException | None = None
        self.where: TracebackType | None = None
        self._name = name
        self._run: _TestRun | None = None
        self._root: trio.lowlevel.Task | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._requests = 0

    def begin(self, run: _TestRun) -> None:
        """Take note of the run, from within it."""
        self._run = run
        self._root = trio.lowlevel.current_task()
        self._token = trio.lowlevel.current_trio_token()

    def end(self) -> None:
        """Take note that the run is over."""
        self._run = None

    @property
    def under_way(self) -> object | None:
        return self._run

    def interrupt(
        self, error: BaseException, where: TracebackType | None, first: Callable[[], object]
    ) -> None:
        run, token = self._run, self._token
        if run is None or token is None:
            return
        self.error, self.where = more_urgent(self.error, error), self.where or where
        self._requests += 1
        requests = self._requests

        def stop() -> None:
            first()
            run.stop(everything=requests > 1)

        try:
            token.run_sync_soon(stop)
        except trio.RunFinishedError:
            pass

    def place(self, where: TracebackType | None) -> None:
        self.where = where or self.where

    def abandon(self) -> bool:
        """Return False: the run is made for this test, and may break with it."""
        return False

    def give_up(self) -> None:
        """Do nothing: whoever gives up raises an error, and the run breaks with it."""

    def running_stack(self, frame: FrameType | None) -> Stack | None:
        return running_below(frame, trio.run.__code__)

    def may_raise(self, frame: FrameType | None) -> bool:
        return not trio.lowlevel.currently_ki_protected() and bool(
            calls_of(self.running_stack(frame) or ())
        )

    def await_stack(self, running: Stack | None) -> Stack:
        if running is not None and calls_of(running):
            return running
        tasks = [] if self._run is None else self._run.waiting()
        stacks = (stack_of(task, None, None) for task in tasks)
        return next((stack for stack in stacks if calls_of(stack)), ())

    def call_graph(self, running: Stack | None) -> TaskNode:
        if self._root is None:
            return TaskNode(self._name)
        return graph_of(self._root, name=self._name)


async def side_by_side(test: Part, running: RunningTest | None = None) -> None:
    """Run `test` and all parts that it depends on, in the trio run that this is awaited in.

    `running` is told of the run.

    Raises:
        BaseException: the one thing that went wrong, or a group of all that did.
        RuntimeError: a fixture cancelled the test and nothing says why, or yielded twice.
    """
    __tracebackhide__ = True
    run = _TestRun(test)
    context = contextvars.copy_context()
    if running is not None:
        running.begin(run)
    async with trio.open_nursery() as nursery:
        for task in run.tasks.values():
            nursery.start_soon(task.run, name=task.part.name)
        # trio gave each a copy of its own; none of them has begun yet.
        for started in nursery.child_tasks:
            started.context = context
    if running is not None:
        running.end()
        if running.error is not None:
            raise running.error
    run.raise_errors()


class _TestRun:
    """What the tasks of one test have in common."""

    def __init__(self, test: Part) -> None:
        self.tasks: dict[Part, _PartTask] = {}
        self.crashed = False
        self.under_way: set[_PartTask] = set()
        self._errors: list[BaseException] = []
        self._cancelled: list[_PartTask] = []
        self.task(test).is_test = True

    def task(self, part: Part) -> _PartTask:
        """Return the task of `part`, made with the tasks of all that it uses if there is none."""
        if part not in self.tasks:
            task = self.tasks[part] = _PartTask(part, self)
            for value in part.arguments.values():
                if isinstance(value, Part):
                    self.task(value).users.append(task.gone)
        return self.tasks[part]

    def crash(self, task: _PartTask, error: BaseException | None) -> None:
        """Stop the test for what went wrong in `task`, which with None was just cancelled."""
        if error is None:
            self._cancelled.append(task)
        else:
            task.has_failed = True
            self._errors.append(without_frames_of_ours(error))
        self.crashed = True
        for other in self.under_way:
            other.stop()

    def stop(self, *, everything: bool) -> None:
        """Stop the test from outside: what is under way, or else whatever there is."""
        self.crashed = True
        is_all = everything or not self.under_way
        for task in list(self.tasks.values() if is_all else self.under_way):
            task.stop()

    def waiting(self) -> Iterator[trio.lowlevel.Task]:
        """Yield the tasks of the parts that are under way, or else of all."""
        for task in self.under_way or self.tasks.values():
            if task.native is not None:
                yield task.native

    def raise_errors(self) -> None:
        """Raise what went wrong, if anything did."""
        __tracebackhide__ = True
        errors = self._errors + [
            RuntimeError(f"{task.part.name} cancelled the test but didn't raise an error")
            for task in self._cancelled
            if not task.has_failed
        ]
        # Their tracebacks lead to frames that lead here.
        self._errors = []
        try:
            if len(errors) == 1:
                raise errors[0]
            if errors:
                raise BaseExceptionGroup("errors in async test and trio fixtures", errors)
        finally:
            del errors


class _PartTask:
    """One part in one run of the test: the body of its task, and what others see of it."""

    def __init__(self, part: Part, test_run: _TestRun) -> None:
        self.part = part
        self.is_test = False
        self.has_failed = False
        # Set up, or never to be: then the test has crashed.
        self.ready = trio.Event()
        self.gone = trio.Event()
        self.users: list[trio.Event] = []
        self.value: Any = None
        self._test_run = test_run
        self._nursery: trio.Nursery
        self._is_stopped = False
        self.native: trio.lowlevel.Task | None = None

    async def run(self) -> None:
        """Live in a nursery of one's own, and never raise anything."""
        __tracebackhide__ = True
        self.native = trio.lowlevel.current_task()
        own: BaseException | None = None
        try:
            async with trio.open_nursery() as self._nursery:
                try:
                    await self._live()
                except BaseException as exc:
                    own = exc
                    raise
                finally:
                    self._nursery.cancel_scope.cancel()
        except BaseException as exc:
            # The nursery is ours: the user has not asked for a group unless there is a second error
            # in it, or one of a background task.
            is_alone = isinstance(exc, BaseExceptionGroup) and exc.exceptions == (own,)
            self._test_run.crash(self, own if is_alone else exc)
        else:
            if not (self.ready.is_set() or self.is_test or self._test_run.crashed):
                self._test_run.crash(self, None)
        finally:
            own = None
            self.native = None
            self.ready.set()
            self.gone.set()

    def stop(self) -> None:
        """Cancel what is under way."""
        self._is_stopped = True
        self._nursery.cancel_scope.cancel()

    async def _live(self) -> None:
        __tracebackhide__ = True
        arguments = await self._arguments()
        if self._test_run.crashed:
            return
        with self._under_way():
            steps = self.part.function(**arguments)
            self.value = await self._begin(steps)
        self.ready.set()
        cancelled = await self._until_unused()
        if _is_generator(steps):
            await self._end(steps, cancelled)

    async def _arguments(self) -> dict[str, object]:
        """Wait for all that this part uses, and return the arguments to call it with."""
        arguments = self.part.arguments.copy()
        for name, value in self.part.arguments.items():
            if isinstance(value, Part):
                task = self._test_run.task(value)
                await task.ready.wait()
                arguments[name] = task.value
            if arguments[name] is NURSERY:
                arguments[name] = self._nursery
        return arguments

    async def _begin(self, steps: Any) -> Any:
        """Return the value of this part, given what its function returned.

        What kind of function it is shows in nothing else: a decorator may have been around it.
        """
        __tracebackhide__ = True
        if isinstance(steps, Coroutine):
            return await steps
        if not _is_generator(steps):
            return steps
        value = await _advance(steps)
        if value is _ENDED:
            raise self._misuse("no yield in fixture")
        return value

    async def _end(self, steps: _Steps, cancelled: BaseException | None) -> None:
        """Resume a generator after its `yield`, or cancel it there, and run it to the end."""
        __tracebackhide__ = True
        if await _advance(steps, cancelled) is _ENDED:
            return
        try:
            raise self._misuse("too many yields in fixture")
        finally:
            if isinstance(steps, Generator):
                steps.close()
            else:
                await steps.aclose()

    def _misuse(self, message: str) -> RuntimeError:
        """Return an error that says in a note what no traceback does: which fixture it is about."""
        error = RuntimeError(message)
        code = getattr(inspect.unwrap(self.part.function), "__code__", None)
        where = f" at {code.co_filename}:{code.co_firstlineno}" if code else ""
        notes = vars(error).setdefault("__notes__", [])  # what 3.11's `add_note` does
        notes.append(f"in {self.part.name}{where}")
        return error

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        """Be cancelled if the test crashes during this block.

        With all that is in the nursery: a scope around just these steps would have to be left
        before those that a generator opens in them.
        """
        self._test_run.under_way.add(self)
        try:
            yield
        finally:
            self._test_run.under_way.discard(self)

    async def _until_unused(self) -> BaseException | None:
        """Wait until all users are gone; return the cancellation that came meanwhile."""
        try:
            for user in self.users:
                await user.wait()
        except BaseException as exc:
            # One that was stopped has not been the cause of anything.
            if not self._is_stopped:
                self._test_run.crash(self, None)
            with trio.CancelScope(shield=True):
                for user in self.users:
                    await user.wait()
            return exc.with_traceback(None)  # which only leads here
        return None


def _is_generator(steps: object) -> bool:
    return inspect.isasyncgen(steps) or isinstance(steps, Generator)


async def _advance(steps: _Steps, thrown: BaseException | None = None) -> Any:
    """Run a generator to its next `yield`, or to its end."""
    __tracebackhide__ = True
    if isinstance(steps, Generator):
        try:
            return steps.send(None) if thrown is None else steps.throw(thrown)
        except StopIteration:
            return _ENDED
    try:
        return await (steps.asend(None) if thrown is None else steps.athrow(thrown))
    except StopAsyncIteration:
        return _ENDED


def clock_among(arguments: Mapping[str, object]) -> Clock | None:
    """Return the clock that is among `arguments`.

    Raises:
        ValueError: there is more than one.
    """
    clocks = {name: value for name, value in arguments.items() if isinstance(value, Clock)}
    if len(clocks) > 1:
        raise ValueError(f"Expected at most one Clock in kwargs, got {clocks!r}")
    return next(iter(clocks.values()), None)


def instruments_among(arguments: Mapping[str, object]) -> list[Instrument]:
    """Return the instruments that are among `arguments`."""
    return [value for value in arguments.values() if isinstance(value, Instrument)]
