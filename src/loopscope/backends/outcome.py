"""What goes into a host and what comes back: fixtures, steps, outcomes, crashes."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from loopscope.errors import HostError

if TYPE_CHECKING:
    import contextvars
    from types import TracebackType

    from loopscope.backends.task import ScopeTask
    from loopscope.backends.watch import Made

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

T = TypeVar("T")
AsyncFn = Callable[[], Awaitable[T]]


class YieldCountError(HostError):
    """An async generator fixture that yielded twice, or not at all."""


class StepCancelled(HostError):
    """The code of a step was cancelled by the host."""


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


@dataclass(slots=True)
class Outcome(Generic[T]):
    """How a step ended: with a value, or with an error.

    `cause` is the crash that cut this step short, if one did; `crashes` are all those that became
    known while it ran, of whatever scope.
    """

    value: T | None = None
    error: BaseException | None = None
    cause: Crash | None = None
    crashes: tuple[Crash, ...] = ()


class Death(NamedTuple):
    """An error that nobody awaits: a background task ended with it, or a callback raised it.

    `message` is what the loop was told of it, and `made` what is known of the task.
    """

    error: BaseException
    message: str
    task: str | None = None
    made: Made | None = None


@dataclass(eq=False, slots=True)
class Step:
    """One thing that a scope task is asked to do.

    `owner` is whoever it is done for; `entry` is the fixture that it sets up or tears down, if it
    does; `cancel` is there while it is being done; `stopped` says that the host has cancelled it;
    `interrupt` is what it ends with instead of its own outcome, and `where` the traceback for that;
    `is_outside` says that it waits for something outside the loop; `abandoned` counts how often it
    was tried to give it up.
    """

    task: ScopeTask
    action: AsyncFn[Any]
    needs: Callable[[Entry], bool]
    entry: Entry | None = None
    context: contextvars.Context | None = None
    owner: object = None
    value: Any = None
    error: BaseException | None = None
    cause: Crash | None = None
    done: bool = False
    stopped: bool = False
    interrupt: BaseException | None = None
    where: TracebackType | None = None
    is_outside: bool = False
    abandoned: int = 0
    cancel: Callable[[], None] | None = None
    on_done: list[Callable[[], None]] = field(default_factory=list)

    def begin(self, cancel: Callable[[], None]) -> None:
        """Take note of how it can be cancelled, now that it begins."""
        self.cancel = cancel
        if self.stopped:
            cancel()

    def stop(self) -> None:
        """Cancel it: at once, or as soon as it begins."""
        self.stopped = True
        if self.cancel is not None:
            self.cancel()

    def blame(self, crash: Crash) -> None:
        """Name the crash that cut it short; one that has an error tells more than one without."""
        if self.cause is None or self.cause.error is None:
            self.cause = crash


@dataclass(eq=False, slots=True)
class Errand:
    """Something that async code wants done outside the loop, unless it has been cancelled."""

    action: Callable[[], Any]
    task: ScopeTask
    value: Any = None
    error: BaseException | None = None
    done: bool = False
    awaited: bool = True

    def do(self) -> None:
        """Do it, and keep what comes of it for the code that waits."""
        try:
            self.value = self.action()
        except BaseException as exc:
            self.error = exc
        self.done = True


def keyboard_interrupt_in(error: BaseException | None) -> KeyboardInterrupt | None:
    """Return the KeyboardInterrupt that `error` is, or holds as a group of errors does."""
    if isinstance(error, KeyboardInterrupt):
        return error
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if (found := keyboard_interrupt_in(inner)) is not None:
            return found
    return None


def ends_the_process(error: BaseException | None) -> bool:
    """Say whether `error` is, or holds, what asyncio lets out of a task and out of the loop."""
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        return True
    return any(map(ends_the_process, getattr(error, "exceptions", ())))


def more_urgent(first: BaseException | None, second: BaseException) -> BaseException:
    """Return what is to be told of two errors that interrupt: what ends the run, or the first."""
    is_for_all = isinstance(second, KeyboardInterrupt) and not isinstance(first, KeyboardInterrupt)
    return second if first is None or is_for_all else first


def without_frames_of_ours(error: BaseException) -> BaseException:
    """Return `error` with the leading frames of the backends cut off its traceback."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_globals.get("__name__", "").startswith(
        __package__ or "loopscope.backends"
    ):
        traceback = traceback.tb_next
    if traceback is not None:
        # Not the error's own method: it may have one that does something else.
        BaseException.with_traceback(error, traceback)
    return error
