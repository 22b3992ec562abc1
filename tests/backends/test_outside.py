"""Code on a loop can have something done outside it, which may come back to the loop."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.errors import HostError
from tests.backends.crashing import Fixtures
from tests.backends.place import Boom, Place, leaf, value
from tests.backends.words import OWN, STRUCTURED, in_all_words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Host
    from tests.backends.words import Words

pytestmark = in_all_words

COLOUR: ContextVar[str] = ContextVar("COLOUR")


@pytest.fixture
def test(host: Host) -> Place:
    return Place(host, "test", hidden=False)


@pytest.fixture
def module(host: Host) -> Place:
    return Place(host, "module")


@pytest.fixture
def fixtures(words: Words) -> Fixtures:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")
    return Fixtures(words)


def test_the_result_arrives_in_the_code_that_awaits(host: Host, test: Place) -> None:
    async def body() -> int:
        return await host.outside(lambda: 42)

    assert value(test.run(body)) == 42


def test_an_error_arrives_in_the_code_that_awaits(host: Host, test: Place) -> None:
    def fails() -> None:
        raise Boom

    async def body() -> str:
        with pytest.raises(Boom):
            await host.outside(fails)
        return "caught"

    assert value(test.run(body)) == "caught"


def test_the_loop_stands_still_meanwhile(host: Host, test: Place, words: Words) -> None:
    events: list[str] = []

    async def ticks() -> AsyncGenerator[None, None]:
        yield

    async def body() -> None:
        await words.checkpoint()
        await host.outside(lambda: events.append("outside"))
        events.append("inside")

    test.enter(ticks)
    value(test.run(body))
    assert events == ["outside", "inside"]
    value(test.leave("ticks"))


def test_it_may_send_steps_to_other_tasks(
    host: Host, test: Place, module: Place, words: Words
) -> None:
    events: list[str] = []

    async def fixture() -> AsyncGenerator[str, None]:
        await words.checkpoint()
        events.append("enter")
        yield "value"
        events.append("leave")

    async def body() -> Any:
        await words.checkpoint()
        got = await host.outside(lambda: module.enter(fixture))
        await words.checkpoint()
        events.append("body")
        return got

    assert value(test.run(body)) == "value"
    assert module.open == ["fixture"]
    value(module.leave("fixture"))
    assert events == ["enter", "body", "leave"]


def test_it_may_send_steps_to_the_very_task(host: Host, test: Place, words: Words) -> None:
    events: list[str] = []

    async def before() -> AsyncGenerator[str, None]:
        yield "before"
        await words.checkpoint()
        events.append("leave before")

    async def dynamic() -> AsyncGenerator[str, None]:
        await words.checkpoint()
        yield "dynamic"
        await words.checkpoint()
        events.append("leave dynamic")

    async def plain() -> str:
        await words.checkpoint()
        return "plain"

    async def body() -> list[Any]:
        return [
            await host.outside(lambda: test.enter(dynamic)),
            await host.outside(lambda: value(test.run(plain))),
        ]

    test.enter(before)
    assert value(test.run(body)) == ["dynamic", "plain"]
    value(test.leave("dynamic"))
    value(test.leave("before"))
    assert events == ["leave dynamic", "leave before"]


def test_what_it_enters_in_the_very_task_may_hold_a_scope_open(
    host: Host, test: Place, words: Words, fixtures: Fixtures
) -> None:
    async def setup() -> AsyncGenerator[Any, None]:
        async with words.task_group():
            got = await host.outside(lambda: test.enter(fixtures.pool("dynamic")))
            async with words.scope():
                yield got

    async def body() -> None:
        async with words.task_group():
            await host.outside(lambda: test.enter(fixtures.limit()))
        await words.checkpoint()

    test.enter(setup)
    value(test.run(body))
    value(test.run(words.checkpoint))
    for name in ("limit", "setup", "dynamic"):
        value(test.leave(name))
    assert fixtures.events == ["limit left", "dynamic left"]


def test_it_may_go_several_levels_deep(host: Host, test: Place, module: Place) -> None:
    async def level(depth: int) -> int:
        if depth == 0:
            return 0
        place = (test, module)[depth % 2]
        below: int = await host.outside(lambda: value(place.run(level, depth - 1)))
        return below + 1

    assert value(test.run(level, 6)) == 6


def test_it_may_tear_down_what_the_very_task_holds(host: Host, test: Place, words: Words) -> None:
    events: list[str] = []
    tasks: list[object] = []

    async def old() -> AsyncGenerator[None, None]:
        tasks.append(words.current_task())
        token = COLOUR.set("red")
        yield
        await words.checkpoint()
        COLOUR.reset(token)
        tasks.append(words.current_task())
        events.append("leave old")

    async def body() -> None:
        await host.outside(lambda: value(test.leave("old")))
        events.append("body")

    test.enter(old)
    value(test.run(body))
    assert events == ["leave old", "body"]
    assert tasks[0] == tasks[1]
    assert test.open == []


def test_what_a_fixture_sets_there_is_seen_by_the_code_that_awaits(host: Host, test: Place) -> None:
    async def paint() -> AsyncGenerator[None, None]:
        COLOUR.set("red")
        yield

    async def body() -> str:
        await host.outside(lambda: test.enter(paint))
        return COLOUR.get()

    assert value(test.run(body)) == "red"
    value(test.leave("paint"))


def test_it_may_send_steps_to_other_hosts(host: Host, test: Place, words: Words) -> None:
    others = [words.open(f"other {words.id}") for words in OWN]

    async def answer(words: Words) -> str:
        await words.sleep(0.001)
        return words.id

    async def body() -> list[str]:
        found = []
        for words, other in zip(OWN, others, strict=True):
            place = Place(other)
            found.append(await host.outside(lambda: value(place.run(answer, words))))  # noqa: B023
            await words_here.checkpoint()
        return found

    words_here = words
    assert value(test.run(body)) == [words.id for words in OWN]
    for other in others:
        other.close()


def test_a_task_that_is_not_the_steps_may_not(
    host: Host, test: Place, words: Words, fixtures: Fixtures
) -> None:
    async def child() -> None:
        with pytest.raises(HostError, match="only the task of the running test or fixture"):
            await host.outside(lambda: None)
        fixtures.events.append("refused")

    async def body() -> None:
        async with words.task_group() as group:
            group.start_soon(child)

    value(test.run(body))
    assert fixtures.events == ["refused"]


def test_a_background_task_of_a_fixture_may_not(
    host: Host, test: Place, module: Place, words: Words, fixtures: Fixtures
) -> None:
    async def watcher() -> AsyncGenerator[Any, None]:
        async def watch() -> None:
            await go.wait()
            with pytest.raises(HostError):
                await host.outside(lambda: None)
            done.set()

        async with words.task_group() as group:
            go, done = words.event(), words.event()
            group.start_soon(watch)
            yield go, done

    go, done = module.enter(watcher)

    async def body() -> None:
        go.set()
        await done.wait()

    value(test.run(body))
    value(module.leave("watcher"))


def test_the_loop_cannot_be_entered_without_it(host: Host, test: Place, module: Place) -> None:
    async def nothing() -> None: ...

    async def body() -> Any:
        return module.run(nothing)

    refused = value(test.run(body))
    assert isinstance(refused.error, HostError)
    assert "outside()" in str(refused.error)
    value(module.run(nothing))


def test_a_crash_of_what_the_waiting_step_needs_cancels_it(
    host: Host, test: Place, module: Place, words: Words, fixtures: Fixtures
) -> None:
    session = Place(host, "session")
    pool = session.enter(fixtures.pool())

    async def slow() -> AsyncGenerator[str, None]:
        pool.set()
        while "pool crashed" not in fixtures.events:
            await words.checkpoint()
        yield "value"

    async def body() -> None:
        try:
            await host.outside(lambda: module.try_enter(slow, needs=lambda entry: False))
        finally:
            fixtures.events.append("body ended")

    outcome = test.run(body)
    assert outcome.cause is not None
    assert outcome.cause.owner is session.entries["pool"]
    assert isinstance(leaf(outcome.cause.error), Boom)
    assert fixtures.events == ["body ended", "pool crashed"]
    assert module.open == ["slow"]
    value(module.leave("slow"))
    value(test.run(words.checkpoint))
    assert test.task.stack == []


def test_a_crash_of_what_it_enters_cuts_the_waiting_step_short(
    host: Host, test: Place, words: Words, fixtures: Fixtures
) -> None:
    async def body() -> None:
        pool = await host.outside(lambda: test.enter(fixtures.pool()))
        await fixtures.waits(pool.set)

    outcome = test.run(body)
    assert outcome.cause is not None
    assert outcome.cause.owner is test.entries["pool"]
    assert fixtures.events == ["step ended", "pool crashed"]
    value(test.run(words.checkpoint))


def test_a_crash_on_the_very_task_reaches_the_waiting_step_first(
    host: Host, test: Place, words: Words, fixtures: Fixtures
) -> None:
    pool = test.enter(fixtures.pool())

    async def slow() -> AsyncGenerator[None, None]:
        await fixtures.waits(pool.set, "setup")
        yield

    async def body() -> None:
        def look_up() -> None:
            outcome = test.try_enter(slow)
            assert outcome.error is not None
            raise outcome.error

        try:
            await host.outside(look_up)
        finally:
            fixtures.events.append("body ended")

    outcome = test.run(body)
    assert outcome.cause is not None
    assert outcome.cause.owner is test.entries["pool"]
    assert set(fixtures.events[:2]) == {"setup ended", "body ended"}
    assert fixtures.events[2:] == ["pool crashed"]
    assert test.open == []
    value(test.run(words.checkpoint))


def test_a_step_that_is_being_cancelled_may_not(
    host: Host, test: Place, module: Place, words: Words, fixtures: Fixtures
) -> None:
    pool = module.enter(fixtures.pool())

    async def body() -> None:
        try:
            await fixtures.waits(pool.set)
        finally:
            with pytest.raises(HostError, match="being cancelled"):
                await host.outside(lambda: module.run(words.checkpoint))
            fixtures.events.append("refused")

    outcome = test.run(body)
    assert outcome.cause is not None
    assert fixtures.events == ["step ended", "refused", "pool crashed"]


def test_a_fixture_that_is_being_unwound_may_not(
    host: Host, test: Place, words: Words, fixtures: Fixtures
) -> None:
    pool = test.enter(fixtures.pool())

    async def asks() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            with pytest.raises(HostError):
                await host.outside(lambda: None)
            fixtures.events.append("refused")

    test.enter(asks)
    test.run(fixtures.waits, pool.set)
    assert fixtures.events == ["step ended", "refused", "pool crashed"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1), Boom()], ids=repr)
def test_whatever_is_raised_outside_arrives(host: Host, test: Place, error: BaseException) -> None:
    def fails() -> None:
        raise error

    async def body() -> BaseException:
        with pytest.raises(type(error)) as caught:
            await host.outside(fails)
        return caught.value

    assert value(test.run(body)) is error
