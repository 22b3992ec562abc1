"""What is left on a loop is ended, told, and never runs on: each kind, on asyncio and uvloop."""

from __future__ import annotations

import asyncio
import contextvars
import os
import socket
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from loopscope.backends import leftovers, registry
from loopscope.backends.asyncio import AsyncioHost
from loopscope.backends.watch import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from loopscope.backends.leftovers import Leftover
    from loopscope.backends.watch import Made


@dataclass
class End:
    """The end of `owner`, or of the loop: nobody keeps anything but what `keeps` names."""

    owner: object = "test"
    keeps: Callable[[Made], bool] = lambda made: False
    allowed: Collection[str] = ()
    going_on: list[tuple[object, object]] = field(default_factory=list)

    @property
    def is_of_loop(self) -> bool:
        return self.owner is None

    def concerns(self, made: Made) -> bool:
        return self.owner is None or made.owner == self.owner

    def allows(self, leftover: Leftover) -> bool:
        return any(name in self.allowed for name in leftover.names)

    def kept(
        self, left: Collection[Made], going_on: Iterable[tuple[object, object]]
    ) -> Collection[Made]:
        self.going_on = list(going_on)
        return [made for made in left if self.keeps(made)]


@pytest.fixture(params=["asyncio", "uvloop"])
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[AsyncioHost]:
    """A host of each of asyncio's kinds, on which nobody waits for long."""
    monkeypatch.setattr(leftovers, "GRACE", 0.3)
    pytest.importorskip(request.param)
    host = registry.get(request.param).open("here")
    assert isinstance(host, AsyncioHost)
    yield host
    host.close()


def run(host: AsyncioHost, action: Callable[[], Awaitable[Any]], owner: object = "test") -> Any:
    """Run a step for `owner` and return its result."""
    outcome = host.run(host.task("a test", contextvars.copy_context()), action, owner=owner)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def end(host: AsyncioHost, end: End | None = None) -> list[Leftover]:
    """End what is left and return it."""
    outcome = host.end_leftovers(end or End())
    assert outcome.error is None
    assert outcome.value is not None
    return list(outcome.value)


def turn(host: AsyncioHost, times: int = 20) -> None:
    """Let the loop turn, so that what can run does."""

    async def step() -> None:
        for _ in range(times):
            await asyncio.sleep(0.001)

    run(host, step, "nobody")


async def leave_task(keep: list[Any], log: list[str]) -> None:
    async def tick() -> None:
        while True:
            await asyncio.sleep(0.001)
            log.append("tick")

    keep.append(asyncio.ensure_future(tick()))
    keep[0].set_name("the ticker")


async def leave_timer(keep: list[Any], log: list[str]) -> None:
    asyncio.get_running_loop().call_later(3600, log.append, "timer")


async def leave_generator(keep: list[Any], log: list[str]) -> None:
    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            log.append("closed")

    keep.append(numbers())
    await anext(keep[0])


async def leave_process(keep: list[Any], log: list[str]) -> None:
    keep.append(await asyncio.create_subprocess_exec("sleep", "60"))


async def leave_process_with_pipes(keep: list[Any], log: list[str]) -> None:
    keep.append(await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1))


async def leave_server(keep: list[Any], log: list[str]) -> None:
    keep.append(await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0))


async def leave_connection(keep: list[Any], log: list[str]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    keep += [listener, await asyncio.open_connection(*listener.getsockname())]


async def leave_unix_connection(keep: list[Any], log: list[str]) -> None:
    path = f"/tmp/loopscope-{os.getpid()}-{time.monotonic_ns()}"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    keep += [listener, await asyncio.open_unix_connection(path)]
    os.unlink(path)


async def leave_datagram_endpoint(keep: list[Any], log: list[str]) -> None:
    loop = asyncio.get_running_loop()
    keep += await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )


async def leave_read_pipe(keep: list[Any], log: list[str]) -> None:
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    keep += [
        os.fdopen(writing, "wb"),
        *await loop.connect_read_pipe(asyncio.Protocol, os.fdopen(reading, "rb")),
    ]


async def leave_write_pipe(keep: list[Any], log: list[str]) -> None:
    reading, writing = os.pipe()
    loop = asyncio.get_running_loop()
    keep += [
        os.fdopen(reading, "rb"),
        *await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(writing, "wb")),
    ]


Leave: TypeAlias = "Callable[[list[Any], list[str]], Awaitable[None]]"

