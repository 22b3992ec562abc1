"""The scope of a loop as 0.24 and later spell it: `loop_scope`, on tests and on fixtures."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from asyncio import get_running_loop as here
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

loops: list[AbstractEventLoop] = []


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def of_module() -> AsyncIterator[AbstractEventLoop]:
    yield here()


@pytest_asyncio.fixture(loop_scope="module")
async def of_each_test() -> AsyncIterator[AbstractEventLoop]:
    yield here()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def of_session() -> AbstractEventLoop:
    return here()  # 0.26 closes the session's loop before a fixture could be torn down on it


@pytest.mark.asyncio(loop_scope="module")
async def test_a_test_is_on_the_loop_of_its_module(
    of_module: AbstractEventLoop, of_each_test: AbstractEventLoop
) -> None:
    assert of_module is of_each_test is here()
    loops.append(here())


@pytest.mark.asyncio(loop_scope="module")
async def test_so_is_the_next(of_each_test: AbstractEventLoop) -> None:
    assert loops == [here()] == [of_each_test]


@pytest.mark.asyncio(loop_scope="class")
class TestInAClass:
    async def test_a_class_has_a_loop(self) -> None:
        loops.append(here())
        assert loops[0] is not here()

    async def test_and_keeps_it(self) -> None:
        assert loops[1] is here()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_test_is_on_the_loop_of_the_session(of_session: AbstractEventLoop) -> None:
    assert of_session is here()
    assert here() not in loops


@pytest.mark.asyncio
async def test_a_test_has_a_loop_to_itself() -> None:
    assert here() not in loops
