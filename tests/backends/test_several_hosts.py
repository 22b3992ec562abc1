"""Several hosts are alive at once in one thread, of one library or of several."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import sniffio

from tests.backends.place import Place, value
from tests.backends.words import OWN, Words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from loopscope.backends.base import Host


COMBINATIONS = [
    ("asyncio", "uvloop", "trio"),
    ("trio", "trio"),
    ("asyncio", "asyncio"),
    ("uvloop", "uvloop"),
    ("trio", "asyncio", "trio", "asyncio"),
]


@pytest.fixture(params=COMBINATIONS, ids="+".join)
def hosts(request: pytest.FixtureRequest) -> Iterator[list[tuple[Words, Host]]]:
    speaks = {words.backend: words for words in OWN}
    found = [(speaks[name], speaks[name].open(f"{n}")) for n, name in enumerate(request.param)]
    yield found
    # First in, first out: nothing may depend on an order.
    for _, host in found:
        host.close()


def test_their_steps_interleave(hosts: list[tuple[Words, Host]]) -> None:
    places = [(words, Place(host)) for words, host in hosts]
    served: list[int] = []

    def fixture(words: Words, number: int) -> Any:
        async def server() -> AsyncGenerator[Any, None]:
            await words.sleep(0.001)
            event = words.event()
            yield event
            await words.checkpoint()
            served.append(number)

        return server

    events = [place.enter(fixture(words, n)) for n, (words, place) in enumerate(places)]
    for _ in range(3):
        for (words, place), event in zip(places, events, strict=True):

            async def step(words: Words = words, event: Any = event) -> None:
                await words.sleep(0.0005)
                event.set()
                await event.wait()

            value(place.run(step))
    for _, place in places:
        value(place.leave("server"))
    assert served == list(range(len(hosts)))


def test_each_is_told_its_own_library(hosts: list[tuple[Words, Host]]) -> None:
    async def detect() -> str:
        await anyio.sleep(0)
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 0)
        return sniffio.current_async_library()

    for _ in range(2):
        for words, host in hosts:
            library = "trio" if words.backend == "trio" else "asyncio"
            assert value(Place(host).run(detect)) == library
            with pytest.raises(sniffio.AsyncLibraryNotFoundError):
                sniffio.current_async_library()


def test_nothing_of_a_library_is_left_in_the_thread_between_steps(
    hosts: list[tuple[Words, Host]],
) -> None:
    import trio

    def in_trio_run() -> bool:
        try:
            trio.lowlevel.current_trio_token()
        except RuntimeError:
            return False
        return True

    def state() -> list[object]:
        return [
            sys.get_asyncgen_hooks(),
            in_trio_run(),
            asyncio._get_running_loop(),
            signal.getsignal(signal.SIGINT),
            sys.get_coroutine_origin_tracking_depth(),
        ]

    before = state()
    for words, host in hosts:
        place = Place(host)

        async def held(words: Words = words) -> AsyncGenerator[None, None]:
            await words.sleep(0.0001)
            yield

        place.enter(held)
        assert state() == before
        value(place.leave("held"))
        assert state() == before


def test_a_run_of_the_library_itself_works_in_between(hosts: list[tuple[Words, Host]]) -> None:
    import trio

    async def with_asyncio() -> str:
        await asyncio.sleep(0)
        return "asyncio"

    async def with_trio() -> str:
        await trio.sleep(0)
        return "trio"

    def both() -> list[str]:
        return [asyncio.run(with_asyncio()), trio.run(with_trio)]

    places = [(words, Place(host, hidden=False)) for words, host in hosts]
    assert both() == ["asyncio", "trio"]
    for words, place in places:

        async def body(place: Place = place) -> list[str]:
            return await place.host.outside(both)

        assert value(place.run(body)) == ["asyncio", "trio"]
        value(place.run(words.checkpoint))
    assert both() == ["asyncio", "trio"]


def test_an_async_generator_belongs_to_the_loop_that_began_it(
    hosts: list[tuple[Words, Host]],
) -> None:
    closed: list[int] = []
    kept: list[object] = []

    for number, (words, host) in enumerate(hosts):

        async def numbers(words: Words = words, number: int = number) -> AsyncGenerator[int, None]:
            try:
                yield 1
            finally:
                try:
                    await words.checkpoint()
                finally:
                    closed.append(number)

        async def begin(numbers: Any = numbers) -> None:
            generator = numbers()
            kept.append(generator)
            await generator.__anext__()

        value(Place(host).run(begin))
    for number, (_, host) in enumerate(hosts):
        host.close()
        assert closed == list(range(number + 1))


def test_a_step_sent_from_inside_another_loop_is_refused_or_done() -> None:
    hosts = {words.backend: words.open() for words in OWN}

    async def nothing() -> str:
        return "done"

    outcomes: dict[tuple[str, str], Any] = {}
    for outer in hosts:

        async def body(outer: str = outer) -> None:
            for inner in hosts:
                outcomes[outer, inner] = Place(hosts[inner]).run(nothing)

        value(Place(hosts[outer]).run(body))
    for (outer, inner), outcome in outcomes.items():
        # A loop of asyncio refuses to run inside another one; whatever else works is welcome.
        if inner == outer or (inner != "trio" and outer != "trio"):
            assert outcome.error is not None
        else:
            assert outcome.value == "done"
    for words in OWN:
        value(Place(hosts[words.backend]).run(words.checkpoint))
        hosts[words.backend].close()
