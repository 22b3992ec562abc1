"""A scope task performs steps, one at a time, and holds fixtures open between them."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends.base import Entry, YieldCountError
from tests.backends.place import Boom, Place, value

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Host
    from tests.backends.words import Words


def test_fixtures_of_one_scope_live_in_one_task_last_in_first_out(host: Host, words: Words) -> None:
    events: list[str] = []
    tasks: set[object] = set()
    place = Place(host)

    def fixture(name: str) -> Any:
        async def generator() -> AsyncGenerator[str, None]:
            tasks.add(words.current_task())
            await words.checkpoint()
            events.append(f"enter {name}")
            yield name
            await words.checkpoint()
            events.append(f"leave {name}")
            tasks.add(words.current_task())

        generator.__name__ = name
        return generator

    for name in ("a", "b", "c"):
        assert place.enter(fixture(name)) == name
    assert place.open == ["a", "b", "c"]
    for name in ("c", "b", "a"):
        assert value(place.leave(name)) is None
    assert events == ["enter a", "enter b", "enter c", "leave c", "leave b", "leave a"]
    assert len(tasks) == 1


def test_the_task_ends_when_it_holds_nothing_and_the_next_step_starts_it_again(
    host: Host, words: Words
) -> None:
    place = Place(host)
    tasks: list[object] = []

    async def step() -> None:
        tasks.append(words.current_task())

    async def held() -> AsyncGenerator[None, None]:
        tasks.append(words.current_task())
        yield

    place.run(step)
    place.enter(held)
    place.run(step)
    place.leave("held")
    place.run(step)
    first, second, third, fourth = tasks
    assert second is third
    assert len({id(task) for task in (first, second, fourth)}) == 3


def test_the_value_of_a_step_comes_back(host: Host, words: Words) -> None:
    async def step(answer: int) -> int:
        await words.checkpoint()
        return answer

    outcome = Place(host).run(step, 42)
    assert (outcome.value, outcome.error, outcome.cause, outcome.crashes) == (42, None, None, ())


@pytest.mark.parametrize("error", [Boom(), SystemExit(3), GeneratorExit()], ids=repr)
def test_the_error_of_a_step_comes_back(host: Host, words: Words, error: BaseException) -> None:
    async def step() -> None:
        await words.checkpoint()
        raise error

    place = Place(host)
    outcome = place.run(step)
    assert outcome.error is error
    assert outcome.value is None
    assert place.run(words.checkpoint).error is None


def test_the_traceback_of_an_error_begins_with_the_users_frames(host: Host, words: Words) -> None:
    async def helper() -> None:
        await words.checkpoint()
        raise Boom

    async def step() -> None:
        await helper()

    async def fixture() -> AsyncGenerator[None, None]:
        await helper()
        yield

    async def torn() -> AsyncGenerator[None, None]:
        yield
        await helper()

    place = Place(host)

    def frames(error: BaseException | None) -> list[str]:
        assert error is not None
        return [frame.name for frame in traceback.extract_tb(error.__traceback__)]

    assert frames(place.run(step).error) == ["step", "helper"]
    assert frames(place.run(step, context=place.context.copy()).error) == ["step", "helper"]
    assert frames(place.try_enter(fixture).error) == ["fixture", "helper"]
    place.enter(torn)
    assert frames(place.leave("torn").error) == ["torn", "helper"]


def test_an_awaitable_that_is_no_coroutine_may_be_a_step(host: Host, words: Words) -> None:
    class Answer:
        def __await__(self) -> Any:
            yield from words.checkpoint().__await__()
            return 42

    assert value(Place(host).run(Answer)) == 42


def test_a_setup_that_fails_holds_nothing(host: Host, words: Words) -> None:
    place = Place(host)

    async def broken() -> AsyncGenerator[None, None]:
        await words.checkpoint()
        raise Boom
        yield

    assert isinstance(place.try_enter(broken).error, Boom)
    assert place.open == []
    assert place.leave("broken").error is None


def test_a_teardown_that_fails_spares_those_further_out(host: Host, words: Words) -> None:
    events: list[str] = []
    place = Place(host)

    async def outer() -> AsyncGenerator[None, None]:
        yield
        await words.checkpoint()
        events.append("leave outer")

    async def inner() -> AsyncGenerator[None, None]:
        yield
        raise Boom

    place.enter(outer)
    place.enter(inner)
    assert isinstance(place.leave("inner").error, Boom)
    assert place.open == ["outer"]
    assert value(place.leave("outer")) is None
    assert events == ["leave outer"]


def test_fixtures_that_hold_no_scope_may_be_left_in_any_order(host: Host, words: Words) -> None:
    place = Place(host)

    async def first() -> AsyncGenerator[None, None]:
        yield
        await words.checkpoint()

    async def second() -> AsyncGenerator[None, None]:
        yield
        await words.checkpoint()

    place.enter(first)
    place.enter(second)
    assert value(place.leave("first")) is None
    assert place.open == ["second"]
    assert value(place.leave("second")) is None


def test_leaving_twice_does_nothing(host: Host, words: Words) -> None:
    events: list[str] = []
    place = Place(host)

    async def held() -> AsyncGenerator[None, None]:
        yield
        events.append("leave")

    place.enter(held)
    place.leave("held")
    assert value(place.leave("held")) is None
    assert events == ["leave"]


def test_a_fixture_that_does_not_yield_is_named_so(host: Host, words: Words) -> None:
    async def empty() -> AsyncGenerator[None, None]:
        await words.checkpoint()
        if words is None:
            yield

    place = Place(host)
    outcome = place.try_enter(empty)
    assert isinstance(outcome.error, YieldCountError)
    assert str(outcome.error) == "did not yield a value"
    assert place.open == []


def test_a_fixture_that_yields_twice_is_named_so_and_closed(host: Host, words: Words) -> None:
    events: list[str] = []

    async def twice() -> AsyncGenerator[int, None]:
        yield 1
        try:
            yield 2
        finally:
            await words.checkpoint()
            events.append("closed")

    place = Place(host)
    place.enter(twice)
    outcome = place.leave("twice")
    assert isinstance(outcome.error, YieldCountError)
    assert str(outcome.error) == "yielded more than once"
    assert events == ["closed"]
    assert place.open == []


def test_tasks_of_a_host_do_not_share_fixtures(host: Host, words: Words) -> None:
    session, leaf = Place(host, "session"), Place(host, "test", hidden=False)
    tasks: list[object] = []

    async def held() -> AsyncGenerator[None, None]:
        tasks.append(words.current_task())
        yield

    session.enter(held)
    leaf.enter(held)
    assert tasks[0] is not tasks[1]
    foreign: Entry = leaf.entries["held"]
    assert value(host.leave(session.task, foreign)) is None
    assert leaf.open == ["held"]
    leaf.leave("held")
    session.leave("held")
