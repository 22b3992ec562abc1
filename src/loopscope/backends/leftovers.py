"""Ending what was left behind on an asyncio loop, and saying what it was."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from loopscope.backends.watch import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from loopscope.backends.watch import Made, Site

GRACE = 5.0
"""How many seconds what has been cancelled may take to end."""

# Suites put something else in place of these while a test runs, and do not mean us.
_sleep, _wait = asyncio.sleep, asyncio.wait

_TURNS = 3
_CANCELLED_AGAIN = 3


@dataclass(frozen=True, slots=True)
class Leftover:
    """What was left behind, as a reader would call it.

    `names` are those by which it can be recognised: of a task, its own and its coroutine's.
    """

    kind: Kind
    text: str
    names: tuple[str, ...]
    owner: object
    site: Site | None
    has_ended: bool = True


async def end_leftovers(
    made: Callable[[], Iterable[Made]],
    spare: Callable[[Leftover, object], bool],
    kinds: Collection[Kind],
) -> tuple[Leftover, ...]:
    """End all of `made()` that goes on and is not to be spared, and return what that was.

    `spare` is asked with what it is called and with the thing itself.
    """
    for _ in range(_TURNS):
        # Whoever has been let go of just now, or is about to be called, ends by itself.
        await _sleep(0)
    left: list[Leftover] = []
    # What a task waits for or holds open ends when it is cancelled: so tasks come first.
    for group in ({Kind.TASK}, set(Kind) - {Kind.TASK}):
        waiting: list[tuple[Leftover, asyncio.Task[Any]]] = []
        for one in [one for one in made() if one.kind in group and one.kind in kinds]:
            thing = one.refer()
            if thing is None or not one.is_left:
                continue
            told = Leftover(one.kind, *_DESCRIBED[one.kind](thing), one.owner, one.site)
            if spare(told, thing):
                continue
            if one.kind is Kind.TASK:
                is_ending = _is_being_cancelled(thing)
                waiting.append((told, thing))
                if is_ending:
                    continue
            await _END[one.kind](thing)
            left.append(told)
        stubborn = await until_ended([task for _, task in waiting])
        for told, task in waiting:
            if task in stubborn:
                left = [one for one in left if one is not told]
                left.append(replace(told, has_ended=False))
    if left:
        for _ in range(_TURNS):
            await _sleep(0)
    return tuple(left)


async def until_ended(tasks: Collection[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Wait until cancelled `tasks` have ended; abandon those that do not, and return them."""
    left = set(tasks)
    for _ in range(_CANCELLED_AGAIN):
        if not left:
            break
        _, left = await _wait(left, timeout=GRACE / _CANCELLED_AGAIN)
        for task in left:
            task.cancel()
    for task in left:
        abandon(task)
    return left


def abandon(task: asyncio.Task[Any]) -> None:
    """See to it that a task that cannot be cancelled never runs on."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    # What it ends with from here on is our doing.
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        task.get_coro().close()
    except RuntimeError:
        pass  # it awaits even so; nobody can help that


def _is_being_cancelled(task: asyncio.Task[Any]) -> bool:
    return sys.version_info >= (3, 11) and task.cancelling() > 0


def _task(task: asyncio.Task[Any]) -> tuple[str, tuple[str, ...]]:
    coroutine = task.get_coro()
    function = _qualified_name(coroutine)
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
    peer = transport.get_extra_info("peername") or transport.get_extra_info("sockname")
    peer = peer or transport.get_extra_info("pipe")
    name = type(transport).__name__
    return f"{name} to {_address(peer)}" if peer else name, ()


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


_DESCRIBED: dict[Kind, Callable[[Any], tuple[str, tuple[str, ...]]]] = {
    Kind.TASK: _task,
    Kind.TIMER: _timer,
    Kind.ASYNC_GENERATOR: _generator,
    Kind.TRANSPORT: _transport,
    Kind.SERVER: _server,
    Kind.EXECUTOR_JOB: _job,
    Kind.CHILD_PROCESS: _process,
}


async def _cancel_task(task: asyncio.Task[Any]) -> None:
    task.cancel()


async def _cancel_timer(timer: Any) -> None:
    timer.handle.cancel()


async def _close_generator(generator: Any) -> None:
    try:
        await generator.aclose()
    except Exception as exc:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "an async generator that was left failed to close", "exception": exc}
        )


async def _abort(transport: Any) -> None:
    end = getattr(transport, "abort", None) or transport.close
    end()


async def _close(server: Any) -> None:
    server.close()


async def _leave_alone(job: Any) -> None:
    """Do nothing: a thread cannot be ended from outside."""


async def _kill(transport: Any) -> None:
    transport.kill()
    # As `asyncio.subprocess.Process.wait` does it.
    await _wait({asyncio.ensure_future(transport._wait())}, timeout=GRACE)
    transport.close()


_END: dict[Kind, Callable[[Any], Any]] = {
    Kind.TASK: _cancel_task,
    Kind.TIMER: _cancel_timer,
    Kind.ASYNC_GENERATOR: _close_generator,
    Kind.TRANSPORT: _abort,
    Kind.SERVER: _close,
    Kind.EXECUTOR_JOB: _leave_alone,
    Kind.CHILD_PROCESS: _kill,
}
