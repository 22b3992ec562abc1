"""Words that pytest-trio has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import trio
import trio.testing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

F = TypeVar("F")
trio_fixture: Callable[[F], F] = pytest.importorskip("pytest_trio").trio_fixture

pytestmark = pytest.mark.trio

told: list[str] = []


@pytest.fixture
async def made() -> AsyncIterator[object]:
    await trio.sleep(0)
    told.append("up")
    yield trio.lowlevel.current_trio_token()
    await trio.sleep(0)
    told.append("down")


@trio_fixture
def in_the_run() -> Iterator[object]:
    yield trio.lowlevel.current_trio_token()


@pytest.fixture
async def server(nursery: trio.Nursery) -> Callable[[], Any]:
    asked, answers = trio.open_memory_channel[str](0)

    async def serve() -> None:
        while True:
            await asked.send("answer")

    nursery.start_soon(serve)
    return answers.receive


async def test_a_test_and_its_fixture_are_in_one_run(made: object, in_the_run: object) -> None:
    await trio.sleep(0)
    assert made is in_the_run is trio.lowlevel.current_trio_token()
    told.append("test")


async def test_a_clock_jumps(autojump_clock: trio.testing.MockClock) -> None:
    before = trio.current_time()
    await trio.sleep(3600)
    assert trio.current_time() - before == 3600


async def test_a_clock_is_moved_by_hand(mock_clock: trio.testing.MockClock) -> None:
    before = trio.current_time()
    mock_clock.jump(60)
    assert trio.current_time() - before == 60


async def test_a_nursery_is_cancelled_after_the_test(nursery: trio.Nursery) -> None:
    nursery.start_soon(trio.sleep_forever)


async def test_a_task_of_a_fixture_answers(server: Callable[[], Any]) -> None:
    assert await server() == "answer"


@pytest.mark.xfail(strict=True)
async def test_a_failure_that_is_expected() -> None:
    await trio.sleep(0)
    raise ZeroDivisionError


async def test_a_skip_from_within() -> None:
    pytest.skip("from within")
