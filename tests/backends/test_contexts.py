"""A scope task runs in the very context that it was given."""

from __future__ import annotations

from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING

import pytest

from tests.backends.place import Place, value
from tests.backends.words import STRUCTURED, in_all_words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Host
    from tests.backends.words import Words

pytestmark = in_all_words

COLOUR: ContextVar[str] = ContextVar("COLOUR")


@pytest.fixture
def place(host: Host) -> Place:
    return Place(host)


def colour_of(place: Place) -> str | None:
    return place.context.get(COLOUR)


async def get() -> str | None:
    return COLOUR.get(None)


def test_what_a_fixture_sets_is_in_the_context_afterwards(place: Place, words: Words) -> None:
    async def paint() -> AsyncGenerator[None, None]:
        COLOUR.set("red")
        await words.checkpoint()
        yield
        assert COLOUR.get() == "red"
        COLOUR.set("blue")

    place.enter(paint)
    assert colour_of(place) == "red"
    assert value(place.run(get)) == "red"
    value(place.leave("paint"))
    assert colour_of(place) == "blue"
    assert COLOUR.get(None) is None


def test_a_token_can_be_reset_in_teardown(place: Place, words: Words) -> None:
    async def paint() -> AsyncGenerator[None, None]:
        await words.checkpoint()
        token = COLOUR.set("red")
        await words.checkpoint()
        yield
        await words.checkpoint()
        COLOUR.reset(token)

    place.enter(paint)
    value(place.leave("paint"))
    assert colour_of(place) is None


def test_the_context_outlives_the_task(place: Place) -> None:
    async def paint() -> None:
        COLOUR.set("red")

    value(place.run(paint))
    assert value(place.run(get)) == "red"


def test_what_is_set_in_the_context_from_outside_is_seen(place: Place, words: Words) -> None:
    async def holds() -> AsyncGenerator[None, None]:
        yield

    place.enter(holds)
    place.context.run(COLOUR.set, "green")
    assert value(place.run(get)) == "green"
    value(place.leave("holds"))


@pytest.mark.parametrize("make", [Context, copy_context], ids=["empty", "copy"])
def test_a_step_may_have_a_context_of_its_own(place: Place, words: Words, make: object) -> None:
    own = make() if callable(make) else None
    assert isinstance(own, Context)

    async def holds() -> AsyncGenerator[None, None]:
        COLOUR.set("red")
        yield
        assert COLOUR.get() == "red"

    async def paint() -> str | None:
        before = COLOUR.get(None)
        COLOUR.set("blue")
        await words.checkpoint()
        assert COLOUR.get() == "blue"
        return before

    place.enter(holds)
    assert value(place.run(paint, context=own)) is None
    assert own[COLOUR] == "blue"
    assert colour_of(place) == "red"
    assert value(place.run(get)) == "red"
    assert value(place.run(get, context=own)) == "blue"
    value(place.leave("holds"))


def test_an_error_in_a_context_of_its_own_comes_back(place: Place, words: Words) -> None:
    async def fails() -> None:
        try:
            await words.checkpoint()
            raise LookupError
        finally:
            await words.checkpoint()

    assert isinstance(place.run(fails, context=Context()).error, LookupError)


def test_tasks_that_a_step_starts_inherit_its_context(place: Place, words: Words) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")
    seen: list[str | None] = []

    async def look() -> None:
        seen.append(COLOUR.get(None))

    async def start() -> None:
        COLOUR.set("blue")
        async with words.task_group() as group:
            group.start_soon(look)

    value(place.run(start, context=Context()))
    assert seen == ["blue"]
    assert colour_of(place) is None


def test_what_a_fixture_does_while_it_is_unwound_happens_in_the_context(
    host: Host, place: Place, words: Words
) -> None:
    async def scope() -> AsyncGenerator[object, None]:
        async with words.scope() as cancel:
            token = COLOUR.set("red")
            try:
                yield cancel
            finally:
                COLOUR.reset(token)

    async def body(cancel: object) -> None:
        assert callable(cancel)
        cancel()
        await words.forever()

    cancel = place.enter(scope)
    assert colour_of(place) == "red"
    outcome = Place(host, "test").run(body, cancel)
    assert outcome.cause is not None
    assert outcome.cause.error is None
    assert colour_of(place) is None


def test_a_step_may_run_while_its_caller_is_in_another_context(place: Place) -> None:
    caller = copy_context()
    caller.run(COLOUR.set, "callers")
    assert value(caller.run(place.run, get)) is None
    assert caller[COLOUR] == "callers"
