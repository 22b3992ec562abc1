"""Ending what was left behind on an asyncio loop, and saying what it was."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from loopscope.backends.drive import keep
from loopscope.backends.watch import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator

    from loopscope.backends.watch import Made

GRACE = 5.0
"""How many seconds what has been cancelled may take to end."""

MOMENT = 0.1
"""How many seconds a thread that has told its result may take to be done."""

_ATTEMPTS = 3
_TURNS = 3
_GLANCES = 20

# A process closes its pipes, and a task what it holds open; so those who hold come first.
_GROUPS = (
    (Kind.TASK,),
    (Kind.CHILD_PROCESS,),
    (Kind.SERVER, Kind.TRANSPORT),
    (Kind.ASYNC_GENERATOR, Kind.TIMER, Kind.EXECUTOR_JOB),
)
_SHARED = (Kind.TRANSPORT, Kind.SERVER)


@dataclass(eq=False, slots=True)
class Leftover:
    """What was left behind, as a reader would call it.

    `names` are those by which it can be recognised: of a task, its own and its coroutine's.
    `error` is what it ended with, other than its being cancelled.
    """

    made: Made
    thing: Any
    text: str
    names: tuple[str, ...]
    has_ended: bool = True
    error: BaseException | None = None


class Ending(Protocol):
    """The end of a test, of a fixture or of a loop: who knows what it leaves, and what stays."""

    @property
    def is_of_loop(self) -> bool:
        """Whether all that is on the loop comes to an end."""

    def concerns(self, made: Made) -> bool:
        """Say whether it is the end of whoever something is for."""

    def allows(self, leftover: Leftover) -> bool:
        """Say whether something may be left behind."""

    def kept(
        self, left: Collection[Made], going_on: Iterable[tuple[object, object]]
    ) -> Collection[Made]:
        """Return those that somebody keeps who goes on, and make him their heir.

        `going_on` are pairs of an owner and of something of his that goes on, on the same loop.
        """


async def end_leftovers(
    ending: Ending,
    made: Callable[[], Iterable[Made]],
    generators: Collection[tuple[object, object]],
    grace: float = GRACE,
) -> tuple[Leftover, ...]:
    """End all of `made()` that `ending` concerns and nobody keeps, and return what that was.

    `generators` are the fixtures that are open on the loop: pairs of an owner and a generator.
    """
    # Whoever has been let go of just now, or is about to be called, ends by itself.
    await _turn()
    left: list[Leftover] = []
    for kinds in _GROUPS:
        everything = list(made())
        found = [one for one in everything if one.kind in kinds and is_ended_by(ending, one)]
        if not found:
            continue
        await _until_idle(found)
        told = [_described(one) for one in found if one.is_left]
        allowed = {one.made for one in told if ending.allows(one)}
        to_end = {one.made for one in told} - allowed
        others = tasks_of(everything, but={*to_end, *(one.made for one in left)})
        to_end.difference_update(ending.kept(to_end, [*generators, *others]))
        end = _end_tasks if Kind.TASK in kinds else _end_one_by_one
        left += await end([one for one in told if one.made in to_end], grace)
    if left:
        await _turn()
    return tuple(left)


def is_ended_by(ending: Ending, made: Made) -> bool:
    """Say whether something would be a leftover of `ending`, if nobody kept it."""
    # A pool that outlives a test may have opened a connection for it, and lend it to others.
    return (
        made.is_left and (ending.is_of_loop or made.kind not in _SHARED) and ending.concerns(made)
    )


def tasks_of(
    made: Iterable[Made], but: Collection[Made] = ()
) -> Iterator[tuple[object, asyncio.Task[Any]]]:
    """Yield the tasks among `made` that go on, each with whoever it goes on for."""
    for one in made:
        if one.kind is Kind.TASK and one.is_left and one not in but:
            yield one.heir or one.owner, one.refer()


async def until_ended(
    tasks: Collection[asyncio.Task[Any]], grace: float = GRACE
) -> set[asyncio.Task[Any]]:
    """Wait until cancelled `tasks` have ended; abandon those that do not, and return them."""
    left = set(tasks)
    for attempt in range(_ATTEMPTS):
        if not left:
            break
        if attempt:
            for task in left:
                task.cancel()
        _, left = await _wait(left, timeout=grace / _ATTEMPTS)
    running = {task for task in left if not _abandon(task)}
    for _ in range(_ATTEMPTS):
        if not running:
            break
        await _sleep(0)  # what was about to be woken waits again
        running = {task for task in running if not _part(task)}
    return left


def description(made: Made) -> str:
    """Return what a reader would call something that was made on a loop."""
    return _described(made).text


def _abandon(task: asyncio.Task[Any]) -> bool:
    """See to it that a task that cannot be cancelled never runs on; return whether that is sure."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    # Nobody finds it any more who wants to cancel everything, and then to wait for it.
    asyncio._unregister_task(task)
    # What it ends with from here on is our doing.
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    coroutine: Any = task.get_coro()
    try:
        coroutine.close()
    except RuntimeError:
        # It awaits even so.
        keep(coroutine)
        return _part(task)
    return True


def _part(task: asyncio.Task[Any]) -> bool:
    """Take a task away from the future that it waits for, or out of the queue of its loop."""
    waiter: Any = getattr(task, "_fut_waiter", None)
    if waiter is not None and not waiter.done():
        for callback, _ in list(getattr(waiter, "_callbacks", None) or ()):
            if getattr(callback, "__self__", None) is task:
                waiter.remove_done_callback(callback)
        return True
    scheduled = [
        handle
        for handle in list(getattr(task.get_loop(), "_ready", ()))
        if getattr(handle._callback, "__self__", None) is task
    ]
    for handle in scheduled:
        handle.cancel()
    return bool(scheduled)


