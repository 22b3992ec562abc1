"""Task groups, cancel scopes and timeouts may be held open across a `yield`, at any scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.backends.place import Place, value
from tests.backends.words import in_structured_words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Host
    from tests.backends.words import Words

pytestmark = in_structured_words


def test_background_tasks_of_a_fixture_run_while_later_steps_run(host: Host, words: Words) -> None:
    session, leaf = Place(host, "session"), Place(host, "test", hidden=False)
    served: list[int] = []

    async def server() -> AsyncGenerator[Any, None]:
        async with words.task_group() as group:
            requests: list[tuple[int, Any]] = []
            asked = [words.event()]

            async def serve() -> None:
                while True:
                    await asked[0].wait()
                    asked[0] = words.event()
                    while requests:
                        number, answered = requests.pop(0)
                        if number < 0:
                            return
                        served.append(number)
                        answered.set()

            group.start_soon(serve)

            async def ask(number: int) -> None:
                answered = words.event()
                requests.append((number, answered))
                asked[0].set()
                if number >= 0:
                    await answered.wait()

            yield ask
            await ask(-1)

    ask = session.enter(server)
    value(leaf.run(ask, 1))
    value(leaf.run(ask, 2))
    value(session.run(ask, 3))
    assert served == [1, 2, 3]
    value(session.leave("server"))


@pytest.mark.parametrize("kind", ["task_group", "scope", "timeout"])
def test_fixtures_may_be_entered_above_an_open_scope(host: Host, words: Words, kind: str) -> None:
    place = Place(host)
    events: list[str] = []

    def fixture(name: str) -> Any:
        async def generator() -> AsyncGenerator[None, None]:
            async with getattr(words, kind)():
                await words.checkpoint()
                yield
                await words.checkpoint()
                events.append(f"leave {name}")

        generator.__name__ = name
        return generator

    for name in ("a", "b"):
        place.enter(fixture(name))
    value(place.run(words.checkpoint))
    value(place.leave("b"))
    place.enter(fixture("c"))
    value(place.run(words.checkpoint))
    value(place.leave("c"))
    value(place.leave("a"))
    assert events == ["leave b", "leave c", "leave a"]


def test_scopes_of_several_places_are_held_open_at_once(host: Host, words: Words) -> None:
    places = [Place(host, name) for name in ("session", "module", "class", "test")]

    async def group() -> AsyncGenerator[None, None]:
        async with words.task_group() as group:
            group.start_soon(words.checkpoint)
            yield

    for place in places:
        place.enter(group)
    for place in reversed(places):
        value(place.run(words.checkpoint))
        value(place.leave("group"))


def test_a_timeout_that_does_not_expire_is_no_event(host: Host, words: Words) -> None:
    place, leaf = Place(host), Place(host, "test", hidden=False)

    async def limit() -> AsyncGenerator[None, None]:
        async with words.timeout():
            yield

    place.enter(limit)
    value(leaf.run(words.checkpoint))
    value(place.leave("limit"))


def test_a_scope_inside_a_step_is_its_own_business(host: Host, words: Words) -> None:
    place, leaf = Place(host), Place(host, "test", hidden=False)

    async def held() -> AsyncGenerator[None, None]:
        async with words.task_group():
            yield

    async def gives_up() -> str:
        async with words.scope() as cancel:
            cancel()
            await words.forever()
        with pytest.raises(words.too_slow):
            async with words.timeout() as expire:
                expire()
                await words.forever()
        return "went on"

    place.enter(held)
    leaf.enter(held)
    assert value(leaf.run(gives_up)) == "went on"
    assert value(place.run(gives_up)) == "went on"
    assert leaf.open == place.open == ["held"]
    value(leaf.leave("held"))
    value(place.leave("held"))