OF_A_TEST: dict[Leave, tuple[Kind, str]] = {
    leave_task: (Kind.TASK, "the ticker, running leave_task.<locals>.tick()"),
    leave_timer: (Kind.TIMER, "due in "),
    leave_generator: (Kind.ASYNC_GENERATOR, "leave_generator.<locals>.numbers(), at line "),
    leave_process: (Kind.CHILD_PROCESS, "process "),
    leave_process_with_pipes: (Kind.CHILD_PROCESS, "process "),
}
OF_A_LOOP: dict[Leave, tuple[Kind, str]] = {
    leave_server: (Kind.SERVER, "Server on 127.0.0.1:"),
    leave_connection: (Kind.TRANSPORT, " to 127.0.0.1:"),
    leave_unix_connection: (Kind.TRANSPORT, "Transport to /tmp/loopscope-"),
    leave_datagram_endpoint: (Kind.TRANSPORT, " to 127.0.0.1:"),
    leave_read_pipe: (Kind.TRANSPORT, "Read"),
    leave_write_pipe: (Kind.TRANSPORT, "Write"),
}
EVERYTHING = {**OF_A_TEST, **OF_A_LOOP}


def close_all(keep: Iterable[Any]) -> None:
    for one in keep:
        if hasattr(one, "close") and not isinstance(one, tuple):
            one.close()


@pytest.mark.parametrize("leave", OF_A_TEST, ids=lambda leave: leave.__name__)
@pytest.mark.parametrize("owner", ["test", None], ids=["test", "loop"])
def test_what_is_left_is_ended_and_told(host: AsyncioHost, leave: Leave, owner: object) -> None:
    keep: list[Any] = []
    log: list[str] = []
    run(host, partial(leave, keep, log))
    (left,) = end(host, End(owner))
    kind, text = OF_A_TEST[leave]
    assert left.made.kind is kind
    assert text in left.text
    assert left.has_ended
    assert left.error is None
    assert left.made.owner == "test"
    assert left.made.site is not None
    assert left.made.site.path == __file__
    first = leave.__code__.co_firstlineno
    assert first < left.made.site.line < first + 10
    assert end(host, End(owner)) == []
    seen = log.copy()
    turn(host)
    assert log == seen
    if kind is Kind.ASYNC_GENERATOR:
        assert log == ["closed"]


@pytest.mark.parametrize("leave", OF_A_LOOP, ids=lambda leave: leave.__name__)
def test_a_connection_is_left_to_the_others_on_the_loop_and_ended_with_it(
    host: AsyncioHost, leave: Leave
) -> None:
    keep: list[Any] = []
    run(host, partial(leave, keep, []))
    assert end(host) == []
    (left,) = end(host, End(None))
    kind, text = OF_A_LOOP[leave]
    assert left.made.kind is kind
    assert text in left.text
    assert left.made.site is not None
    assert left.made.site.path == __file__
    assert end(host, End(None)) == []
    close_all(keep)


@pytest.mark.parametrize("leave", EVERYTHING, ids=lambda leave: leave.__name__)
def test_what_belongs_to_somebody_else_is_not_touched(host: AsyncioHost, leave: Leave) -> None:
    keep: list[Any] = []
    run(host, partial(leave, keep, []), "fixture")
    assert end(host) == []
    assert len(end(host, End(None))) == 1
    close_all(keep)


def test_what_somebody_keeps_is_not_touched(host: AsyncioHost) -> None:
    keep: list[Any] = []
    run(host, partial(leave_task, keep, []))
    assert end(host, End(keeps=lambda made: True)) == []
    assert not keep[0].done()
    assert len(end(host)) == 1
    assert keep[0].cancelled()


def test_what_may_be_left_behind_goes_on_with_all_that_it_needs(host: AsyncioHost) -> None:
    log: list[str] = []
    run(host, partial(leave_task, [], log))
    kept = End(allowed=["the ticker"])
    kept.keeps = lambda made: made.kind is Kind.TIMER
    assert end(host, kept) == []
    # That it goes on is told, so that its timer can be found to belong to it.
    ((owner, task),) = kept.going_on
    assert owner == "test"
    assert isinstance(task, asyncio.Task)
    turn(host)
    assert "tick" in log
    assert len(end(host)) == 1


def test_whoever_has_been_let_go_ends_by_himself(host: AsyncioHost) -> None:
    async def step() -> None:
        opened = asyncio.Event()

        async def wait() -> None:
            await opened.wait()

        asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        opened.set()

    run(host, step)
    assert end(host) == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="a task does not tell")
def test_a_task_that_its_owner_has_cancelled_is_waited_for_and_not_told(host: AsyncioHost) -> None:
    log: list[str] = []

    async def step() -> None:
        async def tidy() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.02)
                log.append("tidy")

        task = asyncio.ensure_future(tidy())
        await asyncio.sleep(0)
        task.cancel()

    run(host, step)
    assert end(host) == []
    assert log == ["tidy"]


async def swallow(log: list[str], times: float, among: type[BaseException], pause: float) -> None:
    """Go on in spite of so many cancellations."""
    left = times
    while left > 0:
        try:
            while True:
                await asyncio.sleep(pause)
                log.append("tick")
        except among:
            left -= 1