# As they were before a test put something else in their place.
_sleep = asyncio.sleep
_wait = asyncio.wait


async def _turn() -> None:
    for _ in range(_TURNS):
        await _sleep(0)


async def _until_idle(found: Iterable[Made]) -> None:
    """Give threads a moment: one that has told its result may have to return yet."""
    jobs = [one for one in found if one.kind is Kind.EXECUTOR_JOB]
    for _ in range(_GLANCES):
        if not any(job.is_left for job in jobs):
            break
        await _sleep(MOMENT / _GLANCES)


async def _end_tasks(told: Collection[Leftover], grace: float) -> list[Leftover]:
    left = []
    tasks: dict[Leftover, asyncio.Task[Any]] = {one: one.thing for one in told}
    for one, task in tasks.items():
        # Whoever has cancelled it himself has not left it, unless it refuses to end.
        if not _is_being_cancelled(task):
            left.append(one)
            task.cancel()
    stubborn = await until_ended(tasks.values(), grace)
    for one, task in tasks.items():
        if task in stubborn:
            one.has_ended, one.made.given_up = False, True
            if one not in left:
                left.append(one)
        elif not task.cancelled():
            error = task.exception()
            if one in left:
                one.error = error
    return left


async def _end_one_by_one(told: Collection[Leftover], grace: float) -> list[Leftover]:
    for one in told:
        one.error = await _error_of(_END[one.made.kind](one.thing), grace)
    return list(told)


async def _error_of(ending: Coroutine[Any, Any, None], grace: float) -> BaseException | None:
    """Wait for something to end, but not for ever; return the error that it ended with."""
    task = asyncio.ensure_future(ending)
    _, late = await _wait({task}, timeout=grace)
    if late:
        task.cancel()
        if await until_ended(late, grace):
            return None
    return None if task.cancelled() else task.exception()


def _is_being_cancelled(task: asyncio.Task[Any]) -> bool:
    return sys.version_info >= (3, 11) and task.cancelling() > 0


def _described(made: Made) -> Leftover:
    thing = made.refer()
    return Leftover(made, thing, *_DESCRIPTIONS[made.kind](thing))


def _task(task: asyncio.Task[Any]) -> tuple[str, tuple[str, ...]]:
    function = _qualified_name(task.get_coro())
    return f"{task.get_name()}, running {function}()", (task.get_name(), function)


def _timer(timer: Any) -> tuple[str, tuple[str, ...]]:
    callback = getattr(timer.handle, "_callback", None)
    due = f"due in {timer.seconds:.1f} s"
    if callback is None:
        return due, ()
    function = _qualified_name(callback)
    return f"{function}(), {due}", (function,)


def _generator(generator: Any) -> tuple[str, tuple[str, ...]]:
    function = _qualified_name(generator)
    return f"{function}(), at line {generator.ag_frame.f_lineno}", (function,)


def _transport(transport: Any) -> tuple[str, tuple[str, ...]]:
    name = type(transport).__name__
    for what in ("peername", "sockname", "pipe"):
        try:
            found = transport.get_extra_info(what)
        except OSError:
            continue  # uvloop asks what is no socket all the same
        if found:
            return f"{name} to {_address(found)}", ()
    return name, ()


def _server(server: Any) -> tuple[str, tuple[str, ...]]:
    name = type(server).__name__
    addresses = ", ".join(_address(socket.getsockname()) for socket in server.sockets)
    return f"{name} on {addresses}", ()


def _job(job: Any) -> tuple[str, tuple[str, ...]]:
    function = job.function
    # `asyncio.to_thread` hands over the `run` of a context.
    while isinstance(function, partial):
        bound_to = getattr(function.func, "__self__", None)
        is_run_of_context = type(bound_to).__name__ == "Context" and function.args
        function = function.args[0] if is_run_of_context else function.func
    name = _qualified_name(function)
    return f"{name}()", (name,)


def _process(transport: Any) -> tuple[str, tuple[str, ...]]:
    return f"process {transport.get_pid()}", ()


def _address(address: object) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return str(address)


def _qualified_name(function: object) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)


_DESCRIPTIONS: dict[Kind, Callable[[Any], tuple[str, tuple[str, ...]]]] = {
    Kind.TASK: _task,
    Kind.TIMER: _timer,
    Kind.ASYNC_GENERATOR: _generator,
    Kind.TRANSPORT: _transport,
    Kind.SERVER: _server,
    Kind.EXECUTOR_JOB: _job,
    Kind.CHILD_PROCESS: _process,
}


async def _cancel(timer: Any) -> None:
    timer.handle.cancel()


async def _finish(generator: Any) -> None:
    await generator.aclose()


async def _abort(transport: Any) -> None:
    try:
        transport.abort()
    except (AttributeError, NotImplementedError):
        transport.close()  # what is only read from cannot be aborted


async def _close(server: Any) -> None:
    server.close()
    if sys.version_info >= (3, 13) and hasattr(server, "abort_clients"):
        server.abort_clients()


async def _leave_alone(job: Any) -> None:
    """Do nothing: a thread cannot be ended from outside."""


async def _kill(transport: Any) -> None:
    try:
        transport.kill()
    except ProcessLookupError:
        pass  # it has just ended by itself
    await transport._wait()  # as `asyncio.subprocess.Process.wait` does it
    transport.close()


_END: dict[Kind, Callable[[Any], Coroutine[Any, Any, None]]] = {
    Kind.TIMER: _cancel,
    Kind.ASYNC_GENERATOR: _finish,
    Kind.TRANSPORT: _abort,
    Kind.SERVER: _close,
    Kind.EXECUTOR_JOB: _leave_alone,
    Kind.CHILD_PROCESS: _kill,
}
