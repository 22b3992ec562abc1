"""Any loop that asyncio code can run on can be a host's."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from loopscope.backends.asyncio import AsyncioHost
from tests.backends.crashing import Fixtures
from tests.backends.place import Boom, Place, leaf, value
from tests.backends.words import AnyioWords, Words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from loopscope.backends.base import Host


class CustomLoop(asyncio.SelectorEventLoop):
    """A loop of the user's own."""


def eager() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    if sys.version_info >= (3, 12):
        loop.set_task_factory(asyncio.eager_task_factory)
    return loop


def debug() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_debug(True)
    return loop


class CustomTask(asyncio.Task[Any]):
    """What a task factory of the user's makes."""


def with_factory() -> asyncio.AbstractEventLoop:
    def factory(loop: Any, coro: Any, **options: Any) -> asyncio.Task[Any]:
        return CustomTask(coro, loop=loop, **options)

    loop = asyncio.new_event_loop()
    loop.set_task_factory(factory)
    return loop


FACTORIES: list[Callable[[], asyncio.AbstractEventLoop]] = [
    asyncio.new_event_loop,
    CustomLoop,
    debug,
    with_factory,
]
if sys.version_info >= (3, 12):
    FACTORIES.append(eager)


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.__name__)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    host = AsyncioHost("asyncio", "the loop", request.param)
    yield host
    host.close()


@pytest.fixture
def words() -> Words:
    return AnyioWords("asyncio")


def test_the_loop_is_the_one_that_the_factory_makes() -> None:
    host = AsyncioHost("asyncio", "the loop", CustomLoop)

    async def running() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert value(Place(host).run(running)) is host.native
    assert isinstance(host.native, CustomLoop)
    host.close()
    assert host.native.is_closed()


def test_a_crash_is_found(host: Host, words: Words) -> None:
    fixtures = Fixtures(words)
    module, test = Place(host), Place(host, "test", hidden=False)
    pool = module.enter(fixtures.pool())
    outcome = test.run(fixtures.waits, pool.set)
    assert outcome.cause is not None
    assert isinstance(leaf(outcome.cause.error), Boom)
    assert fixtures.events == ["step ended", "pool crashed"]
    value(test.run(words.checkpoint))


def test_tasks_are_hidden(host: Host, words: Words) -> None:
    module, test = Place(host), Place(host, "test", hidden=False)
    module.enter(Fixtures(words).plain())

    async def look() -> None:
        assert asyncio.all_tasks() == {asyncio.current_task()}
        task = asyncio.create_task(words.checkpoint())
        await task

    value(test.run(look))
    value(module.leave("plain"))


def test_tasks_that_are_left_are_ended(host: Host, words: Words) -> None:
    async def leave_one() -> None:
        kept.append(asyncio.create_task(words.forever()))
        await words.checkpoint()

    kept: list[asyncio.Task[None]] = []
    value(Place(host).run(leave_one))
    host.close()
    assert kept[0].cancelled()


def test_an_exception_while_a_task_starts_eagerly_crashes_the_group(
    host: Host, words: Words
) -> None:
    async def fails() -> None:
        raise Boom

    async def pool() -> AsyncGenerator[Any, None]:
        async with words.task_group() as group:
            yield group

    module, test = Place(host), Place(host, "test", hidden=False)
    group = module.enter(pool)

    async def body() -> None:
        group.start_soon(fails)
        await words.forever()

    outcome = test.run(body)
    assert outcome.cause is not None
    assert isinstance(leaf(outcome.cause.error), Boom)


@pytest.mark.parametrize("value_given", [True, False])
def test_debug_may_be_asked_for(value_given: bool) -> None:
    host = AsyncioHost("asyncio", "the loop", debug=value_given)
    assert host.native.get_debug() is value_given
    host.close()


class Counting(asyncio.SelectorEventLoop):
    turns = 0

    def _run_once(self) -> None:
        self.turns += 1
        super()._run_once()  # type: ignore[misc]


def test_a_scope_of_anyio_that_was_cancelled_does_not_keep_the_loop_busy() -> None:
    words = AnyioWords("asyncio")
    fixtures = Fixtures(words)
    host = AsyncioHost("asyncio", "the loop", Counting)
    module, test = Place(host), Place(host, "test", hidden=False)
    module.enter(fixtures.plain("outer"))
    pool = module.enter(fixtures.pool())
    absorber = test.enter(fixtures.absorber())
    assert test.run(fixtures.waits, pool.set).cause is not None
    assert test.run(fixtures.waits, absorber).cause is not None
    loop = host.native
    assert isinstance(loop, Counting)
    before = loop.turns
    value(test.run(anyio.sleep, 0.05))
    assert loop.turns - before < 10
    value(module.leave("outer"))
    host.close()