@pytest.mark.parametrize("pause", [0.0, 0.001], ids=["at-once", "later"])
def test_a_task_that_swallows_a_cancellation_is_cancelled_again(
    host: AsyncioHost, pause: float
) -> None:
    log: list[str] = []

    async def step() -> None:
        asyncio.ensure_future(swallow(log, 1, asyncio.CancelledError, pause))
        await asyncio.sleep(0.01)

    run(host, step)
    (left,) = end(host)
    assert left.has_ended
    seen = len(log)
    turn(host)
    assert len(log) == seen


@pytest.mark.parametrize("among", [asyncio.CancelledError, BaseException])
@pytest.mark.parametrize("pause", [0.0, 0.001], ids=["at-once", "later"])
def test_a_task_that_cannot_be_cancelled_is_abandoned_in_good_time_and_never_resumes(
    host: AsyncioHost, among: type[BaseException], pause: float
) -> None:
    if among is BaseException and not pause and host.backend == "uvloop":
        pytest.skip("nobody can take it out of the queue of uvloop")
    log: list[str] = []

    async def step() -> None:
        asyncio.ensure_future(swallow(log, float("inf"), among, pause))
        await asyncio.sleep(0.01)

    run(host, step)
    before = time.monotonic()
    left = end(host)[0]
    assert time.monotonic() - before < 5
    assert left.made.kind is Kind.TASK
    assert not left.has_ended
    assert asyncio.all_tasks(host.native) == set() or among is not BaseException
    seen = len(log)
    turn(host)
    assert len(log) == seen
    assert [one for one in end(host) if one.made.kind is Kind.TASK] == []


def test_an_error_of_a_task_that_is_cancelled_is_told_with_it(host: AsyncioHost) -> None:
    async def step() -> None:
        async def fail() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise ValueError("on the way out")

        asyncio.ensure_future(fail())

    run(host, step)
    (left,) = end(host)
    assert left.has_ended
    assert repr(left.error) == "ValueError('on the way out')"
    assert host.deaths(End(None)) == ()


@pytest.mark.parametrize("then", ["fails", "waits"])
def test_an_async_generator_that_cannot_be_closed_is_told_and_holds_nobody_up(
    host: AsyncioHost, then: str
) -> None:
    keep: list[Any] = []

    async def step() -> None:
        async def numbers() -> AsyncGenerator[int, None]:
            try:
                yield 1
            finally:
                if then == "fails":
                    raise ValueError("on the way out")
                await asyncio.Event().wait()

        keep.append(numbers())
        await anext(keep[0])

    run(host, step)
    before = time.monotonic()
    (left,) = end(host)
    assert time.monotonic() - before < 5
    assert repr(left.error) == ("ValueError('on the way out')" if then == "fails" else "None")
    assert host.deaths(End(None)) == ()


def test_a_busy_thread_is_told_and_left(host: AsyncioHost) -> None:
    started, released = Event(), Event()

    def work() -> None:
        started.set()
        released.wait()

    async def step() -> None:
        task = asyncio.ensure_future(asyncio.to_thread(work))
        while not started.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])

    run(host, step)
    (left,) = end(host)
    assert left.made.kind is Kind.EXECUTOR_JOB
    assert left.text.endswith("<locals>.work()")
    released.set()


def test_a_thread_that_has_told_its_result_may_return(host: AsyncioHost) -> None:
    async def step() -> None:
        loop, told = asyncio.get_running_loop(), asyncio.Event()

        def work() -> None:
            loop.call_soon_threadsafe(told.set)
            time.sleep(0.01)

        loop.run_in_executor(None, work)
        await told.wait()

    run(host, step)
    assert end(host) == []


def test_a_task_that_died_is_told_once_and_only_to_its_owner(host: AsyncioHost) -> None:
    keep: list[Any] = []

    async def fail() -> None:
        raise ValueError("boom")

    async def step() -> None:
        keep.append(asyncio.ensure_future(fail()))
        keep[0].set_name("the background")
        await asyncio.sleep(0)

    run(host, step)
    assert host.deaths(End("another")) == ()
    assert host.deaths(End(keeps=lambda made: True)) == ()
    (death,) = host.deaths(End())
    assert repr(death.error) == "ValueError('boom')"
    assert death.task == "the background"
    assert death.made is not None
    assert death.made.owner == "test"
    assert host.deaths(End()) == ()


def test_a_task_that_died_and_was_collected_is_told_with_its_owner(host: AsyncioHost) -> None:
    async def fail() -> None:
        raise ValueError("boom")

    async def step() -> None:
        asyncio.ensure_future(fail())
        await asyncio.sleep(0.001)

    run(host, step)
    (death,) = host.deaths(End("another"))
    assert repr(death.error) == "ValueError('boom')"
    assert death.made is not None
    assert death.made.owner == "test"


def test_nothing_is_ended_on_a_loop_that_somebody_has_closed(
    tmp_path: Path,
) -> None:
    loop = asyncio.new_event_loop()
    host = AsyncioHost("asyncio", "here", loop=loop)
    loop.call_later(60, print)
    loop.close()
    assert end(host, End(None)) == []
