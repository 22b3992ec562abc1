"""What is made on a loop is noted: for whom, by which line, and without keeping it alive."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import sysconfig
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from loopscope.backends.asyncio import AsyncioHost
from loopscope.backends.watch import OWNER, Job, Kind, Made, Site, Timer, Watch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    Loop = asyncio.AbstractEventLoop

LIBRARY = sysconfig.get_path("purelib") + "/some_library.py"


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Iterator[Loop]:
    """A loop of each kind."""
    made = pytest.importorskip(request.param).new_event_loop()
    yield made
    made.run_until_complete(made.shutdown_default_executor())
    made.close()


@pytest.fixture
def watch(loop: Loop) -> Iterator[Watch]:
    """A watch over the loop."""
    watch = Watch(loop)
    yield watch
    watch.take_off()


def noted(watch: Watch, kind: Kind) -> list[Made]:
    """Return what goes on of one kind."""
    return [made for made in watch.made() if made.kind is kind]


def only(watch: Watch, kind: Kind) -> Made:
    """Return the one thing of a kind that goes on."""
    (made,) = noted(watch, kind)
    return made


def line_of(marker: str, path: str = __file__) -> int:
    """Return the line that ends in a comment."""
    with open(path, encoding="utf-8") as source:
        (number,) = (n for n, line in enumerate(source, 1) if line.endswith(f"# {marker}\n"))
    return number


async def forever() -> None:
    await asyncio.Event().wait()


async def nothing() -> None:
    pass


def cancel(watch: Watch, loop: Loop) -> None:
    """Cancel all tasks that are noted."""
    tasks = [made.refer() for made in noted(watch, Kind.TASK)]
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def by_create_task() -> Any:
    return asyncio.get_running_loop().create_task(forever())


def by_ensure_future() -> Any:
    return asyncio.ensure_future(forever())


def by_gather() -> Any:
    return asyncio.gather(forever())


@pytest.mark.parametrize("start", [by_create_task, by_ensure_future, by_gather])
def test_a_task_is_noted_whoever_asks_the_loop(
    watch: Watch, loop: Loop, start: Callable[[], Any]
) -> None:
    async def step() -> None:
        future = start()
        made = [one for one in noted(watch, Kind.TASK) if one.refer() is not asyncio.current_task()]
        assert len(made) == 1
        assert made[0].site == Site(__file__, start.__code__.co_firstlineno + 1)
        future.cancel()
        await asyncio.wait([future])

    loop.run_until_complete(step())
    assert noted(watch, Kind.TASK) == []


@pytest.mark.parametrize("method", ["call_later", "call_at"])
def test_a_timer_is_noted_once(watch: Watch, loop: Loop, method: str) -> None:
    start = 0 if method == "call_later" else loop.time()
    handle = getattr(loop, method)(start + 60, print)
    made = only(watch, Kind.TIMER)
    timer = made.refer()
    assert isinstance(timer, Timer)
    assert timer.handle is handle
    assert 59 < timer.seconds < 60.1  # uvloop rounds the time to milliseconds
    handle.cancel()
    assert not made.is_left
    assert noted(watch, Kind.TIMER) == []


def test_an_async_generator_is_noted_while_it_stands_at_a_yield(watch: Watch, loop: Loop) -> None:
    async def numbers() -> AsyncGenerator[int, None]:
        yield 1
        yield 2

    async def step() -> AsyncGenerator[int, None]:
        generator = numbers()
        await anext(generator)
        return generator

    generator = loop.run_until_complete(step())
    assert only(watch, Kind.ASYNC_GENERATOR).refer() is generator
    loop.run_until_complete(generator.aclose())
    assert noted(watch, Kind.ASYNC_GENERATOR) == []


def test_an_async_generator_that_somebody_waits_for_does_not_stand_at_a_yield(
    watch: Watch, loop: Loop
) -> None:
    async def waiting() -> AsyncGenerator[None, None]:
        await forever()
        yield

    async def step() -> None:
        generator = waiting()
        task = asyncio.ensure_future(anext(generator))
        await asyncio.sleep(0)
        assert noted(watch, Kind.ASYNC_GENERATOR) == []
        task.cancel()
        await asyncio.wait([task])

    loop.run_until_complete(step())


@pytest.mark.parametrize("own", [False, True], ids=["default-executor", "an-executor"])
def test_a_job_is_noted_while_its_thread_runs(watch: Watch, loop: Loop, own: bool) -> None:
    started, released = Event(), Event()

    def work(number: int) -> int:
        started.set()
        released.wait()
        return number

    with ThreadPoolExecutor() as executor:
        future = loop.run_in_executor(executor if own else None, work, 3)
        started.wait()
        job = only(watch, Kind.EXECUTOR_JOB).refer()
        assert isinstance(job, Job)
        assert job.function is work
        assert job.future() is future
        released.set()
        assert loop.run_until_complete(future) == 3
        assert noted(watch, Kind.EXECUTOR_JOB) == []


def test_what_is_no_job_is_refused_as_it_was() -> None:
    loop = asyncio.new_event_loop()
    loop.set_debug(True)
    watch = Watch(loop)
    for wrong in (forever, None):
        with pytest.raises(TypeError):
            loop.run_in_executor(None, wrong)  # type: ignore[arg-type]
    watch.take_off()
    loop.close()


def test_transports_servers_and_processes_are_noted_until_they_are_closed(
    watch: Watch, loop: Loop
) -> None:
    async def step() -> None:
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        transport, _ = await loop.create_connection(asyncio.Protocol, *address)
        assert only(watch, Kind.SERVER).refer() is server
        assert only(watch, Kind.TRANSPORT).refer() is transport
        assert only(watch, Kind.TRANSPORT).site == Site(__file__, line_of_connection)
        transport.close()
        server.close()
        process = await asyncio.create_subprocess_exec("sleep", "60")
        assert only(watch, Kind.CHILD_PROCESS).refer().get_pid() == process.pid
        process.kill()
        await process.wait()
        await asyncio.sleep(0)
        for kind in (Kind.SERVER, Kind.TRANSPORT, Kind.CHILD_PROCESS):
            assert noted(watch, kind) == []

    line_of_connection = step.__code__.co_firstlineno + 3
    loop.run_until_complete(step())


def test_what_fails_to_open_raises_as_it_did(watch: Watch, loop: Loop) -> None:
    with pytest.raises(FileNotFoundError):
        loop.run_until_complete(
            loop.create_unix_connection(asyncio.Protocol, "/there/is/no/such/socket")
        )
    assert noted(watch, Kind.TRANSPORT) == []


def on_behalf_of(owner: object, action: Callable[[], Awaitable[Any]]) -> asyncio.Task[Any]:
    """Start a task for somebody."""

    async def step() -> None:
        await action()

    context = contextvars.copy_context()
    context.run(OWNER.set, owner)
    return context.run(asyncio.ensure_future, step())


def test_what_a_task_or_a_callback_starts_is_for_the_owner_of_those(
    watch: Watch, loop: Loop
) -> None:
    called = asyncio.Event()

    async def start() -> None:
        loop.call_later(60, print)
        loop.call_soon(loop.call_later, 60, print)
        by_create_task()

        def last() -> None:
            by_create_task()
            called.set()

        loop.call_later(0.001, last)

    async def step() -> None:
        await on_behalf_of("somebody", start)
        await called.wait()
        timers = {made.owner for made in noted(watch, Kind.TIMER)}
        tasks = {one.owner for one in noted(watch, Kind.TASK)}
        assert timers == {"somebody"}
        assert tasks == {None, "somebody"}

    loop.run_until_complete(step())
    cancel(watch, loop)


@pytest.mark.parametrize("streams", [True, False], ids=["streams", "protocol"])
def test_what_a_server_starts_is_for_whoever_has_started_the_server(
    watch: Watch, loop: Loop, streams: bool
) -> None:
    served: list[asyncio.Event] = []

    class Handler(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            by_create_task()
            served[0].set()
            transport.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        by_create_task()
        served[0].set()
        writer.close()

    servers: list[Any] = []

    async def serve() -> None:
        if streams:
            servers.append(await asyncio.start_server(handle, "127.0.0.1", 0))
        else:
            servers.append(await loop.create_server(Handler, "127.0.0.1", 0))

    async def use() -> None:
        _, writer = await asyncio.open_connection(*servers[0].sockets[0].getsockname())
        await served[0].wait()
        writer.close()
        await writer.wait_closed()

    async def step() -> None:
        served.append(asyncio.Event())
        await on_behalf_of("the fixture", serve)
        await on_behalf_of("the test", use)
        background = [one for one in noted(watch, Kind.TASK) if one.owner is not None]
        assert {one.owner for one in background} == {"the fixture"}
        servers[0].close()

    loop.run_until_complete(step())
    cancel(watch, loop)


def library(source: str) -> dict[str, Any]:
    """Return what an installed module with that source would define."""
    names: dict[str, Any] = {"asyncio": asyncio}
    exec(compile(source, LIBRARY, "exec"), names)
    return names


@pytest.fixture
def site_of(loop: Loop) -> Iterator[Callable[[Callable[[], Awaitable[Any]]], Site | None]]:
    """Return the site of the timer that a step sets on the loop of a host."""
    host = AsyncioHost("asyncio", "here", loop=loop)
    task = host.task("test", contextvars.copy_context())

    def run(action: Callable[[], Awaitable[Any]]) -> Site | None:
        outcome = host.run(task, action)
        assert outcome.error is None
        return only(host._watch, Kind.TIMER).site

    yield run
    host.close()


SiteOf: TypeAlias = "Callable[[Callable[[], Awaitable[Any]]], Site | None]"


def test_the_site_of_what_a_library_starts_is_the_line_that_called_the_library(
    loop: Loop, site_of: SiteOf
) -> None:
    start = library("def start(loop):\n    return loop.call_later(60, print)")["start"]

    async def step() -> None:
        start(loop)  # calls a library

    assert site_of(step) == Site(__file__, line_of("calls a library"), is_direct=False)


def test_the_site_of_what_a_library_starts_by_itself_is_its_own_line(
    loop: Loop, site_of: SiteOf
) -> None:
    start = library("async def start(loop):\n    loop.call_later(60, print)")["start"]

    async def step() -> None:
        await asyncio.ensure_future(start(loop))

    assert site_of(step) == Site(LIBRARY, 2, is_direct=False)


def test_the_timers_of_asyncio_itself_are_not_noted(watch: Watch, loop: Loop) -> None:
    async def step() -> None:
        task = asyncio.ensure_future(asyncio.sleep(60))
        await asyncio.sleep(0)
        assert [made.kind for made in watch.made()].count(Kind.TIMER) == 0
        task.cancel()

    loop.run_until_complete(step())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came in 3.11")
def test_the_timer_of_a_timeout_is_noted_while_it_is_open(watch: Watch, loop: Loop) -> None:
    async def step() -> None:
        async with vars(asyncio)["timeout"](60):
            only(watch, Kind.TIMER)
        assert [made.kind for made in watch.made()].count(Kind.TIMER) == 0

    loop.run_until_complete(step())


def test_what_the_loop_starts_by_itself_has_no_site(loop: Loop, site_of: SiteOf) -> None:
    async def step() -> None:
        loop.call_soon(loop.call_later, 60, print)
        await asyncio.sleep(0)

    assert site_of(step) is None


def test_nothing_is_kept_alive(watch: Watch, loop: Loop) -> None:
    class Argument:
        pass

    async def take(argument: Argument) -> None:
        await asyncio.sleep(0)

    async def yielding(argument: Argument) -> AsyncGenerator[None, None]:
        yield

    async def step() -> None:
        await asyncio.ensure_future(take(new()))
        handle = loop.call_later(0, print, new())
        await asyncio.sleep(0.001)
        del handle
        await loop.run_in_executor(None, id, new())
        async for _ in yielding(new()):
            pass

    made: list[weakref.ref[Argument]] = []

    def new() -> Argument:
        argument = Argument()
        made.append(weakref.ref(argument))
        return argument

    loop.run_until_complete(step())
    loop.run_until_complete(asyncio.sleep(0))
    gc.collect()
    alive = [index for index, refer in enumerate(made) if refer() is not None]
    assert len(made) == 4
    assert alive == []


def test_ten_thousand_tasks_and_timers_do_not_accumulate(watch: Watch, loop: Loop) -> None:
    async def step() -> None:
        for _ in range(10_000):
            loop.call_later(60, print).cancel()
            await asyncio.ensure_future(nothing())

    loop.run_until_complete(step())
    assert len(watch.noted) < 200


def test_what_goes_on_is_not_forgotten_for_the_sake_of_what_does_not(
    watch: Watch, loop: Loop
) -> None:
    handles = [loop.call_later(60, print) for _ in range(300)]
    for _ in range(1000):
        loop.call_later(60, print).cancel()
    assert [one.refer().handle for one in noted(watch, Kind.TIMER)] == handles
    for handle in handles:
        handle.cancel()


def test_a_task_that_died_is_noted_until_somebody_asks_for_its_outcome(
    watch: Watch, loop: Loop
) -> None:
    async def fail() -> None:
        raise ValueError

    async def step() -> asyncio.Task[None]:
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        return task

    task = loop.run_until_complete(step())
    (made,) = (one for one in noted(watch, Kind.TASK) if one.has_died)
    assert made.refer() is task
    assert watch.maker_of(task) is made
    assert isinstance(task.exception(), ValueError)
    assert noted(watch, Kind.TASK) == []


METHODS = ("create_task", "call_later", "create_server", "subprocess_exec", "run_in_executor")


def test_a_borrowed_loop_gets_its_methods_back(loop: Loop) -> None:
    before = dict(vars(loop))
    host = AsyncioHost("asyncio", "here", loop=loop)
    assert set(METHODS) <= set(vars(loop))
    host.close()
    assert dict(vars(loop)) == before


def test_a_method_that_somebody_had_replaced_before_is_called_and_put_back(loop: Loop) -> None:
    calls: list[object] = []

    def create_task(coroutine: Any, **options: Any) -> Any:
        calls.append(coroutine)
        return original(coroutine, **options)

    original = loop.create_task
    loop.create_task = create_task  # type: ignore[method-assign,assignment]
    watch = Watch(loop)
    loop.run_until_complete(nothing())
    assert len(calls) == 1
    watch.take_off()
    assert loop.create_task is create_task  # type: ignore[comparison-overlap]


def test_a_method_that_somebody_has_replaced_since_stays_replaced(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(loop)
    monkeypatch.setattr(loop, "call_later", print)
    watch.take_off()
    assert vars(loop)["call_later"] is print
    monkeypatch.undo()
    # What monkeypatch found was ours: it works without a watch as well.
    loop.call_later(60, print).cancel()


def test_a_class_that_is_patched_while_the_loop_is_open_is_patched(
    loop: Loop, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    async def connect(self: Loop, *args: object) -> tuple[object, object]:
        calls.append((self, *args))
        return object(), None

    monkeypatch.setattr(type(loop), "create_connection", connect, raising=False)
    loop.run_until_complete(loop.create_connection("protocol"))  # type: ignore[call-overload]
    assert calls == [(loop, "protocol")]


def test_a_task_factory_may_make_what_it_likes(loop: Loop, watch: Watch) -> None:
    class Sealed(asyncio.Future[None]):
        __slots__ = ()

        def set_name(self, name: object) -> None:
            pass

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    made: list[Any] = []

    def factory(loop: Loop, coroutine: Any, **options: Any) -> Any:
        coroutine.close()
        made.append(Sealed(loop=loop))
        return made[-1]

    loop.set_task_factory(factory)
    coroutine: Any = forever()
    assert loop.create_task(coroutine) is made[0]
    loop.set_task_factory(None)
    made[0].cancel()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="has no eager tasks")
def test_an_eager_task_is_noted_if_it_goes_on() -> None:
    loop = asyncio.new_event_loop()
    watch = Watch(loop)
    events: list[str] = []

    async def eager(name: str, then: Callable[[], Awaitable[Any]]) -> None:
        events.append(name)
        await then()

    async def step() -> None:
        loop.set_task_factory(vars(asyncio)["eager_task_factory"])
        asyncio.ensure_future(eager("done", nothing))
        asyncio.ensure_future(eager("goes on", forever))
        loop.set_task_factory(None)

    loop.run_until_complete(step())
    assert events == ["done", "goes on"]
    assert only(watch, Kind.TASK).refer().get_coro().__name__ == "eager"
    cancel(watch, loop)
    watch.take_off()
    loop.close()
