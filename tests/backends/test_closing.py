"""Closing a host ends all that is left on its loop, and leaves nothing in the process."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends.asyncio import AsyncioHost
from loopscope.errors import HostError
from tests.backends.crashing import Fixtures
from tests.backends.place import Boom, Place, value
from tests.backends.words import in_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Host
    from tests.backends.words import Words

DESCRIPTORS = Path("/proc/self/fd")


def descriptors() -> int:
    """Count the open descriptors, where that can be done."""
    gc.collect()
    return len(os.listdir(DESCRIPTORS)) if DESCRIPTORS.exists() else 0


def test_a_step_on_a_closed_host_is_an_outcome(words: Words) -> None:
    host = words.open("the module's loop")
    place = Place(host)

    async def held() -> AsyncGenerator[None, None]:
        yield

    host.close()
    for outcome in (place.run(words.checkpoint), place.try_enter(held)):
        assert isinstance(outcome.error, HostError)
        assert str(outcome.error) == "the loop of the module's loop is closed"
    assert value(place.leave("held")) is None


def test_closing_twice_is_fine(words: Words) -> None:
    host = words.open()
    assert host.close() == ()
    assert host.close() == ()


def test_a_host_that_was_never_used_can_be_closed(words: Words) -> None:
    words.open().close()


def test_fixtures_that_are_still_open_are_unwound(words: Words) -> None:
    host = words.open()
    fixtures = Fixtures(words)
    module, test = Place(host), Place(host, "test", hidden=False)
    module.enter(fixtures.plain("outer"))
    module.enter(fixtures.plain("inner"))
    test.enter(fixtures.plain("leaf", raises=Boom("on the way out")))
    crashes = host.close()
    assert sorted(fixtures.events) == ["inner cancelled", "leaf cancelled", "outer cancelled"]
    assert fixtures.events.index("inner cancelled") < fixtures.events.index("outer cancelled")
    assert [str(crash.error) for crash in crashes if crash.error is not None] == ["on the way out"]
    assert value(module.leave("inner")) is None


def test_async_generators_are_shut_down(words: Words) -> None:
    host = words.open()
    events: list[str] = []
    kept: list[object] = []

    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            events.append("closed")

    async def begin() -> None:
        generator = numbers()
        kept.append(generator)
        await generator.__anext__()

    value(Place(host).run(begin))
    assert events == []
    host.close()
    assert events == ["closed"]


@in_asyncio
def test_tasks_that_are_left_are_cancelled_and_waited_for(words: Words) -> None:
    host = words.open()
    events: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    async def lingers() -> None:
        try:
            await words.forever()
        finally:
            await words.sleep(0.001)
            events.append("ended")

    async def leave_some() -> None:
        tasks.extend(asyncio.create_task(lingers()) for _ in range(3))
        await words.checkpoint()

    value(Place(host).run(leave_some))
    assert events == []
    host.close()
    assert events == ["ended"] * 3
    assert all(task.cancelled() for task in tasks)


@in_asyncio
def test_an_error_of_a_task_that_is_left_is_handed_to_the_loops_handler(words: Words) -> None:
    host = words.open()
    told: list[Any] = []

    async def fails() -> None:
        try:
            await words.forever()
        finally:
            raise Boom

    async def leave_one() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, about: told.append(about))
        kept.append(asyncio.create_task(fails()))
        await words.checkpoint()

    kept: list[object] = []
    value(Place(host).run(leave_one))
    host.close()
    (about,) = told
    assert isinstance(about["exception"], Boom)
    assert about["message"] == "unhandled exception while the loop was closed"


@in_asyncio
def test_the_default_executor_is_shut_down(words: Words) -> None:
    host = words.open()
    before = set(threading.enumerate())
    value(Place(host).run(asyncio.to_thread, threading.get_ident))
    assert set(threading.enumerate()) != before
    host.close()
    assert set(threading.enumerate()) == before


def test_shutdown_steps_that_there_is_no_need_for_are_not_taken() -> None:
    steps: list[str] = []

    class Loop(asyncio.SelectorEventLoop):
        async def shutdown_asyncgens(self) -> None:
            steps.append("asyncgens")
            await super().shutdown_asyncgens()

        async def shutdown_default_executor(self, *args: Any) -> None:
            steps.append("executor")
            await super().shutdown_default_executor(*args)

    async def nothing() -> None: ...

    async def something() -> None:
        await asyncio.to_thread(lambda: None)
        kept.append(numbers())
        await kept[0].__anext__()

    async def numbers() -> AsyncGenerator[int, None]:
        yield 1

    kept: list[AsyncGenerator[int, None]] = []
    for action, expected in ((nothing, []), (something, ["asyncgens", "executor"])):
        host = AsyncioHost("asyncio", "loop", Loop)
        value(Place(host).run(action))
        host.close()
        assert steps == expected


def test_many_hosts_leave_nothing(words: Words) -> None:
    def use() -> None:
        host = words.open()
        fixtures = Fixtures(words)
        place = Place(host)
        place.enter(fixtures.plain())
        value(Place(host, "test", hidden=False).run(words.checkpoint))
        value(place.leave("plain"))
        host.close()

    use()
    before = descriptors(), set(threading.enumerate())
    for _ in range(50):
        use()
    assert (descriptors(), set(threading.enumerate())) == before


@in_asyncio
def test_code_may_close_its_loop_between_steps(words: Words) -> None:
    host = words.open()
    place = Place(host)
    place.enter(Fixtures(words).plain())
    host.native.close()
    assert isinstance(place.run(words.checkpoint).error, HostError)
    assert isinstance(place.leave("plain").error, HostError)
    with pytest.raises(HostError, match="somebody else has closed it"):
        host.close()
    assert isinstance(place.run(words.checkpoint).error, HostError)


@in_asyncio
def test_code_may_close_its_loop_during_a_step(words: Words) -> None:
    host = words.open()

    async def closes() -> None:
        with pytest.raises(RuntimeError):
            host.native.close()
        await host.outside(host.native.close)

    outcome = Place(host).run(closes)
    assert isinstance(outcome.error, HostError)
    assert "was closed while it was used" in str(outcome.error)
    with pytest.raises(HostError, match="somebody else has closed it"):
        host.close()


def test_code_may_cancel_the_nursery_that_it_runs_in() -> None:
    trio = pytest.importorskip("trio")
    from loopscope.backends.trio import TrioHost

    host: Host = TrioHost("trio", "the loop")
    fixtures: list[str] = []

    async def held() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            fixtures.append("unwound")

    async def cancels() -> None:
        trio.lowlevel.current_task().parent_nursery.cancel_scope.cancel()
        await trio.sleep_forever()

    module, test = Place(host), Place(host, "test")
    module.enter(held)
    for _ in range(3):
        assert test.run(cancels).error is not None
    assert isinstance(test.run(cancels).error, HostError)
    host.close()
    assert fixtures == ["unwound"]


def test_a_closed_loop_goes_without_the_garbage_collector(words: Words) -> None:
    host = words.open()
    place = Place(host)
    assert value(place.run(words.checkpoint)) is None
    host.close()
    kept: list[weakref.ref[Any]] = [weakref.ref(host)]
    if isinstance(host, AsyncioHost):
        kept.append(weakref.ref(host.native))
    gc.collect()
    gc.disable()
    try:
        del host, place
        assert [reference() for reference in kept] == [None] * len(kept)
    finally:
        gc.enable()
