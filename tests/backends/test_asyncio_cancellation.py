"""What code on an asyncio loop does to tasks, its own and all it finds, stays its own business."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.backends.crashing import Fixtures
from tests.backends.place import Place, leaf, value
from tests.backends.words import in_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Host
    from tests.backends.words import Words

pytestmark = in_asyncio


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def cancels_itself_and_returns() -> str:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    return "value"


async def cancels_everything() -> None:
    for task in asyncio.all_tasks():
        task.cancel()
    await asyncio.sleep(0)


async def awaits_what_is_cancelled() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def fails() -> None:
    raise ValueError("in a child")


def task_group() -> Any:
    """Return an `asyncio.TaskGroup`, which Python 3.10 does not have."""
    return vars(asyncio)["TaskGroup"]()


async def fails_at_once() -> None:
    async with task_group() as group:
        group.create_task(fails())
        await asyncio.sleep(3600)


async def fails_while_it_is_left() -> None:
    async with task_group() as group:
        group.create_task(fails())


async def fails_while_a_group_in_it_is_left() -> None:
    async with task_group():
        await fails_while_it_is_left()


@pytest.fixture
def events() -> list[str]:
    return []


@pytest.fixture
def places(host: Host, words: Words) -> tuple[Place, Place]:
    """A module and a test that hold something each."""
    fixtures = Fixtures(words)
    module, test = Place(host, "module"), Place(host, "test", hidden=False)
    module.enter(fixtures.plain())
    test.enter(fixtures.plain())
    return module, test


@pytest.mark.parametrize(
    "does", [cancels_itself, cancels_everything, awaits_what_is_cancelled], ids=lambda f: f.__name__
)
def test_a_step_fails_alone(places: tuple[Place, Place], words: Words, does: Any) -> None:
    module, test = places
    outcome = test.run(does)
    assert isinstance(outcome.error, asyncio.CancelledError)
    assert (outcome.cause, outcome.crashes) == (None, ())
    for place in (test, module):
        assert place.open == ["plain"]
        value(place.run(words.checkpoint))
        value(place.leave("plain"))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio's own task groups came in 3.11")
@pytest.mark.parametrize("is_caught", [True, False], ids=["caught", "raised"])
@pytest.mark.parametrize(
    "does",
    [fails_at_once, fails_while_it_is_left, fails_while_a_group_in_it_is_left],
    ids=lambda f: f.__name__,
)
def test_a_task_group_that_fails_in_a_step_hurts_no_fixture(
    places: tuple[Place, Place], words: Words, does: Any, is_caught: bool
) -> None:
    async def catches() -> None:
        with pytest.raises(BaseException, match="in a TaskGroup"):
            await does()

    module, test = places
    outcome = test.run(catches if is_caught else does)
    assert (outcome.error is None) is is_caught
    assert (outcome.cause, outcome.crashes) == (None, ())
    for place in (test, module):
        assert place.open == ["plain"]
        value(place.run(words.checkpoint))
        value(place.leave("plain"))


@pytest.mark.parametrize("does", [cancels_itself, cancels_everything], ids=lambda f: f.__name__)
def test_a_fixture_that_does_it_fails_alone(
    places: tuple[Place, Place], words: Words, does: Any
) -> None:
    _, test = places

    async def setup() -> AsyncGenerator[None, None]:
        await does()
        yield

    async def teardown() -> AsyncGenerator[None, None]:
        yield
        await does()

    assert isinstance(test.try_enter(setup).error, asyncio.CancelledError)
    assert test.open == ["plain"]
    test.enter(teardown)
    assert isinstance(test.leave("teardown").error, asyncio.CancelledError)
    value(test.run(words.checkpoint))
    value(test.leave("plain"))


def test_a_cancellation_that_was_not_delivered_does_not_reach_the_next_step(
    places: tuple[Place, Place], words: Words
) -> None:
    _, test = places
    assert value(test.run(cancels_itself_and_returns)) == "value"
    value(test.run(words.checkpoint))
    value(test.leave("plain"))


def test_a_scope_that_is_cancelled_just_before_a_step_is_felt_by_that_step(
    host: Host, words: Words
) -> None:
    fixtures = Fixtures(words)
    test = Place(host, "test", hidden=False)
    test.enter(fixtures.plain("outer"))
    cancel = test.enter(fixtures.absorber())

    async def cancels() -> None:
        cancel()  # by a callback, which comes before the next step

    value(test.run(cancels))
    outcome = test.run(fixtures.waits)
    assert isinstance(outcome.error, asyncio.CancelledError)
    assert outcome.cause is not None
    assert outcome.cause.owner is test.entries["absorber"]
    assert fixtures.events == ["step ended", "absorber absorbed"]
    assert test.open == ["outer"]
    value(test.leave("outer"))


def test_what_a_background_task_of_the_step_does_to_the_step_is_no_crash_of_a_fixture(
    places: tuple[Place, Place], words: Words
) -> None:
    module, test = places

    async def body() -> None:
        task = asyncio.create_task(cancels_everything())
        await asyncio.gather(task, asyncio.sleep(3600))

    outcome = test.run(body)
    assert isinstance(outcome.error, asyncio.CancelledError)
    assert all(crash.owner is None and crash.error is None for crash in outcome.crashes)
    assert module.open == ["plain"]
    value(test.run(words.checkpoint))


def test_idle_hidden_tasks_are_not_found(places: tuple[Place, Place]) -> None:
    _, test = places

    async def look() -> None:
        assert asyncio.all_tasks() == {asyncio.current_task()}

    value(test.run(look))


def test_a_hidden_task_is_found_by_the_code_that_runs_in_it(host: Host) -> None:
    module = Place(host, "module")

    async def look() -> None:
        # What this idiom must not do is raise KeyError.
        asyncio.all_tasks().remove(asyncio.current_task())  # type: ignore[arg-type]
        await asyncio.sleep(0)
        assert asyncio.current_task() in asyncio.all_tasks()

    async def held() -> AsyncGenerator[None, None]:
        await look()
        yield
        await look()

    async def outside() -> None:
        await host.outside(lambda: value(Place(host, "test", hidden=False).run(found)))
        await look()

    async def found() -> None:
        assert asyncio.all_tasks() == {asyncio.current_task()}

    module.enter(held)
    value(module.run(look))
    value(module.run(outside))
    value(module.leave("held"))


def test_an_idle_visible_task_is_found(host: Host, words: Words) -> None:
    test, other = Place(host, "test", hidden=False), Place(host, "other", hidden=False)
    test.enter(Fixtures(words).plain())

    async def look() -> int:
        return len(asyncio.all_tasks())

    assert value(other.run(look)) == 2
    value(test.leave("plain"))


def test_the_task_that_steps_run_in_carries_the_name_of_its_place(host: Host) -> None:
    async def name() -> str:
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    assert value(Place(host, "tests/test_a.py").run(name)) == "tests/test_a.py"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TaskGroup came in 3.11")
@pytest.mark.parametrize("does", [cancels_itself, cancels_everything], ids=lambda f: f.__name__)
def test_a_scope_on_the_stack_works_after_its_task_was_cancelled_by_itself(
    host: Host, words: Words, does: Any
) -> None:
    fixtures = Fixtures(words)
    test = Place(host, "test", hidden=False)
    expire = test.enter(fixtures.limit())
    assert test.run(does).cause is None
    value(test.run(words.checkpoint))
    outcome = test.run(fixtures.waits, expire)
    assert outcome.cause is not None
    assert isinstance(leaf(outcome.cause.error), TimeoutError)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TaskGroup came in 3.11")
def test_a_crash_in_the_same_turn_as_a_cancellation_of_its_own_is_not_lost(
    host: Host, words: Words
) -> None:
    fixtures = Fixtures(words)
    test = Place(host, "test", hidden=False)
    pool = test.enter(fixtures.pool())

    def both() -> None:
        pool.set()
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)

    outcome = test.run(fixtures.waits, both)
    told = [crash.error for crash in outcome.crashes] + [test.leave("pool").error]
    assert {str(leaf(error)) for error in told if error is not None} == fixtures.raised == {"pool"}
    assert test.open == []


def test_requests_that_an_old_library_never_takes_back_are_forgotten(
    host: Host, words: Words
) -> None:
    test = Place(host, "test", hidden=False)

    async def old_timeout() -> str:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
        try:
            await words.forever()
        except asyncio.CancelledError:
            return "timed out"
        return "not cancelled"

    assert value(test.run(old_timeout)) == "timed out"

    async def cancelling() -> int:
        task = asyncio.current_task()
        assert task is not None
        if sys.version_info >= (3, 11):
            return task.cancelling()
        return 0

    test.enter(Fixtures(words).plain())
    assert value(test.run(cancelling)) == 0
    value(test.leave("plain"))


def test_a_loop_that_code_stops_goes_on(host: Host) -> None:
    async def stops() -> str:
        loop = asyncio.get_running_loop()
        loop.stop()
        await asyncio.sleep(0)
        loop.stop()
        await asyncio.sleep(0.001)
        return "went on"

    test = Place(host)
    assert value(test.run(stops)) == "went on"
    host.native.stop()
    assert value(test.run(stops)) == "went on"
